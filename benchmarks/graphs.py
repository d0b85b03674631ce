"""The graphs that are run, and projects that publish them."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Picture", "graph_of", "write_many", "write_project"]

Graph = dict[str, dict[str, object]]

_REPOSITORY = Path(__file__).resolve().parent.parent

# A color of its own makes every run a new one, which no cache can answer.
_COLOR_LIMIT = 0xFFFFFF


@dataclass(frozen=True, slots=True)
class Picture:
    """A run: how large its picture is in pixels a side, and how long it takes in seconds."""

    name: str
    side: int = 64
    seconds: float = 0.0
    fails: bool = False


def graph_of(picture: Picture, color: int | None = None, prefix: str = "bench") -> Graph:
    """Return the graph of a run: an empty picture, perhaps a pause or a failure, saved."""
    drawn = random.randrange(_COLOR_LIMIT) if color is None else color  # noqa: S311
    graph: Graph = {
        "1": _node("EmptyImage", width=picture.side, height=picture.side, batch_size=1, color=drawn)
    }
    source: list[object] = ["1", 0]
    if picture.seconds:
        graph["2"] = _node("SimulatedSleep", image=source, seconds=picture.seconds, ticks=10)
        source = ["2", 0]
    if picture.fails:
        graph["4"] = _node("SimulatedError", image=source, message="on purpose", kind="ValueError")
        source = ["4", 0]
    graph["3"] = _node("SaveImage", images=source, filename_prefix=prefix)
    return graph


def write_project(folder: Path, url: str, pictures: tuple[Picture, ...], slots: int = 2) -> Path:
    """Write a project with one service per run and return its services.yaml."""
    services = {
        each.name: {
            "workflow": f"{each.name}.json",
            "description": "A run of the benchmarks.",
            "parameters": {"color": "1.color"},
            "timeout": "10m",
            "wait": "10m",
        }
        for each in pictures
    }
    services["patient"] = {**services[pictures[0].name], "wait": "0s"}
    services["big"] = {
        "workflow": "big.json",
        "parameters": {"size": "1.size"},
        "timeout": "10m",
        "wait": "10m",
    }
    workflows = {each.name: graph_of(each, 0) for each in pictures}
    workflows["big"] = {"1": _node("SimulatedBig", size=1024, filename_prefix="big", suffix=".bin")}
    return _write(folder, url, services, workflows, slots)


def write_many(folder: Path, url: str, count: int) -> Path:
    """Write a project with so many services of ten nodes each, the first one runnable."""
    services: dict[str, object] = {}
    workflows: dict[str, Graph] = {"smallest": graph_of(Picture("smallest"), 0)}
    services["smallest"] = {"workflow": "smallest.json", "parameters": {"color": "1.color"}}
    for number in range(1, count):
        name = f"service_{number:04}"
        workflows[name] = _ten_nodes(number)
        services[name] = {
            "title": f"Service {number}",
            "description": f"Draw pictures in the way number {number}, from a text.",
            "workflow": f"{name}.json",
            "parameters": {
                "prompt": {"node": "6", "widget": "text", "required": True},
                "negative": {"node": "7", "widget": "text", "default": ""},
                "seed": {"node": "3", "widget": "seed", "default": "random"},
                "steps": "3.steps",
                "width": "5.width",
                "height": "5.height",
            },
            "outputs": {"image": {"node": "9"}},
        }
    path = _write(folder, url, services, workflows, 2)
    pinned = _REPOSITORY / "schemas" / "definitions.json"
    (folder / "schemas").mkdir()
    shutil.copy(pinned, folder / "schemas" / "definitions.json")
    return path


def _ten_nodes(number: int) -> Graph:
    return {
        "1": _node("LoraLoader", model=["4", 0], clip=["4", 1], lora_name="a.safetensors",
                   strength_model=1.0, strength_clip=1.0),
        "3": _node("KSampler", model=["1", 0], seed=number, steps=20, cfg=7.0,
                   sampler_name="euler", scheduler="normal", positive=["6", 0],
                   negative=["7", 0], latent_image=["5", 0], denoise=1.0),
        "4": _node("CheckpointLoaderSimple", ckpt_name="v1-5-pruned-emaonly.safetensors"),
        "5": _node("EmptyLatentImage", width=512, height=512, batch_size=1),
        "6": _node("CLIPTextEncode", text="a lighthouse", clip=["1", 1]),
        "7": _node("CLIPTextEncode", text="", clip=["1", 1]),
        "8": _node("VAEDecode", samples=["3", 0], vae=["4", 2]),
        "9": _node("SaveImage", images=["8", 0], filename_prefix="bench"),
        "10": _node("ImageInvert", image=["8", 0]),
        "11": _node("PreviewImage", images=["10", 0]),
    }  # fmt: skip


def _node(class_type: str, **inputs: object) -> dict[str, object]:
    return {"class_type": class_type, "inputs": inputs}


def _write(
    folder: Path,
    url: str,
    services: Mapping[str, object],
    workflows: Mapping[str, Graph],
    slots: int,
) -> Path:
    """Write services.yaml (JSON is YAML too) and workflows/."""
    (folder / "workflows").mkdir(parents=True)
    for name, graph in workflows.items():
        (folder / "workflows" / f"{name}.json").write_text(json.dumps(graph), encoding="utf-8")
    declared = {
        "version": 1,
        "backends": {"studio": {"url": url, "slots": slots}},
        "services": dict(services),
    }
    path = folder / "services.yaml"
    path.write_text(json.dumps(declared, indent=1), encoding="utf-8")
    return path
