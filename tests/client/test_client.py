"""The Python client, against a gateway over stdio and over HTTP."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.client.client import GatewayClient
from gateway.client.failure import CallFailed, CallRefused, GatewayUnreachable
from gateway.client.line import Address, Command
from gateway.client.reply import RemoteOutput
from gateway.jobs.job import Progress
from tests.server.doors import ERAS, Behind, Program, behind_http
from tests.server.memory_gateway import PNG, until

pytestmark = pytest.mark.timeout(20)

both_eras = pytest.mark.parametrize("mode", ERAS)


def command(folder: Path) -> Command:
    """Return the gateway in memory as a program."""
    started = Program(folder / "log").parameters
    words = [started.command, *started.args]
    return Command(words, started.env or {}, Path(started.cwd or "."))


def names(folder: Path) -> list[str]:
    """Return what is in a folder."""
    return [each.name for each in folder.iterdir()]


@asynccontextmanager
async def opened(door: str, folder: Path) -> AsyncGenerator[GatewayClient]:
    """Connect to a gateway behind `stdio` or `http`."""
    if door == "stdio":
        async with GatewayClient(command(folder)) as client:
            yield client
    else:
        async with behind_http() as behind, GatewayClient(Address(behind.url)) as client:
            yield client


both_doors = pytest.mark.parametrize("door", ["stdio", "http"])


@both_doors
async def test_tools_are_listed(door: str, tmp_path: Path) -> None:
    async with opened(door, tmp_path) as client:
        tools = await client.tools()
    assert tools[0].name == "paint"
    assert (tools[0].title, tools[0].description) == ("Paint", "The paint tool.")
    assert tools[0].input_schema["type"] == "object"


@both_doors
async def test_a_call_answers_and_its_outputs_are_saved(door: str, tmp_path: Path) -> None:
    async with opened(door, tmp_path) as client:
        reply = await client.call("quick", {"text": "a"})
        saved = [await client.save(each, tmp_path / "out" / "deep") for each in reply.outputs]
        again = await client.save(reply.outputs[0], tmp_path / "out" / "deep")
    assert (reply.text, reply.status, reply.finished) == ("quick: completed", "completed", True)
    assert reply.previews == (b"RIFFWEBP",)
    assert [each.name for each in saved] == ["a b.png", "note.txt", "drawing.svg"]
    assert [each.read_bytes() for each in saved] == [PNG, b"a lighthouse", b"<svg/>"]
    assert (again.name, again.read_bytes()) == ("a b-2.png", PNG)
    assert set(names(tmp_path / "out" / "deep")) == {each.name for each in [*saved, again]}


async def test_a_call_may_have_a_key() -> None:
    async with behind_http() as behind, GatewayClient(Address(behind.url)) as client:
        await client.call("quick", {"text": "a"}, key="once")
        await client.call("quick", {"text": "a"})
        assert [each.key for each in behind.gateway.askings] == ["once", None]


@both_eras
async def test_progress_is_told_while_a_call_blocks(mode: str) -> None:
    told: list[tuple[float, float | None, str]] = []

    def on_progress(progress: float, total: float | None, message: str) -> None:
        told.append((progress, total, message))

    async with behind_http() as behind, GatewayClient(Address(behind.url), mode) as client:
        call = asyncio.create_task(client.call("paint", {}, on_progress))
        await until(lambda: len(told) == 1)
        behind.gateway.move(behind.gateway.only, Progress(5, 20, "3", "KSampler"))
        await until(lambda: len(told) == 2)
        behind.gateway.finish(behind.gateway.only)
        reply = await call
    assert told == [(0.001, None, "queued"), (5, 20, "KSampler 5/20")]
    assert reply.finished


async def test_a_job_is_asked_for_cancelled_and_its_result_waited_for() -> None:
    async with behind_http() as behind, GatewayClient(Address(behind.url)) as client:
        call = asyncio.create_task(client.call("paint"))
        await until(lambda: len(behind.gateway.works) == 1)
        work = behind.gateway.only
        assert (await client.job(work.job.id)).status == "pending"
        asked = len(behind.gateway.askings)
        waiting = asyncio.create_task(client.result(work.job.id))
        await until(lambda: len(behind.gateway.askings) > asked + 1)
        assert (await client.cancel(work.job.id)).status == "cancelled"
        assert (await waiting).status == "cancelled"
        assert (await call).status == "cancelled"


async def test_a_failed_call_raises_what_the_gateway_says() -> None:
    async with behind_http() as behind, GatewayClient(Address(behind.url)) as client:
        with pytest.raises(CallFailed) as raised:
            await client.call("wrong", {})
        with pytest.raises(CallFailed) as missing:
            await client.result("nobody")
    assert raised.value.code == "input-refused"
    assert raised.value.message == "/steps: is 0; the least is 1"
    assert raised.value.mend == "Use at least 1."
    assert raised.value.reply.failed
    assert missing.value.code == "job-not-found"


async def test_an_unknown_tool_is_refused_with_its_neighbours() -> None:
    async with behind_http() as behind, GatewayClient(Address(behind.url)) as client:
        with pytest.raises(CallRefused, match="Did you mean 'quick'"):
            await client.call("quik")


async def test_an_output_that_is_gone_is_refused(tmp_path: Path) -> None:
    async with behind_http() as behind, GatewayClient(Address(behind.url)) as client:
        reply = await client.call("quick")
        behind.gateway.files.clear()
        image = reply.outputs[0]
        with pytest.raises(GatewayUnreachable, match="answered 404 instead of the file"):
            await client.save(image, tmp_path)
        with pytest.raises(CallRefused, match="not found"):
            await client.save(replace(image, url=""), tmp_path)
    assert names(tmp_path) == []


async def test_no_link_to_another_place_is_followed_and_no_path_of_another_machine(
    tmp_path: Path,
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("mine")
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.setblocking(False)
        port = elsewhere.getsockname()[1]
        async with behind_http() as behind, GatewayClient(Address(behind.url)) as client:
            image = (await client.call("quick")).outputs[0]
            lured = replace(image, url=f"http://127.0.0.1:{port}/x", path=str(secret))
            saved = await client.save(lured, tmp_path)
        with pytest.raises(BlockingIOError):
            elsewhere.accept()
    assert saved.read_bytes() == PNG


@pytest.mark.parametrize(
    ("filename", "saved"),
    [
        ("../../evil.png", "evil.png"),
        ("a\\b.png", "b.png"),
        ("..", "output"),
        ("a\nb.png", "ab.png"),
    ],
)
async def test_an_output_stays_in_its_folder(filename: str, saved: str, tmp_path: Path) -> None:
    output = RemoteOutput("x", 0, "text", "", filename, text="text")
    async with behind_http() as behind, GatewayClient(Address(behind.url)) as client:
        path = await client.save(output, tmp_path / "out")
    assert path == tmp_path / "out" / saved


@both_eras
async def test_a_key_opens_the_door(mode: str) -> None:
    async with (
        behind_http({"ann": "key-of-ann"}) as behind,
        GatewayClient(Address(behind.url, "key-of-ann"), mode) as client,
    ):
        assert await client.tools()
        assert "key-of-ann" not in repr(Address(behind.url, "key-of-ann"))


@pytest.mark.parametrize("key", ["", "wrong"])
@both_eras
async def test_a_wrong_key_is_told_with_the_mend(key: str, mode: str) -> None:
    async with behind_http({"ann": "key-of-ann"}) as behind:
        client = GatewayClient(Address(behind.url, key), mode)
        with pytest.raises((GatewayUnreachable, CallRefused)) as raised:
            async with client:
                await client.tools()
    assert "key" in str(raised.value)


@both_eras
async def test_a_place_where_nobody_answers_is_told(mode: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    client = GatewayClient(Address(f"http://user:secret@127.0.0.1:{port}/mcp"), mode)
    with pytest.raises(GatewayUnreachable) as raised:
        async with client:
            await client.tools()
    assert raised.value.where == f"http://127.0.0.1:{port}/mcp"
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    "words", [["/nowhere/gateway", "serve"], [sys.executable, "-c", "raise SystemExit(3)"]]
)
async def test_a_program_that_is_no_gateway_is_told(words: list[str]) -> None:
    with pytest.raises(GatewayUnreachable) as raised:
        async with GatewayClient(Command(words)):
            pass
    assert raised.value.where == " ".join(words)
    assert "by hand" in raised.value.mend


async def test_a_client_outside_its_block_says_so() -> None:
    with pytest.raises(GatewayUnreachable, match="not connected"):
        await GatewayClient(Address("http://127.0.0.1:1/mcp")).tools()


async def test_the_program_ends_with_its_client(tmp_path: Path) -> None:
    async with GatewayClient(command(tmp_path)) as client:
        await client.tools()
    assert Program(tmp_path / "log").lines == ["closing", "ended"]


@both_eras
async def test_what_its_block_raises_goes_on_as_it_was(mode: str) -> None:
    async with behind_http() as behind:
        with pytest.raises(CallFailed):
            async with GatewayClient(Address(behind.url), mode) as client:
                await client.call("wrong")


@both_eras
async def test_a_line_that_breaks_is_told(mode: str) -> None:
    async def ask_stop_and_ask(behind: Behind) -> None:
        async with GatewayClient(Address(behind.url), mode) as client:
            await client.tools()
            await behind.stop()
            await client.tools()

    async with behind_http() as behind:
        with pytest.raises(GatewayUnreachable):
            await ask_stop_and_ask(behind)
