"""Node definitions as two ComfyUIs really sent them, trimmed to some classes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.graph.definitions import Definitions
from gateway.graph.json_value import JsonObject
from gateway.graph.object_info import parse_definitions

RECORDED = Path(__file__).parents[1] / "definitions"


def _recorded(name: str) -> JsonObject:
    return json.loads((RECORDED / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def definitions() -> Definitions:
    """ComfyUI 0.33."""
    return parse_definitions(_recorded("object_info.json"))


@pytest.fixture(scope="session")
def old_definitions() -> Definitions:
    """ComfyUI 0.3.64."""
    return parse_definitions(_recorded("object_info-0.3.64.json"))
