"""What an attempt is given, and what can come of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from gateway.errors import BackendError, BackendUnreachable, GatewayError, RunLost
from gateway.execution.collect import Shelves
from gateway.execution.ledger import Ledger
from gateway.jobs.files import InputStore
from gateway.jobs.job import NodeSpan, Output
from gateway.services.bound import BoundService

__all__ = [
    "Done",
    "Failed",
    "HandedOver",
    "Lost",
    "Outcome",
    "Stopped",
    "TryAgain",
    "Work",
    "Workshop",
    "paid_run_lost",
]


@dataclass(frozen=True, slots=True)
class Work:
    """A job with the service it calls, as that was when the call was accepted.

    Attributes:
        queue_until: When its run must have started, on the monotonic clock; None: any time.
        again: Nodes whose cached outputs are gone: they must run again.
        resuming: A gateway that is gone has begun an attempt: that one is taken up first.
        elsewhere: Other processes have backends that fit as well, and take it from the line when the
            backend here is lost.
        because: Why attempts are made where they are, when that was decided elsewhere.
    """

    job_id: str
    bound: BoundService
    queue_until: float | None = None
    again: frozenset[str] = frozenset()
    resuming: bool = False
    elsewhere: bool = False
    because: str = ""


@dataclass(frozen=True, slots=True)
class Workshop:
    """What attempts share; `grace` is how many seconds a backend may be out of reach."""

    ledger: Ledger
    inputs: InputStore
    shelves: Shelves
    grace: float


@dataclass(frozen=True, slots=True)
class Done:
    """The run ended well."""

    outputs: tuple[Output, ...]
    spans: tuple[NodeSpan, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """The run ended badly, and another attempt would not help."""

    error: GatewayError
    outputs: tuple[Output, ...] = ()


@dataclass(frozen=True, slots=True)
class Stopped:
    """Somebody stopped the run, here or in ComfyUI."""

    reason: str
    outputs: tuple[Output, ...] = ()


@dataclass(frozen=True, slots=True)
class TryAgain:
    """The backend let us down before there was a result.

    Attributes:
        submitted: ComfyUI may have got the prompt: the attempt counts.
        again: Nodes that must run again although ComfyUI holds their results.
        fault: What the backend did not do; None when it did its part as far as it could.
    """

    error: GatewayError
    submitted: bool
    again: frozenset[str] = frozenset()
    fault: BackendError | None = None


@dataclass(frozen=True, slots=True)
class HandedOver:
    """Another gateway has the job by now."""


def paid_run_lost(bound: BoundService, lost: GatewayError) -> RunLost:
    """Return what to tell of a run that may have cost money and left nothing."""
    nodes = ", ".join(sorted(bound.paid))
    return RunLost(
        f"{lost.message} It may have been paid for (node {nodes}), so it is not run again.",
        code="paid-run-lost",
        where=lost.where,
        found=lost.code,
        mend="Look at the partner's account, then call again; `retry_paid: true` of the service "
        "has lost runs made again.",
    )


@dataclass(frozen=True, slots=True)
class Lost:
    """The backend was out of reach for the whole grace, and the run with it; what it left until then."""

    error: BackendUnreachable
    outputs: tuple[Output, ...] = ()


Outcome: TypeAlias = Lost | Done | Failed | Stopped | TryAgain | HandedOver
