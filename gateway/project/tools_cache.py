""".gateway/tools-cache.json: the tools as last published, so that a large project lists them at once.

Plain JSON, and only as good as its key, which stands for everything that tools are made of. A file
that does not fit, in whatever way, is as good as none. Only serving reads it; what checks or writes
schemas loads the project itself.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway import __version__
from gateway.graph.json_value import Json, JsonObject, as_array, as_object
from gateway.project.environment import NotedVariables
from gateway.project.fingerprint import Fingerprint
from gateway.project.json_file import FileFault, read_json
from gateway.project.load import Project
from gateway.project.workflows import FOLDER
from gateway.services.settings import GatewaySettings
from gateway.tools.builtin import JOB_SCHEMA, builtin_tools
from gateway.tools.running import Introduction
from gateway.tools.tool import Annotations, ToolDefinition, ToolTable

__all__ = ["CACHE_FILE", "WORTHWHILE", "KeptTools", "keep_tools", "kept_tools"]

CACHE_FILE = ".gateway/tools-cache.json"
WORTHWHILE = 50
"""Services from which on a project is kept: fewer are loaded in less than 25 ms."""

_LIMIT = 256 << 20
# A file changed twice within one tick of its file system's clock looks unchanged (FAT: 2 s).
_SETTLED_NS = 2_000_000_000


@dataclass(frozen=True, slots=True)
class KeptTools:
    """What is published before the project itself is loaded."""

    table: ToolTable
    introduction: Introduction


def kept_tools(config: Path, environment: Mapping[str, str], seen: Fingerprint) -> KeptTools | None:
    """Return the tools as they were kept, or None when anything differs from how it was then.

    Args:
        config: Path of services.yaml.
        environment: As a load would get it.
        seen: The state of the project's files now.
    """
    try:
        kept = as_object(read_json(config.absolute().parent / CACHE_FILE, _LIMIT)) or {}
    except FileFault:
        return None  # none was kept, or it is damaged: the project says it all
    names = _texts(kept.get("variables"))
    if names is None or kept.get("key") != _key(seen, names, environment):
        return None
    name, instructions = kept.get("name"), kept.get("instructions")
    services = [_service_tool(each) for each in as_array(kept.get("services")) or ()]
    tools = {each.name: each for each in services if each is not None}
    if not isinstance(name, str) or not isinstance(instructions, str | None):
        return None
    if not tools or len(tools) != len(services):
        return None
    table = ToolTable(tools | {each.name: each for each in builtin_tools()}, frozenset(tools))
    return KeptTools(table, GatewaySettings(name=name, instructions=instructions))


def keep_tools(
    project: Project, table: ToolTable, environment: NotedVariables, seen: Fingerprint
) -> None:
    """Keep a project's tools, if it is large and its files have been at rest for a while.

    A folder that cannot be written to is no fault: the next start takes as long as this one.

    Args:
        project: As loaded.
        table: Its tools, without anything that only a backend knows.
        environment: What it was loaded with.
        seen: The state of its files before the load.
    """
    if len(project.services) < WORTHWHILE or not _is_settled(seen) or not _covers(seen, project):
        return
    settings = project.declaration.gateway
    document: JsonObject = {
        "key": _key(seen, environment.asked, environment),
        "variables": sorted(environment.asked),
        "name": settings.name,
        "instructions": settings.instructions,
        "services": [_entry(table.tools[each.name]) for each in project.services],
    }
    try:
        _replace(project.root / CACHE_FILE, json.dumps(document, separators=(",", ":")))
    except OSError:
        return


def _key(seen: Fingerprint, names: Iterable[str], environment: Mapping[str, str]) -> str:
    """Digest what tools are made of; of the environment only the variables that were asked for."""
    variables = [(name, environment.get(name)) for name in sorted(names)]
    text = json.dumps([__version__, sorted(seen), variables])
    return hashlib.sha256(text.encode()).hexdigest()


def _is_settled(seen: Fingerprint) -> bool:
    return max(changed for _, changed, _ in seen) < time.time_ns() - _SETTLED_NS


def _covers(seen: Fingerprint, project: Project) -> bool:
    """Tell whether an edit of any workflow would show; one may be behind a link to a folder."""
    files = {path for path, _, _ in seen}
    folder = project.root / FOLDER
    return all(str(folder / each.service.workflow) in files for each in project.services)


def _replace(path: Path, text: str) -> None:
    """Write a file whole or not at all, for its owner only: its key is made from secrets, too."""
    path.parent.mkdir(exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink()
        raise


def _entry(tool: ToolDefinition) -> dict[str, Json]:
    marks = tool.annotations
    return {
        "name": tool.name,
        "title": tool.title,
        "description": tool.description,
        "input": tool.input_schema,
        "marks": [marks.read_only, marks.destructive, marks.idempotent, marks.open_world],
    }


def _service_tool(raw: Json) -> ToolDefinition | None:
    """Return the tool of an entry; what every service answers with need not be kept."""
    match raw:
        case {
            "name": str(name),
            "title": str(title),
            "description": str(description),
            "input": dict(schema),
            "marks": [bool(reads), bool(destroys), bool(repeats), bool(opens)],
        }:
            annotations = Annotations(reads, destroys, repeats, opens)
            return ToolDefinition(name, title, description, schema, JOB_SCHEMA, annotations)
        case _:
            return None


def _texts(raw: Json) -> list[str] | None:
    texts = [each for each in as_array(raw) or () if isinstance(each, str)]
    return texts if len(texts) == len(as_array(raw) or (None,)) else None
