"""The named points on a job's way from call to answer, in the order of that way.

Each is a moment at which a gateway may die. A test program has itself told when one is reached and
dies there; in production nobody listens.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

__all__ = ["Point", "Reached", "pass_by"]

Point: TypeAlias = Literal[
    "inputs-kept",  # the caller's files are in the input store, the job is nowhere yet
    "accepted",  # the job is in memory and in line, not on the disk
    "placed",  # it has a slot of a backend, which need not wait for the disk
    "stored",  # the job is on the disk
    "uploaded",  # its files are on the backend
    "patched",  # its prompt is made
    "recorded",  # its run is on the disk, not posted
    "doubted",  # posted, and no answer came
    "posted",  # ComfyUI has confirmed the prompt
    "requeued",  # this attempt came to nothing, and that is on the disk
    "started",  # ComfyUI's worker has begun the run
    "collected",  # one of its files is in the output store
    "ended",  # ComfyUI says that the run is over
    "brought-home",  # every output is in the output store
    "end-kept",  # the end is in the database
    "answered",  # the answer is made; it has not left the gateway
    "adopted",  # a gateway that took the job over has it as its own on the disk
]

Reached: TypeAlias = Callable[[Point, str], None]
"""Is told that a job, named by its id, has come to a point."""


def pass_by(_point: Point, _job_id: str) -> None:
    """Go on."""
