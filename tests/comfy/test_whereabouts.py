"""Finding and stopping one prompt, on new servers and old ones, against odd answers."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager

import pytest

from gateway.comfy.http import Http
from gateway.comfy.whereabouts import Finder
from gateway.errors import BackendAnsweredOddly, BackendRefused
from gateway.graph.json_value import Json
from gateway.jobs.backend import Finished, Pending, Running, Unknown
from gateway.wire.history import HistoryEntry, Interrupted, Succeeded
from tests.comfy.canned import Canned, answer, canned

UNROUTED = answer("404 Not Found", b"", "application/octet-stream")
NO_METHOD = answer("405 Method Not Allowed", b"405: Method Not Allowed")
PROXY = answer("404 Not Found", b'{"detail": "Not Found"}', "application/json")
JOB, CANCEL = "GET /api/jobs/p", "POST /api/jobs/p/cancel"
LINE = "GET /api/jobs?status=pending,in_progress"
QUEUE, HISTORY = "GET /queue", "GET /history/p"
INTERRUPT, DELETE = "POST /interrupt", "POST /queue"
OK = answer("200 OK")


def told(value: Json, status: str = "200 OK") -> bytes:
    return answer(status, json.dumps(value).encode(), "application/json")


def queue(running: Sequence[str] = (), pending: Sequence[str] = ()) -> bytes:
    return told(
        {
            "queue_running": [[1, each, {}] for each in running],
            "queue_pending": [[number, each, {}] for number, each in enumerate(pending, 2)],
        }
    )


def ended(status: str = "success", *messages: Json) -> Json:
    return {
        "outputs": {"9": {"text": ["x"]}},
        "status": {"status_str": status, "messages": list(messages)},
    }


@asynccontextmanager
async def finder(script: Mapping[str, bytes | Sequence[bytes]]) -> AsyncGenerator[Seen]:
    """Serve answers by the request's first line; a sequence is used up, its last one stays."""
    left = {
        call: [each] if isinstance(each, bytes) else list(each) for call, each in script.items()
    }

    def say(line: str) -> bytes:
        answers = left[line.removesuffix(" HTTP/1.1")]
        return answers.pop(0) if len(answers) > 1 else answers[0]

    async with canned(say) as server:
        backend = server.declared()
        http = Http(backend)
        try:
            yield Seen(server, Finder(backend, http))
        finally:
            await http.close()


class Seen:
    """A finder, and the calls it made."""

    def __init__(self, server: Canned, finder: Finder) -> None:
        self.finder = finder
        self._server = server

    @property
    def calls(self) -> list[str]:
        """The calls, in order."""
        return [head.partition(" HTTP/1.1")[0] for head in self._server.heads]


ENTRY = HistoryEntry("p", Succeeded(), {"9": {"text": ["x"]}})


# --- the jobs API ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "where"),
    [
        ({JOB: told({"error": "Job not found"}, "404 Not Found")}, Unknown()),
        ({JOB: told({"id": "p", "status": "in_progress"})}, Running()),
        (
            {
                JOB: told({"id": "p", "status": "pending", "priority": 7}),
                LINE: told({"jobs": [{"id": "q", "status": "in_progress"}, {"id": "p"}]}),
            },
            Pending(1),
        ),
        (
            {JOB: told({"id": "p", "status": "completed"}), HISTORY: told({"p": ended()})},
            Finished(ENTRY),
        ),
        (
            {
                JOB: told(
                    {
                        "id": "p",
                        "status": "cancelled",
                        "outputs": {},
                        "execution_status": {
                            "status_str": "error",
                            "messages": [["execution_interrupted", {"node_id": "2"}]],
                        },
                    }
                ),
                HISTORY: told({}),
            },
            Finished(HistoryEntry("p", Interrupted("2"))),
        ),
    ],
    ids=["unknown", "running", "pending", "finished", "finished and out of the history"],
)
async def test_with_the_jobs_api_one_question_tells(
    script: Mapping[str, bytes], where: object
) -> None:
    async with finder(script) as seen:
        assert await seen.finder.whereabouts("p") == where


@pytest.mark.parametrize(
    "script",
    [
        {JOB: told({"id": "p", "status": "something new"})},
        {JOB: told([])},
        {JOB: answer("200 OK", b"pong")},
        {JOB: answer("404 Not Found", b"<html>nginx</html>", "text/html")},
        {JOB: answer("500 Internal Server Error", b"trouble")},
        {JOB: UNROUTED, QUEUE: UNROUTED},
        {JOB: UNROUTED, QUEUE: told([])},
        {JOB: UNROUTED, QUEUE: queue(), HISTORY: told(None)},
        {JOB: told({"id": "p", "status": "completed"}), HISTORY: answer("200 OK", b"<html>")},
    ],
)
async def test_an_odd_answer_is_never_taken_for_not_there(script: Mapping[str, bytes]) -> None:
    async with finder(script) as seen:
        with pytest.raises(BackendAnsweredOddly):
            await seen.finder.whereabouts("p")


