"""`gateway explain`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from gateway.graph.json_value import Json
from gateway.simulator.server import Simulator
from tests.cli.conftest import PORTRAIT, Ran, simulated
from tests.services.text_snapshot import TextSnapshot

Gateway = Callable[..., Ran]


def explained(ran: Ran) -> Mapping[str, Json]:
    assert ran.out, ran.err
    return json.loads(ran.out)


def changes(record: Mapping[str, Json]) -> dict[tuple[str, str], tuple[Json, Json, str]]:
    found: dict[tuple[str, str], tuple[Json, Json, str]] = {}
    assert isinstance(record["changes"], list)
    for each in record["changes"]:
        assert isinstance(each, dict)
        key = (str(each["node_id"]), str(each["input"]))
        found[key] = (each["before"], each["after"], str(each["from"]))
    return found


@pytest.mark.usefixtures("project", "simulator")
def test_a_call_is_explained_for_people(gateway: Gateway, snapshot: SnapshotAssertion) -> None:
    ran = gateway("explain", "portrait", "prompt=a fox", "seed=7", "steps=4")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == snapshot(extension_class=TextSnapshot)
    lines = [" ".join(line.split()) for line in ran.out.splitlines()]
    assert lines[0] == "portrait would run on studio: the only backend"
    assert 'argument prompt="a fox"' in lines
    assert "node input in the graph in this call from" in lines
    assert '3 (KSampler "Sampler") seed 156680208700286 7 seed' in lines
    assert "steps 20 4 steps" in lines
    assert "studio runs it the only backend" in lines
    assert "limits waits in line as long as it takes, runs 10m at most" in lines
    assert lines[-1] == "Nothing was run, and nothing is kept."


def test_nothing_is_run_and_nothing_is_kept(
    gateway: Gateway, project: Path, simulator: Simulator
) -> None:
    before = sorted(project.rglob("*"))
    assert gateway("explain", "portrait", "prompt=a fox").status == 0
    assert sorted(project.rglob("*")) == before
    counters = simulator.counters()
    assert (counters["runs"], counters["uploads"], counters["prompts"]) == (0, 0, {})


@pytest.mark.usefixtures("project", "simulator")
def test_json_tells_all_of_it(gateway: Gateway) -> None:
    record = explained(gateway("explain", "portrait", "prompt=a {red|red} fox", "--json"))
    assert record["runs"] is True
    assert record["backend"] == "studio"
    seeds = record["seeds"]
    assert isinstance(seeds, dict)
    found = changes(record)
    assert found["3", "seed"][1:] == (seeds["seed"], "seed, drawn at random")
    assert found["9", "filename_prefix"][1:] == (
        "gateway/<run>/gateway",
        "a folder of the run's own",
    )
    assert found["6", "text"][2].startswith("prompt")
    assert record["models"] == ["v1-5-pruned-emaonly-fp16.safetensors"]
    assert record["backends"] == [
        {"name": "studio", "reason": "the only backend", "refuses": [], "expected_seconds": None}
    ]
    assert (record["timeout_seconds"], record["wait_seconds"]) == (600.0, 45.0)


@pytest.mark.usefixtures("simulator")
def test_what_the_backend_would_refuse_is_told(gateway: Gateway, project: Path) -> None:
    path = project / "workflows/text_to_image.json"
    graph = json.loads(path.read_text("utf-8"))
    graph["8"]["class_type"] = "VAEDecodeMine"
    path.write_text(json.dumps(graph), encoding="utf-8")
    ran = gateway("explain", "portrait", "prompt=a fox")
    assert ran.status == 1
    assert ran.out.startswith("portrait would be placed on studio and refused there:")
    assert "refused   on studio: node 8" in ran.out


@pytest.mark.usefixtures("project")
def test_a_backend_that_does_not_answer_is_told(gateway: Gateway) -> None:
    ran = gateway("explain", "portrait", "prompt=a fox", "--json")
    record = explained(ran)
    assert ran.status == 1
    assert (record["runs"], record["backend"]) == (False, None)
    assert record["because"] == "no backend that may run it takes runs now"


@pytest.mark.usefixtures("project")
def test_offline_nobody_is_asked(gateway: Gateway) -> None:
    ran = gateway("explain", "portrait", "prompt=a fox", "--offline", "--json")
    assert ran.status == 0
    assert explained(ran)["backend"] == "studio"


@pytest.mark.usefixtures("project", "simulator")
@pytest.mark.parametrize(
    "words",
    [
        ("portrait",),
        ("portrait", "prompt=x", "steps=900"),
        ("portrait", "prompt=x", "stepz=9"),
        ("portrait", "prompt"),
    ],
)
def test_wrong_arguments_are_the_same_error_as_a_calls(
    gateway: Gateway, words: tuple[str, ...]
) -> None:
    called = gateway("call", *words)
    told = gateway("explain", *words)
    assert told.status == called.status
    for line in told.err.splitlines()[:1]:
        assert line.removeprefix("error: ") in called.err + called.out


@pytest.mark.usefixtures("project")
def test_a_service_that_is_not_there_is_told_with_the_nearest(gateway: Gateway) -> None:
    ran = gateway("explain", "portraits")
    assert ran.status == 2
    assert "Did you mean portrait?" in ran.err
    assert "There are: portrait." in gateway("explain", "x").err


@pytest.mark.usefixtures("simulator")
def test_what_earlier_jobs_told_is_used(gateway: Gateway, project: Path) -> None:
    assert gateway("call", "portrait", "prompt=a fox", "steps=1").status == 0
    kept = (project / ".gateway/jobs.db").exists()
    record = explained(gateway("explain", "portrait", "prompt=a fox", "--json"))
    assert kept
    assert isinstance(record["backends"], list)
    (backend,) = record["backends"]
    assert isinstance(backend, dict)
    assert isinstance(backend["expected_seconds"], float)
    assert " expected" in gateway("explain", "portrait", "prompt=a fox").out
    gateway("backends", "drain", "studio")
    record = explained(gateway("explain", "portrait", "prompt=a fox", "--json"))
    assert record["backend"] is None
    assert "drained" in str(record["backends"])


TWO = PORTRAIT.replace(
    '  studio: {url: "${COMFYUI_URL:-http://127.0.0.1:1}"}',
    """\
  studio: {url: "${COMFYUI_URL:-http://127.0.0.1:1}"}
  attic: {url: "${ATTIC_URL:-http://127.0.0.1:1}"}""",
).replace(
    "      steps: {",
    '      model: {node: "4", widget: ckpt_name}\n      steps: {',
)


@pytest.mark.usefixtures("simulator")
def test_a_call_is_placed_where_what_it_chooses_is(
    gateway: Gateway, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "services.yaml").write_text(TWO, encoding="utf-8")
    mine = {"checkpoints": ("mine.safetensors",)}
    with simulated(Simulator(models=mine)) as attic:
        monkeypatch.setenv("ATTIC_URL", attic.url)
        ran = gateway("explain", "portrait", "prompt=x", "model=mine.safetensors", "--json")
        record = explained(ran)
        assert (record["backend"], record["because"]) == ("attic", "the only one that can run it")
        assert record["models"] == ["mine.safetensors"]
        assert "it lacks what the arguments choose" in str(record["backends"])
        ran = gateway("explain", "portrait", "prompt=x", "model=gone.safetensors")
        assert ran.status == 1
        assert "no backend of this service has 'gone.safetensors'" in ran.err


FILE = """\
version: 1
backends:
  studio: {url: "${COMFYUI_URL:-http://127.0.0.1:1}"}
