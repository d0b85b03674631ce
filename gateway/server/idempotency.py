"""The idempotency key of a call, in its request's `_meta`.

Source: MCP specification, basic, `_meta`: keys with a prefix of one's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from gateway.graph.json_value import Json

__all__ = ["IDEMPOTENCY_KEY", "key_in"]

IDEMPOTENCY_KEY = "comfyui-gateway/idempotency-key"


def key_in(meta: Mapping[str, object] | None) -> Json:
    """Return the key as it was given, or None; whether it can be used is for the call to say."""
    return None if meta is None else cast("Json", meta.get(IDEMPOTENCY_KEY))
