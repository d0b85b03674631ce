"""What tests of the wire share: recorded exchanges with a real ComfyUI."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.graph.json_value import Json, JsonObject, as_array, as_object
from gateway.wire.decode import decode
from gateway.wire.run import RunState, advance

FOLDER = Path(__file__).parent.parent / "transcripts"


@dataclass(frozen=True)
class Recording:
    """One recorded exchange, in order."""

    events: tuple[JsonObject, ...]

    def frames(self) -> Iterator[tuple[float, JsonObject]]:
        """Yield (seconds, JSON frame) for each text frame received."""
        for event in self.events:
            frame = as_object(event.get("json"))
            if event["kind"] == "ws-recv" and frame is not None:
                yield _seconds(event["t_ms"]), frame

    def prompt_ids(self) -> list[str]:
        """Return the ids of the prompts submitted, in order."""
        answers = (self.answer(event) for event in self.calls("POST", "/prompt"))
        return [str(answer["prompt_id"]) for answer in answers if "prompt_id" in answer]

    def calls(self, method: str, path: str) -> list[JsonObject]:
        """Return the HTTP exchanges whose path begins so."""
        return [
            event
            for event in self.events
            if event["kind"] == "http"
            and event.get("method") == method
            and str(event.get("path")).startswith(path)
        ]

    def got(self, path: str) -> JsonObject:
        """Return the JSON of the last GET whose path begins so."""
        return self.answer(self.calls("GET", path)[-1])

    @staticmethod
    def answer(event: JsonObject) -> JsonObject:
        """Return an exchange's JSON answer."""
        return as_object(event.get("response_json")) or {}

    def replay(self, prompt_id: str) -> RunState:
        """Return the run after every frame."""
        run = RunState(prompt_id)
        for at, frame in self.frames():
            run = advance(run, decode(json.dumps(frame)), at)
        return run


def _seconds(milliseconds: Json) -> float:
    assert isinstance(milliseconds, (int, float))
    return milliseconds / 1000


@pytest.fixture
def recording() -> Callable[[str], Recording]:
    """Return a function that reads a recording by name."""

    def read(name: str) -> Recording:
        raw = as_object(json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8")))
        assert raw is not None
        events = as_array(raw["events"])
        assert events is not None
        return Recording(tuple(each for event in events if (each := as_object(event)) is not None))

    return read