async def test_a_door_that_is_locked_is_not_taken_for_not_there() -> None:
    async with finder({JOB: answer("401 Unauthorized")}) as seen:
        with pytest.raises(BackendRefused):
            await seen.finder.whereabouts("p")


# --- without it -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "where"),
    [
        ({QUEUE: queue(["p"])}, Running()),
        ({QUEUE: queue(["q"], ["r", "p"])}, Pending(2)),
        ({QUEUE: queue(["q"]), HISTORY: told({"p": ended()})}, Finished(ENTRY)),
        ({QUEUE: queue(), HISTORY: told({})}, Unknown()),
    ],
    ids=["running", "pending", "finished", "unknown"],
)
@pytest.mark.parametrize("unrouted", [UNROUTED, NO_METHOD, PROXY], ids=["404", "405", "proxy"])
async def test_an_older_server_is_asked_for_queue_then_history(
    script: Mapping[str, bytes], where: object, unrouted: bytes
) -> None:
    async with finder({JOB: unrouted, **script}) as seen:
        assert await seen.finder.whereabouts("p") == where
        assert seen.calls == [JOB, *script]


async def test_that_a_server_is_older_is_remembered_until_it_may_be_another() -> None:
    async with finder({JOB: UNROUTED, CANCEL: NO_METHOD, QUEUE: queue(["p"])}) as seen:
        for _ in range(3):
            await seen.finder.whereabouts("p")
        assert seen.calls == [JOB, QUEUE, QUEUE, QUEUE]
        seen.finder.forget_version()
        await seen.finder.whereabouts("p")
        assert seen.calls[4:] == [JOB, QUEUE]


# --- cancel ---------------------------------------------------------------------------------------


async def test_the_jobs_api_stops_one_prompt_whatever_it_does() -> None:
    async with finder({CANCEL: told({"cancelled": False})}) as seen:
        await seen.finder.cancel("p")
        assert seen.calls == [CANCEL]


async def test_an_older_server_has_a_waiting_prompt_taken_out() -> None:
    script = {CANCEL: NO_METHOD, QUEUE: [queue(["q"], ["p"]), queue(["q"])], DELETE: OK}
    async with finder(script) as seen:
        await seen.finder.cancel("p")
        assert seen.calls == [CANCEL, QUEUE, DELETE, QUEUE]


async def test_an_older_server_is_interrupted_only_where_ours_runs() -> None:
    script = {CANCEL: UNROUTED, QUEUE: queue(["p"], ["q"]), INTERRUPT: OK}
    async with finder(script) as seen:
        await seen.finder.cancel("p")
        assert seen.calls[-1] == INTERRUPT


async def test_a_prompt_that_begins_while_it_is_taken_out_is_interrupted() -> None:
    script = {
        CANCEL: UNROUTED,
        QUEUE: [queue(["q"], ["p"]), queue(["p"])],
        DELETE: OK,
        INTERRUPT: OK,
    }
    async with finder(script) as seen:
        await seen.finder.cancel("p")
        assert seen.calls == [CANCEL, QUEUE, DELETE, QUEUE, INTERRUPT]


async def test_what_is_over_is_left_alone_and_nobody_elses_run_is_touched() -> None:
    async with finder({CANCEL: UNROUTED, QUEUE: queue(["q"], ["r"])}) as seen:
        await seen.finder.cancel("p")
        assert seen.calls == [CANCEL, QUEUE, QUEUE]


@pytest.mark.parametrize(
    "script",
    [
        {CANCEL: answer("500 Internal Server Error", b"trouble")},
        {CANCEL: answer("200 OK", b"<html>")},
        {CANCEL: UNROUTED, QUEUE: queue([], ["p"]), DELETE: answer("500 Oh", b"trouble")},
        {CANCEL: UNROUTED, QUEUE: queue(["p"]), INTERRUPT: answer("500 Oh", b"trouble")},
    ],
)
async def test_a_stop_that_was_not_taken_is_told(script: Mapping[str, bytes]) -> None:
    async with finder(script) as seen:
        with pytest.raises(BackendAnsweredOddly):
            await seen.finder.cancel("p")
