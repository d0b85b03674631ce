"""The shipped services and the examples: valid, as clients see them, and running."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from gateway.cli.main import main
from gateway.project.load import Project, load_project
from gateway.project.schema_files import stale_files
from gateway.services.bound import BoundService
from gateway.tools.definitions import service_tool
from tests.docs.documents import ROOT

CONFIGS = sorted([ROOT / "services.yaml", *ROOT.glob("examples/*/services.yaml")])
NAMES = [path.parent.relative_to(ROOT).as_posix() for path in CONFIGS]
LARGEST_INPUT = 800
LARGEST_TOLD = 950


def _project(config: Path) -> Project:
    loaded = load_project(config, {})
    assert loaded.findings == ()
    assert loaded.project is not None
    return loaded.project


def _services() -> list[BoundService]:
    return [each for config in CONFIGS for each in _project(config).services]


def test_the_ready_services_are_all_there() -> None:
    assert [each.name for each in _project(ROOT / "services.yaml").services] == [
        "text_to_image",
        "image_to_image",
        "inpaint",
        "controlnet_image",
        "lora_image",
        "upscale_image",
    ]
    assert NAMES == [
        "examples/prompt-grid",
        "examples/switches",
        "examples/team",
        "examples/three-outputs",
        "examples/two-lines",
        "examples/video-and-audio",
        ".",
    ]


@pytest.mark.parametrize("bound", _services(), ids=lambda bound: bound.name)
def test_a_service_is_published_as_its_snapshot_says(
    bound: BoundService, snapshot: SnapshotAssertion
) -> None:
    assert service_tool(bound).as_wire() == snapshot(extension_class=JSONSnapshotExtension)


@pytest.mark.parametrize("bound", _services(), ids=lambda bound: bound.name)
def test_a_service_takes_little_of_a_model_s_context(bound: BoundService) -> None:
    tool = service_tool(bound).as_wire()
    told = {key: tool[key] for key in ("name", "description", "inputSchema")}
    assert len(json.dumps(tool["inputSchema"], separators=(",", ":"))) <= LARGEST_INPUT
    assert len(json.dumps(told, separators=(",", ":"))) <= LARGEST_TOLD


@pytest.mark.parametrize("bound", _services(), ids=lambda bound: bound.name)
def test_a_service_s_schema_names_no_file_of_one_machine(bound: BoundService) -> None:
    text = json.dumps(service_tool(bound).as_wire())
    assert not any(ending in text for ending in (".safetensors", ".pth", ".ckpt", ".png"))


@pytest.mark.parametrize("config", CONFIGS, ids=NAMES)
def test_its_schemas_are_fresh(config: Path) -> None:
    project = _project(config)
    assert stale_files(project.root, project.services) == ()


@pytest.mark.timeout(30)
@pytest.mark.parametrize("version", ["0.33.0", "0.3.64"])
@pytest.mark.parametrize("config", CONFIGS, ids=NAMES)
def test_its_examples_run_on_the_simulator(
    config: Path,
    version: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("COMFYUI_URL", raising=False)
    status = main(["test", "--config", str(config), "--version", version])
    printed = capsys.readouterr().out
    assert status == 0, printed
    assert "FAIL" not in printed
    count = sum(max(len(each.service.examples), 1) for each in _project(config).services)
    assert printed.endswith(f"{count} of {count} examples passed\n")
