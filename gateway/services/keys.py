"""The JSON Schema of services.yaml, for editors; from the same model that the file is read with."""

from __future__ import annotations

from gateway.graph.json_value import Json
from gateway.services.editor_schema import editor_schema
from gateway.services.file_keys import FILE

__all__ = ["services_schema"]


def services_schema() -> dict[str, Json]:
    """Return `schemas/services.schema.json`."""
    return editor_schema(
        FILE, identifier="urn:comfyui-gateway:services:1", title="services.yaml of comfyui-gateway"
    )
