"""`gateway validate --online` against backends that differ, lack things, are slow, or are not there."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from gateway.graph.json_value import Json
from gateway.simulator.faults import AnswerWith, Hang
from gateway.simulator.server import Simulator
from tests.cli.conftest import Ran, simulated
from tests.services.text_snapshot import TextSnapshot

Gateway = Callable[..., Ran]

THREE = """\
version: 1
backends:
  studio: {url: "${COMFYUI_URL:-http://127.0.0.1:1}"}
  attic: {url: "${ATTIC_URL:-http://127.0.0.1:1}", timeout: 2s, labels: [old]}
  cellar: {url: "http://127.0.0.1:1", labels: [damp]}
services:
  portrait:
    workflow: text_to_image.json
    parameters:
      prompt: {node: "6", widget: text, required: true}
      model: {node: "4", widget: ckpt_name, default: mine.safetensors}
      sampler: {node: "3", widget: sampler_name, choices: [euler, eulr]}
    outputs:
      image: {node: "9", kind: video}
    backend: {labels: [old]}
  anywhere:
    workflow: text_to_image.json
  below:
    workflow: text_to_image.json
    backend: {labels: [damp]}
"""


@pytest.fixture
def attic(
    project: Path, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> Generator[Simulator]:
    """Yield a second, older backend beside `studio`, with a checkpoint of its own."""
    assert simulator.url
    (project / "services.yaml").write_text(THREE, encoding="utf-8")
    with simulated(
        Simulator(
            version="0.3.64", models={"checkpoints": ("sd15/v1-5-pruned-emaonly.safetensors",)}
        )
    ) as running:
        monkeypatch.setenv("ATTIC_URL", running.url)
        yield running


def edit(project: Path, **nodes: Json) -> None:
    """Change nodes of the graph, or with a `_` before their id the fields of their inputs."""
    path = project / "workflows/text_to_image.json"
    graph = json.loads(path.read_text("utf-8"))
    for name, fields in nodes.items():
        node = graph.setdefault(name.removeprefix("n"), {})
        assert isinstance(fields, dict)
        inputs = {**node.get("inputs", {}), **fields.pop("inputs", {})}  # type: ignore[dict-item]
        node.update({**fields, "inputs": inputs})
    path.write_text(json.dumps(graph), encoding="utf-8")


def codes(ran: Ran) -> list[tuple[str, str, str]]:
    return [
        (each["code"], each["severity"], each["service"])
        for each in json.loads(ran.out)["findings"]
    ]


@pytest.mark.usefixtures("attic")
def test_what_several_backends_would_refuse_reads_well(
    gateway: Gateway, project: Path, snapshot: SnapshotAssertion
) -> None:
    edit(
        project,
        n4={"inputs": {"ckpt_name": "SD15\\v1-5-pruned-emaonly.ckpt"}},
        n3={"inputs": {"model": ["4", 1]}},
        n8={"class_type": "VAEDecodeMine"},
        n20={"class_type": "T2IAdapterLoader", "inputs": {"t2i_adapter_name": "x"}},
    )
    ran = gateway("validate", "--online")
    assert (ran.status, ran.err) == (1, "")
    assert ran.out == snapshot(extension_class=TextSnapshot)


@pytest.mark.usefixtures("attic")
def test_a_service_that_runs_somewhere_is_warned_of_only(gateway: Gateway) -> None:
    found = codes(gateway("validate", "--online", "--format", "json"))
    assert ("widget-option-unknown", "warning", "anywhere") in found
    assert ("widget-option-unknown", "error", "portrait") in found
    assert ("output-kind-impossible", "warning", "portrait") in found
    assert ("service-not-checked", "warning", "below") in found
    assert ("backend-unreachable", "error", None) in found
    assert ("backends-differ", "warning", "anywhere") in found


@pytest.mark.usefixtures("attic")
def test_one_backend_alone_may_be_asked(gateway: Gateway) -> None:
    ran = gateway("validate", "--backend", "studio", "--format", "json")
    assert (ran.status, codes(ran)) == (0, [])
    ran = gateway("validate", "--backend", "cellar", "--format", "json")
    assert (ran.status, codes(ran)) == (1, [("backend-unreachable", "error", None)])
    both = gateway("validate", "--backend", "studio", "--backend", "attic", "--format", "json")
    assert ("backends-differ", "warning", "anywhere") in codes(both)


@pytest.mark.usefixtures("attic")
def test_a_backend_that_is_not_declared_is_told_with_the_nearest(gateway: Gateway) -> None:
    ran = gateway("validate", "--backend", "studo")
    assert ran.status == 2
    assert "Did you mean studio?" in ran.err
    assert "There are: studio, attic, cellar." in gateway("validate", "--backend", "x").err


def test_a_backend_that_hangs_keeps_no_other_from_being_checked(
    gateway: Gateway, attic: Simulator
) -> None:
    attic.order(Hang("/object_info", times=9))
    found = codes(gateway("validate", "--online", "--format", "json"))
    assert [each for each in found if each[0].startswith("backend-")] == [
        ("backend-timed-out", "error", None),
        ("backend-unreachable", "error", None),
    ]
    assert ("service-not-checked", "warning", "portrait") in found
    assert ("service-not-checked", "warning", "anywhere") not in found


@pytest.mark.usefixtures("attic")
def test_comfyui_manager_is_asked_for_the_packs_of_missing_nodes(
    gateway: Gateway, project: Path, simulator: Simulator
) -> None:
    edit(project, n8={"class_type": "VAEDecodeMine"})
    mappings = {"https://example.invalid/mine": [["VAEDecodeMine"], {"title_aux": "Mine"}]}
    simulator.order(
        AnswerWith(
            "/customnode/getmappings", 200, json.dumps(mappings), "application/json", times=1
        )
    )
    ran = gateway("validate", "--backend", "studio")
    assert "Install Mine (https://example.invalid/mine) there, or change text_to_image.json." in (
        ran.out
    )
    page = AnswerWith("/customnode/getmappings", 200, "<html>", "text/html", times=1)
    simulator.order(page)
    assert "Install the pack that brings it there" in gateway("validate", "--backend", "studio").out


@pytest.mark.usefixtures("attic")
def test_another_backend_tells_the_pack_of_a_missing_node(
    gateway: Gateway, project: Path, simulator: Simulator
) -> None:
    edit(project, n8={"class_type": "VAEDecodeMine"})
    mine: Json = {
        "VAEDecodeMine": {
            "input": {"required": {"samples": ["LATENT"], "vae": ["VAE"]}},
            "output": ["IMAGE"],
            "python_module": "custom_nodes.mine",
        }
    }
    simulator.order(AnswerWith("/object_info", 200, json.dumps(mine), "application/json"))
    assert (
        "Install mine there, or change text_to_image.json." in gateway("validate", "--online").out
    )


@pytest.mark.usefixtures("simulator")
def test_pinned_definitions_that_are_out_of_date_are_told(gateway: Gateway, project: Path) -> None:
    assert gateway("definitions", "pull").status == 0
    assert gateway("validate", "--online").out.endswith("nothing to mend\n")
    path = project / "schemas/definitions.json"
    pinned = json.loads(path.read_text("utf-8"))
    del pinned["KSampler"]["input"]["required"]["scheduler"]
    path.write_text(json.dumps(pinned), encoding="utf-8")
    ran = gateway("validate", "--online")
    assert ran.status == 0
    assert "KSampler (input `scheduler` is on studio only)" in ran.out
    assert "Pin them anew: gateway definitions pull." in ran.out


@pytest.mark.usefixtures("simulator")
def test_a_replaced_node_is_a_warning_and_runs(gateway: Gateway, project: Path) -> None:
    edit(
        project,
        n20={
            "class_type": "T2IAdapterLoader",
            "inputs": {"t2i_adapter_name": "control_v11p_sd15_canny.pth"},
        },
    )
    ran = gateway("validate", "--online")
    assert ran.status == 0
    assert "runs ControlNetLoader in its place (`t2i_adapter_name` becomes `control_net_name`)" in (
        ran.out
    )
    assert gateway("call", "portrait", "prompt=x", "steps=1").status == 0


EDITOR: dict[str, Json] = {
    "nodes": [
        {
            "id": 1,
            "type": "MineSaver",
            "mode": 0,
            "inputs": [],
            "outputs": [],
            "properties": {"cnr_id": "mine-pack", "ver": "1.2.0"},
            "widgets_values": [],
        }
    ],
    "links": [],
    "version": 0.4,
}


@pytest.mark.usefixtures("simulator")
def test_a_workflow_that_the_editor_saved_names_the_pack_of_a_missing_node(
    gateway: Gateway, project: Path
) -> None:
    text = (project / "services.yaml").read_text(encoding="utf-8")
    head = text.partition("services:")[0]
    (project / "services.yaml").write_text(
        f"{head}services:\n  mine:\n    workflow: mine.json\n", encoding="utf-8"
    )
    (project / "workflows/mine.json").write_text(json.dumps(EDITOR), encoding="utf-8")
    saver: Json = {
        "input": {"required": {}},
        "input_order": {"required": []},
        "output": [],
        "output_node": True,
    }
    pinned: Json = {"MineSaver": saver}
    (project / "schemas").mkdir()
    (project / "schemas/definitions.json").write_text(json.dumps(pinned), encoding="utf-8")
    ran = gateway("validate", "--online")
    assert ran.status == 1
    assert "Install mine-pack 1.2.0 there, or change mine.json." in ran.out
