"""Builds what runs jobs: backends, stores, the executor, the tools' calls. Loaded by `front` when needed."""

from __future__ import annotations

import asyncio
import importlib
import sys
import uuid
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from gateway.comfy.backend import ComfyBackend
from gateway.database.opening import open_job_store, open_owners
from gateway.database.store import DatabaseJobStore
from gateway.errors import GatewayError
from gateway.execution.catalog import Catalog
from gateway.execution.collect import PreviewShelf, Shelves
from gateway.execution.deliveries import Deliveries, Desk
from gateway.execution.dispatch import Dispatcher
from gateway.execution.dispatching import Dispatching
from gateway.execution.executor import Executor
from gateway.execution.fleet import Fleet
from gateway.execution.keep_inputs import InputKeeper
from gateway.execution.late_outputs import catch_up_for_ever
from gateway.execution.ledger import Ledger
from gateway.execution.leftovers import clear_leftovers_for_ever
from gateway.execution.outcome import Workshop
from gateway.execution.points import Reached, pass_by
from gateway.execution.recovery import Recovery
from gateway.execution.sheets import Sheets
from gateway.execution.sweeping import Keeping, sweep_for_ever
from gateway.fetch.references import GuardedReferences
from gateway.fetch.webhooks import WebhookCourier
from gateway.jobs.backend import Backend
from gateway.jobs.delivery import Delivery
from gateway.jobs.files import InputStore, OutputStore
from gateway.jobs.models import last_models
from gateway.jobs.store import LastingJobStore, Owners
from gateway.media.previewer import PillowPreviewer
from gateway.project.fingerprint import Fingerprint
from gateway.project.load import Loaded, Project
from gateway.project.watch import watch_project
from gateway.services.bound import BoundService
from gateway.services.settings import GatewaySettings
from gateway.services.webhook import WebhookSettings
from gateway.storage.open_buckets import OpenBuckets
from gateway.storage.opening import open_inputs, open_outputs
from gateway.tools.calls import ToolCalls
from gateway.tools.job_answer import JobAnswers

if TYPE_CHECKING:
    from gateway.cluster.membership import Membership

__all__ = ["Engine", "Kept", "open_kept", "start_engine", "watch"]

_REFRESH_EVERY = 60.0
_LAST_WORDS = 5.0
_OUTPUTS = ".gateway/outputs"
_RECALLED = 50
"""Jobs that are looked at for what the backends have loaded."""

