"""`gateway definitions pull`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import PORTRAIT, Ran
from tests.editor.portrait import portrait

Gateway = Callable[..., Ran]

PINNED = Path("schemas/definitions.json")


@pytest.mark.usefixtures("project", "simulator")
def test_the_classes_in_use_are_pinned_without_this_machine_s_files(gateway: Gateway) -> None:
    ran = gateway("definitions", "pull")
    assert ran == Ran(0, "schemas/definitions.json: 6 of 6 node classes\n", "")
    pinned = json.loads(PINNED.read_text("utf-8"))
    assert sorted(pinned) == [
        "CLIPTextEncode",
        "CheckpointLoaderSimple",
        "EmptyLatentImage",
        "KSampler",
        "SaveImage",
        "VAEDecode",
    ]
    assert pinned["CheckpointLoaderSimple"]["input"]["required"]["ckpt_name"][0] == []
    assert "safetensors" not in PINNED.read_text("utf-8")


@pytest.mark.usefixtures("simulator")
def test_a_class_that_no_backend_knows_is_told_and_what_was_pinned_is_kept(
    gateway: Gateway, project: Path
) -> None:
    path = project / "workflows/text_to_image.json"
    graph = json.loads(path.read_text("utf-8"))
    graph["20"] = {"class_type": "Mine", "inputs": {}}
    graph["21"] = {"class_type": "Lost", "inputs": {}}
    path.write_text(json.dumps(graph), encoding="utf-8")
    PINNED.parent.mkdir()
    PINNED.write_text('{"Mine": {"input": {}}, "Unused": {"input": {}}}', encoding="utf-8")
    ran = gateway("definitions", "pull")
    assert ran.out == (
        "schemas/definitions.json: 6 of 8 node classes\n"
        "  Lost: not known to any backend asked\n"
        "  Mine: kept as it was pinned\n"
    )
    assert {"Mine"} == json.loads(PINNED.read_text("utf-8")).keys() & {"Mine", "Lost", "Unused"}


@pytest.mark.usefixtures("simulator")
def test_one_backend_of_several_can_be_asked(gateway: Gateway, project: Path) -> None:
    text = PORTRAIT.replace("services:", '  gone: {url: "http://127.0.0.1:1"}\nservices:')
    (project / "services.yaml").write_text(text, encoding="utf-8")
    asked = gateway("definitions", "pull", "--backend", "studio")
    assert (asked.status, asked.err) == (0, "")
    both = gateway("definitions", "pull")
    assert both.status == 0
    assert "gone" in both.err
    other = gateway("definitions", "pull", "--backend", "moon")
    assert other.status == 2
    assert "There are: studio, gone." in other.err


@pytest.mark.usefixtures("project")
def test_no_answer_at_all_changes_nothing(gateway: Gateway) -> None:
    ran = gateway("definitions", "pull")
    assert ran.status == 1
    assert ran.err.startswith("error: ")
    assert not PINNED.exists()


def test_a_project_that_cannot_be_read_is_told(gateway: Gateway, project: Path) -> None:
    (project / "workflows/text_to_image.json").write_text("{", encoding="utf-8")
    ran = gateway("definitions", "pull")
    assert ran.status == 1
    assert "(workflow-json-invalid)" in ran.err


@pytest.mark.usefixtures("project", "simulator")
def test_stale_pins_do_not_keep_one_from_pulling_anew(gateway: Gateway) -> None:
    PINNED.parent.mkdir()
    PINNED.write_text("nonsense", encoding="utf-8")
    assert (gateway("definitions", "pull")).status == 0
    assert (gateway("validate")).status == 0


EDITOR = """\
version: 1
backends:
  studio: {url: "${COMFYUI_URL:-http://127.0.0.1:1}"}
services:
  portrait:
    description: Paint a portrait in oils.
    workflow: portrait.json
    parameters:
      prompt: {node: {title: Positive}, widget: text}
      seed: {node: "3", widget: seed, default: random}
    outputs:
      image: {node: "9"}
"""


@pytest.mark.usefixtures("simulator")
def test_an_editor_workflow_becomes_a_service_once_its_definitions_are_pulled(
    gateway: Gateway, project: Path
) -> None:
    workflow = json.dumps(portrait(prefix="%Positive.text%"))
    (project / "workflows/portrait.json").write_text(workflow, encoding="utf-8")
    (project / "services.yaml").write_text(EDITOR, encoding="utf-8")
    before = gateway("validate")
    assert before.status == 1
    assert "(workflow-needs-definitions)" in before.out
    assert "gateway definitions pull" in before.out
    pulled = gateway("definitions", "pull")
    assert pulled == Ran(0, "schemas/definitions.json: 6 of 6 node classes\n", "")
    after = gateway("validate", "--online")
    assert after == Ran(0, "services.yaml: 1 service, nothing to mend\n", "")
    ran = gateway("call", "portrait", "prompt={a fox} // quick", "seed=7", "--json")
    record = json.loads(ran.out)
    assert (record["status"], record["seeds"]) == ("completed", {"seed": 7})
    # the other node's value as it is before its own text is resolved, as the editor does it
    assert [each["filename"] for each in record["outputs"]] == ["{a fox} __ quick_00001_.png"]


@pytest.mark.usefixtures("project", "simulator")
def test_what_an_earlier_version_pinned_is_pinned_whole(gateway: Gateway) -> None:
    gateway("definitions", "pull")
    whole = PINNED.read_text("utf-8")
    earlier = json.loads(whole)
    for entry in earlier.values():
        del entry["input_order"]
    PINNED.write_text(json.dumps(earlier), encoding="utf-8")
    assert gateway("validate").status == 0
    gateway("definitions", "pull")
    assert PINNED.read_text("utf-8") == whole
