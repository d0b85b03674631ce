"""What a dispatcher must do: in this process (`dispatch`), or over many machines (`cluster/`)."""

from __future__ import annotations

from typing import Protocol

from gateway.execution.outcome import Work
from gateway.jobs.job import Job

__all__ = ["Dispatching"]


class Dispatching(Protocol):
    """Brings jobs to backends, and each to a truthful end."""

    def submit(self, work: Work, fitting: frozenset[str], job: Job) -> None:
        """Take a job that the ledger has accepted.

        Args:
            work: It, with its service as that was then.
            fitting: Names of the backends it may run on.
            job: Its state.
        """
        ...

    async def stop(self, job_id: str, reason: str) -> None:
        """Have a job stopped wherever it is; returns once it has ended, or its owner was asked."""
        ...

    def position(self, job_id: str) -> int | None:
        """Return how many jobs are before this one in line; None when it is not in line, or not known."""
        ...

    async def settle(self) -> None:
        """Wait until every job that needs this process has ended."""
        ...

    async def close(self) -> None:
        """Let go: runs go on in ComfyUI, nothing more is started here."""
        ...
