"""The folders of one simulated ComfyUI: input, output, temp, user; how names become paths.

Knows no HTTP and no node.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Folders", "SavePlace"]

_ANNOTATION = re.compile(r"^(?P<name>.*) ?\[(?P<kind>input|output|temp)\]$", re.DOTALL)
_KINDS = ("input", "output", "temp")
_OUTSIDE = "Saving a file outside the output folder is not allowed: {}"


@dataclass(frozen=True, slots=True)
class SavePlace:
    """Where a save node writes next.

    Attributes:
        folder: The folder, made if it was missing.
        stem: File name before the counter.
        counter: First free number, from 1.
        subfolder: The folder as ComfyUI reports it, relative, with `/`.
    """

    folder: Path
    stem: str
    counter: int
    subfolder: str


@dataclass(frozen=True, slots=True)
class Folders:
    """Paths under one root."""

    root: Path

    def make(self) -> None:
        """Make every folder, and an example picture's place."""
        for kind in (*_KINDS, "user"):
            (self.root / kind).mkdir(parents=True, exist_ok=True)

    def of(self, kind: str) -> Path | None:
        """Return the folder of a `type`, or None for a name that is none."""
        return self.root / kind if kind in _KINDS else None

    def wipe_temp(self) -> None:
        """Empty temp/, as ComfyUI does at start and at a clean end."""
        shutil.rmtree(self.root / "temp", ignore_errors=True)
        (self.root / "temp").mkdir(parents=True, exist_ok=True)

    def annotated(self, name: str) -> Path:
        """Return the path behind `name`, `sub/name` or `name [output]`.

        Absolute names and `..` lead out of the folders, as they do in ComfyUI.
        """
        match = _ANNOTATION.match(name)
        kind, bare = (match["kind"], match["name"]) if match else ("input", name)
        return self.root / kind / bare.strip()

    def names(self, kind: str) -> tuple[str, ...]:
        """Return the files at the top of a folder, sorted; what a LoadImage combo lists."""
        folder = self.root / kind
        return tuple(sorted(entry.name for entry in os.scandir(folder) if entry.is_file()))

    def place(self, prefix: str, kind: str = "output", size: tuple[int, int] = (0, 0)) -> SavePlace:
        """Scan for where files of this prefix go next; ValueError when it leads out of the folder."""
        base = self.root / kind
        wanted = os.path.normpath(_expand(prefix, size))
        folder = Path(os.path.normpath(base / Path(wanted).parent))
        if not folder.is_relative_to(base):
            raise ValueError(_OUTSIDE.format(wanted))
        folder.mkdir(parents=True, exist_ok=True)
        stem = Path(wanted).name
        relative = folder.relative_to(base).as_posix()
        return SavePlace(folder, stem, _next(folder, stem), "" if relative == "." else relative)


def _expand(prefix: str, size: tuple[int, int]) -> str:
    if "%" not in prefix:
        return prefix
    now = time.localtime()
    named = {
        "%width%": str(size[0]),
        "%height%": str(size[1]),
        "%year%": str(now.tm_year),
        "%month%": f"{now.tm_mon:02}",
        "%day%": f"{now.tm_mday:02}",
        "%hour%": f"{now.tm_hour:02}",
        "%minute%": f"{now.tm_min:02}",
        "%second%": f"{now.tm_sec:02}",
    }
    for token, text in named.items():
        prefix = prefix.replace(token, text)
    return prefix


def _next(folder: Path, stem: str) -> int:
    start = stem + "_"
    pattern = re.compile(re.escape(start) + r"(\d+)")
    highest = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(start) and (match := pattern.match(entry.name)):
                highest = max(highest, int(match[1]))
    return highest + 1
