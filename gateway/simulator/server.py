"""The simulator's public face: in this process on a thread of its own, or as a whole process."""

from __future__ import annotations

import asyncio
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar, cast

from gateway.graph.json_value import Json
from gateway.simulator.faults import Fault
from gateway.simulator.process import Address, Process
from gateway.simulator.settings import DEFAULT_MODELS, Models, Settings, Tls

__all__ = ["Simulator", "run_simulator"]

_PATIENCE_SECONDS = 5.0
T = TypeVar("T")


@dataclass(slots=True)
class Simulator:
    """A ComfyUI look-alike on loopback, as an async context manager.

    It runs on a thread and an event loop of its own, so that a busy caller does not stall it.

    Attributes:
        version: ComfyUI version to play; `0.33.0` and `0.3.64` are pinned by recordings.
        port: 0 takes a free one.
        folder: Holds input, output, temp; None makes one that is removed at the end.
        step_seconds: How long one sampling step takes.
        base_path: Prefix before every route, such as `/comfy`.
        tls: PEM files for HTTPS.
        required_headers: Requests without these are answered 401.
        max_upload_size: Largest request body in bytes.
        models: Model folder → file names.
    """

    version: str = "0.33.0"
    port: int = 0
    host: str = "127.0.0.1"
    folder: Path | None = None
    step_seconds: float = 0.0
    base_path: str = ""
    tls: Tls | None = None
    required_headers: Mapping[str, str] = field(default_factory=dict[str, str])
    max_upload_size: float = 104857600.0
    models: Models = field(default_factory=lambda: DEFAULT_MODELS)
    _thread: threading.Thread | None = field(default=None, init=False)
    _ready: Future[Process] = field(default_factory=Future[Process], init=False)
    _loop: asyncio.AbstractEventLoop | None = field(default=None, init=False)
    _ending: asyncio.Event | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        """The base URL, base path included."""
        scheme = "https" if self.tls else "http"
        return f"{scheme}://{self.host}:{self.port}{self.base_path.rstrip('/')}"

    @property
    def root(self) -> Path:
        """The folder that holds input, output and temp."""
        return self._process().machine.folders.root

    @property
    def settings(self) -> Settings:
        """What does not change while it runs."""
        return Settings(
            version=self.version,
            step_seconds=self.step_seconds,
            base_path=self.base_path,
            required_headers=self.required_headers,
            max_upload_size=self.max_upload_size,
            models=self.models,
        )

    async def __aenter__(self) -> Self:
        self._thread = threading.Thread(target=self._serve, name="simulator", daemon=True)
        self._thread.start()
        try:
            process = await asyncio.wrap_future(self._ready)
        except OSError:
            await asyncio.to_thread(self._thread.join, _PATIENCE_SECONDS)
            raise
        self.port = process.listener.port
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._loop is not None and self._ending is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._ending.set)
            await asyncio.to_thread(self._thread.join, _PATIENCE_SECONDS)

    def order(self, fault: Fault) -> None:
        """Order a fault; it is in force when this returns."""
        process = self._process()
        self._there(lambda: process.order(fault))

    def counters(self) -> dict[str, Json]:
        """Return the counters: prompts by id, uploads, runs, requests, open sockets."""
        return self._there(self._process().counters)

    def posted(self, prompt_id: str) -> int:
        """Return how often a prompt was posted and taken under this id."""
        process = self._process()
        return self._there(lambda: process.machine.counters.prompts[prompt_id])

    def _process(self) -> Process:
        return self._ready.result(_PATIENCE_SECONDS)

    def _there(self, ask: Callable[[], T]) -> T:
        """Ask on the simulator's own loop, and wait for it."""

        async def doing() -> T:
            return ask()

        loop = cast("asyncio.AbstractEventLoop", self._loop)
        return asyncio.run_coroutine_threadsafe(doing(), loop).result(_PATIENCE_SECONDS)

    def _serve(self) -> None:
        asyncio.run(self._life())

    async def _life(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ending = asyncio.Event()
        root = self.folder or Path(tempfile.mkdtemp(prefix="simulator-"))
        try:
            await self._run(root, self._ending)
        finally:
            if self.folder is None:
                shutil.rmtree(root, ignore_errors=True)

    async def _run(self, root: Path, ending: asyncio.Event) -> None:
        try:
            address = Address(self.host, self.port, self.tls)
            process = await Process.start(self.settings, root, address)
        except OSError as error:
            self._ready.set_exception(error)
            return
        self._ready.set_result(process)
        await ending.wait()
        await process.stop()


def run_simulator(
    settings: Settings,
    address: Address,
    folder: Path | None = None,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Run a simulator in the main thread until SIGINT or SIGTERM ends it; it prints nothing.

    Args:
        settings: What to play.
        address: Where to listen.
        folder: Holds input, output, temp; None makes one that is removed at the end.
        on_ready: Told the base URL once it listens.
    """
    asyncio.run(_run(settings, address, folder, on_ready))


async def _run(
    settings: Settings,
    address: Address,
    folder: Path | None,
    on_ready: Callable[[str], None] | None,
) -> None:
    root = folder or Path(tempfile.mkdtemp(prefix="simulator-"))
    try:
        await _until_ended(settings, root, address, on_ready)
    finally:
        if folder is None:
            shutil.rmtree(root, ignore_errors=True)


async def _until_ended(
    settings: Settings, root: Path, address: Address, on_ready: Callable[[str], None] | None
) -> None:
    process = await Process.start(settings, root, address)
    scheme = "https" if address.tls else "http"
    if on_ready is not None:
        on_ready(f"{scheme}://{address.host}:{process.listener.port}{settings.base_path}")
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    if sys.platform != "win32":
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, ending.set)
    try:
        await ending.wait()
    finally:
        await process.stop()
