"""From which numbers `default: random` draws: within the limits, and never beyond 2^53-1."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeGuard

from gateway.services.constraint import Constraint
from gateway.services.values import LARGEST_SAFE

__all__ = ["Drawable", "drawable"]


@dataclass(frozen=True, slots=True)
class Drawable:
    """The numbers `step × n` for n from `first` to `last`, or the `options` where they are listed."""

    first: int
    last: int
    step: int = 1
    options: tuple[int, ...] = ()

    def draw(self, draw: Callable[[int, int], int]) -> int:
        """Return one of them; `draw` takes the least and the greatest, both included."""
        number = draw(self.first, self.last)
        return self.options[number] if self.options else number * self.step


def drawable(constraint: Constraint) -> Drawable | None:
    """Return what can be drawn, or None when there is nothing."""
    if constraint.options is not None:
        options = tuple(each for each in constraint.options if _is_integer(each))
        return Drawable(0, len(options) - 1, options=options) if options else None
    low = max(0, 0 if constraint.minimum is None else math.ceil(constraint.minimum))
    high = LARGEST_SAFE if constraint.maximum is None else math.floor(constraint.maximum)
    # The integers among the multiples of 1.5 are those of 3.
    step = abs(Fraction(str(constraint.multiple_of or 1)).numerator)
    first, last = -(-low // step), min(high, LARGEST_SAFE) // step
    return Drawable(first, last, step) if first <= last else None


def _is_integer(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
