"""Reading the workflows that services name: from under workflows/, and never from outside it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from gateway.errors import Finding, Place
from gateway.graph.prompt import Prompt, PromptFault, parse_prompt
from gateway.project.json_file import FileFault, read_json
from gateway.project.locate import shown_path
from gateway.services.closest import closest
from gateway.services.model import Service

__all__ = ["FOLDER", "Workflows", "list_workflows", "scan_workflows"]

FOLDER = "workflows"
_LIMIT = 32 << 20


@dataclass(frozen=True, slots=True)
class _Broken:
    code: str
    message: str
    mend: str
    place: Place | None = None


class Workflows:
    """The workflows of one load; a file that several services name is read once."""

    def __init__(self, root: Path) -> None:
        self._folder = root / FOLDER
        self._real = self._folder.resolve()
        self._plain = _plain_names(self._folder)
        self._read: dict[str, Prompt | _Broken] = {}

    def prompt(self, service: Service) -> Prompt | Finding:
        """Return the prompt of a service, or what is wrong with its file."""
        name = service.workflow
        if name not in self._read:
            self._read[name] = self._load(name)
        found = self._read[name]
        if isinstance(found, _Broken):
            return Finding(
                code=found.code,
                message=found.message,
                place=found.place or service.places.get("workflow", service.place),
                service=service.name,
                found=name,
                mend=found.mend,
            )
        return found

    def _load(self, name: str) -> Prompt | _Broken:
        path = self._inside(name)
        if path is None:
            return _Broken(
                code="workflow-outside",
                message=f"the workflow {name!r} is not inside {FOLDER}/",
                mend=f"Put the file under {FOLDER}/ and give its name there.",
            )
        if name not in self._plain and not path.is_file():
            return self._missing(name)
        try:
            return parse_prompt(read_json(path, _LIMIT))
        except FileFault as fault:
            return _Broken("workflow-json-invalid", fault.message, fault.mend, fault.place)
        except PromptFault as fault:
            return _Broken(fault.code, f"{shown_path(path)}: {fault.message}", fault.mend)

    def _inside(self, name: str) -> Path | None:
        if name in self._plain:
            return self._folder / name
        # Both path rules are asked, so that a project means the same on every system.
        if PurePosixPath(name).is_absolute() or PureWindowsPath(name).anchor or "\\" in name:
            return None
        if "\0" in name or ".." in PurePosixPath(name).parts:
            return None
        path = self._folder / name
        return path if path.resolve().is_relative_to(self._real) else None

    def _missing(self, name: str) -> _Broken:
        there = [each.relative_to(self._folder).as_posix() for each in list_workflows(self._folder)]
        near = closest(name, there)
        if near:
            mend = f"Did you mean {near}?"
        elif there:
            mend = f"There are: {', '.join(there[:8])}{' …' if len(there) > 8 else ''}."
        else:
            mend = f'Export a workflow from ComfyUI with "Export (API)" into {FOLDER}/.'
        return _Broken(
            code="workflow-missing", message=f"there is no workflow {FOLDER}/{name}", mend=mend
        )


def list_workflows(folder: Path) -> list[Path]:
    """Return the JSON files under a folder, by name."""
    return sorted(Path(each.path) for each in scan_workflows(folder))


def scan_workflows(folder: str | os.PathLike[str]) -> Iterator[os.DirEntry[str]]:
    """Yield the JSON files under a folder, in no order; folders that are links are not entered."""
    try:
        with os.scandir(folder) as scanned:
            entries = list(scanned)
    except OSError:
        return  # it is not there, or may not be looked into: then nothing can be read from it either
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from scan_workflows(entry.path)
        elif entry.name.endswith(".json"):
            yield entry


def _plain_names(folder: Path) -> frozenset[str]:
    """Return the names of files that are inside without doubt: no link leads to them.

    One look at each folder instead of several at each file; every other name is looked at closely.
    """
    start = len(str(folder)) + 1
    names = (
        each.path[start:].replace(os.sep, "/")
        for each in scan_workflows(folder)
        if each.is_file(follow_symlinks=False)
    )
    # On Windows these two mean something else in a name, and a project means the same everywhere.
    return frozenset(name for name in names if "\\" not in name and ":" not in name)
