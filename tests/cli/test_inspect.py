"""`gateway inspect`: for people, programs and Mermaid."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Ran
from tests.docs.documents import ROOT

Gateway = Callable[..., Ran]

pytestmark = pytest.mark.timeout(60)  # the first command of a process imports half of the gateway

DEFINITIONS = str(ROOT / "tests/definitions/object_info.json")
FILE = str(ROOT / "workflows/image_to_image.json")


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be in a folder without a project."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GATEWAY_CONFIG", raising=False)


def test_a_workflow_is_shown_with_all_that_goes_in_and_comes_out(gateway: Gateway) -> None:
    ran = gateway("inspect", FILE, "--definitions", DEFINITIONS)
    assert (ran.status, ran.err) == (0, "")
    assert "positive ← 6, negative ← 7" in ran.out
    assert "nodes, " in ran.out
    assert "\ninputs\n  10.image: " in ran.out
    assert "\noutputs\n  9.image: SaveImage\n" in ran.out
    assert "\nmodels\n  4.ckpt_name: " in ran.out
    assert "```mermaid\nflowchart LR\n" in ran.out


def test_the_diagram_alone_is_nothing_but_the_diagram(gateway: Gateway) -> None:
    ran = gateway("inspect", FILE, "--mermaid", "--definitions", DEFINITIONS)
    assert ran.out.startswith("flowchart LR\n    n0[")
    assert "```" not in ran.out


def test_programs_get_json(gateway: Gateway) -> None:
    told = json.loads(gateway("inspect", FILE, "--json", "--definitions", DEFINITIONS).out)
    assert list(told) == ["nodes", "links", "inputs", "outputs", "models", "warnings"]
    assert {"id": "10", "class_type": "LoadImage", "title": "Image"} in told["nodes"]


def test_without_definitions_it_says_that_nothing_was_checked(gateway: Gateway) -> None:
    ran = gateway("inspect", FILE)
    assert "\nwarnings\n  no definitions of its nodes are known" in ran.out


def test_no_title_moves_the_terminal(gateway: Gateway, tmp_path: Path) -> None:
    graph = {
        "1\x1b[2J": {"class_type": "A\x1b]0;x\x07", "inputs": {}, "_meta": {"title": "\x1b[1m"}}
    }
    (tmp_path / "x.json").write_text(json.dumps(graph), encoding="utf-8")
    for form in ([], ["--mermaid"], ["--json"]):
        ran = gateway("inspect", "x.json", *form)
        assert ran.status == 0, ran.err
        assert "\x1b" not in ran.out + ran.err
