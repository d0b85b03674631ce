"""How much work a node's inputs mean: long work goes to a thread. Knows no running."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from gateway.simulator.values import Latent

__all__ = ["is_heavy"]

_HEAVY_PIXELS = 200_000


def is_heavy(inputs: Mapping[str, object]) -> bool:
    """Tell whether the work is long enough to be worth a thread."""
    area = 1
    for name in ("width", "height", "batch_size"):
        value = inputs.get(name)
        area *= max(1, value) if isinstance(value, int) else 1
    return area > _HEAVY_PIXELS or any(_area(value) > _HEAVY_PIXELS for value in inputs.values())


def _area(value: object) -> int:
    if isinstance(value, Latent):
        return value.width * value.height * value.batch
    if isinstance(value, tuple):
        pictures = cast("tuple[object, ...]", value)
        return sum(getattr(one, "width", 0) * getattr(one, "height", 0) for one in pictures)
    return 0
