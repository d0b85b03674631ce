"""Builds what answers: the project's tools, swapped when its files change; starts the engine when needed."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.errors import DeclarationError, Finding, Place
from gateway.project.fingerprint import Fingerprint, fingerprint
from gateway.project.load import Loaded, Project, load_project
from gateway.tools.definitions import tool_table
from gateway.tools.running import Running
from gateway.tools.tool import ToolTable

if TYPE_CHECKING:
    from gateway.engine import Engine

__all__ = ["Front", "open_front"]

_GRACE = 10.0


class Front:
    """The project's tools as published now; implements `Published`."""

    def __init__(
        self,
        config: Path,
        environment: Mapping[str, str],
        project: Project,
        seen: Fingerprint,
        report: Callable[[Sequence[Finding]], None],
    ) -> None:
        self._seen = seen
        self._config = config
        self._environment = environment
        self._report = report
        self._table = tool_table(project.services, 1)
        self._starting = asyncio.Lock()
        self._engine: Engine | None = None
        self._subscribers: list[Callable[[], Awaitable[None]]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._project_at_start = project
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

    async def close(self, grace: float = _GRACE) -> None:
        """End what runs: jobs follow their service's `when_client_leaves` first.

        Args:
            grace: Seconds in which jobs that are to go on may end; then they go on in ComfyUI alone.
        """
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._engine is not None:
            try:
                async with asyncio.timeout(grace):
                    await self._engine.leave()
            except TimeoutError:
                self._report([_left_behind(grace)])
            finally:
                await self._engine.close()

    async def _warm(self) -> None:
        await self._started()

    async def _started(self) -> Engine:
        async with self._starting:
            if self._engine is None:
                self._engine = await self._start()
            return self._engine

    async def _start(self) -> Engine:
        # The one named place where the heavy half is loaded; in a thread, so that the loop goes on
        # answering meanwhile.
        module = await asyncio.to_thread(importlib.import_module, "gateway.engine")
        engine: Engine = module.start_engine(self.project)
        edits: AsyncIterator[Loaded] = module.watch(self._config, self._environment, self._seen)
        engine.publish(self.project.services)
        engine.keep_fresh(lambda: self._publish(engine))
        self._background(self._follow_edits(edits, engine))
        return engine

    async def _follow_edits(self, edits: AsyncIterator[Loaded], engine: Engine) -> None:
        async for loaded in edits:
            findings = (*loaded.findings, *_restart_needed(self._project_at_start, loaded.project))
            if findings:
                self._report(findings)
            if loaded.project is not None:
                self.project = loaded.project
                engine.publish(loaded.project.services)
                await engine.refresh()
                await self._publish(engine)

    async def _publish(self, engine: Engine) -> None:
        """Publish the services as they are now, with the live backends' choices."""
        before = self._table
        table = tool_table(engine.with_live_choices(), before.version + 1)
        if table.tools == before.tools:
            self._table = replace(table, version=before.version)
            return
        self._table = table
        for changed in self._subscribers:
            await changed()

    def _background(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(self._supervised(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _supervised(self, work: Coroutine[object, object, None]) -> None:
        try:
            await work
        except Exception as fault:  # noqa: BLE001 (nobody awaits background work: it must not die unheard)
            said = f"the gateway stopped watching its files: {type(fault).__name__}: {fault}"
            self._report([Finding("internal-error", said, mend="Restart `gateway serve`.")])


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
    seen = fingerprint(config)  # before the load: an edit during it is seen as one after it
    loaded = load_project(config, environment)
    if loaded.project is None:
        raise DeclarationError(loaded.findings)
    return Front(config, environment, loaded.project, seen, report)


def _restart_needed(started: Project, edited: Project | None) -> tuple[Finding, ...]:
    """Tell which edits only count from the next start on."""
    if edited is None:
        return ()
    old, new = started.declaration, edited.declaration
    sections = {
        "backends": old.backends != new.backends,
        "gateway": old.gateway != new.gateway,
        "outputs": old.outputs != new.outputs,
        "jobs": old.jobs != new.jobs,
    }
    changed = ", ".join(name for name, differs in sections.items() if differs)
    if not changed:
        return ()
    return (
        Finding(
            code="restart-needed",
            message=f"the new {changed} section counts from the next start on; services count now",
            place=Place(new.file, 1, 1),
            severity="warning",
            mend="Restart `gateway serve`.",
        ),
    )


def _left_behind(grace: float) -> Finding:
    return Finding(
        code="jobs-left-behind",
        message=f"jobs still ran {grace:g} s after the end; they go on in ComfyUI, unobserved",
        severity="warning",
        mend="Look for their files in ComfyUI's output folder, under gateway/.",
    )
