"""A ComfyUI as a backend, when ComfyUI does not do its part."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest

from gateway.comfy.backend import ComfyBackend
from gateway.errors import (
    BackendAnsweredOddly,
    BackendError,
    BackendRefused,
    BackendUnreachable,
    OutputMissing,
)
from gateway.graph.json_value import Json
from gateway.jobs.backend import (
    Backend,
    Connected,
    Finished,
    Health,
    SocketLost,
    Submission,
    Unknown,
    Upload,
)
from gateway.services.model import BackendDeclaration
from gateway.simulator.faults import (
    AnswerWith,
    Die,
    Drip,
    Forget,
    ForgetHistory,
    Hang,
    IgnorePromptIds,
    LoseAnswer,
    RepeatMessages,
)
from gateway.simulator.server import Simulator
from gateway.wire.history import Succeeded
from gateway.wire.outputs import FileReference, LeftFile, items_of
from gateway.wire.run import RunState, advance
from tests.comfy.canned import answer, canned

GRAPH: Mapping[str, Json] = {
    "1": {
        "class_type": "EmptyImage",
        "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 7},
    },
    "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "gw/x"}},
}


@asynccontextmanager
async def backend_at(url: str, seconds: float = 5.0) -> AsyncGenerator[ComfyBackend]:
    backend = ComfyBackend(BackendDeclaration("studio", url, timeout=seconds))
    try:
        yield backend
    finally:
        await backend.close()


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator() as found:
        yield found


@pytest.fixture
async def backend(simulator: Simulator) -> AsyncIterator[ComfyBackend]:
    async with backend_at(simulator.url) as found:
        yield found


def submission(graph: Mapping[str, Json] = GRAPH) -> Submission:
    return Submission(str(uuid.uuid4()), graph, {})


async def run(backend: Backend, graph: Mapping[str, Json] = GRAPH) -> RunState:
    wanted = submission(graph)
    state = RunState(wanted.prompt_id)
    async with asyncio.timeout(5), backend.follow(wanted.prompt_id) as following:
        await backend.submit(wanted)
        while not state.ended:
            event = await following.next()
            assert not isinstance(event, SocketLost | Connected)
            state = advance(state, event, 0.0)
    return state


async def finished(backend: Backend, prompt_id: str) -> Finished:
    async with asyncio.timeout(5):
        while True:
            where = await backend.whereabouts(prompt_id)
            if isinstance(where, Finished):
                return where
            await asyncio.sleep(0.01)


def test_it_is_what_was_declared() -> None:
    declaration = BackendDeclaration("studio", "http://x", slots=3, labels=frozenset({"sdxl"}))
    backend: Backend = ComfyBackend(declaration)
    assert (backend.name, backend.slots, backend.labels) == ("studio", 3, {"sdxl"})


# --- submit ---------------------------------------------------------------------------------------


async def test_a_lost_answer_is_told_and_the_prompt_is_there_once(
    simulator: Simulator, backend: ComfyBackend
) -> None:
    simulator.order(LoseAnswer())
    wanted = submission()
    with pytest.raises(BackendUnreachable) as caught:
        await backend.submit(wanted)
    assert caught.value.code == "backend-connection-lost"
    assert (await finished(backend, wanted.prompt_id)).entry.ending == Succeeded()
    assert simulator.posted(wanted.prompt_id) == 1


@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [
        (AnswerWith("/prompt"), BackendAnsweredOddly, "backend-failed-inside"),
        (
            AnswerWith("/prompt", 200, "<!doctype html><title>Sign in", "text/html"),
            BackendAnsweredOddly,
            "backend-answered-html",
        ),
        (
            AnswerWith("/prompt", 400, "<html><title>Bad Request", "text/html"),
            BackendAnsweredOddly,
            "backend-answered-html",
        ),
        (
            AnswerWith("/prompt", 400, '{"detail": "no"}', "application/json"),
            BackendAnsweredOddly,
            "backend-answered-oddly",
        ),
        (
            AnswerWith("/prompt", 200, "{}", "application/json"),
            BackendAnsweredOddly,
            "backend-answered-oddly",
        ),
        (
            AnswerWith("/prompt", 200, '{"prompt_id": ', "application/json"),
            BackendAnsweredOddly,
            "backend-answered-oddly",
        ),
        (AnswerWith("/prompt", 401), BackendRefused, "backend-credentials"),
        (AnswerWith("/prompt", 503), BackendUnreachable, "backend-behind-proxy-unreachable"),
    ],
)
async def test_an_answer_that_is_no_word_on_the_prompt_is_told_and_never_repeated(
    simulator: Simulator,
    backend: ComfyBackend,
    fault: AnswerWith,
    kind: type[BackendError],
    code: str,
) -> None:
    simulator.order(fault)
    wanted = submission()
    with pytest.raises(kind) as caught:
        await backend.submit(wanted)
    assert caught.value.code == code
    assert await backend.whereabouts(wanted.prompt_id) == Unknown()
    assert simulator.posted(wanted.prompt_id) == 0


async def test_a_graph_too_large_for_the_server_is_told() -> None:
    async with Simulator(max_upload_size=500) as simulator, backend_at(simulator.url) as backend:
        with pytest.raises(BackendRefused) as caught:
            await backend.submit(submission({**GRAPH, "note": {"inputs": {"text": "x" * 999}}}))
        assert caught.value.code == "backend-too-large"


async def test_a_server_that_stalls_is_told_after_the_timeout(simulator: Simulator) -> None:
    simulator.order(Hang("/prompt"))
    async with backend_at(simulator.url, seconds=0.2) as backend:
        with pytest.raises(BackendUnreachable) as caught:
            await backend.submit(submission())
        assert caught.value.code == "backend-timed-out"


async def test_a_server_with_ids_of_its_own_tells_which(
    simulator: Simulator, backend: ComfyBackend
) -> None:
    simulator.order(IgnorePromptIds())
    wanted = submission()
    accepted = await backend.submit(wanted)
    assert accepted.prompt_id != wanted.prompt_id
    assert (await finished(backend, accepted.prompt_id)).entry.prompt_id == accepted.prompt_id


async def test_every_message_twice_changes_nothing(
    simulator: Simulator, backend: ComfyBackend
) -> None:
    simulator.order(RepeatMessages(2))
    state = await run(backend)
    assert (state.ending, set(state.outputs)) == (Succeeded(), {"2"})


async def test_previews_come_to_those_who_want_them(backend: ComfyBackend) -> None:
    graph: dict[str, Json] = {
        **GRAPH,
        "3": {"class_type": "SimulatedPreview", "inputs": {"image": ["1", 0], "format": "PNG"}},
        "2": {"class_type": "SaveImage", "inputs": {"images": ["3", 0], "filename_prefix": "x"}},
    }
    for previews in (True, False):
        wanted = submission(graph)
        seen: set[str] = set()
        async with (
            asyncio.timeout(5),
            backend.follow(wanted.prompt_id, previews=previews) as following,
        ):
            await backend.submit(wanted)
            while getattr(event := await following.next(), "node", "") is not None:
                seen.add(type(event).__name__)
        assert ("PreviewImage" in seen) == previews
        graph["1"] = {
            "class_type": "EmptyImage",
            "inputs": {"width": 9, "height": 9, "batch_size": 1, "color": 1},
        }


# --- whereabouts ----------------------------------------------------------------------------------


async def test_a_restart_forgets_a_prompt_and_the_socket_is_lost_and_found(
    simulator: Simulator, backend: ComfyBackend
) -> None:
    for fault in (Forget(), Die(seconds=0.2)):
        prompt_id = (await run(backend)).prompt_id
        async with asyncio.timeout(5), backend.follow(prompt_id) as following:
            simulator.order(fault)
            assert isinstance(await following.next(), SocketLost)
            assert await following.next() == Connected()
        assert await backend.whereabouts(prompt_id) == Unknown()


@pytest.mark.parametrize("version", ["0.33.0", "0.3.64"])
async def test_a_history_that_was_cleared_knows_nothing(version: str) -> None:
    async with Simulator(version=version) as simulator, backend_at(simulator.url) as backend:
        prompt_id = (await run(backend)).prompt_id
        assert isinstance(await backend.whereabouts(prompt_id), Finished)
        simulator.order(ForgetHistory())
        assert await backend.whereabouts(prompt_id) == Unknown()


# --- files ----------------------------------------------------------------------------------------


async def chunks(*data: bytes) -> AsyncIterator[bytes]:
    for each in data:
        yield each


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (AnswerWith("/upload/image"), "backend-failed-inside"),
        (AnswerWith("/upload/image", 200, "{}", "application/json"), "backend-answered-oddly"),
        (
            AnswerWith("/upload/image", 200, '{"name": "../x", "subfolder": ""}'),
            "backend-answered-oddly",
        ),
        (AnswerWith("/upload/image", 403), "backend-credentials"),
        (AnswerWith("/upload/image", 413), "backend-too-large"),
    ],
)
async def test_a_file_that_was_not_taken_is_told(
    simulator: Simulator, backend: ComfyBackend, fault: AnswerWith, code: str
) -> None:
    simulator.order(fault)
    with pytest.raises(BackendError) as caught:
        await backend.upload(Upload("a.png", "image/png", 3), chunks(b"abc"))
    assert caught.value.code == code


async def test_a_file_above_the_servers_limit_is_told_with_the_mend() -> None:
    async with Simulator(max_upload_size=5000) as simulator, backend_at(simulator.url) as backend:
        data = b"x" * 65536
        upload = Upload("big.bin", "application/octet-stream", 10 * len(data))
        with pytest.raises(BackendError) as caught:
            await backend.upload(upload, chunks(*[data] * 10))
        assert caught.value.code == "backend-too-large"
        assert "--max-upload-size" in caught.value.mend


async def test_a_folder_of_windows_is_written_with_slashes() -> None:
    taken = answer("200 OK", b'{"name": "a.png", "subfolder": "gateway\\\\b", "type": "input"}')
    async with canned(taken) as server, backend_at(server.url) as backend:
        assert await backend.upload(Upload("a.png", "image/png", 0), chunks()) == "gateway/b/a.png"


async def read(backend: ComfyBackend, file: FileReference) -> bytes:
    async with backend.download(file) as download:
        return b"".join([chunk async for chunk in download.chunks])


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (AnswerWith("/view", 200, "<html>Sign in", "text/html; charset=utf-8"), "answered-html"),
        (AnswerWith("/view", 404, "<html>nginx", "text/html"), "answered-html"),
        (AnswerWith("/view", 401, ""), "credentials"),
        (AnswerWith("/view", 500), "failed-inside"),
        (AnswerWith("/view", 504), "behind-proxy-unreachable"),
    ],
)
async def test_what_is_not_the_file_is_never_taken_for_it(
    simulator: Simulator, backend: ComfyBackend, fault: AnswerWith, kind: str
) -> None:
    simulator.order(fault)
    with pytest.raises(BackendError) as caught:
        await read(backend, FileReference("x.png"))
    assert caught.value.code == f"backend-{kind}"


@pytest.mark.parametrize("status", [400, 404])
async def test_a_file_that_is_gone_is_missing(
    simulator: Simulator, backend: ComfyBackend, status: int
) -> None:
    simulator.order(AnswerWith("/view", status, "", ""))
    with pytest.raises(OutputMissing) as caught:
        await read(backend, FileReference("x.png", "gw/a", "temp"))
    assert caught.value.message == (
        "The file 'gw/a/x.png' (temp) cannot be had from backend studio: ComfyUI no longer has it."
    )
    assert caught.value.where == "studio"


async def test_a_file_that_leads_out_of_its_folder_is_not_even_asked_for() -> None:
    async with canned(answer("200 OK", b"root:x:0:0")) as server, backend_at(server.url) as backend:
        for file in (
            FileReference("../../etc/passwd"),
            FileReference("passwd", "/etc"),
            FileReference("x.png", "a/../.."),
            FileReference("x.png", "", "models"),
        ):
            with pytest.raises(OutputMissing):
                await read(backend, file)
        assert server.heads == []


async def test_a_file_without_a_type_is_bytes() -> None:
    bare = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc"
    async with (
        canned(bare) as server,
        backend_at(server.url) as backend,
        backend.download(FileReference("x")) as download,
    ):
        assert (download.mime_type, download.size) == ("application/octet-stream", 3)


async def test_a_large_file_comes_in_small_pieces(backend: ComfyBackend) -> None:
    size = 20 << 20
    big: dict[str, Json] = {
        **GRAPH,
        "3": {
            "class_type": "SimulatedBig",
            "inputs": {"size": size, "filename_prefix": "big", "suffix": ".bin"},
        },
    }
    (item,) = items_of({"3": (await run(backend, big)).outputs["3"]})
    assert isinstance(item, LeftFile)
    longest = total = 0
    async with backend.download(item.file) as download:
        assert download.size == size
        async for chunk in download.chunks:
            longest, total = max(longest, len(chunk)), total + len(chunk)
    assert total == size
    assert longest <= 1 << 20


async def test_a_slow_download_goes_on_as_long_as_something_comes(simulator: Simulator) -> None:
    async with backend_at(simulator.url, seconds=0.5) as backend:
        (item,) = items_of((await run(backend)).outputs)
        assert isinstance(item, LeftFile)
        simulator.order(Drip("/view", seconds=0.1, size=20))
        assert (await read(backend, item.file)).startswith(b"\x89PNG")


# --- health and definitions -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (AnswerWith("/system_stats"), "made ComfyUI fail (500)"),
        (AnswerWith("/system_stats", 200, "<html>", "text/html"), "answered a web page (200)"),
        (AnswerWith("/system_stats", 200, "{}"), "answered what no ComfyUI answers"),
        (AnswerWith("/system_stats", 200, "[NaN"), "answered what no ComfyUI answers"),
        (AnswerWith("/system_stats", 401), "does not let us in"),
    ],
)
async def test_health_never_raises(
    simulator: Simulator, backend: ComfyBackend, fault: AnswerWith, error: str
) -> None:
    simulator.order(fault)
    health = await backend.health()
    assert not health.reachable
    assert error in health.error


async def test_health_of_an_older_server_with_little_to_tell() -> None:
    def say(line: str) -> bytes:
        body: Json = {"exec_info": None} if "/prompt" in line else {"system": {"os": "posix"}}
        return answer("200 OK", json.dumps(body).encode(), "application/json")

    async with canned(say) as server, backend_at(server.url) as backend:
        health = await backend.health()
        assert health == Health(reachable=True, latency_ms=health.latency_ms)


async def test_health_answers_within_five_seconds_whatever_the_timeout() -> None:
    async with canned(None) as server, backend_at(server.url, seconds=60.0) as backend:
        health = await backend.health()
        assert health.error == "It did not answer in 4.5 s."


async def test_odd_definitions_are_told(simulator: Simulator, backend: ComfyBackend) -> None:
    simulator.order(AnswerWith("/object_info", 200, "[]"))
    with pytest.raises(BackendAnsweredOddly):
        await backend.definitions()


async def test_definitions_may_hold_bare_infinity() -> None:
    def say(line: str) -> bytes:
        name = line.removesuffix(" HTTP/1.1").rpartition("/")[2]
        return answer("200 OK", f'{{"{name}": {{"max": Infinity}}}}'.encode(), "application/json")

    async with canned(say) as server, backend_at(server.url) as backend:
        found = await backend.definitions(frozenset({"A", "B"}))
        assert found == {"A": {"max": float("inf")}, "B": {"max": float("inf")}}


async def test_nothing_is_sent_before_something_is_asked() -> None:
    async with canned(answer("200 OK")) as server:
        async with backend_at(server.url) as backend:
            assert backend.name == "studio"
        assert server.heads == []