_CLUSTER = "cluster"
"""Owner of every unfinished job of a cluster; the board tells which worker has which."""
_PLAIN = (
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso"),
    structlog.processors.ExceptionRenderer(),
    structlog.dev.ConsoleRenderer(colors=False),
)


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
        self._membership: Membership | None = None
        self._deliveries: Deliveries | None = None
        self._services: tuple[BoundService, ...] = ()
        self._tasks = [
            asyncio.create_task(sweep_for_ever(executor.ledger, keeping)),
            asyncio.create_task(clear_leftovers_for_ever(executor.ledger, keeping.inputs)),
            asyncio.create_task(catch_up_for_ever(keeping.outputs)),
            asyncio.create_task(executor.fleet.look_for_ever()),
        ]

    def look_after(self, store: LastingJobStore, owners: Owners) -> None:
        """Take over, now and then, what gateways that are gone left in the store."""
        self._owners = owners
        recovery = Recovery(self._executor, store, owners, self.services, _report)
        self._tasks.append(asyncio.create_task(recovery.look_for_ever()))

    def join(self, membership: Membership) -> None:
        """Be a part of a cluster until closed."""
        self._membership = membership
        membership.begin(self.services)

    def tell_webhooks(self, settings: WebhookSettings) -> None:
        """Tell the services' webhooks how jobs ended."""
        desk = Desk(
            self._executor.ledger, WebhookCourier(settings), settings, self.services, _undelivered
        )
        self._deliveries = Deliveries(desk)
        self._tasks.append(asyncio.create_task(self._deliveries.look_for_ever()))

    def services(self) -> Mapping[str, BoundService]:
        """Return the services as they are now, by name."""
        return {bound.name: bound for bound in self._services}

    def publish(self, services: Sequence[BoundService]) -> None:
        """Call these services from now on."""
        self._services = tuple(services)
        self._executor.ledger.webhooks_due.set()  # a webhook may be new
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
        news = self._executor.fleet.news
        while True:
            news.clear()
            if await self.refresh():
                await changed()
            with suppress(TimeoutError):  # then it is time all the same
                async with asyncio.timeout(_REFRESH_EVERY):
                    await news.wait()

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
        if self._deliveries is not None:
            with suppress(TimeoutError):  # the next gateway tells the rest
                async with asyncio.timeout(_LAST_WORDS):
                    await self._deliveries.settle()

    async def close(self) -> None:
        """Let go of everything; runs still under way go on in ComfyUI."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._executor.dispatcher.close()
        if self._membership is not None:
            await self._membership.close()
        await self._executor.fleet.close()
        await asyncio.gather(*(each.close() for each in self._backends.values()))
        self._previewer.close()
        if self._deliveries is not None:
            await self._deliveries.close()
        with suppress(GatewayError):  # a database that is away keeps nobody here
            if self._owners is not None:
                await self._owners.close()
            await self._executor.ledger.store.close()


async def start_engine(
    project: Project, work_for: Collection[str] = (), reached: Reached = pass_by
) -> Engine:
    """Open the stores and build what runs the project's jobs; no backend is connected before its first use.

    Args:
        project: With its services.
        work_for: Names of the backends for which this process takes jobs, when the project's
            `jobs.dispatch` is `cluster`.
        reached: Is told how far each job has come.

    Raises:
        GatewayError: A store cannot be opened.
    """
    root, jobs = project.root, project.declaration.jobs
    inputs, outputs = _open_files(project)
    clustered = jobs.dispatch == "cluster"
    owner = _CLUSTER if clustered else uuid.uuid4().hex
    store = await open_job_store(jobs.store, root, owner)
    owners = open_owners(jobs, root, owner, store)
    await owners.beat()
    parts = _Parts(project, inputs, outputs, store)
    parts.ledger.reached = reached
    await parts.recall(project.services)
    if clustered:
        engine = await _clustered(parts, work_for)
    else:
        engine = parts.engine(parts.dispatcher())
    engine.look_after(store, owners)
    engine.tell_webhooks(project.declaration.gateway.webhooks)
    return engine


@dataclass(frozen=True, slots=True)
class Kept:
    """The jobs and files of a project, for whoever looks at them and runs none."""

    ledger: Ledger
    keeping: Keeping


@asynccontextmanager
async def open_kept(project: Project) -> AsyncGenerator[Kept]:
    """Open what a project keeps, whether gateways run on it or none does.

    Raises:
        GatewayError: A store cannot be opened.
    """
    inputs, outputs = _open_files(project)
    jobs = project.declaration.jobs
    store = await open_job_store(jobs.store, project.root, uuid.uuid4().hex)
    try:
        yield Kept(Ledger(store), Keeping(jobs.keep, inputs, outputs))
    finally:
        await store.close()


def _open_files(project: Project) -> tuple[InputStore, OutputStore]:
    declaration = project.declaration
    outputs = open_outputs(declaration.outputs, str(project.root / _OUTPUTS))
    return open_inputs(declaration.inputs), outputs


class _Parts:
    """What is built once for a process, whatever dispatches its jobs."""

    def __init__(
        self, project: Project, inputs: InputStore, outputs: OutputStore, store: DatabaseJobStore
    ) -> None:
        declaration, root = project.declaration, project.root
        settings = declaration.gateway
        self.declaration = declaration
        self.store = store
        self.backends: Mapping[str, Backend] = {
            each.name: ComfyBackend(each) for each in declaration.backends
        }
        self.fleet = Fleet(self.backends)
        self.previewer = PillowPreviewer()
        self.previews = PreviewShelf(self.previewer, settings.preview.max_side)
        self.ledger = Ledger(store)
        shelves = Shelves(outputs, self.previews, settings.backend_grace)
        self.workshop = Workshop(self.ledger, inputs, shelves, settings.backend_grace)
        self.catalog = Catalog(self.backends)
        self.keeper = InputKeeper(
            _references(root, settings),
            inputs,
            outputs,
            self.ledger,
            Sheets(outputs, self.previews),
            settings.input_urls.max_size,
        )
        self.keeping = Keeping(declaration.jobs.keep, inputs, outputs)

    async def recall(self, services: Sequence[BoundService]) -> None:
        """Take over what the store knows of the backends, before the first job."""
        self.fleet.drain(await self.store.drained())
        newest = await self.store.newest(_RECALLED)
        self.fleet.learn(last_models(newest, {each.name: each for each in services}))

    def dispatcher(self) -> Dispatcher:
        """Return one that runs jobs in this process."""
        return Dispatcher(self.fleet, self.workshop, self.declaration.jobs.attempts, _report)

    def executor(self, dispatcher: Dispatching) -> Executor:
        """Return one over a dispatcher."""
        return Executor(self.ledger, dispatcher, self.fleet, self.catalog, self.keeper)

    def engine(self, dispatcher: Dispatching) -> Engine:
        """Return the engine over a dispatcher."""
        executor, outputs = self.executor(dispatcher), self.keeping.outputs
        budget = self.declaration.gateway.preview.budget
        answers = JobAnswers(executor, outputs, self.previews, budget)
        calls = ToolCalls(executor, self.backends, outputs, answers)
        return Engine(calls, executor, self.backends, self.keeping, self.previewer)


async def _clustered(parts: _Parts, work_for: Collection[str]) -> Engine:
    jobs, store = parts.declaration.jobs, parts.store
    # Loaded by its name, like this module: only a cluster pays for its libraries.
    module = await asyncio.to_thread(importlib.import_module, "gateway.cluster.membership")
    home = module.Home(
        jobs.store, store.place, store, parts.ledger, parts.catalog, _report, jobs.lease
    )
    membership: Membership = await module.open_membership(home)
    engine = parts.engine(membership.dispatcher)
    engine.join(membership)
    if work_for:
        local = parts.dispatcher()
        backends = {name: parts.backends[name] for name in work_for}
        membership.work(parts.executor(local), local, backends, engine.services)
    return engine


def watch(config: Path, environment: Mapping[str, str], seen: Fingerprint) -> AsyncIterator[Loaded]:
    """Yield the project anew after each edit, or the findings of a broken one."""
    return watch_project(config, environment, seen)


def _report(job_id: str, fault: BaseException) -> None:
    # Not structlog's own way with exceptions: that shows every local value, secrets among them, and
    # writes to stdout, where MCP is spoken.
    log = structlog.wrap_logger(structlog.PrintLogger(sys.stderr), processors=_PLAIN)
    log.error("a job met a fault of the gateway", job=job_id, exc_info=fault)


def _undelivered(delivery: Delivery, fault: BaseException | None) -> None:
    structlog.get_logger("gateway").warning(
        "a webhook was not told",
        service=delivery.service,
        job=delivery.job_id,
        attempt=delivery.attempts,
        error=delivery.last_error,
        given_up=delivery.status == "failed",
        exc_info=fault,
    )


def _references(root: Path, settings: GatewaySettings) -> GuardedReferences:
    folders = [str(root / each) for each in settings.input_folders]
    buckets = OpenBuckets(settings.input_buckets)
    return GuardedReferences(folders, settings.input_urls, buckets=buckets)
