"""Builds what runs jobs: backends, stores, the executor, the tools' calls. Loaded by `front` when needed."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from gateway.comfy.backend import ComfyBackend
from gateway.database.opening import open_job_store, open_owners
from gateway.errors import GatewayError
from gateway.execution.catalog import Catalog
from gateway.execution.collect import PreviewShelf, Shelves
from gateway.execution.dispatch import Dispatcher
from gateway.execution.executor import Executor, Keeping, sweep_for_ever
from gateway.execution.keep_inputs import InputKeeper
from gateway.execution.ledger import Ledger
from gateway.execution.outcome import Workshop
from gateway.execution.recovery import Recovery
from gateway.fetch.references import GuardedReferences
from gateway.jobs.backend import Backend
from gateway.jobs.files import InputStore, OutputStore
from gateway.jobs.store import JobStore, LastingJobStore, Owners
from gateway.media.previewer import PillowPreviewer
from gateway.project.fingerprint import Fingerprint
from gateway.project.load import Loaded, Project
from gateway.project.watch import watch_project
from gateway.services.bound import BoundService
from gateway.services.model import GatewaySettings
from gateway.storage.local import open_input_store, open_output_store
from gateway.tools.calls import ToolCalls
from gateway.tools.job_answer import JobAnswers

__all__ = ["Engine", "start_engine", "watch"]

_REFRESH_EVERY = 60.0
_INPUTS = ".gateway/inputs"


class Engine:
    """What runs jobs, and its background work; `start_engine` builds it."""

    def __init__(
        self,
        calls: ToolCalls,
        executor: Executor,
        backends: Mapping[str, Backend],
        keeping: Keeping,
        previewer: PillowPreviewer,
    ) -> None:
        self.calls = calls
        self._executor = executor
        self._backends = backends
        self._previewer = previewer
        self._owners: Owners | None = None
        self._services: tuple[BoundService, ...] = ()
        self._tasks = [asyncio.create_task(sweep_for_ever(executor.ledger, keeping))]

    def look_after(self, store: LastingJobStore, owners: Owners) -> None:
        """Take over, now and then, what gateways that are gone left in the store."""
        self._owners = owners
        recovery = Recovery(self._executor, store, owners, self._by_name, _report)
        self._tasks.append(asyncio.create_task(recovery.look_for_ever()))

    def _by_name(self) -> Mapping[str, BoundService]:
        return {bound.name: bound for bound in self._services}

    def publish(self, services: Sequence[BoundService]) -> None:
        """Call these services from now on."""
        self._services = tuple(services)
        self.calls.publish({bound.name: bound for bound in services})

    def with_live_choices(self) -> tuple[BoundService, ...]:
        """Return the services with the choices that the backends offer now."""
        return tuple(self._executor.catalog.with_live_choices(each) for each in self._services)

    async def refresh(self) -> bool:
        """Ask the backends what they have; tell whether anything changed."""
        return await self._executor.catalog.refresh(self._services)

    def keep_fresh(self, changed: Callable[[], Awaitable[None]]) -> None:
        """Ask the backends now and then, and call `changed` when something did."""
        self._tasks.append(asyncio.create_task(self._refresh_for_ever(changed)))

    async def _refresh_for_ever(self, changed: Callable[[], Awaitable[None]]) -> None:
        while True:
            if await self.refresh():
                await changed()
            await asyncio.sleep(_REFRESH_EVERY)

    async def leave(self) -> None:
        """Do what the services say for when their client leaves: cancel, or finish what is running."""
        cancelled = {
            each.name for each in self._services if each.service.when_client_leaves == "cancel"
        }
        await asyncio.gather(
            *(
                self._executor.stop(job, "Its caller left.")
                for job in self._executor.ledger.jobs()
                if job.service in cancelled
            )
        )
        await self._executor.dispatcher.settle()

    async def close(self) -> None:
        """Let go of everything; runs still under way go on in ComfyUI."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._executor.dispatcher.close()
        await asyncio.gather(*(each.close() for each in self._backends.values()))
        self._previewer.close()
        with suppress(GatewayError):  # a database that is away keeps nobody here
            if self._owners is not None:
                await self._owners.close()
            await self._executor.ledger.store.close()


async def start_engine(project: Project) -> Engine:
    """Open the stores and build what runs the project's jobs; no backend is connected before its first use.

    Raises:
        GatewayError: A store cannot be opened.
    """
    root, declaration = project.root, project.declaration
    inputs = open_input_store(str(root / _INPUTS))
    outputs = open_output_store(str(root / declaration.outputs))
    owner = uuid.uuid4().hex
    store = await open_job_store(declaration.jobs.store, root, owner)
    owners = open_owners(declaration.jobs.store, root, owner, store)
    await owners.beat()
    engine = _build(project, _Stores(inputs, outputs, store))
    engine.look_after(store, owners)
    return engine


@dataclass(frozen=True, slots=True)
class _Stores:
    """Where things are kept."""

    inputs: InputStore
    outputs: OutputStore
    jobs: JobStore


def _build(project: Project, stores: _Stores) -> Engine:
    declaration, root = project.declaration, project.root
    settings = declaration.gateway
    inputs, outputs = stores.inputs, stores.outputs
    backends: Mapping[str, Backend] = {
        each.name: ComfyBackend(each) for each in declaration.backends
    }
    previewer = PillowPreviewer()
    previews = PreviewShelf(previewer, settings.preview.max_side)
    ledger = Ledger(stores.jobs)
    workshop = Workshop(
        ledger, inputs, Shelves(outputs, previews, settings.backend_grace), settings.backend_grace
    )
    executor = Executor(
        ledger,
        Dispatcher(backends, workshop, declaration.jobs.attempts, _report),
        Catalog(backends),
        InputKeeper(
            _references(root, settings), inputs, outputs, ledger, settings.input_urls.max_size
        ),
    )
    answers = JobAnswers(executor, outputs, previews, settings.preview.budget)
    calls = ToolCalls(executor, backends, outputs, answers)
    keeping = Keeping(declaration.jobs.keep, inputs, outputs)
    return Engine(calls, executor, backends, keeping, previewer)


def watch(config: Path, environment: Mapping[str, str], seen: Fingerprint) -> AsyncIterator[Loaded]:
    """Yield the project anew after each edit, or the findings of a broken one."""
    return watch_project(config, environment, seen)


def _report(job_id: str, fault: BaseException) -> None:
    structlog.get_logger("gateway").error(
        "a job met a fault of the gateway", job=job_id, exc_info=fault
    )


def _references(root: Path, settings: GatewaySettings) -> GuardedReferences:
    folders = [str(root / each) for each in settings.input_folders]
    return GuardedReferences(folders, settings.input_urls)
