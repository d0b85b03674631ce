"""services.lock.json as values: the graphs as they were when each binding was known to be right."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gateway.graph.json_value import Json, JsonObject, as_object
from gateway.graph.prompt import Prompt
from gateway.intake.bindings import BindingKey, bindings_of, nodes_meant
from gateway.intake.colours import graph_hash
from gateway.intake.skeleton import Skeleton, read_skeleton, skeleton_of
from gateway.services.model import Service

__all__ = ["LOCK_VERSION", "Lock", "LockFault", "record_graph", "record_service", "render_lock"]

LOCK_VERSION = 1
_SECTIONS = ("parameters", "outputs")


class LockFault(ValueError):
    """A lock cannot be used; the text tells why."""


@dataclass(frozen=True, slots=True)
class Lock:
    """What is recorded, as JSON; a part is read when it is needed, which is rarely.

    Attributes:
        workflows: Name of a workflow → its file's digest, its graph's hash, its nodes.
        services: Name → its workflow, and the node of each binding.
    """

    workflows: JsonObject = field(default_factory=dict[str, Json])
    services: JsonObject = field(default_factory=dict[str, Json])

    @classmethod
    def read(cls, raw: Json) -> Lock:
        """Read what `render_lock` wrote.

        Raises:
            LockFault: It is something else, or of a later version.
        """
        fields = as_object(raw) or {}
        version = fields.get("version")
        if isinstance(version, int) and version > LOCK_VERSION:
            raise LockFault(f"it is of version {version}; this gateway knows {LOCK_VERSION}")
        workflows, services = as_object(fields.get("workflows")), as_object(fields.get("services"))
        if version != LOCK_VERSION or workflows is None or services is None:
            raise LockFault("it is no lock of a gateway")
        return cls(workflows, services)

    def file_digest(self, workflow: str) -> Json:
        """Return the digest of a workflow's file as it was recorded; None when it was not."""
        if workflow not in self.workflows:
            return None
        return (as_object(self.workflows[workflow]) or {}).get("file", "")

    def graph(self, workflow: str) -> Skeleton:
        """Return a workflow's graph as it was recorded.

        Raises:
            LockFault: The record is damaged.
        """
        record = as_object(self.workflows[workflow]) or {}
        skeleton = read_skeleton(record.get("nodes"))
        if skeleton is None or graph_hash(skeleton) != record.get("graph"):
            raise LockFault(f"its record of {workflow} is damaged")
        return skeleton

    def nodes(self, service: Service) -> Mapping[BindingKey, str]:
        """Return binding → id of its node, of a service whose workflow is still the recorded one."""
        record = as_object(self.services.get(service.name)) or {}
        if record.get("workflow") != service.workflow:
            return {}
        return {
            (section, name, text): node_id
            for section in _SECTIONS
            for name, bound in (as_object(record.get(section)) or {}).items()
            for text, node_id in (as_object(bound) or {}).items()
            if isinstance(node_id, str)
        }


def record_graph(file_digest: str, prompt: Prompt) -> JsonObject:
    """Return the record of a workflow."""
    skeleton = skeleton_of(prompt)
    nodes: JsonObject = {node_id: node.as_json() for node_id, node in skeleton.items()}
    return {"file": file_digest, "graph": graph_hash(skeleton), "nodes": nodes}


def record_service(service: Service, prompt: Prompt) -> JsonObject:
    """Return the record of a service whose bindings are all right as they are written."""
    sections: dict[str, dict[str, dict[str, Json]]] = {each: {} for each in _SECTIONS}
    for binding in bindings_of(service):
        section, name, text = binding.key
        for node_id in nodes_meant(binding.reference, prompt)[:1]:
            sections[section].setdefault(name, {})[text] = node_id
    return {"workflow": service.workflow, **sections}


def render_lock(lock: Lock) -> str:
    """Return the lock as a file: by name, a line for each node and each parameter or output."""
    parts: dict[str, Iterable[str]] = {
        "workflows": (_record(*each, "nodes") for each in sorted(lock.workflows.items())),
        "services": (_record(*each, *_SECTIONS) for each in sorted(lock.services.items())),
    }
    sections = [f' "{name}": {_braced(records, 1)}' for name, records in parts.items()]
    return "{\n" + ",\n".join([f' "version": {LOCK_VERSION}', *sections]) + "\n}\n"


def _record(name: str, raw: Json, *spread: str) -> str:
    lines = (
        f"{_text(key)}: {_braced(_lines(value), 3) if key in spread else _text(value)}"
        for key, value in (as_object(raw) or {}).items()
    )
    return f"{_text(name)}: {_braced(lines, 2)}"


def _lines(raw: Json) -> Iterable[str]:
    return (
        f"{_text(key)}: {_text(value)}" for key, value in sorted((as_object(raw) or {}).items())
    )


def _braced(lines: Iterable[str], depth: int) -> str:
    inner = ",\n".join(" " * (depth + 1) + each for each in lines)
    return f"{{\n{inner}\n{' ' * depth}}}" if inner else "{}"


def _text(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)
