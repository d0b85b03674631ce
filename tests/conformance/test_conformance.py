"""The MCP conformance suite against the server as it is shipped, both eras.

Needs npm and the network once: node 22 and the suite are installed into pytest's cache. What does
not pass is in expected.json, each with its reason; anything else that fails, and anything there
that passes, fails this test.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest

from gateway.graph.json_value import Json, JsonObject

SUITE = "@modelcontextprotocol/conformance@0.2.0-alpha.12"

GOOD = ("SUCCESS", "INFO")

ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.servers, pytest.mark.timeout(400)]


@pytest.fixture
def suite(request: pytest.FixtureRequest) -> dict[str, str]:
    """Install the suite, or skip saying why; return the environment to run it in."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("the conformance suite needs npm, which is not here")
    cache = request.config.cache
    assert cache is not None
    folder = cache.mkdir("conformance")
    if not (folder / "node_modules" / ".bin" / "conformance").exists():
        installed = _install(npm, folder)
        if installed:
            pytest.skip(f"npm could not install the conformance suite: {installed}")
    tools = f"{folder / 'node_modules' / 'node' / 'bin'}:{folder / 'node_modules' / '.bin'}"
    return {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"}


def _install(npm: str, folder: Path) -> str:
    """Return what went wrong, or nothing."""
    (folder / "package.json").write_text('{"private": true}')
    words = [npm, "install", "--no-audit", "--no-fund", "node@22", SUITE]
    try:
        done = subprocess.run(  # noqa: S603 - a command of our own making
            words, cwd=folder, capture_output=True, text=True, timeout=180, check=False
        )
    except subprocess.TimeoutExpired:
        return "it took longer than three minutes"
    return done.stderr.strip()[-300:] if done.returncode else ""


@contextmanager
def served(*words: str) -> Generator[str]:
    """Serve as a program of its own, and yield the URL of MCP that it prints."""
    with subprocess.Popen(  # noqa: S603 - a command of our own making
        [sys.executable, "-m", *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as program:
        assert program.stdout is not None
        try:
            yield program.stdout.readline().split()[-1]
        finally:
            program.terminate()


def run(suite: Mapping[str, str], revision: str, url: str, folder: Path) -> dict[str, str]:
    """Run the suite and return `scenario/check` → status."""
    words = ["conformance", "server", "--requirements", revision, "-o", str(folder)]
    done = subprocess.run(  # noqa: S603 - a command of our own making
        [*words, "--url", url],
        env=dict(suite),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    checks = dict(_checks(folder))
    assert len(checks) > 60, done.stdout + done.stderr
    return checks


def test_the_suite_passes_but_for_what_this_server_does_not_have(
    suite: dict[str, str], tmp_path: Path
) -> None:
    # One test for both eras: two of them at a time would install the suite over each other.
    for revision in ("2025-11-25", "2026-07-28"):
        with served("tests.conformance.fixtures") as url:
            checks = run(suite, revision, url, tmp_path / revision)
        failing = {name for name, status in checks.items() if status not in GOOD}
        assert (revision, sorted(failing)) == (revision, sorted(_expected(revision)))
    for revision in ("2025-11-25", "2026-07-28"):
        with served("gateway.cli.main", "serve", "--transport", "http", "--port", "0") as url:
            checks = run(suite, revision, url, tmp_path / f"shipped-{revision}")
        failing = {name.split("/")[0] for name, status in checks.items() if status not in GOOD}
        passing = {name.split("/")[0] for name in checks} - failing
        shipped = cast("list[str]", _object(_read()["shipped"])[revision])
        assert (revision, sorted(passing)) == (revision, shipped)


def test_each_expected_failure_has_a_reason() -> None:
    why = _object(_read()["why"])
    given = [*_expected("2025-11-25").values(), *_expected("2026-07-28").values()]
    assert {str(each) for each in given} == why.keys()


def _checks(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield `scenario/check` and its status, for all that was run."""
    for file in folder.glob("*/checks.json"):
        # server-<scenario>-<time of 24 characters>
        scenario = file.parent.name.removeprefix("server-")[:-25]
        for check in cast("list[dict[str, str]]", json.loads(file.read_text(encoding="utf-8"))):
            yield f"{scenario}/{check['id']}", check["status"]


def _expected(revision: str) -> Mapping[str, Json]:
    return _object(_read()[revision])


def _read() -> JsonObject:
    return _object(json.loads((Path(__file__).parent / "expected.json").read_text("utf-8")))


def _object(value: Json) -> JsonObject:
    assert isinstance(value, Mapping)
    return cast("JsonObject", value)
