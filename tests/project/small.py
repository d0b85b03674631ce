"""A small project on disk, for tests."""

from __future__ import annotations

import json
from pathlib import Path

from gateway.graph.json_value import Json

__all__ = ["GRAPH", "SERVICES", "write_project"]

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
