"""The one WebSocket: shared, drained, lost, found again."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.server import ServerConnection, serve

from gateway.comfy.http import Http
from gateway.comfy.mailbox import Event, Mailbox
from gateway.comfy.websocket import ComfySocket
from gateway.errors import BackendAnsweredOddly, BackendError, BackendRefused, BackendUnreachable
from gateway.jobs.backend import Connected, SocketLost
from gateway.services.model import BackendDeclaration
from gateway.simulator.faults import AnswerWith, Die, DropSockets, Hang
from gateway.simulator.server import Simulator
from gateway.wire.messages import (
    Executed,
    Executing,
    ExecutionStart,
    PreviewImage,
    ProgressStep,
    Status,
)
from tests.comfy.canned import answer, canned


@asynccontextmanager
async def socket_to(backend: BackendDeclaration) -> AsyncGenerator[ComfySocket]:
    http = Http(backend)
    socket = ComfySocket(backend, http, lambda: None)
    try:
        yield socket
    finally:
        await socket.close()
        await http.close()


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator() as found:
        yield found


def declared(url: str, timeout: float = 5.0, **headers: str) -> BackendDeclaration:
    return BackendDeclaration("studio", url, timeout=timeout, headers=headers)


async def soon(mailbox: Mailbox, seconds: float = 5.0) -> Event:
    async with asyncio.timeout(seconds):
        return await mailbox.next()


async def refusal(backend: BackendDeclaration) -> BackendError:
    """Return what entering a follow ends with."""
    async with socket_to(backend) as socket:
        with pytest.raises(BackendError) as caught:
            async with asyncio.timeout(5), socket.follow("p", previews=False):
                pass
    return caught.value


async def until_sockets(simulator: Simulator, count: int) -> None:
    async with asyncio.timeout(5):
        while True:
            if simulator.counters()["sockets"] == count:
                return
            await asyncio.sleep(0.01)


async def test_nothing_is_connected_before_a_prompt_is_followed(simulator: Simulator) -> None:
    async with socket_to(declared(simulator.url)) as socket:
        assert simulator.counters()["sockets"] == 0
        async with socket.follow("p", previews=False):
            assert simulator.counters()["sockets"] == 1


async def test_all_prompts_share_one_connection_which_outlives_them(simulator: Simulator) -> None:
    async with socket_to(declared(simulator.url)) as socket:
        async with socket.follow("p", previews=False), socket.follow("q", previews=False):
            client_id = socket.client_id
        async with socket.follow("r", previews=False):
            assert simulator.counters()["sockets"] == 1
            assert socket.client_id == client_id
    await until_sockets(simulator, 0)


async def test_a_loss_is_told_to_every_follower_within_a_second_and_so_is_the_return(
    simulator: Simulator,
) -> None:
    async with (
        socket_to(declared(simulator.url)) as socket,
        socket.follow("p", previews=False) as one,
        socket.follow("q", previews=False) as other,
    ):
        before = socket.client_id
        began = time.monotonic()
        simulator.order(DropSockets())
        for mailbox in (one, other):
            lost = await soon(mailbox)
            assert isinstance(lost, SocketLost)
            assert "studio broke the connection" in lost.reason
        assert time.monotonic() - began < 1.0
        assert [await soon(one), await soon(other)] == [Connected(), Connected()]
        assert socket.client_id != before, "an old id would make the server deaf to us"


async def test_who_comes_while_the_server_is_away_is_told_at_once(simulator: Simulator) -> None:
    async with (
        socket_to(declared(simulator.url)) as socket,
        socket.follow("p", previews=False) as mailbox,
    ):
        simulator.order(Die(seconds=0.6))
        assert isinstance(await soon(mailbox), SocketLost)
        began = time.monotonic()
        with pytest.raises(BackendUnreachable) as caught:
            async with socket.follow("q", previews=False):
                pass
        assert "nothing listens" in caught.value.message
        assert time.monotonic() - began < 1.0
        assert await soon(mailbox) == Connected()
        async with socket.follow("q", previews=False):
            pass


async def test_a_connection_lost_while_nobody_followed_is_made_again_for_the_next(
    simulator: Simulator,
) -> None:
    async with socket_to(declared(simulator.url)) as socket:
        async with socket.follow("p", previews=False):
            pass
        simulator.order(DropSockets())
        await until_sockets(simulator, 0)
        async with socket.follow("q", previews=False):
            await until_sockets(simulator, 1)


@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [
        (AnswerWith("/ws", 401), BackendRefused, "backend-credentials"),
        (
            AnswerWith("/ws", 200, "<html>Sign in", "text/html"),
            BackendAnsweredOddly,
            "backend-answered-html",
        ),
        (AnswerWith("/ws", 502), BackendUnreachable, "backend-behind-proxy-unreachable"),
        (AnswerWith("/ws", 404, ""), BackendAnsweredOddly, "backend-route-missing"),
        (AnswerWith("/ws", 500), BackendAnsweredOddly, "backend-failed-inside"),
    ],
)
async def test_a_refused_handshake_says_why(
    simulator: Simulator, fault: AnswerWith, kind: type[BackendError], code: str
) -> None:
    simulator.order(fault)
    error = await refusal(declared(simulator.url))
    assert isinstance(error, kind)
    assert error.code == code


async def test_a_handshake_without_an_answer_ends_with_the_timeout(simulator: Simulator) -> None:
    simulator.order(Hang("/ws"))
    assert (await refusal(declared(simulator.url, timeout=0.3))).code == "backend-timed-out"


async def test_a_server_that_breaks_off_the_handshake_is_told() -> None:
    async with canned(b"") as server:
        assert (await refusal(server.declared())).code == "backend-connection-lost"


async def test_the_handshake_is_never_led_elsewhere_with_its_headers() -> None:
    async with canned(answer("200 OK")) as elsewhere:
        moved = answer("302 Found", location=f"{elsewhere.url}/ws")
        async with canned(moved) as server:
            error = await refusal(server.declared(Authorization="Bearer hush"))
            assert error.code == "backend-redirects"
            assert "Authorization: Bearer hush" in server.heads[0]
        assert elsewhere.heads == []


async def test_headers_and_a_base_path_open_the_door() -> None:
    key = {"X-Api-Key": "k"}
    async with Simulator(base_path="/comfy", required_headers=key) as simulator:
        assert (await refusal(declared(simulator.url))).code == "backend-credentials"
        async with (
            socket_to(BackendDeclaration("studio", simulator.url, headers=key)) as socket,
            socket.follow("p", previews=False),
        ):
            assert simulator.counters()["sockets"] == 1


async def test_an_unusable_ca_file_ends_the_wait() -> None:
    backend = BackendDeclaration("studio", "https://127.0.0.1:1", tls_ca="/nowhere.pem")
    assert (await refusal(backend)).code == "backend-ca-file"


# --- frames ---------------------------------------------------------------------------------------

Script = Callable[[ServerConnection], Awaitable[None]]


@asynccontextmanager
async def scripted(script: Script) -> AsyncGenerator[BackendDeclaration]:
    """Serve WebSockets by a script that is run for each."""
    async with serve(script, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield declared(f"http://127.0.0.1:{port}", timeout=1.0)


def frame(kind: str, **data: object) -> str:
    return json.dumps({"type": kind, "data": data})


def status(remaining: int) -> str:
    return frame("status", status={"exec_info": {"queue_remaining": remaining}})


def preview(prompt_id: str, picture: bytes) -> bytes:
    head = json.dumps({"node_id": "3", "prompt_id": prompt_id, "image_type": "image/png"}).encode()
    return (4).to_bytes(4, "big") + len(head).to_bytes(4, "big") + head + picture


async def test_the_first_frame_asks_for_previews_that_name_their_prompt() -> None:
    first = asyncio.get_running_loop().create_future()

    async def script(connection: ServerConnection) -> None:
        await connection.send(status(0))
        first.set_result(await connection.recv())
        await connection.wait_closed()

    async with (
        scripted(script) as backend,
        socket_to(backend) as socket,
        socket.follow("p", previews=False),
    ):
        flags = json.loads(await asyncio.wait_for(first, 5))
    assert flags == {"type": "feature_flags", "data": {"supports_preview_metadata": True}}


async def test_each_follower_gets_its_own_messages_and_nothing_breaks_on_the_rest() -> None:
    go = asyncio.Event()

    async def script(connection: ServerConnection) -> None:
        await connection.send(status(0))
        await go.wait()
        for each in (
            "no json",
            b"\x00",
            frame("some.news", prompt_id="p"),
            status(7),
            status(0),
            frame("execution_start", prompt_id="q"),
            frame("execution_start", prompt_id="p"),
            frame("executing", node="3"),
            preview("p", b"1"),
            preview("q", b"2"),
            frame("progress", prompt_id="p", node="3", value=1, max=2),
            frame("executed", prompt_id="p", node="9", output={"text": ["x" * (3 << 20)]}),
            status(0),
            frame("executing", prompt_id="p", node=None),
            frame("executing", prompt_id="q", node=None),
        ):
            await connection.send(each)
        await connection.wait_closed()

    async with (
        scripted(script) as backend,
        socket_to(backend) as socket,
        socket.follow("p", previews=False) as plain,
        socket.follow("q", previews=True) as seeing,
        socket.follow("r", previews=False) as waiting,
    ):
        go.set()
        assert [await soon(plain) for _ in range(5)] == [
            Status(0),
            ExecutionStart("p"),
            ProgressStep("p", "3", 1, 2),
            Executed("p", "9", "9", {"text": ["x" * (3 << 20)]}),
            Executing(None, "p"),
        ]
        assert [await soon(seeing) for _ in range(4)] == [
            Status(0),
            ExecutionStart("q"),
            PreviewImage("image/png", b"2", "3", "q"),
            Executing(None, "q"),
        ]
        assert await soon(waiting) == Status(0)


async def test_what_takes_a_websocket_and_stays_silent_is_no_comfyui() -> None:
    async def script(connection: ServerConnection) -> None:
        await connection.wait_closed()

    async with scripted(script) as backend:
        assert (await refusal(backend)).code == "backend-timed-out"


async def test_what_closes_every_websocket_at_once_is_no_comfyui() -> None:
    async def script(connection: ServerConnection) -> None:
        await connection.close()

    async with scripted(script) as backend:
        assert (await refusal(backend)).code == "backend-connection-lost"


async def test_a_server_that_says_goodbye_is_lost_too() -> None:
    go = asyncio.Event()

    async def script(connection: ServerConnection) -> None:
        await connection.send(status(0))
        await go.wait()
        await connection.close()

    async with (
        scripted(script) as backend,
        socket_to(backend) as socket,
        socket.follow("p", previews=False) as mailbox,
    ):
        go.set()
        lost = await soon(mailbox)
        assert lost == SocketLost("Backend studio broke the connection: it was closed.")


async def test_a_flood_that_nobody_reads_does_not_hold_up_the_end() -> None:
    async def script(connection: ServerConnection) -> None:
        await connection.send(status(0))
        for value in range(5000):
            await connection.send(
                frame("progress", prompt_id="another", node="3", value=value, max=5000)
            )
        await connection.wait_closed()

    async with scripted(script) as backend:
        began = time.monotonic()
        async with socket_to(backend) as socket, socket.follow("p", previews=False):
            pass
        assert time.monotonic() - began < 3.0
