"""Replaying a recorded exchange against the simulator, and comparing what both said.

Ids, times, numbers of files and letters of temp names differ from run to run and are made equal;
everything else is compared. Test nodes of the recordings stand for ours of the same inputs.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from gateway.graph.json_value import Json, JsonObject, as_array, as_object
from tests.simulator.talking import PATIENCE, Ear, Talker, at, table

FOLDER = Path(__file__).parent.parent / "transcripts"
OWN_NAMES = {
    "TSleep": "SimulatedSleep",
    "TAsync": "SimulatedDeafSleep",
    "TError": "SimulatedError",
    "TUi": "SimulatedOutput",
    "TExpand": "SimulatedExpand",
    "TBlock": "SimulatedBlock",
    "TPreview": "SimulatedPreview",
    "TValidate": "SimulatedEven",
}
VOLATILE = (
    "timestamp",
    "create_time",
    "execution_start_time",
    "execution_end_time",
    "number",
    "priority",
    "nonce",
    "sid",
    "workflow",
    "prompt",
    "current_inputs",
    "current_outputs",
)
UNORDERED = ("executed", "dependent_outputs")
ENTRIES = ("progress_state", "progress")


def recording(name: str) -> list[JsonObject]:
    """Return the events of a recording, with our node names."""
    text = (FOLDER / f"{name}.json").read_text(encoding="utf-8")
    for theirs, ours in OWN_NAMES.items():
        text = text.replace(f'"{theirs}"', f'"{ours}"')
    events = cast("list[JsonObject]", json.loads(text)["events"])
    # A request stands where it ended; what it caused may have been heard before that.
    return sorted(events, key=lambda event: cast("float", event["t_ms"]))


@dataclass
class Names:
    """Whose id is whose: prompt and client ids of the recording and of ours get a number each."""

    known: dict[str, str] = field(default_factory=dict[str, str])

    def call(self, *names: str) -> None:
        """Give these the next number."""
        label = f"#{len(set(self.known.values())) + 1}"
        for name in names:
            self.known.setdefault(name, label)

    def plain(self, value: Json, key: str = "") -> Json:
        """Make equal what differs from run to run."""
        if key == "traceback":
            return bool(value)
        if key == "exception_message" and isinstance(value, str):
            return value.split("\n", 1)[0]
        fields = as_object(value)
        if fields is not None:
            return {
                self.known.get(name, name): self.plain(inner, name)
                for name, inner in fields.items()
                if name not in VOLATILE and name != "tooltip"
            }
        listed = as_array(value)
        if listed is not None:
            plain = [self.plain(one, key) for one in listed]
            return sorted(plain, key=str) if key in UNORDERED else plain
        return self._text(value) if isinstance(value, str) else value

    def _text(self, text: str) -> str:
        text = re.sub(r"ComfyUI_temp_[a-z]{5}", "ComfyUI_temp_*", text)
        text = re.sub(r"_\d{5}(?=[_.])", "_00000", text)
        for name, label in self.known.items():
            text = text.replace(name, label)
        return text


def told(frames: Iterable[JsonObject | bytes], names: Names) -> list[Json]:
    """Return frames as comparable values; a binary one is its event type."""
    return [
        f"binary {int.from_bytes(frame[:4], 'big')}"
        if isinstance(frame, bytes)
        else [str(frame["type"]), names.plain(frame["data"])]
        for frame in frames
    ]


def without_ticks(frames: list[Json]) -> list[Json]:
    """Drop what depends on how long a node took: steps of a sleeping node."""
    return [frame for frame in frames if not _is_tick(frame)]


def _is_tick(frame: Json) -> bool:
    pair = as_array(frame)
    if pair is None or pair[0] not in ENTRIES:
        return False
    if pair[0] == "progress":
        return True
    nodes = table(pair[1], "nodes").values()
    return any(
        at(node, "state") == "running" and isinstance(at(node, "value"), int) for node in nodes
    )


def recorded_frames(events: list[JsonObject], conn: str, names: Names) -> list[Json]:
    """Return what the recording's connection heard."""
    found: list[Json] = []
    for event in events:
        if event.get("conn") != conn:
            continue
        if event["kind"] == "ws-recv":
            found.append([str(at(event, "json", "type")), names.plain(at(event, "json", "data"))])
        elif event["kind"] == "ws-recv-binary":
            found.append(f"binary {event['event_type']}")
    return found


def summary(frames: list[Json]) -> Counter[str]:
    """Return how often each (type, node) was told, for runs whose order is not fixed."""
    counted: Counter[str] = Counter()
    for frame in frames:
        pair = as_array(frame)
        if pair is None:
            counted[str(frame)] += 1
            continue
        data = as_object(pair[1]) or {}
        nodes = as_object(data.get("nodes")) or {}
        counted[f"{pair[0]} {data.get('node')} {len(nodes)}"] += 1
    return counted


def first_prompt(events: list[JsonObject]) -> JsonObject:
    """Return the first POST /prompt."""
    return next(e for e in events if e.get("path") == "/prompt" and e.get("method") == "POST")


