"""A backend's circuit: closed while it does its part, open when it lets jobs down, half-open while one tries.

Silence opens it at once; refusals and odd answers do when there are several of them in a short time and
nothing good between. An open one is asked after, more and more seldom; once it answers, one job may try.
Times are seconds on a clock that never goes back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from gateway.errors import BackendError, BackendUnreachable

__all__ = ["Circuit", "CircuitState", "half_opened", "let_down", "pause_before"]

CircuitState = Literal["closed", "open", "half-open"]

_FAULTS = 3
_WITHIN = 30.0
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 2.0
_FIRST_REST = 1.0
_LONGEST_REST = 15.0
_DOUBLINGS = 5


@dataclass(frozen=True, slots=True)
class Circuit:
    """How far a backend is trusted now; a new one is closed.

    Attributes:
        error: What it did last that was wrong; None as long as nothing was.
        since: When it was last left closed; 0 while it is.
        faults: When it let a job down lately, without a good end between.
        openings: How many times it was opened since it was last closed.
    """

    state: CircuitState = "closed"
    error: BackendError | None = None
    since: float = 0.0
    faults: tuple[float, ...] = ()
    openings: int = 0


def let_down(circuit: Circuit, at: float, error: BackendError) -> Circuit:
    """Return the circuit after a backend did not do its part."""
    silent = isinstance(error, BackendUnreachable)
    recent = (*(each for each in circuit.faults if at - each < _WITHIN), at)
    if circuit.state == "closed":
        if not silent and len(recent) < _FAULTS:
            return Circuit(error=error, faults=recent)
        return Circuit("open", error, at, openings=1)
    more = circuit.state == "half-open"
    return replace(circuit, state="open", error=error, openings=circuit.openings + more)


def half_opened(circuit: Circuit) -> Circuit:
    """Return the circuit after an open one's backend answered: now one job may try."""
    return replace(circuit, state="half-open")


def pause_before(circuit: Circuit, questions: int) -> float:
    """Return how long to wait before an open circuit's backend is asked how it is.

    Args:
        circuit: Its circuit.
        questions: How many it left unanswered since the circuit was last opened.
    """
    if isinstance(circuit.error, BackendUnreachable):
        return min(_FIRST_PAUSE * 2 ** min(questions, _DOUBLINGS), _LONGEST_PAUSE)
    # It answers questions, and yet not what matters: asking often would tell nothing.
    rests = min(circuit.openings - 1 + questions, _DOUBLINGS)
    return min(_FIRST_REST * 2**rests, _LONGEST_REST)
