"""A process's part in a cluster: front end, worker, or both. Loaded by `engine` when a project asks for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gateway.cluster.board import Board
from gateway.cluster.dispatcher import ClusterDispatcher
from gateway.cluster.news import News
from gateway.cluster.sweep import Sweep
from gateway.cluster.warmth import Warmth
from gateway.cluster.worker import Crew, Workers
from gateway.execution.catalog import Catalog
from gateway.execution.dispatch import Dispatcher
from gateway.execution.executor import Executor
from gateway.execution.ledger import Ledger
from gateway.jobs.backend import Backend
from gateway.jobs.store import LastingJobStore
from gateway.services.bound import BoundService

__all__ = ["Home", "Membership", "open_membership"]


@dataclass(frozen=True, slots=True)
class Home:
    """What a cluster is built on in one process.

    Attributes:
        url: The database of the cluster, which is also the store's.
        place: What it is called to people, without a password.
        report: Is told of faults: a backend's or job's name, and the exception.
        lease: Seconds without a sign of life after which a worker is taken for dead.
    """

    url: str
    place: str
    store: LastingJobStore
    ledger: Ledger
    catalog: Catalog
    report: Callable[[str, BaseException], None]
    lease: float


class Membership:
    """Everything of a cluster that this process has.

    Attributes:
        dispatcher: Puts jobs on the board.
    """

    def __init__(self, home: Home, board: Board) -> None:
        self.dispatcher = ClusterDispatcher(board, home.ledger, home.catalog.candidates)
        self._home = home
        self._board = board
        self._news = News(home.url, home.ledger)
        self._looking: list[asyncio.Task[None]] = []
        self._workers: Workers | None = None

    def begin(self, services: Callable[[], Mapping[str, BoundService]]) -> None:
        """Tell and hear news, and sweep up after crashes.

        Args:
            services: Returns the services as they are now, by name.
        """
        home = self._home
        sweep = Sweep(self._board, home.store, home.catalog.candidates, services, home.lease)
        warmth = Warmth(home.store, services)
        self.dispatcher.choose_warm = warmth.choose
        self._news.begin()
        self._looking = [asyncio.create_task(each.look_for_ever()) for each in (sweep, warmth)]

    def work(
        self,
        executor: Executor,
        dispatcher: Dispatcher,
        backends: Mapping[str, Backend],
        services: Callable[[], Mapping[str, BoundService]],
    ) -> None:
        """Take jobs for these backends.

        Args:
            executor: Over the dispatcher, and over the same ledger as the front end's.
            dispatcher: Runs jobs in this process.
            backends: By name.
            services: Returns the services as they are now, by name.
        """
        home = self._home
        crew = Crew(executor, dispatcher, home.store, services, home.report, home.lease)
        self._workers = Workers(self._board, crew, backends)

    async def close(self) -> None:
        """Leave; jobs under way are put back on the board for others."""
        for each in self._looking:
            each.cancel()
        await asyncio.gather(*self._looking, return_exceptions=True)
        if self._workers is not None:
            await self._workers.close()
        await self._news.close()
        await self._board.close()


async def open_membership(home: Home) -> Membership:
    """Join the cluster.

    Raises:
        GatewayError: Its database cannot be reached or used.
    """
    board = Board(home.url, home.place)
    await board.open()
    return Membership(home, board)
