"""What tests of the simulator talk to it with: a bare HTTP and WebSocket client."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

import httpx2 as httpx
from websockets.asyncio.client import ClientConnection, connect

from gateway.graph.json_value import Json, JsonObject, as_array, as_object
from gateway.simulator.server import Simulator

PATIENCE = 5.0
TINY_MODELS: Mapping[str, tuple[str, ...]] = {
    "checkpoints": ("tiny-sd15-inpainting.safetensors", "tiny-sd15.safetensors"),
    "loras": ("tiny-lora.safetensors",),
    "vae": ("tiny-vae.safetensors", "pixel_space"),
    "controlnet": ("tiny-control.safetensors",),
    "upscale_models": ("tiny-4x.pth",),
    "embeddings": ("tiny-embed.pt",),
}
SMALLEST: JsonObject = {
    "1": {
        "class_type": "EmptyImage",
        "inputs": {"width": 64, "height": 64, "batch_size": 1, "color": 255},
    },
    "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "t"}},
}


def at(value: Json, *path: str | int) -> Json:
    """Return what stands at a path of keys and indexes; a wrong path fails the test."""
    for step in path:
        if isinstance(step, int):
            value = (as_array(value) or [])[step]
        else:
            value = (as_object(value) or {})[step]
    return value


def table(value: Json, *path: str | int) -> JsonObject:
    """Return the object at a path."""
    found = as_object(at(value, *path))
    assert found is not None
    return found


def sleeping(seconds: float = 5.0, ticks: int = 50, nonce: int = 0) -> JsonObject:
    """Return a prompt that runs for a while and notices an interrupt."""
    rest: JsonObject = {
        "class_type": "SimulatedSleep",
        "inputs": {"image": ["1", 0], "seconds": seconds, "ticks": ticks, "nonce": nonce},
    }
    save: JsonObject = {
        "class_type": "SaveImage",
        "inputs": {"images": ["2", 0], "filename_prefix": "sleep"},
    }
    return {"1": SMALLEST["1"], "2": rest, "3": save}


@dataclass
class Ear:
    """One WebSocket and everything heard on it.

    Attributes:
        frames: Text frames, parsed, in order.
        binary: Binary frames, in order.
        order: `T` and `B` for each frame as it came.
    """

    client_id: str
    socket: ClientConnection
    frames: list[JsonObject] = field(default_factory=list[JsonObject])
    binary: list[bytes] = field(default_factory=list[bytes])
    everything: list[JsonObject | bytes] = field(default_factory=list[JsonObject | bytes])

    async def next(self) -> JsonObject | bytes:
        """Wait for one frame."""
        async with asyncio.timeout(PATIENCE):
            raw = await self.socket.recv()
        if isinstance(raw, bytes):
            self.binary.append(raw)
            self.everything.append(raw)
            return raw
        frame = cast("JsonObject", json.loads(raw))
        self.frames.append(frame)
        self.everything.append(frame)
        return frame

    async def until(self, is_it: Callable[[JsonObject], bool]) -> JsonObject:
        """Wait for the first text frame that fits."""
        while True:
            frame = await self.next()
            if not isinstance(frame, bytes) and is_it(frame):
                return frame

    async def until_end(self, prompt_id: str) -> JsonObject:
        """Wait for the end mark of a prompt."""
        return await self.until(lambda frame: is_end(frame, prompt_id))

    async def until_type(self, kind: str) -> JsonObject:
        """Wait for a frame of this type; return its data."""
        return table((await self.until(lambda frame: frame["type"] == kind))["data"])

    def types(self) -> list[str]:
        """Return the types heard so far."""
        return [str(frame["type"]) for frame in self.frames]


def is_end(frame: JsonObject, prompt_id: str) -> bool:
    """Tell whether this is `executing` with node null for the prompt."""
    data = as_object(frame["data"]) or {}
    is_executing = frame["type"] == "executing" and data.get("prompt_id") == prompt_id
    return is_executing and data.get("node", "") is None


@dataclass
class Talker:
    """A client of one simulator."""

    simulator: Simulator
    http: httpx.AsyncClient

    @asynccontextmanager
    async def listen(self, client_id: str | None = None) -> AsyncGenerator[Ear]:
        """Open a WebSocket."""
        client_id = client_id or uuid.uuid4().hex
        url = self.simulator.url.replace("http", "ws", 1) + f"/ws?clientId={client_id}"
        headers = dict(self.simulator.required_headers)
        async with connect(
            url, max_size=None, max_queue=None, close_timeout=1, additional_headers=headers
        ) as socket:
            yield Ear(client_id, socket)

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """GET a path."""
        return await self.http.get(path, headers=headers)

    async def json(self, path: str) -> Json:
        """GET a path and return its JSON."""
        response = await self.http.get(path)
        assert response.status_code == 200, response.text
        return cast("Json", response.json())

    async def post(self, path: str, body: Json = None) -> httpx.Response:
        """POST JSON, NaN bare; None sends no body."""
        content = b"" if body is None else json.dumps(body).encode()
        return await self.http.post(path, content=content)

    async def submit(self, prompt: Json, ear: Ear | None = None, **more: Json) -> str:
        """Post a prompt and return its id."""
        body: dict[str, Json] = {"prompt": prompt, **more}
        if ear is not None:
            body["client_id"] = ear.client_id
        response = await self.post("/prompt", body)
        assert response.status_code == 200, response.text
        return str(response.json()["prompt_id"])

    async def run(self, prompt: Json, ear: Ear, **more: Json) -> JsonObject:
        """Post a prompt, wait for its end and return its history entry."""
        prompt_id = await self.submit(prompt, ear, **more)
        await ear.until_end(prompt_id)
        return table(await self.json(f"/history/{prompt_id}"), prompt_id)

    async def finished(self, prompt_id: str) -> JsonObject:
        """Poll until a prompt is in the history; return its entry."""
        async with asyncio.timeout(PATIENCE):
            while True:
                found = as_object(await self.json(f"/history/{prompt_id}")) or {}
                if prompt_id in found:
                    return table(found, prompt_id)


@asynccontextmanager
async def talking(simulator: Simulator) -> AsyncGenerator[Talker]:
    """Start a simulator and talk to it."""
    async with (
        simulator,
        httpx.AsyncClient(
            base_url=simulator.url, headers=dict(simulator.required_headers), timeout=PATIENCE
        ) as http,
    ):
        yield Talker(simulator, http)
