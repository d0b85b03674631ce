"""Builds what answers: the project's tools, swapped when its files change; starts the engine when needed."""

from __future__ import annotations

import asyncio
import gc
import importlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from gateway.errors import DeclarationError, Finding, GatewayError
from gateway.project.environment import NotedVariables
from gateway.project.fingerprint import Fingerprint, fingerprint
from gateway.project.load import Loaded, Project, load_project
from gateway.project.restart import restart_needed
from gateway.project.tools_cache import keep_tools, kept_tools
from gateway.tools.definitions import tool_table
from gateway.tools.running import Introduction, Running
from gateway.tools.tool import ToolTable

if TYPE_CHECKING:
    from gateway.engine import Engine

__all__ = ["Front", "open_front"]

_GRACE = 10.0


_Found: TypeAlias = tuple[Project, ToolTable, tuple[Finding, ...]]
"""A project that works, its tools, and what is still not as it should be."""


@dataclass(frozen=True, slots=True)
class _Source:
    """Where a project comes from; `seen` is the state of its files before anything was read."""

    config: Path
    environment: Mapping[str, str] = field(repr=False)
    seen: Fingerprint


class Front:
    """The project's tools as published now; implements `Published`.

    Attributes:
        introduction: As it was at the start.
    """

    def __init__(
        self,
        source: _Source,
        table: ToolTable,
        introduction: Introduction,
        project: Project | None,
        report: Callable[[Sequence[Finding]], None],
    ) -> None:
        self.introduction = introduction
        self._source = source
        self._report = report
        self._table = table
        self._loading = asyncio.Lock()
        self._starting = asyncio.Lock()
        self._engine: Engine | None = None
        self._subscribers: list[Callable[[], Awaitable[None]]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._project = project
        self._work_for: frozenset[str] = frozenset()

    @property
    def table(self) -> ToolTable:
        """The tools, as of the last good services.yaml."""
        return self._table

    def subscribe(self, changed: Callable[[], Awaitable[None]]) -> None:
        """Have `changed` called after each change of the table."""
        self._subscribers.append(changed)

    def work_for(self, backends: frozenset[str]) -> None:
        """Take a cluster's jobs for these backends, by name, once the engine starts."""
        self._work_for = backends

    def warm(self) -> None:
        """Begin to load what runs jobs, in the background."""
        if self._engine is None and not self._tasks:
            self._background(self._warm)

    async def running(self) -> Running:
        """Return the running part, started at the first call.

        Raises:
            DeclarationError: The tools were kept from an earlier start, and the project is broken.
        """
        return (await self._started()).calls

    async def project(self) -> Project:
        """Return the project as it was at the start; if only its tools were kept, it is loaded now.

        Raises:
            DeclarationError: It cannot be used.
        """
        async with self._loading:
            if self._project is None:
                self._project, table, findings = await asyncio.to_thread(_load_aside, self._source)
                if findings:
                    self._report(findings)
                await self._publish(table)
            return self._project

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
        try:
            await self._started()
        except DeclarationError as error:
            self._report(error.findings)  # the next call tries again
        except GatewayError as error:
            self._report([Finding(error.code, error.message, mend=error.mend)])

    async def _started(self) -> Engine:
        async with self._starting:
            if self._engine is None:
                self._engine = await self._start()
            return self._engine

    async def _start(self) -> Engine:
        project = await self.project()
        # The one named place where the heavy half is loaded; in a thread, so that the loop goes on
        # answering meanwhile.
        module = await asyncio.to_thread(importlib.import_module, "gateway.engine")
        engine: Engine = await module.start_engine(project, self._work_for)
        source = self._source
        edits: AsyncIterator[Loaded] = module.watch(source.config, source.environment, source.seen)
        engine.publish(project.services)
        engine.keep_fresh(lambda: self._publish(_live_table(engine)))
        self._background(lambda: self._follow_edits(edits, engine, project))
        return engine

    async def _follow_edits(
        self, edits: AsyncIterator[Loaded], engine: Engine, started: Project
    ) -> None:
        async for loaded in edits:
            findings = (*loaded.findings, *restart_needed(started, loaded.project))
            if findings:
                self._report(findings)
            if loaded.project is not None:
                engine.publish(loaded.project.services)
                await engine.refresh()
                await self._publish(_live_table(engine))

    async def _publish(self, table: ToolTable) -> None:
        before = self._table
        changes = table.tools != before.tools
        self._table = replace(table, version=before.version + changes)
        if not changes:
            return
        for changed in self._subscribers:
            await changed()

    def _background(self, work: Callable[[], Awaitable[None]]) -> None:
        task = asyncio.create_task(self._supervised(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _supervised(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except Exception as fault:  # noqa: BLE001 (nobody awaits background work: it must not die unheard)
            said = f"the gateway stopped watching its files: {type(fault).__name__}: {fault}"
            self._report([Finding("internal-error", said, mend="Restart `gateway serve`.")])


def open_front(
    config: Path,
    environment: Mapping[str, str],
    report: Callable[[Sequence[Finding]], None],
) -> Front:
    """Publish a project's tools; needs no backend, and a running loop.

    They come from the last start's cache if nothing has changed since; else the project is loaded.
    `report` is told what is not as it should be in a project that works, and the findings of later edits.

    Raises:
        DeclarationError: The project cannot be used.
    """
    # Before anything is read: an edit meanwhile is seen as one that came later.
    source = _Source(config, environment, fingerprint(config))
    kept = kept_tools(config, environment, source.seen)
    if kept is not None:
        return Front(source, kept.table, kept.introduction, None, report)
    project, table, findings = _load(source)
    if findings:
        report(findings)
    return Front(source, table, project.declaration.gateway, project, report)


def _load(source: _Source) -> _Found:
    noted = NotedVariables(source.environment)
    loaded = load_project(source.config, noted)
    if loaded.project is None:
        raise DeclarationError(loaded.findings)
    table = tool_table(loaded.project.services, 1)
    keep_tools(loaded.project, table, noted, source.seen)
    return loaded.project, table, loaded.findings


def _load_aside(source: _Source) -> _Found:
    """Load in a thread, while the loop answers: what is loaded stays, and is never garbage."""
    gc.disable()
    try:
        return _load(source)
    finally:
        gc.freeze()
        gc.enable()


def _live_table(engine: Engine) -> ToolTable:
    """Return the tools as they are now, with the live backends' choices."""
    return tool_table(engine.with_live_choices(), 1)


def _left_behind(grace: float) -> Finding:
    return Finding(
        code="jobs-left-behind",
        message=f"jobs still ran {grace:g} s after the end; they go on in ComfyUI",
        severity="warning",
        mend="The next gateway on this project brings their files home.",
    )
