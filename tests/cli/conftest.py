"""A small project, the command line, and a simulated ComfyUI on a free port."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.cli.main import main
from gateway.simulator.server import Simulator
from tests.docs.documents import ROOT

PORTRAIT = """\
version: 1
backends:
  studio: {url: "${COMFYUI_URL:-http://127.0.0.1:1}"}
services:
  portrait:
    description: Paint a portrait in oils.
    workflow: text_to_image.json
    parameters:
      prompt: {node: "6", widget: text, required: true}
      seed: {node: "3", widget: seed, default: random}
      steps: {node: "3", widget: steps, maximum: 50}
    outputs:
      image: {node: "9"}
    examples:
      - {prompt: a lighthouse keeper, steps: 2}
"""


@dataclass
class Ran:
    """How a command ended."""

    status: int
    out: str
    err: str


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a project of one service, which is the current one."""
    folder = tmp_path / "project"
    (folder / "workflows").mkdir(parents=True)
    shutil.copy(ROOT / "workflows/text_to_image.json", folder / "workflows")
    (folder / "services.yaml").write_text(PORTRAIT, encoding="utf-8")
    monkeypatch.chdir(folder)
    monkeypatch.delenv("GATEWAY_CONFIG", raising=False)
    monkeypatch.delenv("COMFYUI_URL", raising=False)
    return folder


@contextmanager
def simulated(simulator: Simulator) -> Generator[Simulator]:
    """Run a simulated ComfyUI on its own thread, for a test without a loop."""
    asyncio.run(simulator.__aenter__())
    try:
        yield simulator
    finally:
        asyncio.run(simulator.__aexit__(None, None, None))


@pytest.fixture
def simulator(project: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Simulator]:
    """Yield a simulated ComfyUI; `COMFYUI_URL` says where it is."""
    assert project.is_dir()
    with simulated(Simulator()) as running:
        monkeypatch.setenv("COMFYUI_URL", running.url)
        yield running


@pytest.fixture
def gateway(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Return the command line, run in this thread."""

    def run(*words: str) -> Ran:
        capsys.readouterr()
        status = main(words)
        captured = capsys.readouterr()
        return Ran(status, captured.out, captured.err)

    return run
