"""Reading the workflows that services name: from under workflows/, and never from outside it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

from gateway.editor.class_types import class_types_in
from gateway.errors import Finding
from gateway.graph.json_value import Json
from gateway.graph.prompt import Prompt, PromptFault, parse_prompt
from gateway.project.conversions import Conversions
from gateway.project.definitions_file import PinnedDefinitions
from gateway.project.json_file import FileFault, parse_json, read_bytes, text_of
from gateway.project.locate import shown_path
from gateway.services.closest import closest
from gateway.services.model import Service

if TYPE_CHECKING:
    from gateway.editor.convert import Conversion

__all__ = ["FOLDER", "Workflow", "Workflows", "list_workflows", "scan_workflows"]

FOLDER = "workflows"
_LIMIT = 32 << 20


@dataclass(frozen=True, slots=True)
class Workflow:
    """A workflow that was read.

    Attributes:
        prompt: Its graph.
        content: The file's.
        conversion: How it came to be, when the file is the editor's own save format.
    """

    prompt: Prompt
    content: bytes
    conversion: Conversion | None = None


@dataclass(frozen=True, slots=True)
class _File:
    """A workflow file: its content, the same as JSON, and the prompt that it is if it is one."""

    content: bytes
    raw: Json
    prompt: Prompt | None


class Workflows:
    """The workflows of one load; a file that several services name is read once.

    Args:
        root: The project's folder.
        pinned: The node definitions, which editor workflows are converted with.
        conversions: Those of earlier loads.
    """

    def __init__(
        self,
        root: Path,
        pinned: PinnedDefinitions | None = None,
        conversions: Conversions | None = None,
    ) -> None:
        self._folder = root / FOLDER
        self._real = Path(os.path.realpath(self._folder))
        self._plain = _plain_names(self._folder)
        self._pinned = pinned or PinnedDefinitions()
        self._conversions = conversions or Conversions()
        self._files: dict[str, _File | Finding] = {}
        self._read: dict[str, Workflow | tuple[Finding, ...]] = {}

    def read(self, service: Service) -> Workflow | tuple[Finding, ...]:
        """Return a service's workflow, or what is wrong with its file."""
        name = service.workflow
        if name not in self._read:
            self._read[name] = self._load(name)
        found = self._read[name]
        if isinstance(found, Workflow):
            return found
        return tuple(_placed(each, service) for each in found)

    def class_types(self, service: Service) -> frozenset[str] | Finding:
        """Return the classes that a service's workflow names; nothing is converted for it."""
        file = self._file(service.workflow)
        if isinstance(file, Finding):
            return _placed(file, service)
        if file.prompt is None:
            return class_types_in(file.raw)
        return frozenset(node.class_type for node in file.prompt.values())

    def _load(self, name: str) -> Workflow | tuple[Finding, ...]:
        file = self._file(name)
        if isinstance(file, Finding):
            return (file,)
        if file.prompt is not None:
            return Workflow(file.prompt, file.content)
        shown = shown_path(self._folder / name)
        found = self._conversions.convert(file.content, file.raw, self._pinned, shown)
        if isinstance(found, tuple):
            return found
        return Workflow(found.prompt, file.content, found)

    def _file(self, name: str) -> _File | Finding:
        if name not in self._files:
            self._files[name] = self._open(name)
        return self._files[name]

    def _open(self, name: str) -> _File | Finding:
        path = self._inside(name)
        if path is None:
            return Finding(
                code="workflow-outside",
                message=f"the workflow {name!r} is not inside {FOLDER}/",
                mend=f"Put the file under {FOLDER}/ and give its name there.",
            )
        if name not in self._plain and not path.is_file():
            return self._missing(name)
        shown = shown_path(path)
        try:
            content = read_bytes(path, _LIMIT)
            raw = parse_json(text_of(content, shown), shown)
        except FileFault as fault:
            return Finding("workflow-json-invalid", fault.message, fault.place, mend=fault.mend)
        try:
            return _File(content, raw, parse_prompt(raw))
        except PromptFault as fault:
            if fault.code == "workflow-editor-format":
                return _File(content, raw, None)
            return Finding(fault.code, f"{shown}: {fault.message}", mend=fault.mend)

    def _inside(self, name: str) -> Path | None:
        if name in self._plain:
            return self._folder / name
        # Both path rules are asked, so that a project means the same on every system.
        if PurePosixPath(name).is_absolute() or PureWindowsPath(name).anchor or "\\" in name:
            return None
        if "\0" in name or ".." in PurePosixPath(name).parts:
            return None
        path = self._folder / name
        return path if Path(os.path.realpath(path)).is_relative_to(self._real) else None

    def _missing(self, name: str) -> Finding:
        there = [each.relative_to(self._folder).as_posix() for each in list_workflows(self._folder)]
        near = closest(name, there)
        if near:
            mend = f"Did you mean {near}?"
        elif there:
            mend = f"There are: {', '.join(there[:8])}{' …' if len(there) > 8 else ''}."
        else:
            mend = f"Save a workflow from ComfyUI into {FOLDER}/."
        return Finding(
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


def _placed(finding: Finding, service: Service) -> Finding:
    """Return a finding as the service's; without a place of its own, it is where the file is named."""
    return replace(
        finding,
        place=finding.place or service.places.get("workflow", service.place),
        service=service.name,
        found=service.workflow,
    )


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
