"""How far a job is, on stderr: one moving line on a terminal, a line per step elsewhere."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from gateway.jobs.job import Job

__all__ = ["ProgressLine", "describe"]


class ProgressLine:
    """Shows progress while it is entered; what moved is cleared away at the end."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._last = ""
        self._console = Console(stderr=True, highlight=False)
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._progress.start()
            self._task = self._progress.add_task(self._title, total=None)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._task is not None:  # stopping what was not started would print an empty line
            self._progress.stop()

    def show(self, text: str, current: float = 0, maximum: float | None = None) -> None:
        """Show what goes on; `current` of `maximum`, None when nobody knows how much there is."""
        if self._task is not None:
            self._progress.update(
                self._task,
                description=f"{self._title}: {text}",
                completed=current,
                total=maximum or None,
            )
        elif text != self._last:
            sys.stderr.write(f"{self._title}: {text}\n")
            sys.stderr.flush()
        self._last = text

    async def show_job(self, job: Job) -> None:
        """Show a job's state."""
        progress = job.progress
        self.show(describe(job), progress.current, progress.maximum)


def describe(job: Job) -> str:
    """Return in a few words what a job is doing."""
    progress = job.progress
    if progress.note:
        return progress.note
    if job.status == "pending":
        before = progress.queue_position
        return "waiting" if not before else f"waiting, {before} before it"
    text = progress.title or job.status
    return f"{text}, {progress.left}" if progress.left else text
