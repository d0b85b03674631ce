"""The floor: what a bare client of ComfyUI needs for the same run.

One HTTP client and one always drained WebSocket for all runs, prompt ids of its own, a folder per
prompt (SaveImage looks through its folder at each save), the file's name from the `executed`
message, its bytes fetched at the end mark. It keeps, checks, draws and shows nothing.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2 as httpx
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.graphs import Picture, graph_of

__all__ = ["Floor", "open_floor"]


@dataclass(slots=True)
class _Run:
    ended: asyncio.Future[None]
    files: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    error: str = ""


@dataclass(slots=True)
class Floor:
    """A bare client."""

    http: httpx.AsyncClient
    client_id: str
    runs: dict[str, _Run] = field(default_factory=dict[str, _Run])

    async def run(self, picture: Picture) -> int:
        """Run a graph and return how many bytes it made."""
        run, prompt_id = await self._submit(picture)
        await run.ended
        del self.runs[prompt_id]
        size = 0
        for file in run.files:
            answer = await self.http.get("/view", params=file)
            size += len(answer.raise_for_status().content)
        return size

    async def fail(self, picture: Picture) -> str:
        """Run a graph that fails and return what ComfyUI says of it."""
        run, prompt_id = await self._submit(picture)
        await run.ended
        del self.runs[prompt_id]
        return run.error

    async def _submit(self, picture: Picture) -> tuple[_Run, str]:
        prompt_id = str(uuid.uuid4())
        run = self.runs[prompt_id] = _Run(asyncio.get_running_loop().create_future())
        graph = graph_of(picture, prefix=f"floor/{prompt_id}/bench")
        body = {"prompt": graph, "client_id": self.client_id, "prompt_id": prompt_id}
        (await self.http.post("/prompt", json=body)).raise_for_status()
        return run, prompt_id

    async def listen(self, socket: ClientConnection) -> None:
        """Drain the socket, taking what belongs to our runs."""
        async for frame in socket:
            if isinstance(frame, str):
                self._take(json.loads(frame))

    def _take(self, message: dict[str, Any]) -> None:
        data = message["data"]
        run = self.runs.get(data.get("prompt_id", ""))
        if run is None:
            return
        match message["type"]:
            case "executed":
                output: dict[str, list[dict[str, str]]] = data["output"] or {}
                run.files += output.get("images", [])
            case "execution_error":
                run.error = data["exception_message"]
                run.ended.set_result(None)
            case "executing" if data["node"] is None and not run.ended.done():
                run.ended.set_result(None)
            case _:
                pass


@asynccontextmanager
async def open_floor(url: str) -> AsyncGenerator[Floor]:
    """Connect a bare client."""
    client_id = uuid.uuid4().hex
    limits = httpx.Limits(max_connections=32, max_keepalive_connections=32)
    ws_url = f"{url.replace('http', 'ws', 1)}/ws?clientId={client_id}"
    async with (
        httpx.AsyncClient(base_url=url, limits=limits, timeout=60, trust_env=False) as http,
        connect(ws_url, max_size=None, max_queue=None, close_timeout=0.1, proxy=None) as socket,
    ):
        floor = Floor(http, client_id)
        listening = asyncio.create_task(floor.listen(socket))
        try:
            yield floor
        finally:
            listening.cancel()
