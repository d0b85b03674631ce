"""Node definitions as two ComfyUIs really sent them, trimmed to some classes."""

from __future__ import annotations

import json
from pathlib import Path

from gateway.graph.object_info import parse_definitions

__all__ = ["DEFINITIONS", "OLD_DEFINITIONS"]

_HERE = Path(__file__).parent

DEFINITIONS = parse_definitions(json.loads((_HERE / "object_info.json").read_text("utf-8")))
"""ComfyUI 0.33."""

OLD_DEFINITIONS = parse_definitions(
    json.loads((_HERE / "object_info-0.3.64.json").read_text("utf-8"))
)
"""ComfyUI 0.3.64."""
