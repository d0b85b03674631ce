"""A command costs what it needs: nothing else is imported, and no connection is opened."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.docs.documents import ROOT

# Runs a command, then tells what was imported, and fails if it tried to connect.
RUN = """
import io, json, sys

def refuse(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo"):
        raise AssertionError(f"{event} {arguments}")

sys.addaudithook(refuse)
printed, sys.stdout = sys.stdout, io.StringIO()
from gateway.cli.main import main
status = main(sys.argv[1:])
printed.write(json.dumps([status, sorted(sys.modules)]))
"""

# Opens the project as `gateway serve` does and lists its tools.
SERVE = """
import asyncio, json, sys
from pathlib import Path
from gateway.cli.main import main
from gateway.cli.serving import open_served

async def listed():
    front = open_served(Path(sys.argv[1]))
    tools = [each.as_wire() for each in front.table.tools.values()]
    await front.close()
    return len(tools)

print(json.dumps([asyncio.run(listed()), sorted(sys.modules)]))
"""

HEAVY = ("sqlalchemy", "PIL", "obstore", "jsonschema", "structlog")
LATER = ("gateway.engine", "gateway.comfy", "gateway.editor.convert")
NETWORK = ("mcp", "mcp_types", "httpx2", "websockets", "uvicorn", "starlette")


def _imported(program: str, *words: str) -> tuple[int, set[str]]:
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program, *words],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=20,
    )
    assert done.returncode == 0, done.stderr
    number, modules = json.loads(done.stdout)
    return number, {str(each).partition(".")[0] for each in modules} | set(modules)


@pytest.mark.servers
@pytest.mark.timeout(20)
@pytest.mark.parametrize("words", [["validate"], ["schema", "--check"], ["tools", "--json"]])
def test_these_load_no_server_and_open_no_connection(words: list[str]) -> None:
    status, modules = _imported(RUN, *words)
    assert status == 0
    assert sorted(modules & {*NETWORK, "gateway.server", "gateway.engine", "gateway.comfy"}) == []


@pytest.mark.servers
@pytest.mark.timeout(20)
def test_serving_has_loaded_nothing_heavy_when_the_tools_are_listed() -> None:
    number, modules = _imported(SERVE, "services.yaml")
    assert number == 13
    assert sorted(modules & {*HEAVY, "typer", "rich", *LATER}) == []


@pytest.mark.servers
@pytest.mark.timeout(20)
def test_help_loads_no_command() -> None:
    status, modules = _imported(RUN, "--help")
    assert status == 0
    assert sorted(modules & {*NETWORK, *HEAVY, "gateway.project.load"}) == []
