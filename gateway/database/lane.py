"""One thread that does all of a database's work, in order, a transaction for what has gathered.

While one transaction is made safe on the disk, the next calls gather; so a busy gateway pays for one
`fsync` what a quiet one pays for each call. Measured with SQLite: 0.1 ms a call instead of 0.7 ms
through SQLAlchemy's asyncio engine.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, ResourceClosedError

from gateway.database.commits import transaction
from gateway.database.failure import may_pass

__all__ = ["Lane"]

_MOST_TOGETHER = 200
_MOMENT = 0.01
_PAUSE = 0.1
_LONGEST_PAUSE = 1.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """Work, whether it must be on the disk when it is done, and where its result goes."""

    work: Callable[[Connection], Any]
    on_disk: bool
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[Any]

    def settle(self, result: Any, error: BaseException | None) -> None:
        """Hand over the result, on the caller's loop; nobody waits any more when it was cancelled."""
        if self.done.done():
            return
        if error is None:
            self.done.set_result(result)
        else:
            self.done.set_exception(error)


class Lane:
    """Does work on a database in its own thread, which begins with the first.

    Args:
        engine: The database.
        patience: Seconds for which work waits for a database that went away.
    """

    def __init__(self, engine: Engine, patience: float) -> None:
        self._engine = engine
        self._patience = patience
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._gathered: list[_Task] = []

    async def do(self, work: Callable[[Connection], T], *, on_disk: bool = True) -> T:
        """Do work in a transaction and return its result once that is safe.

        The work may be done more than once, when the database went away meanwhile. With `on_disk`
        it outlasts a loss of power, else the end of this process only.

        Raises:
            SQLAlchemyError: The database cannot do it, or was away for too long.
        """
        done = self.do_soon(work, on_disk=on_disk)
        self._begin()
        return cast("T", await done)

    def do_soon(
        self, work: Callable[[Connection], object], *, on_disk: bool = True
    ) -> asyncio.Future[Any]:
        """Do work together with what is asked for next, or in a moment; a fault may be left unheard.

        Raises:
            ResourceClosedError: The lane has been closed.
        """
        if self._closed:
            raise ResourceClosedError("the jobs' database has been closed")
        loop = asyncio.get_running_loop()
        task = _Task(work, on_disk, loop, loop.create_future())
        task.done.add_done_callback(_let_be)
        if not self._gathered:
            loop.call_later(_MOMENT, self._begin)
        self._gathered.append(task)
        return task.done

    def _begin(self) -> None:
        """Hand over what has gathered."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)
            self._thread.start()
        gathered, self._gathered = self._gathered, []
        for task in gathered:
            self._tasks.put(task)

    async def close(self) -> None:
        """Finish what has been asked for and let go of the database."""
        self._closed = True
        if self._gathered:
            self._begin()
        if self._thread is not None:
            self._tasks.put(None)
            await asyncio.to_thread(self._thread.join)
        self._engine.dispose()

    def _run(self) -> None:
        while True:
            gathered = self._gather()
            tasks = [each for each in gathered if each is not None]
            if tasks:
                self._serve(tasks)
            if len(tasks) < len(gathered):
                return

    def _gather(self) -> list[_Task | None]:
        gathered = [self._tasks.get()]
        while gathered[-1] is not None and len(gathered) < _MOST_TOGETHER:
            if self._tasks.empty():
                break
            gathered.append(self._tasks.get())
        return gathered

    def _serve(self, tasks: Sequence[_Task]) -> None:
        """Do them together; when that fails, one at a time, so that one fault is one caller's."""
        try:
            results = self._together(tasks)
        except Exception as error:  # noqa: BLE001 (whatever it is, it belongs to a caller)
            if len(tasks) > 1:
                for each in tasks:
                    self._serve([each])
            else:
                _tell([(tasks[0], None, error)])
        else:
            _tell([(each, result, None) for each, result in zip(tasks, results, strict=True)])

    def _together(self, tasks: Sequence[_Task]) -> list[Any]:
        give_up = time.monotonic() + self._patience
        pause = _PAUSE
        on_disk = any(each.on_disk for each in tasks)
        while True:
            try:
                with transaction(self._engine, on_disk=on_disk) as connection:
                    return [each.work(connection) for each in tasks]
            except DBAPIError as error:
                if not may_pass(error) or time.monotonic() + pause > give_up:
                    raise
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)


def _let_be(done: asyncio.Future[Any]) -> None:
    if not done.cancelled():
        done.exception()  # whatever comes next meets it too


def _tell(told: Sequence[tuple[_Task, Any, BaseException | None]]) -> None:
    """Hand the results over, waking each loop once."""
    for loop in {task.loop for task, _, _ in told}:
        mine = [each for each in told if each[0].loop is loop]
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, mine)


def _settle(told: Sequence[tuple[_Task, Any, BaseException | None]]) -> None:
    for task, result, error in told:
        task.settle(result, error)
