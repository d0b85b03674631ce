"""From bound services to the table of tools: one tool each, and the built-in ones after them."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.schema.derive import input_schema
from gateway.services.bound import BoundService
from gateway.services.model import Drawn
from gateway.tools.builtin import JOB_SCHEMA, builtin_tools
from gateway.tools.tool import Annotations, ToolDefinition, ToolTable

__all__ = ["service_tool", "tool_table"]


def service_tool(bound: BoundService) -> ToolDefinition:
    """Return the tool that a service is published as."""
    service = bound.service
    random = any(isinstance(each.parameter.supply, Drawn) for each in bound.parameters)
    return ToolDefinition(
        name=service.name,
        title=service.title,
        description=service.description,
        input_schema=input_schema(bound),
        output_schema=JOB_SCHEMA,
        # A job is made at each call; only with a seed of the graph's own is its result the same.
        annotations=Annotations(
            read_only=False, destructive=False, idempotent=not random, open_world=False
        ),
    )


def tool_table(services: Sequence[BoundService], version: int) -> ToolTable:
    """Return the table of every tool, services in the file's order."""
    tools = {bound.name: service_tool(bound) for bound in services}
    tools.update((each.name, each) for each in builtin_tools())
    return ToolTable(tools, frozenset(bound.name for bound in services), version)
