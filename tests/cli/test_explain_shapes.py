"""`gateway explain` beside `gateway call`: what is said of a graph is what is posted."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from gateway.simulator.server import Simulator
from gateway.simulator.settings import DEFAULT_MODELS
from tests.cli.conftest import Ran, simulated
from tests.docs.documents import ROOT

pytestmark = pytest.mark.timeout(60)

Gateway = Callable[..., Ran]

SEVERAL = (
    ("text, required: true,", "text, required: true, batch: values,"),
    ("        default: quick\n", "        default: quick\n        batch: values\n"),
    ("services:\n", 'backends:\n  sim: {url: "${SIM_URL}"}\nservices:\n'),
)


@pytest.fixture
def beacon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of the example that changes its graph's shape, with lists for some of it."""
    folder = tmp_path / "beacon"
    shutil.copytree(ROOT / "examples/switches", folder)
    shutil.copytree(ROOT / "examples/inputs", folder / "inputs", dirs_exist_ok=True)
    text = (folder / "services.yaml").read_text("utf-8")
    for old, new in SEVERAL:
        assert old in text
        text = text.replace(old, new)
    (folder / "services.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(folder)
    return folder


def posted(simulator: Simulator) -> list[dict[str, Any]]:
    """Return the graphs that were run, in the order of their coming."""
    with urlopen(f"{simulator.url}/history") as answer:  # noqa: S310 (loopback)
        entries = json.load(answer).values()
    prompts = sorted((each["prompt"] for each in entries), key=lambda each: each[0])
    return [each[2] for each in prompts]


def changed(graph: dict[str, Any], changes: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return a graph's inputs with the changes that were told."""
    inputs = {node_id: dict(node["inputs"]) for node_id, node in graph.items()}
    for each in changes:
        node_id, name = each["node_id"], each["input"]
        if name is None:
            inputs[node_id] = {}
            if not each["is_there"]:
                del inputs[node_id]
        elif each["is_there"]:
            inputs[node_id][name] = each["after"]
        else:
            del inputs[node_id][name]
    return inputs


def known(inputs: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return them without what only the run itself tells: its folder, and a file's name there."""
    for node_id, name, end in (("9", "filename_prefix", "/gateway"), ("11", "image", "-edges.png")):
        if node_id in inputs:
            assert str(inputs[node_id][name]).startswith("gateway/")
            assert str(inputs[node_id][name]).endswith(end)
            inputs[node_id][name] = end
    return inputs


STACK = json.dumps([{"name": "papercut.safetensors"}, {"name": "add_detail.safetensors"}])


@pytest.mark.parametrize(
    "words",
    [
        ("prompt=a fox",),
        ("prompt=a fox", f"styles={STACK}", "finish=large"),
        ("prompt=a fox", "edges=@inputs/edges.png"),
        ("prompt=a fox", "prompt=a dog", "finish=large", "finish=quick", f"styles={STACK}"),
    ],
    ids=["absent", "repeated", "with a file", "several jobs"],
)
def test_what_is_explained_is_what_is_posted(
    gateway: Gateway, beacon: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    loras = ("papercut.safetensors", "add_detail.safetensors")
    with simulated(Simulator(models={**DEFAULT_MODELS, "loras": loras})) as simulator:
        monkeypatch.setenv("SIM_URL", simulator.url)
        said = gateway("explain", "beacon", *words, "seed=5", "--json")
        assert (said.status, said.err) == (0, "")
        told = json.loads(said.out)
        assert gateway("call", "beacon", *words, "seed=5").status == 0
        graphs = posted(simulator)
    assert len(graphs) == len(told.get("jobs", [None]))
    written = json.loads((beacon / "workflows/beacon.json").read_text("utf-8"))
    expected = known(changed(written, told["changes"]))
    assert expected in [
        known({node_id: node["inputs"] for node_id, node in graph.items()}) for graph in graphs
    ]
    assert all(each["from"] for each in told["changes"] if each["node_id"] in written)


def test_every_job_of_several_is_told(
    gateway: Gateway, beacon: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert beacon.is_dir()
    with simulated(Simulator()) as simulator:
        monkeypatch.setenv("SIM_URL", simulator.url)
        words = ("beacon", "prompt=a fox", "prompt=a dog", "finish=large", "finish=quick")
        ran = gateway("explain", *words)
        lines = [" ".join(line.split()) for line in ran.out.splitlines()]
        assert lines[0] == "beacon would start 4 jobs. The first, then what is other:"
        assert 'job 2 prompt="a fox", finish="quick"' in lines
        assert 'job 4 prompt="a dog", finish="quick"' in lines
        told = json.loads(gateway("explain", *words, "--json").out)
        assert [each["arguments"]["prompt"] for each in told["jobs"]] == [
            *("a fox", "a fox"),
            *("a dog", "a dog"),
        ]
        assert {each["seeds"]["seed"] for each in told["jobs"]} == {told["seeds"]["seed"]}


def test_a_later_job_that_would_be_refused_is_told(
    gateway: Gateway, beacon: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = beacon / "workflows/beacon.json"
    graph = json.loads(path.read_text("utf-8"))
    graph["15"]["inputs"]["upscale_model"] = ["4", 0]
    path.write_text(json.dumps(graph), encoding="utf-8")
    with simulated(Simulator()) as simulator:
        monkeypatch.setenv("SIM_URL", simulator.url)
        ran = gateway("explain", "beacon", "prompt=a fox", "finish=quick", "finish=large")
    assert ran.status == 1
    assert ran.out.startswith("beacon would start 2 jobs.")
    assert "beacon would run on sim" in ran.out
    assert "would be placed on sim and refused there" in ran.out
    assert "node 15 (ImageUpscaleWithModel" in ran.out


def test_a_call_that_starts_too_many_is_refused_as_a_call_is(
    gateway: Gateway, beacon: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert beacon.is_dir()
    monkeypatch.setenv("SIM_URL", "http://127.0.0.1:1")
    words = ["beacon", *(f"prompt={number}" for number in range(17))]
    told, called = gateway("explain", *words), gateway("call", *words)
    assert told.status == called.status == 1
    assert "17 jobs; one call starts at most 16" in told.err
    assert "17 jobs; one call starts at most 16" in called.err + called.out


def test_a_wrong_file_of_several_is_told_as_a_call_tells_it(
    gateway: Gateway, beacon: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = beacon / "services.yaml"
    text = path.read_text("utf-8").replace(
        "when_absent: bypass", "when_absent: bypass\n        batch: values"
    )
    path.write_text(text, encoding="utf-8")
    with simulated(Simulator()) as simulator:
        monkeypatch.setenv("SIM_URL", simulator.url)
        words = ("beacon", "prompt=x", "edges=inputs/none.png", "edges=@inputs/edges.png")
        told, called = gateway("explain", *words), gateway("call", *words)
    assert told.status == called.status == 1
    said = told.err.splitlines()[0].removeprefix("error: ").rpartition(" (")[0]
    assert said.startswith('/edges: "inputs/none.png": ')
    assert said in called.err + called.out
