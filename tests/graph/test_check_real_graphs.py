"""The checks on real graphs, where a folder of them lies beside the repository: never a false alarm.

The graphs there are what ComfyUI's own editor made of its own workflows, with the definitions that the
editor had. Whatever is found in them must be so: models that are not there, templates that are newer than
the definitions, nodes that were cut loose on purpose.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from gateway.graph.check import Problem, check_prompt
from gateway.graph.definitions import Definitions
from gateway.graph.json_value import Json, JsonObject, as_object
from gateway.graph.object_info import parse_definitions
from gateway.graph.prompt import Prompt, PromptFault, parse_prompt

SHARED = Path(__file__).parents[3] / "shared"
EDITOR, COMFYUI = SHARED / "editor", SHARED / "comfyui"
NEWER = {
    ("CLIPLoader", "type"),
    ("ModelAttentionBackend", "attention"),
    ("RemeshMesh", "sign_mode"),
    ("UNETLoader", "unet_name"),
}
"""Where workflows there choose what a newer ComfyUI has, or a file without an ending."""

LINKS = {"link-type-mismatch", "input-not-linked"}

pytestmark = [
    pytest.mark.skipif(not EDITOR.is_dir(), reason="needs the folder of real editor workflows"),
    pytest.mark.timeout(60),
]


@cache
def definitions(server: str) -> Definitions:
    raw = gzip.decompress((EDITOR / f"definitions.{server}.json.gz").read_bytes())
    return parse_definitions(as_object(json.loads(raw)) or {})


def graph_of(raw: Json) -> Prompt | None:
    try:
        return parse_prompt(raw)
    except PromptFault:
        return None  # cut loose, or empty: loading refuses it


@cache
def found() -> tuple[int, tuple[tuple[str, Problem], ...]]:
    problems: list[tuple[str, Problem]] = []
    count = 0
    for path in sorted((EDITOR / "cases").glob("*.json")):
        case: JsonObject = json.loads(path.read_text("utf-8"))
        prompt = graph_of(case["api"])
        if prompt is not None:
            count += 1
            known = definitions(str(case["server"]))
            problems += [(str(case["kind"]), each) for each in check_prompt(prompt, known)]
    return count, tuple(problems)


def test_what_the_editor_links_is_linked_well() -> None:
    count, problems = found()
    assert count > 1000
    assert [each.message for _, each in problems if each.code in LINKS] == []


def test_a_choice_that_is_not_there_is_a_file_or_a_partners_newest() -> None:
    odd = Counter(
        (each.class_type, each.input_name)
        for kind, each in found()[1]
        if each.code == "widget-option-unknown"
        and kind in {"template", "blueprint"}
        and not each.found.endswith(
            (".safetensors", ".pth", ".pt", ".ckpt", ".bin", ".gguf", ".task")
        )
        and not definitions("stock+api")[each.class_type].api_node
    )
    assert set(odd) <= NEWER, odd


def test_graphs_that_ran_are_taken() -> None:
    live = parse_definitions(json.loads((COMFYUI / "object_info.json").read_text("utf-8")))
    told: list[str] = []
    for path in sorted((COMFYUI / "workflows").glob("*.json")):
        prompt = graph_of(json.loads(path.read_text("utf-8")))
        assert prompt is not None, path
        told += [
            f"{path.name}: {each.message}"
            for each in check_prompt(prompt, live)
            if each.code != "node-class-missing"  # a private pack of test nodes
        ]
    assert told == []
