"""schemas/: what `gateway schema` writes, compares with what is there, and with what callers had."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import Finding
from gateway.graph.json_value import Json
from gateway.project.locate import shown_path
from gateway.schema.document import dump
from gateway.services.bound import BoundService
from gateway.services.keys import services_schema
from gateway.tools.definitions import service_tool

__all__ = [
    "SERVICES_SCHEMA",
    "TOOLS_FOLDER",
    "Written",
    "schema_texts",
    "stale_files",
    "tool_documents",
    "write_schemas",
]

SERVICES_SCHEMA = "schemas/services.schema.json"
TOOLS_FOLDER = "schemas/tools"


@dataclass(frozen=True, slots=True)
class Written:
    """What writing changed; paths from the project's folder."""

    written: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: int = 0


def tool_documents(services: Sequence[BoundService]) -> dict[str, Mapping[str, Json]]:
    """Return service → its tool as tools/list shows it, with nothing of one machine in it."""
    return {bound.name: service_tool(bound).as_wire() for bound in services}


def schema_texts(services: Sequence[BoundService]) -> dict[str, str]:
    """Return path from the project's folder → text of every file of schemas/ that is generated."""
    texts = {SERVICES_SCHEMA: dump(services_schema())}
    for name, document in tool_documents(services).items():
        texts[f"{TOOLS_FOLDER}/{name}.json"] = dump(document)
    return texts


def write_schemas(root: Path, services: Sequence[BoundService]) -> Written:
    """Write the schemas of a project, and remove those of tools that are gone."""
    texts = schema_texts(services)
    stale = [path for path, text in texts.items() if _text_at(root / path) != text]
    for path in stale:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(texts[path], encoding="utf-8", newline="\n")
    gone = _left_over(root, texts)
    for path in gone:
        (root / path).unlink()
    return Written(tuple(stale), gone, len(texts) - len(stale))


def stale_files(root: Path, services: Sequence[BoundService]) -> tuple[Finding, ...]:
    """Return a finding for each file that `write_schemas` would change."""
    texts = schema_texts(services)
    findings: list[Finding] = []
    for path, text in texts.items():
        there = _text_at(root / path)
        if there != text:
            state = "is missing" if there is None else "is not what services.yaml says now"
            findings.append(_stale(root / path, state))
    gone = _left_over(root, texts)
    return (*findings, *(_stale(root / path, "belongs to no service") for path in gone))


def _stale(path: Path, state: str) -> Finding:
    return Finding(
        code="schema-stale",
        message=f"{shown_path(path)} {state}",
        mend="Write it anew: gateway schema.",
    )


def _left_over(root: Path, texts: Mapping[str, str]) -> tuple[str, ...]:
    there = sorted((root / TOOLS_FOLDER).glob("*.json"))
    names = (each.relative_to(root).as_posix() for each in there)
    return tuple(name for name in names if name not in texts)


def _text_at(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return None
