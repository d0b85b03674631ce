"""Which widgets hold seeds, of which dialects say in many ways that they are drawn anew."""

from __future__ import annotations

__all__ = ["is_seed"]

_SEEDS = frozenset({"seed", "noise_seed", "rand_seed", "random_seed"})


def is_seed(name: str) -> bool:
    """Tell whether a widget or a parameter is called like a seed."""
    return name.lower() in _SEEDS
