"""Builds what answers: the project's tools, swapped when its files change; starts the engine when needed."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.errors import DeclarationError, Finding
from gateway.project.load import Loaded, Project, load_project
from gateway.tools.definitions import tool_table
from gateway.tools.running import Running
from gateway.tools.tool import ToolTable

if TYPE_CHECKING:
    from gateway.engine import Engine

__all__ = ["Front", "open_front"]


class Front:
    """The project's tools as published now; implements `Published`."""

    def __init__(
        self,
        config: Path,
        environment: Mapping[str, str],
        project: Project,
        report: Callable[[Sequence[Finding]], None],
    ) -> None:
        self._config = config
        self._environment = environment
        self._report = report
        self._table = tool_table(project.services, 1)
        self._starting = asyncio.Lock()
        self._engine: Engine | None = None
        self._subscribers: list[Callable[[], Awaitable[None]]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self.project = project

    @property
    def table(self) -> ToolTable:
        """The tools, as of the last good services.yaml."""
        return self._table

    def subscribe(self, changed: Callable[[], Awaitable[None]]) -> None:
        """Have `changed` called after each change of the table."""
        self._subscribers.append(changed)

    def warm(self) -> None:
        """Begin to load what runs jobs, in the background."""
        if self._engine is None and not self._tasks:
            self._background(self._warm())

    async def running(self) -> Running:
        """Return the running part, started at the first call."""
        return (await self._started()).calls

    async def close(self) -> None:
        """End what runs: jobs follow their service's `when_client_leaves` first."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._engine is not None:
            await self._engine.leave()
            await self._engine.close()

    async def _warm(self) -> None:
        await self._started()

    async def _started(self) -> Engine:
        async with self._starting:
            if self._engine is None:
                # The one named place where the heavy half is loaded; in a thread, so that the loop
                # goes on answering meanwhile.
                engine = await asyncio.to_thread(importlib.import_module, "gateway.engine")
                self._engine = engine.start_engine(self.project)
                self._engine.publish(self.project.services)
                self._engine.keep_fresh(self._refreshed)
                self._background(self._follow_edits(engine.watch(self._config, self._environment)))
            return self._engine

    async def _follow_edits(self, edits: AsyncIterator[Loaded]) -> None:
        async for loaded in edits:
            if loaded.findings:
                self._report(loaded.findings)
            if loaded.project is not None and self._engine is not None:
                self.project = loaded.project
                self._engine.publish(loaded.project.services)
                await self._engine.refresh()
                await self._refreshed()

    async def _refreshed(self) -> None:
        """Publish the services as they are now, with the live backends' choices."""
        if self._engine is None:
            return
        table = tool_table(self._engine.with_live_choices(), self._table.version + 1)
        if table.tools == self._table.tools:
            return
        self._table = table
        for changed in self._subscribers:
            await changed()

    def _background(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def open_front(
    config: Path,
    environment: Mapping[str, str],
    report: Callable[[Sequence[Finding]], None],
) -> Front:
    """Load the project and publish its tools; needs no backend, and a running loop.

    `report` is told the findings of later edits.

    Raises:
        DeclarationError: The project cannot be used.
    """
    loaded = load_project(config, environment)
    if loaded.project is None:
        raise DeclarationError(loaded.findings)
    return Front(config, environment, loaded.project, report)
