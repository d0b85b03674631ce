"""A small project on disk, for tests."""

from __future__ import annotations

import json
import os
from pathlib import Path

from gateway.graph.json_value import Json
from gateway.project.tools_cache import WORTHWHILE

__all__ = ["GRAPH", "SERVICES", "age", "write_large_project", "write_project"]

GRAPH: dict[str, Json] = {
    "3": {
        "class_type": "KSampler",
        "inputs": {"seed": 5, "steps": 20, "cfg": 7.0, "latent_image": ["5", 0]},
        "_meta": {"title": "Sampler"},
    },
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 512, "height": 512}},
    "9": {"class_type": "SaveImage", "inputs": {"filename_prefix": "x", "images": ["3", 0]}},
}

SERVICES = """\
version: 1
services:
  draw:
    description: Draw.
    workflow: draw.json
    parameters:
      steps: 3.steps
      seed: {node: "3", widget: seed, default: random}
"""


def write_project(folder: Path, services: str = SERVICES, graph: Json = None) -> Path:
    """Write services.yaml and workflows/draw.json, and return the path of services.yaml."""
    (folder / "workflows").mkdir(parents=True, exist_ok=True)
    text = json.dumps(GRAPH if graph is None else graph)
    (folder / "workflows" / "draw.json").write_text(text, encoding="utf-8")
    config = folder / "services.yaml"
    config.write_text(services, encoding="utf-8")
    return config


def write_large_project(folder: Path, count: int = WORTHWHILE) -> Path:
    """Write a project of so many services, long ago, and return the path of services.yaml."""
    services = "".join(
        f"  draw_{number}:\n    description: Draw ${{SUBJECT:-a cat}}, no. {number}.\n"
        "    workflow: draw.json\n    parameters:\n      steps: 3.steps\n"
        '      seed: {node: "3", widget: seed, default: random}\n'
        '      cfg: {node: "3", widget: cfg, minimum: 1, maximum: 9.5, examples: [2, 3.5]}\n'
        f"      style: {{choices: {{flat: {{5.width: {number}}}, tall: {{5.width: 1}}}}, default: flat}}\n"
        for number in range(count)
    )
    head = "version: 1\ngateway: {name: studio, instructions: Draw well.}\n"
    config = write_project(folder, f"{head}services:\n{services}")
    definitions = folder / "schemas" / "definitions.json"
    definitions.parent.mkdir(exist_ok=True)
    definitions.write_text("{}", encoding="utf-8")
    for file in (config, definitions, folder / "workflows" / "draw.json"):
        age(file, 3600)
    return config


def age(file: Path, seconds: float) -> None:
    """Make a file look as if it had been written so much earlier."""
    status = file.stat()
    changed = status.st_mtime_ns - int(seconds * 1e9)
    os.utime(file, ns=(changed, changed))
