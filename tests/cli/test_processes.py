"""Commands as whole processes: what a terminal sees, and what a signal does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from gateway import __version__
from gateway.graph.json_value import JsonObject, as_object
from gateway.simulator.server import Simulator
from tests.cli.conftest import simulated
from tests.docs.documents import ROOT
from tests.editor.portrait import OBJECT_INFO, portrait

pytestmark = [pytest.mark.servers, pytest.mark.timeout(30)]
PATIENCE = 10.0


@contextmanager
def _started(
    *words: str, folder: Path = ROOT, environment: Mapping[str, str] | None = None
) -> Generator[subprocess.Popen[str]]:
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "gateway.cli.main", *words],
        cwd=folder,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE)


def _read_until(stream: object, text: str) -> str:
    """Return the first line that holds a text."""
    for line in iter(getattr(stream, "readline"), ""):  # noqa: B009 - typed as an object
        if text in line:
            return str(line)
    pytest.fail(f"it never said {text!r}")


def test_the_demo_shows_a_tool_at_work_and_leaves_a_picture() -> None:
    with _started("demo") as demo:
        out, err = demo.communicate(timeout=PATIENCE * 2)
    assert demo.returncode == 0, err
    assert "text_to_image: " in err
    path = Path(next(word for word in out.split() if word.startswith("/")))
    assert path.read_bytes().startswith(b"\x89PNG")


def test_the_simulator_says_where_it_listens_and_ends_when_told(project: Path) -> None:
    with _started("simulate", "--port", "0", folder=project) as simulate:
        assert simulate.stderr
        assert "http://127.0.0.1:" in _read_until(simulate.stderr, "listens at")
        simulate.send_signal(signal.SIGINT)
        assert simulate.wait(PATIENCE) == 0


def test_a_port_in_use_is_told(project: Path, simulator: Simulator) -> None:
    with _started("simulate", "--port", str(simulator.port), folder=project) as second:
        _, err = second.communicate(timeout=PATIENCE)
    assert second.returncode == 1
    assert "(http-port-in-use)" in err
    assert "Traceback" not in err


def _statuses_at_the_end(url: str) -> list[str]:
    """Return the status of each of ComfyUI's jobs, once none runs: it stops between two steps."""
    until = time.monotonic() + PATIENCE
    statuses = ["in_progress"]
    while "in_progress" in statuses and time.monotonic() < until:
        with urlopen(f"{url}/api/jobs") as answer:  # noqa: S310 - http, on loopback
            statuses = [each["status"] for each in json.load(answer)["jobs"]]
    return statuses


def test_ctrl_c_cancels_the_job_in_comfyui_too(project: Path) -> None:
    words = ("call", "portrait", "prompt=slow", "steps=50")
    with simulated(Simulator(step_seconds=0.4)) as comfyui:
        with _started(*words, folder=project, environment={"COMFYUI_URL": comfyui.url}) as call:
            assert call.stderr
            _read_until(call.stderr, "portrait: Sampler")
            call.send_signal(signal.SIGINT)
            _, err = call.communicate(timeout=PATIENCE)
        statuses = _statuses_at_the_end(comfyui.url)
    assert call.returncode == 1
    assert err.endswith("portrait: cancelled\n")
    assert "Traceback" not in err
    assert statuses == ["cancelled"]


def _asked(serve: subprocess.Popen[str], *messages: dict[str, object]) -> JsonObject:
    """Send messages of which the last is a request, and return its result."""
    assert serve.stdin
    assert serve.stdout
    for message in messages:
        serve.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    serve.stdin.flush()
    answer = json.loads(serve.stdout.readline())
    assert answer["id"] == messages[-1]["id"]
    return answer["result"]


HELLO: dict[str, object] = {
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}


def test_tools_json_is_what_a_client_is_listed(project: Path) -> None:
    with _started("tools", "--json", folder=project) as tools:
        printed, _ = tools.communicate(timeout=PATIENCE)
    with _started("serve", folder=project) as serve:
        _asked(serve, HELLO)
        ready: dict[str, object] = {"method": "notifications/initialized"}
        listed = _asked(serve, ready, {"id": 2, "method": "tools/list"})
    assert json.loads(printed) == {"tools": listed["tools"]}


def test_serving_over_stdio_keeps_stdout_for_mcp_and_ends_with_its_client(project: Path) -> None:
    with _started("serve", folder=project) as serve:
        told = as_object(_asked(serve, HELLO)["serverInfo"]) or {}
        assert (told["name"], told["version"]) == ("comfyui-gateway", __version__)
        out, err = serve.communicate(timeout=PATIENCE)
    assert (serve.returncode, out, err) == (0, "", "")


def test_serving_over_http_says_where_and_ends_when_told(project: Path) -> None:
    words = ("serve", "--transport", "http", "--port", "0")
    with _started(*words, folder=project) as serve:
        assert serve.stderr
        assert "/mcp" in _read_until(serve.stderr, "Serving MCP at http://127.0.0.1:")
        serve.send_signal(signal.SIGTERM)
        assert serve.wait(PATIENCE) == 0


def test_serving_beyond_this_machine_wants_a_key(project: Path) -> None:
    with _started("serve", "--transport", "http", "--host", "0.0.0.0", folder=project) as serve:  # noqa: S104 - it must be refused
        _, err = serve.communicate(timeout=PATIENCE)
    assert serve.returncode == 1
    assert "(http-bind-needs-key)" in err


def test_a_reader_that_leaves_early_is_no_fault(project: Path) -> None:
    assert project.is_dir()
    program = f"{sys.executable} -m gateway.cli.main tools --json | head -c 1"
    done = subprocess.run(  # noqa: S602 - a pipe is what is tested
        program, shell=True, cwd=project, capture_output=True, encoding="utf-8", check=False
    )
    assert done.stdout == "{"
    assert done.stderr == ""


def test_many_workflows_are_converted_in_one_go_with_a_line_for_each(tmp_path: Path) -> None:
    (tmp_path / "info.json").write_text(json.dumps(OBJECT_INFO), encoding="utf-8")
    for number in range(50):
        text = json.dumps(portrait(f"a fox, {number}"))
        (tmp_path / f"{number}.json").write_text(text, encoding="utf-8")
    files = [f"{number}.json" for number in range(50)]
    words = ("convert", *files, "--definitions", "info.json", "--jsonl")
    with _started(*words, folder=tmp_path) as converting:
        out, err = converting.communicate(timeout=PATIENCE)
    assert (converting.returncode, err) == (0, "")
    lines = [json.loads(line) for line in out.splitlines()]
    assert [each["file"] for each in lines] == files
    assert [each["api"]["6"]["inputs"]["text"] for each in lines] == [
        f"a fox, {number}" for number in range(50)
    ]