services:
  invert:
    workflow: invert.json
    parameters:
      image: {node: "1", widget: image, type: image, required: true}
"""
INVERT: dict[str, Json] = {
    "1": {"class_type": "LoadImage", "inputs": {"image": "a.png"}},
    "2": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}},
    "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "x"}},
}


@pytest.mark.usefixtures("simulator")
def test_files_are_looked_at_and_sent_nowhere(gateway: Gateway, project: Path) -> None:
    (project / "services.yaml").write_text(FILE, encoding="utf-8")
    (project / "workflows/invert.json").write_text(json.dumps(INVERT), encoding="utf-8")
    picture = project / "picture.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(2000))
    record = explained(gateway("explain", "invert", f"image=@{picture}", "--json"))
    assert record["uploads"] == [
        {"parameter": "image", "filename": "picture.png", "size_bytes": 2008}
    ]
    assert changes(record)["1", "image"] == (
        "a.png",
        "gateway/…-picture.png",
        "file of image",
    )
    assert (
        "upload    image: picture.png, 2.0 KiB"
        in gateway("explain", "invert", f"image=@{picture}").out
    )
    url = "https://example.invalid/some/fox.png?x=1"
    record = explained(gateway("explain", "invert", f"image={url}", "--json"))
    assert record["uploads"] == [{"parameter": "image", "filename": "fox.png", "size_bytes": None}]
    assert "fox.png, once it is fetched" in gateway("explain", "invert", f"image={url}").out


@pytest.mark.usefixtures("simulator")
def test_a_file_that_may_not_be_read_is_refused_as_in_a_call(
    gateway: Gateway, project: Path
) -> None:
    (project / "services.yaml").write_text(FILE, encoding="utf-8")
    (project / "workflows/invert.json").write_text(json.dumps(INVERT), encoding="utf-8")
    called = gateway("call", "invert", "image=../secret.png")
    told = gateway("explain", "invert", "image=../secret.png")
    assert told.status == called.status == 1
    assert told.err.splitlines()[0] == called.err.splitlines()[0]
