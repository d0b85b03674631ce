"""An exception of a node as ComfyUI words it. Knows no node."""

from __future__ import annotations

import traceback
from dataclasses import dataclass

from gateway.simulator.node import OutOfMemory

__all__ = ["Trouble", "describe"]

_OUT_OF_MEMORY_TIP = (
    "The simulated graphics card is full.\n\n"
    "TIPS: Draw fewer or smaller pictures at once; batch_size is the first thing to look at."
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What `execution_error` says of an exception: its text ends in a line break."""

    kind: str
    message: str
    traceback: tuple[str, ...]


def describe(error: Exception) -> Trouble:
    """Put an exception into ComfyUI's words; file paths of this machine stay out."""
    lines = tuple(
        f'  File "/simulated/{frame.name}.py", line {frame.lineno}, in {frame.name}\n'
        for frame in traceback.extract_tb(error.__traceback__)
    )
    message = f"{error}\n"
    if isinstance(error, OutOfMemory):
        return Trouble("torch.OutOfMemoryError", message + _OUT_OF_MEMORY_TIP, lines)
    kind = type(error)
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
    return Trouble(name, message, lines)