def primer(events: list[JsonObject]) -> JsonObject | None:
    """Return a prompt after which just the nodes are cached that were so in the recording."""
    frames = (event.get("json") for event in events if event["kind"] == "ws-recv")
    cached = next(
        (
            as_array(at(frame, "data", "nodes"))
            for frame in frames
            if _is(frame, "execution_cached")
        ),
        None,
    )
    if not cached:
        return None
    prompt = table(first_prompt(events)["request_json"], "prompt")
    if set(cached) == set(prompt):
        return prompt
    kept: dict[str, Json] = {str(node_id): prompt[str(node_id)] for node_id in cached}
    shown: dict[str, Json] = {
        f"shown{node_id}": {"class_type": "PreviewAny", "inputs": {"source": [node_id, 0]}}
        for node_id in cached
    }
    return {**kept, **shown}


def _is(frame: Json, kind: str) -> bool:
    return frame is not None and at(frame, "type") == kind


@dataclass
class Replay:
    """A recording being played again, event by event."""

    talker: Talker
    events: list[JsonObject]
    names: Names = field(default_factory=Names)
    ears: dict[str, Ear] = field(default_factory=dict[str, Ear])
    ours: dict[str, str] = field(default_factory=dict[str, str])
    expected: Counter[str] = field(default_factory=Counter[str])
    answers: list[tuple[str, Json, Json]] = field(default_factory=list[tuple[str, Json, Json]])
    closers: dict[str, AsyncExitStack] = field(default_factory=dict[str, AsyncExitStack])

    async def play(self) -> None:
        """Play every event in turn, then close what is open."""
        try:
            for event in self.events:
                await self._event(event)
        finally:
            for conn in list(self.closers):
                await self._close(conn)

    async def _event(self, event: JsonObject) -> None:
        conn = str(event.get("conn", ""))
        match event["kind"]:
            case "ws-open":
                await self._open(conn, str(event["url"]).rpartition("=")[2])
            case "ws-send":
                await self.ears[conn].socket.send(json.dumps(event["json"]))
            case "ws-recv":
                self.expected[conn] += not _is_tick(
                    [at(event, "json", "type"), at(event, "json", "data")]
                )
            case "ws-closed":
                await self._heard(conn)
                await self._close(conn)
            case "http":
                await self._ask(event)
            case _:
                pass

    async def _open(self, conn: str, client_id: str) -> None:
        if self.ours:
            await self._until_running()
        stack = AsyncExitStack()
        self.closers[conn] = stack
        self.names.call(client_id)
        self.ears[conn] = await stack.enter_async_context(self.talker.listen(client_id))

    async def _close(self, conn: str) -> None:
        if (stack := self.closers.pop(conn, None)) is not None:
            await stack.aclose()

    async def _until_running(self) -> None:
        async with asyncio.timeout(PATIENCE):
            while not at(await self.talker.json("/queue"), "queue_running"):
                pass

    async def _heard(self, conn: str) -> None:
        """Wait until a connection heard as much as the recorded one had by now."""
        ear = self.ears[conn]

        def count() -> int:
            return len(without_ticks(told(ear.frames, self.names)))

        while count() < self.expected[conn]:
            await ear.next()

    async def _ask(self, event: JsonObject) -> None:
        for conn in self.closers:
            await self._heard(conn)
        path = str(event["path"])
        for theirs, mine in self.ours.items():
            path = path.replace(theirs, mine)
        if path.startswith("/history/") and event["response_json"]:
            await self.talker.finished(path.removeprefix("/history/"))
        if path.startswith("/view"):
            return
        body = event.get("request_json")
        content = b"" if body is None else json.dumps(self._mine(body)).encode()
        response = await self.talker.http.request(str(event["method"]), path, content=content)
        assert response.status_code == event["status"], (path, response.text)
        if "response_json" not in event:
            return
        answer = cast("Json", json.loads(response.content or b"null"))
        if path == "/prompt" and event["status"] == 200:
            theirs = str(at(event["response_json"], "prompt_id"))
            self.ours[theirs] = str(at(answer, "prompt_id"))
            self.names.call(theirs, self.ours[theirs])
        self.answers.append((path, event["response_json"], answer))

    def _mine(self, body: Json) -> Json:
        text = json.dumps(body)
        for theirs, mine in self.ours.items():
            text = text.replace(theirs, mine)
        return cast("Json", json.loads(text))

    def both(self, conn: str) -> tuple[list[Json], list[Json]]:
        """Return what we heard and what the recording heard, comparable."""
        heard = told(self.ears[conn].everything, self.names)
        return heard, recorded_frames(self.events, conn, self.names)


def common(theirs: Json, ours: Json) -> Json:
    """Return ours as far as theirs goes: recordings were trimmed of long parts."""
    wanted, given = as_object(theirs), as_object(ours)
    if wanted is None or given is None:
        return ours
    return {key: common(wanted[key], given[key]) for key in given if key in wanted}
