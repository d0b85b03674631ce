"""The simulator's node definitions say what recorded ones say, wherever clients look."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import pytest

from gateway.graph.json_value import Json, JsonObject, as_array, as_object
from gateway.simulator.catalog import node_classes
from tests.simulator.talking import Talker, table

RECORDINGS = Path(__file__).parent / "recordings"
FACTS = ("input", "input_order", "output", "output_is_list", "output_name", "output_node")
OWN_FILES = {
    "ckpt_name",
    "vae_name",
    "lora_name",
    "control_net_name",
    "model_name",
    "image",
    "audio",
    "file",
}


def recorded(version: str) -> dict[str, JsonObject]:
    path = RECORDINGS / f"definitions-{version}.json"
    return cast("dict[str, JsonObject]", json.loads(path.read_text(encoding="utf-8")))


def plain(value: Json, name: str = "") -> Json:
    """Drop tooltips, empty option objects and lists of files, which differ by machine."""
    spec = as_array(value)
    if spec is not None and name in OWN_FILES and spec and as_array(spec[0]) is not None:
        value = [[], *spec[1:]]
    fields = as_object(value)
    if fields is not None:
        return {
            key: [] if key == "options" and name in OWN_FILES else plain(inner, name or key)
            for key, inner in fields.items()
            if key != "tooltip"
        }
    listed = as_array(value)
    if listed is None:
        return value
    kept = [plain(one, name) for one in listed]
    return kept[:1] if len(kept) == 2 and kept[1] == {} else kept


def facts(document: JsonObject) -> JsonObject:
    inputs = table(document, "input")
    specs: dict[str, Json] = {
        part: {name: plain(spec, name) for name, spec in table(inputs, part).items()}
        for part in inputs
    }
    chosen = {key: document[key] for key in FACTS if key != "input"}
    flags = {key: bool(document.get(key)) for key in ("deprecated", "experimental")}
    return {"input": specs, **chosen, **flags}


@pytest.mark.parametrize("class_type", sorted(recorded("0.33")))
async def test_a_definition_of_0_33_says_what_the_recorded_one_says(
    class_type: str, talker: Talker
) -> None:
    answer = table(await talker.json(f"/object_info/{class_type}"), class_type)
    assert facts(answer) == facts(recorded("0.33")[class_type])


@pytest.mark.parametrize("class_type", sorted(recorded("0.3.64")))
async def test_a_definition_of_0_3_64_says_what_the_recorded_one_says(
    class_type: str, old_talker: Talker
) -> None:
    answer = table(await old_talker.json(f"/object_info/{class_type}"), class_type)
    assert facts(answer) == facts(recorded("0.3.64")[class_type])


def test_nodes_that_came_later_are_not_in_the_older_version() -> None:
    stock = {name for name in node_classes(False) if not name.startswith("Simulated")}
    assert stock == set(recorded("0.3.64"))


def test_every_stock_node_is_pinned_by_a_recording_and_the_rest_are_named_simulated() -> None:
    own = {name for name in node_classes(True) if name not in recorded("0.33")}
    assert all(name.startswith("Simulated") for name in own)


async def test_object_info_lists_every_class_and_an_unknown_one_is_an_empty_object(
    talker: Talker,
) -> None:
    every = table(await talker.json("/object_info"))
    assert set(every) == set(node_classes(True))
    assert await talker.json("/object_info/Nope") == {}


async def test_a_model_combo_lists_the_models_of_the_simulator(talker: Talker) -> None:
    answer = await talker.json("/object_info/CheckpointLoaderSimple")
    inputs = table(answer, "CheckpointLoaderSimple", "input", "required")
    assert (as_array(inputs["ckpt_name"]) or [])[0] == [
        "tiny-sd15-inpainting.safetensors",
        "tiny-sd15.safetensors",
    ]


async def test_an_uploaded_picture_appears_in_load_image_at_once(talker: Talker) -> None:
    await talker.http.post("/upload/image", files={"image": ("new.png", b"x")})
    answer = await talker.json("/object_info/LoadImage")
    spec = as_array(table(answer, "LoadImage", "input", "required")["image"]) or []
    assert spec[0] == ["new.png"]
