"""JSON as ComfyUI writes and reads it: bare NaN and Infinity pass. Knows no HTTP."""

from __future__ import annotations

import json
from typing import cast

from gateway.graph.json_value import Json

__all__ = ["decode", "encode"]


def encode(value: Json) -> bytes:
    """Write `value`; NaN and Infinity stay bare, as Python's own writer leaves them."""
    return json.dumps(value).encode()


def decode(raw: bytes) -> Json:
    """Read JSON; a ValueError says that it is none."""
    return cast("Json", json.loads(raw))
