"""stdio: nothing but MCP on stdout."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tests.server.doors import LEGACY, MODERN, Program

pytestmark = pytest.mark.timeout(20)


@pytest.mark.parametrize("mode", [LEGACY, MODERN])
async def test_a_stray_print_goes_to_stderr_and_stdout_stays_mcp(mode: str, tmp_path: Path) -> None:
    program = Program(tmp_path / "log")
    process = await program.start()
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stderr is not None
    await program.say(process, *program.opening(mode, "crash"))
    lines: list[bytes] = []
    async with asyncio.timeout(5):
        while not lines or json.loads(lines[-1]).get("id") != 2:
            lines.append(await process.stdout.readline())
        process.stdin.close()
        rest, errors = await process.stdout.read(), await process.stderr.read()
        await process.wait()
    assert [json.loads(line)["jsonrpc"] for line in [*lines, *rest.splitlines()]] == ["2.0"] * (
        2 if mode == LEGACY else 1
    )
    assert b"a stray print" in errors
    assert b"a stray write" in errors
    assert b"/home/secret/path is broken" in errors  # logged there, and only there


async def test_a_line_that_is_no_message_does_not_end_the_connection(tmp_path: Path) -> None:
    program = Program(tmp_path / "log")
    process = await program.start()
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"this is no JSON\n\xff\xfe\n")
    await program.say(process, *program.opening(MODERN, "quick"))
    async with asyncio.timeout(5):
        answer = json.loads(await process.stdout.readline())
        process.stdin.close()
        await process.wait()
    assert answer["result"]["structuredContent"]["status"] == "completed"


async def test_a_client_that_leaves_without_a_word_ends_the_process(tmp_path: Path) -> None:
    program = Program(tmp_path / "log")
    process = await program.start()
    assert process.stdin is not None
    process.stdin.close()
    async with asyncio.timeout(5):
        assert await process.wait() == 0
    assert program.lines == ["closing", "ended"]
