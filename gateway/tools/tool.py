"""A tool's definition, and the table of all of them: what tools/list answers. Needs nothing running."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from gateway.graph.json_value import Json, JsonObject

__all__ = ["Annotations", "ToolDefinition", "ToolTable"]


@dataclass(frozen=True, slots=True)
class Annotations:
    """MCP's tool annotations; all four are always said, because the protocol's defaults are scary.

    Source: MCP specification, server/tools, ToolAnnotations.
    """

    read_only: bool
    destructive: bool
    idempotent: bool
    open_world: bool


@dataclass(frozen=True, slots=True)
class ToolDefinition:
    """One tool as tools/list shows it; the schemas are JSON Schema 2020-12 objects."""

    name: str
    title: str
    description: str
    input_schema: JsonObject
    output_schema: JsonObject
    annotations: Annotations

    def as_wire(self) -> dict[str, Json]:
        """Return the entry of a tools/list result."""
        return {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "inputSchema": self.input_schema,
            "outputSchema": self.output_schema,
            "annotations": {
                "title": self.title,
                "readOnlyHint": self.annotations.read_only,
                "destructiveHint": self.annotations.destructive,
                "idempotentHint": self.annotations.idempotent,
                "openWorldHint": self.annotations.open_world,
            },
        }


@dataclass(frozen=True, slots=True)
class ToolTable:
    """Every tool by name, in the order of the list; `version` grows with each change.

    Attributes:
        services: Names of those that are services: what makes jobs.
    """

    tools: Mapping[str, ToolDefinition]
    services: Collection[str] = ()
    version: int = 1
