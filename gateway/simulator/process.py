"""One simulated ComfyUI process: machine, port and worker together, and what befalls them.

Knows no thread; everything here runs on one event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from gateway.graph.json_value import Json
from gateway.simulator.app import App
from gateway.simulator.catalog import node_classes
from gateway.simulator.control import control_routes
from gateway.simulator.desk import FaultDesk
from gateway.simulator.faults import (
    AnswerWith,
    Calm,
    DeletePending,
    Die,
    Drip,
    DropSockets,
    Fault,
    Forget,
    ForgetHistory,
    Hang,
    IgnorePromptIds,
    Interrupt,
    LateHistory,
    LoseAnswer,
    LoseOutputs,
    Refuse,
    RepeatMessages,
    Stall,
)
from gateway.simulator.folders import Folders
from gateway.simulator.jobs_api import jobs_routes
from gateway.simulator.listener import Listener
from gateway.simulator.machine import Machine
from gateway.simulator.router import Router
from gateway.simulator.routes_prompt import prompt_routes
from gateway.simulator.routes_system import system_routes
from gateway.simulator.settings import Settings, Tls
from gateway.simulator.uploads import upload_routes
from gateway.simulator.userdata import userdata_routes
from gateway.simulator.view import view_routes
from gateway.simulator.worker import work

__all__ = ["Address", "Process"]


_Quiet: TypeAlias = (
    ForgetHistory
    | DeletePending
    | Interrupt
    | LoseOutputs
    | RepeatMessages
    | IgnorePromptIds
    | LateHistory
    | Calm
)


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen; port 0 takes a free one."""

    host: str = "127.0.0.1"
    port: int = 0
    tls: Tls | None = None


@dataclass(slots=True)
class Process:
    """A running simulator."""

    machine: Machine
    listener: Listener
    desk: FaultDesk
    worker: asyncio.Task[None] | None = None
    later: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    @classmethod
    async def start(cls, settings: Settings, root: Path, address: Address) -> Process:
        """Make the folders, listen, and wait for prompts."""
        folders = Folders(root)
        folders.make()
        folders.wipe_temp()
        machine = Machine(settings, folders, node_classes(settings.modern))
        router = Router()
        listener = Listener(address.host, address.port, settings.deflate, address.tls)
        desk = FaultDesk(listener.cut_sockets)
        listener.app = App(machine, desk, router, listener.cut_peer)
        process = cls(machine, listener, desk)
        machine.sockets.on_sent = desk.on_sent
        tables = (prompt_routes(desk), view_routes(), upload_routes(), userdata_routes())
        control = control_routes(process.order, process.counters)
        router.add((*tables, system_routes(settings.modern), control))
        if settings.modern:
            router.add((jobs_routes(),))
        await process._revive()
        return process

    async def stop(self) -> None:
        """End it, as SIGTERM does: at once, without closing sockets politely."""
        for task in (*self.later, self.worker):
            if task is not None:
                task.cancel()
        await self.listener.stop()
        self.machine.folders.wipe_temp()

    def counters(self) -> dict[str, Json]:
        """Return what tests ask about: prompts by id, uploads, runs, requests, open sockets."""
        counted = self.machine.counters
        return {
            "prompts": dict(counted.prompts),
            "uploads": counted.uploads,
            "runs": counted.runs,
            "requests": dict(counted.requests),
            "sockets": len(self.machine.sockets.opened),
        }

    def order(self, fault: Fault) -> None:
        """Do a fault now, or put it on the desk until its moment comes."""
        match fault:
            case DropSockets() if fault.when == "now":
                self.listener.cut_sockets()
            case DropSockets():
                self.desk.dropped.append(fault)
            case Die():
                self._lose_all()
                self.listener.close()
                self._run_later(self._back_after(fault.seconds))
            case Forget():
                self._lose_all()
                self._begin_work()
            case Refuse():
                self.listener.close()
                self.listener.cut()
                self._run_later(self._open_after(fault.seconds))
            case AnswerWith() | Stall() | Drip() | Hang() | LoseAnswer():
                self.desk.requests.append(fault)
            case _:
                self._order_quiet(fault)

    def _order_quiet(self, fault: _Quiet) -> None:
        machine = self.machine
        match fault:
            case ForgetHistory():
                machine.history.entries.clear()
            case DeletePending():
                pending = [item[1] for item in machine.queue.pending]
                machine.queue.delete([fault.prompt_id] if fault.prompt_id else pending)
            case Interrupt():
                machine.queue.stop_running()
            case LoseOutputs():
                _lose_outputs(machine.folders.root / "output", fault.prefix)
            case RepeatMessages():
                machine.sockets.repeat = fault.times
            case IgnorePromptIds():
                self.desk.ignores_prompt_ids = fault.on
            case LateHistory():
                self.desk.history_delay = fault.seconds
            case Calm():
                self.desk.calm()
                self.machine.sockets.repeat = 1

    def _lose_all(self) -> None:
        """Cut every connection and lose everything in memory, the running prompt too."""
        self.listener.cut()
        if self.worker is not None:
            self.worker.cancel()
        self.machine.reset()

    async def _back_after(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self._revive()

    async def _open_after(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self.listener.open()

    async def _revive(self) -> None:
        await self.listener.open()
        self._begin_work()

    def _begin_work(self) -> None:
        self.worker = asyncio.create_task(work(self.machine, self.desk))

    def _run_later(self, doing: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(doing)
        self.later.add(task)
        task.add_done_callback(self.later.discard)


def _lose_outputs(folder: Path, prefix: str) -> None:
    for path in folder.rglob("*"):
        if path.is_file() and path.relative_to(folder).as_posix().startswith(prefix):
            path.unlink()
