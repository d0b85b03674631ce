"""stdin and stdout as the event loop's own streams."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.server.pipes import LONGEST_LINE, Incoming

pytestmark = [
    pytest.mark.timeout(30),
    pytest.mark.skipif(sys.platform == "win32", reason="the SDK's transport serves there"),
]

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "tests.server.pipes_program")


def message(method: str = "ping", **params: str) -> bytes:
    """Return a request as a line."""
    return (
        json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode() + b"\n"
    )


def run(given: bytes) -> subprocess.CompletedProcess[bytes]:
    """Run the program on what is given."""
    return subprocess.run(  # noqa: S603 - our own program
        COMMAND, cwd=ROOT, input=given, capture_output=True, timeout=20, check=True
    )


def test_messages_go_in_and_out_and_the_descriptors_come_back() -> None:
    done = run(message() + message("again"))
    lines = done.stdout.splitlines()
    assert [json.loads(each)["method"] for each in lines[:2]] == ["ping", "again"]
    assert lines[2:] == [b"the last word"]
    assert b"blocking True True" in done.stderr


def test_a_stray_write_misses_the_wire_and_a_stray_read_finds_nothing() -> None:
    done = run(message("print"))
    assert b"a stray write" not in done.stdout
    assert b"a stray write" in done.stderr
    assert b"read b''" in done.stderr


def test_what_is_no_message_is_told_and_the_next_is_read() -> None:
    done = run(b"no JSON\n\n[]\n" + message() + b'{"jsonrpc": "2.0", "id": 7}\n')
    told = [json.loads(each) for each in done.stdout.splitlines()[:-1]]
    assert ["error" in each for each in told] == [True, True, True, False, True]


def test_a_byte_that_is_not_utf8_spoils_its_text_alone() -> None:
    done = run(message(a="x").replace(b'"x"', b'"\xff"'))
    assert json.loads(done.stdout.splitlines()[0])["params"]["a"] == "\N{REPLACEMENT CHARACTER}"


def test_a_message_much_larger_than_a_pipe_goes_through_whole() -> None:
    text = "ä" * 3_000_000
    done = run(message(text=text))
    assert json.loads(done.stdout.splitlines()[0])["params"]["text"] == text


def test_a_last_line_without_its_end_is_read() -> None:
    assert len(run(message().rstrip()).stdout.splitlines()) == 2


async def test_a_client_that_reads_slowly_gets_everything() -> None:
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=2**22,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    sent = [message(text=f"{number}" * 200_000) for number in range(10)]
    for each in sent:
        process.stdin.write(each)
    await asyncio.sleep(0.5)
    process.stdin.close()
    got = [await process.stdout.readline() for _ in sent]
    assert [json.loads(each) for each in got] == [json.loads(each) for each in sent]
    assert await process.wait() == 0


async def test_a_client_that_reads_no_more_does_not_hold_the_end_up() -> None:
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(message())
    await process.stdout.readline()
    process.stdout._transport.close()  # type: ignore[attr-defined]  # asyncio has no other way
    process.stdin.write(message())
    await process.stdin.drain()
    process.stdin.close()
    async with asyncio.timeout(10):
        await process.wait()


def test_a_socket_pair_is_served_too() -> None:
    ours, theirs = socket.socketpair()
    with (
        ours,
        theirs,
        subprocess.Popen(  # noqa: S603 - our own program
            COMMAND,
            cwd=ROOT,
            stdin=theirs.fileno(),
            stdout=theirs.fileno(),
            stderr=subprocess.DEVNULL,
        ) as process,
    ):
        theirs.close()
        ours.sendall(message())
        with ours.makefile("rb") as lines:
            assert json.loads(lines.readline())["method"] == "ping"
        ours.shutdown(socket.SHUT_WR)
        assert process.wait(10) == 0


def test_a_file_is_left_to_the_sdk(tmp_path: Path) -> None:
    path = tmp_path / "given"
    path.write_bytes(message())
    with path.open("rb") as given:
        done = subprocess.run(COMMAND, cwd=ROOT, stdin=given, capture_output=True, check=True)  # noqa: S603 - our own program
    assert done.stderr == b"no pipes\n"


def test_one_pipe_for_stdout_and_stderr_is_left_to_the_sdk() -> None:
    done = subprocess.run(  # noqa: S603 - our own program
        COMMAND,
        cwd=ROOT,
        input=b"",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=True,
    )
    assert done.stdout == b"no pipes\n"


def test_a_closed_descriptor_is_left_to_the_sdk() -> None:
    code = "import os; os.close(0); from gateway.server.pipes import are_pipes; print(are_pipes())"
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", code], cwd=ROOT, input=b"", capture_output=True, check=True
    )
    assert done.stdout == b"False\n"


async def test_a_line_beyond_the_limit_is_told_and_the_next_is_read() -> None:
    lines = asyncio.StreamReader(limit=100)
    lines.feed_data(b"x" * 500 + b"\n" + message())
    lines.feed_eof()
    got = [item async for item in Incoming(lines)]
    assert [type(each).__name__ for each in got] == ["ValueError", "SessionMessage"]
    assert LONGEST_LINE > 100 * 2**20  # a picture of 50 MB in base64 has room


def test_a_project_is_served_from_a_file_too(tmp_path: Path) -> None:
    """The way through the SDK's transport: what a file holds is answered."""
    path = tmp_path / "given"
    hello = {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "t", "version": "1"},
    }
    opening = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}
    path.write_text(json.dumps(opening) + "\n", encoding="utf-8")
    environment = {**os.environ, "MEMORY_GATEWAY_LOG": str(tmp_path / "log")}
    with path.open("rb") as given:
        done = subprocess.run(
            [sys.executable, "-m", "tests.server.stdio_program"],
            cwd=ROOT,
            env=environment,
            stdin=given,
            capture_output=True,
            timeout=20,
            check=True,
        )
    assert json.loads(done.stdout.splitlines()[0])["id"] == 1
