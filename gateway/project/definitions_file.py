"""schemas/definitions.json: the node definitions that a project pins, so that it works offline."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gateway.errors import Finding
from gateway.graph.definitions import Definition, Definitions
from gateway.graph.json_value import Json, JsonObject, as_object
from gateway.graph.object_info import parse_definitions
from gateway.project.json_file import FileFault, parse_json, read_bytes, read_json, text_of
from gateway.project.locate import shown_path
from gateway.project.pinning import pinned_entry
from gateway.services.bound import BoundService

__all__ = [
    "DEFINITIONS_FILE",
    "PinnedDefinitions",
    "class_types_of",
    "definitions_text",
    "read_definitions",
    "read_raw",
    "write_definitions",
]

DEFINITIONS_FILE = "schemas/definitions.json"
_LIMIT = 64 << 20


@dataclass(frozen=True, slots=True)
class PinnedDefinitions:
    """The file's content; {} when there is no such file, which is no fault.

    Attributes:
        raw: The entries as they stand there.
        digest: Of the file's content.
    """

    definitions: Definitions = field(default_factory=dict[str, Definition])
    findings: tuple[Finding, ...] = ()
    raw: JsonObject = field(default_factory=dict[str, Json])
    digest: bytes = b""


def read_definitions(path: Path) -> PinnedDefinitions:
    """Read a definitions file."""
    if not path.exists():
        return PinnedDefinitions()
    try:
        content = read_bytes(path, _LIMIT)
        raw = as_object(parse_json(text_of(content, shown_path(path)), shown_path(path)))
    except FileFault as fault:
        return PinnedDefinitions(findings=(_broken(fault),))
    if raw is None:
        fault = FileFault(f"{shown_path(path)} is not an object of node definitions", "")
        return PinnedDefinitions(findings=(_broken(fault),))
    digest = hashlib.sha256(content).digest()
    return PinnedDefinitions(parse_definitions(raw), raw=raw, digest=digest)


def class_types_of(services: Iterable[BoundService]) -> frozenset[str]:
    """Return the class types in use."""
    return frozenset(node.class_type for each in services for node in each.prompt.values())


def read_raw(path: Path) -> JsonObject:
    """Return the file's entries as they stand there; {} when it cannot be used."""
    try:
        return as_object(read_json(path, _LIMIT)) or {}
    except FileFault:
        return {}


def write_definitions(path: Path, raw: Mapping[str, Json]) -> None:
    """Write the file; its folder is made, and what it holds is what `definitions_text` says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(definitions_text(raw), encoding="utf-8", newline="\n")


def definitions_text(raw: Mapping[str, Json]) -> str:
    """Return the file's text: classes by name, and of each only what is the same on every machine.

    Args:
        raw: `/object_info` entries by class type; one that is no object is left out.
    """
    entries: dict[str, JsonObject] = {
        class_type: pinned_entry(entry)
        for class_type, value in sorted(raw.items())
        if (entry := as_object(value)) is not None
    }
    return json.dumps(entries, indent=1, ensure_ascii=False) + "\n"


def _broken(fault: FileFault) -> Finding:
    return Finding(
        code="definitions-invalid",
        message=fault.message,
        place=fault.place,
        mend="Write it anew: gateway definitions pull.",
    )
