"""`gateway backends`."""

from __future__ import annotations

import asyncio
import json
import sys
import time
import uuid
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.cli.opening import Config, open_project
from gateway.comfy.backend import ComfyBackend
from gateway.database.opening import open_job_store
from gateway.errors import GatewayError
from gateway.graph.json_value import Json
from gateway.jobs.backend import Health
from gateway.jobs.models import last_models
from gateway.jobs.standing import Draining, draining_of, runs_on
from gateway.jobs.store import JobStore
from gateway.project.load import Project
from gateway.services.closest import closest
from gateway.services.model import BackendDeclaration

__all__ = ["register"]

_RECALLED = 200
"""Jobs that are looked at for what the backends have loaded."""

_Action: TypeAlias = Literal["list", "drain", "resume"]


@dataclass(frozen=True, slots=True)
class _Row:
    """A backend as it is now.

    Attributes:
        runs: How many runs of all gateways here are under way there.
        models: Those of the last job that was completed there.
    """

    declaration: BackendDeclaration
    health: Health
    runs: int
    drained: bool
    models: frozenset[str]

    @property
    def draining(self) -> Draining | None:
        """Whether it takes no new runs, and still has some."""
        return draining_of(drained=self.drained, runs=self.runs)


def register(app: typer.Typer, sentence: str) -> None:
    """Add the command."""
    app.command("backends", help=sentence)(_backends)


def _backends(
    action: Annotated[
        _Action,
        typer.Argument(
            metavar="ACTION",
            help="list shows them; drain has one take no new jobs and finish what it has; resume ends that.",
            show_default=False,
        ),
    ] = "list",
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Which one.", show_default=False)
    ] = None,
    config: Config = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the backends as JSON, after the change.")
    ] = False,
) -> None:
    project = open_project(config)
    chosen = _chosen(project.declaration.backends, action, name)
    if action == "list":
        rows = asyncio.run(_look(project, chosen))
    else:
        rows = asyncio.run(_change(project, chosen[0], action))
    if as_json:
        document = {"backends": [_record(each) for each in rows]}
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    elif action == "list":
        _print_table(rows)
    else:
        sys.stdout.write(_said(rows[0]))


def _chosen(
    declared: Sequence[BackendDeclaration], action: _Action, name: str | None
) -> tuple[BackendDeclaration, ...]:
    names = [each.name for each in declared]
    there = f"There are: {', '.join(names)}."
    if name is None:
        if action != "list":
            raise GatewayError(f"{action} which backend?", code="wrong-use", mend=there)
        return tuple(declared)
    if name not in names:
        near = closest(name, names)
        mend = f"Did you mean {near}?" if near else there
        raise GatewayError(f"there is no backend {name!r}", code="wrong-use", mend=mend)
    return tuple(each for each in declared if each.name == name)


@asynccontextmanager
async def _opened(project: Project) -> AsyncGenerator[JobStore]:
    store = await open_job_store(project.declaration.jobs.store, project.root, uuid.uuid4().hex)
    try:
        yield store
    finally:
        await store.close()


async def _look(project: Project, chosen: Sequence[BackendDeclaration]) -> list[_Row]:
    async with _opened(project) as store:
        return await _rows(project, store, chosen)


async def _change(project: Project, backend: BackendDeclaration, action: _Action) -> list[_Row]:
    async with _opened(project) as store:
        await store.drain(backend.name, time.time() if action == "drain" else None)
        return await _rows(project, store, [backend])


async def _rows(
    project: Project, store: JobStore, chosen: Sequence[BackendDeclaration]
) -> list[_Row]:
    healths = await asyncio.gather(*(_health(each) for each in chosen))
    drained, runs = await store.drained(), runs_on(await store.under_way())
    services = {each.name: each for each in project.services}
    models = last_models(await store.newest(_RECALLED), services)
    return [
        _Row(
            each,
            health,
            runs.get(each.name, 0),
            each.name in drained,
            models.get(each.name, frozenset()),
        )
        for each, health in zip(chosen, healths, strict=True)
    ]


async def _health(backend: BackendDeclaration) -> Health:
    asking = ComfyBackend(backend)
    try:
        return await asking.health()
    finally:
        await asking.close()


def _record(row: _Row) -> dict[str, Json]:
    health = row.health
    return {
        "name": row.declaration.name,
        "state": _state(row),
        "reachable": health.reachable,
        "error": health.error,
        "queue_remaining": health.queue_remaining,
        "runs": row.runs,
        "slots": row.declaration.slots,
        "labels": list[Json](sorted(row.declaration.labels)),
        "version": health.version,
        "device": health.device,
        "vram_total": health.vram_total,
        "vram_free": health.vram_free,
        "models": list[Json](sorted(row.models)),
        "latency_ms": health.latency_ms,
    }


def _state(row: _Row) -> str:
    return row.draining or ("ready" if row.health.reachable else "unreachable")


def _print_table(rows: Sequence[_Row]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("backend", "state", "queue", "slots", "ComfyUI", "memory free"):
        table.add_column(heading, overflow="fold")
    table.add_column("latency", justify="right")
    for each in rows:
        table.add_row(*(Text(cell) for cell in _cells(each)))
    Console().print(table)
    told = [f"{each.declaration.name}: {text}\n" for each in rows if (text := _beneath(each))]
    sys.stdout.write("".join(["\n", *told] if told else []))


def _beneath(row: _Row) -> str:
    """Return what is too long for the table."""
    if not row.health.reachable:
        return row.health.error.removeprefix(f"Backend {row.declaration.name}: ")
    return f"{', '.join(sorted(row.models))} loaded" if row.models else ""


def _cells(row: _Row) -> tuple[str, ...]:
    health = row.health
    memory = ""
    if health.vram_total and health.vram_free is not None:
        memory = f"{health.vram_free / 2**30:.1f} of {health.vram_total / 2**30:.1f} GiB"
    return (
        row.declaration.name,
        _state(row),
        "" if health.queue_remaining is None else str(health.queue_remaining),
        f"{row.runs} of {row.declaration.slots}",
        health.version or "",
        memory,
        "" if health.latency_ms is None else f"{health.latency_ms:.0f} ms",
    )


def _said(row: _Row) -> str:
    name = row.declaration.name
    if row.draining is None:
        return f"{name} takes jobs again.\n"
    left = {0: "Nothing runs there.", 1: "One run there goes on."}
    still = left.get(row.runs, f"{row.runs} runs there go on.")
    return f"{name} takes no new jobs until `gateway backends resume {name}`. {still}\n"
