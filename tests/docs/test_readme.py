"""The README, followed word for word on a machine with a (simulated) ComfyUI."""

from __future__ import annotations

import asyncio
import io
import re
import shutil
from collections.abc import Generator
from pathlib import Path

import pytest

from gateway.cli.main import main
from gateway.simulator.server import Simulator
from tests.docs.documents import ROOT, blocks, commands, gateway_words

README = (ROOT / "README.md").read_text(encoding="utf-8")
YAML = next(each.text for each in blocks("yaml") if each.document == "README.md")


class Terminal(io.StringIO):
    """Somebody who types this."""

    def isatty(self) -> bool:
        """Say so."""
        return True


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Path]:
    """Return the folder of somebody who did what the README says, with a ComfyUI running."""
    (tmp_path / "workflows").mkdir()
    shutil.copy(ROOT / "workflows/text_to_image.json", tmp_path / "workflows/portrait.json")
    shutil.copy(ROOT / "workflows/upscale_image.json", tmp_path / "my_workflow.json")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GATEWAY_CONFIG", raising=False)
    simulator = Simulator()
    asyncio.run(simulator.__aenter__())
    text = f"{YAML}\nbackends: {{simulated: {{url: '{simulator.url}'}}}}\n"
    (tmp_path / "services.yaml").write_text(text, encoding="utf-8")
    try:
        yield tmp_path
    finally:
        asyncio.run(simulator.__aexit__(None, None, None))


@pytest.mark.timeout(30)
def test_its_commands_work_one_after_the_other(
    reader: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [line for where, line in commands() if where.startswith("README.md")]
    words = [found for line in lines if (found := gateway_words(line)) and found[0] != "serve"]
    assert [each[0] for each in words] == ["add", "validate", "tools", "call"]
    monkeypatch.setattr("sys.stdin", Terminal("\n"))
    for each in words:
        assert main(each) == 0, capsys.readouterr()
    told = capsys.readouterr().out
    assert "nothing to mend" in told
    assert "prompt*, seed, steps" in told
    picture = Path(told.split()[-1])
    assert picture.is_relative_to(reader / ".gateway/outputs")
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.usefixtures("reader")
def test_a_command_it_names_in_passing_works_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert "`gateway definitions pull`" in README
    assert main(["definitions", "pull"]) == 0
    assert main(["validate"]) == 0
    assert "6 of 6 node classes" in capsys.readouterr().out


def test_it_publishes_a_workflow_in_ten_lines() -> None:
    assert len(YAML.strip().splitlines()) <= 10


def test_it_keeps_its_order() -> None:
    headings = re.findall(r"^## (.+)$", README, re.MULTILINE)
    assert headings == [
        "See it work",
        "Publish your own workflow",
        "Add it to an MCP client",
        "Commands",
        "What it is built on",
    ]
    assert README.index("```mermaid") < README.index("## See it work")


def test_its_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", README)
    inside = [each for each in links if not each.startswith("https://")]
    assert inside
    assert [each for each in inside if not (ROOT / each).exists()] == []
