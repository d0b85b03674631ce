"""A bound service → the input schema of its tool, known without any ComfyUI running."""

from __future__ import annotations

from gateway.graph.json_value import Json
from gateway.schema.batches import batch_fragment
from gateway.schema.fragments import fragment_of
from gateway.services.bound import BoundService
from gateway.services.model import Fixed, Required

__all__ = ["input_schema"]


def input_schema(bound: BoundService) -> dict[str, Json]:
    """Return the JSON Schema (2020-12) of what callers may give, in the order of the YAML.

    Defaults are the YAML's only: what a definition calls its default is not what a graph holds.
    """
    offered = [each for each in bound.parameters if not isinstance(each.parameter.supply, Fixed)]
    properties: dict[str, Json] = {
        each.name: batch_fragment(fragment_of(each), each, bound.service.batch_limit)
        for each in offered
    }
    schema: dict[str, Json] = {"type": "object", "properties": properties}
    required = [each.name for each in offered if isinstance(each.parameter.supply, Required)]
    if required:
        schema["required"] = required
    schema["additionalProperties"] = False
    return schema
