"""Reading the files of other dialects: what is named in them only from inside the folder they are in."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath, PureWindowsPath

from gateway.graph.json_value import Json, JsonObject, as_object
from gateway.intake.dialects.detect import wanted_by
from gateway.intake.dialects.drafts import Companion, Source, Unreadable, Wanted
from gateway.project.json_file import FileFault, parse_json, read_text
from gateway.project.locate import shown_path
from gateway.project.object_info_file import read_object_info

__all__ = ["Aids", "Opened", "open_aids", "open_source"]

_LIMIT = 32 << 20


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that was read, with all it speaks of.

    Attributes:
        shown: What a file is called to people, by what the source calls it.
        texts: The text of each, by the same.
    """

    source: Source
    shown: dict[str, str] = field(default_factory=dict[str, str])
    texts: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Aids:
    """What a person gives beside the files themselves.

    Attributes:
        workflow: For those that neither hold nor find one.
        definitions: `/object_info` entries by class type.
    """

    workflow: Path | None = None
    definitions: JsonObject = field(default_factory=dict[str, Json])


_NO_AIDS = Aids()


def open_aids(paths: Sequence[Path]) -> Aids:
    """Tell workflows and node definitions apart by what is in them.

    Raises:
        FileFault: One cannot be read, or there are several of a kind.
    """
    aids = Aids()
    for path in paths:
        known = _definitions_in(path)
        if aids.workflow if known is None else aids.definitions:
            kind = "workflow" if known is None else "file of node definitions"
            raise FileFault(f"{shown_path(path)} is a second {kind}", "Give one of a kind.")
        aids = Aids(path, aids.definitions) if known is None else Aids(aids.workflow, known)
    return aids


def _definitions_in(path: Path) -> JsonObject | None:
    """Return the node definitions of a file, None when it is JSON of another kind."""
    if path.suffix == ".gz":
        return read_object_info(path)
    raw = as_object(_read_json(path)) or {}
    entries = [as_object(each) or {} for each in raw.values()]
    if any("input" in each and "class_type" not in each for each in entries):
        return read_object_info(path)
    return None


def open_source(path: Path, aids: Aids = _NO_AIDS) -> Opened:
    """Read a file, and those beside it that it speaks of.

    Raises:
        FileFault: The file, or the workflow that was named, cannot be read.
    """
    opened = Opened(Source(path.name, None))
    raw = _read(path, path.name, opened)
    named = None
    if aids.workflow is not None:
        file = aids.workflow.name
        named = Companion(file, _read(aids.workflow, file, opened))
    folder = path.absolute().parent
    source = Source(path.name, raw, folder.name, workflow=named, definitions=aids.definitions)
    beside = _beside(source, folder, opened)
    return replace(opened, source=replace(source, beside=beside))


def _read(path: Path, name: str, opened: Opened) -> Json:
    text = _text_of(path)
    opened.shown[name], opened.texts[name] = shown_path(path), text
    return parse_json(text, shown_path(path))


def _read_json(path: Path) -> Json:
    return parse_json(_text_of(path), shown_path(path))


def _text_of(path: Path) -> str:
    if path.exists() and not path.is_file():  # a pipe or a device would never end
        raise FileFault(f"{shown_path(path)} is no file", "Name a JSON file.")
    return read_text(path, _LIMIT)


def _beside(source: Source, folder: Path, opened: Opened) -> Mapping[str, Companion | Unreadable]:
    found: dict[str, Companion | Unreadable] = {}
    for wanted in wanted_by(source):
        companion = _companion(wanted, folder, opened)
        if companion is not None:
            found[wanted.name] = companion
    return found


def _companion(wanted: Wanted, folder: Path, opened: Opened) -> Companion | Unreadable | None:
    real = _leads_to(folder)
    for candidate in wanted.candidates:
        if not _stays_inside(candidate) or not _leads_to(folder / candidate).is_relative_to(real):
            return Unreadable(
                "workflow-outside",
                f"the file {wanted.name!r} is not inside the folder of the one that names it",
                "Put it there, and name it from there.",
            )
        path = folder / candidate
        if path.exists():
            name = PurePosixPath(candidate).as_posix()
            try:
                return Companion(name, _read(path, name, opened))
            except FileFault as fault:
                return Unreadable("workflow-json-invalid", fault.message, fault.mend)
    return None


def _leads_to(path: Path) -> Path:
    # Links that go round in circles lead nowhere, and are no error yet.
    return Path(os.path.realpath(path))


def _stays_inside(name: str) -> bool:
    # Both path rules are asked, so that a file means the same on every system.
    if PurePosixPath(name).is_absolute() or PureWindowsPath(name).anchor or "\\" in name:
        return False
    return "\0" not in name and ".." not in PurePosixPath(name).parts
