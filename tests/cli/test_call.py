"""`gateway call`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.simulator.server import Simulator
from tests.cli.conftest import PORTRAIT, Ran, simulated

Gateway = Callable[..., Ran]

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.mark.usefixtures("simulator")
def test_a_call_prints_its_answer_with_the_path_of_the_file(
    gateway: Gateway, project: Path
) -> None:
    ran = gateway("call", "portrait", "prompt=a fox", "steps=2", "seed=7")
    assert ran.status == 0
    assert ran.out.startswith("portrait: 1 output in ")
    path = Path(ran.out.split()[-1])
    assert path.read_bytes().startswith(PNG)
    assert path.is_relative_to(project / ".gateway/outputs")


@pytest.mark.usefixtures("project")
def test_a_call_that_takes_a_while_tells_what_goes_on(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    with simulated(Simulator(step_seconds=0.2)) as slow:
        monkeypatch.setenv("COMFYUI_URL", slow.url)
        ran = gateway("call", "portrait", "prompt=a fox", "steps=4")
    assert ran.status == 0
    lines = ran.err.splitlines()
    assert lines
    assert all(each.startswith("portrait: ") for each in lines)


@pytest.mark.usefixtures("project", "simulator")
def test_json_is_the_answer_s_record(gateway: Gateway) -> None:
    ran = gateway("call", "portrait", "prompt=a fox", "steps=2", "seed=7", "--json")
    record = json.loads(ran.out)
    assert record["status"] == "completed"
    assert record["seeds"] == {"seed": 7}
    assert record["parameters"] == {"prompt": "a fox", "steps": 2, "seed": 7}
    assert [each["name"] for each in record["outputs"]] == ["image"]


@pytest.mark.usefixtures("simulator")
def test_outputs_are_copied_where_one_says_and_never_over_another(
    gateway: Gateway, project: Path
) -> None:
    words = ("call", "portrait", "prompt=a fox", "steps=2", "-o", "out/deep")
    ran = [gateway(*words), gateway(*words)][1]
    saved = sorted(path.name for path in (project / "out/deep").iterdir())
    assert len(saved) == 2
    assert ran.out.splitlines()[-1] == f"saved out/deep/{saved[0]}"
    assert all((project / "out/deep" / name).read_bytes().startswith(PNG) for name in saved)


@pytest.mark.usefixtures("simulator")
def test_a_folder_that_cannot_be_made_is_told_before_anything_runs(
    gateway: Gateway, project: Path
) -> None:
    (project / "taken").write_text("a file", encoding="utf-8")
    for folder in ("taken", "taken/below"):
        ran = gateway("call", "portrait", "prompt=a fox", "steps=2", "-o", folder)
        assert (ran.status, ran.out) == (1, "")
        assert ran.err.startswith(f"error: outputs cannot be copied to {folder}: ")
        assert "(output-folder-unusable)" in ran.err
    assert not list((project / ".gateway").rglob("*.png"))


@pytest.mark.usefixtures("project", "simulator")
def test_wrong_arguments_are_all_told_and_exit_with_1(gateway: Gateway) -> None:
    ran = gateway("call", "portrait", "prompt=", "steps=90")
    assert ran.status == 1
    assert ran.out == ""
    assert "/prompt: " in ran.err
    assert "/steps: " in ran.err


@pytest.mark.usefixtures("project")
def test_an_unknown_service_is_wrong_use_with_the_nearest_name(gateway: Gateway) -> None:
    ran = gateway("call", "potrait")
    assert ran.status == 2
    assert ran.err == (
        "error: there is no service 'potrait' (wrong-use)\n  Did you mean portrait?\n"
    )


@pytest.mark.usefixtures("simulator")
def test_a_file_that_a_person_names_is_read_wherever_it_is(
    gateway: Gateway, project: Path, tmp_path: Path
) -> None:
    text = PORTRAIT.replace(
        "    outputs:",
        "      picture: {node: '10', widget: image, type: image, required: true}\n    outputs:",
    ).replace("steps: 2}", "steps: 2, picture: x.png}")
    path = project / "workflows/text_to_image.json"
    graph = json.loads(path.read_text("utf-8"))
    graph["10"] = {"class_type": "LoadImage", "inputs": {"image": "example.png"}}
    graph["11"] = {
        "class_type": "SaveImage",
        "inputs": {"images": ["10", 0], "filename_prefix": "copy"},
    }
    path.write_text(json.dumps(graph), encoding="utf-8")
    (project / "services.yaml").write_text(text, encoding="utf-8")
    picture = tmp_path / "far away" / "a.png"
    picture.parent.mkdir()
    picture.write_bytes((Path(__file__).parents[2] / "examples/inputs/mask.png").read_bytes())
    ran = gateway("call", "portrait", "prompt=a fox", f"picture=@{picture}", "--json")
    assert ran.status == 0, ran.err
    assert json.loads(ran.out)["total_images"] == 2


@pytest.mark.usefixtures("project", "simulator")
def test_a_built_in_tool_can_be_called(gateway: Gateway) -> None:
    ran = gateway("call", "comfyui_health_check")
    assert ran.status == 0
    assert ran.out.startswith("studio: ComfyUI 0.33.0")


@pytest.mark.usefixtures("simulator")
def test_a_run_that_fails_exits_with_1_and_says_why(gateway: Gateway, project: Path) -> None:
    path = project / "workflows/text_to_image.json"
    graph = json.loads(path.read_text("utf-8"))
    graph["8"]["class_type"] = "VAEDecodeMine"
    path.write_text(json.dumps(graph), encoding="utf-8")
    ran = gateway("call", "portrait", "prompt=a fox")
    assert ran.status == 1
    assert "VAEDecodeMine" in ran.out + ran.err
