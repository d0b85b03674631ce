"""Calls that change a graph's shape, through the whole gateway: what ComfyUI is sent, and what comes of it."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from gateway.graph.json_value import Json, JsonObject, as_array, as_object
from gateway.simulator.server import Simulator
from gateway.tools.running import Asking
from tests.docs.documents import ROOT
from tests.facts.whole import PATIENCE, Whole, error_of, opened, outputs_of, pin, posted_prompts

pytestmark = pytest.mark.timeout(30)

EXAMPLE = ROOT / "examples" / "switches"
GRAPH: dict[str, Any] = json.loads((EXAMPLE / "workflows" / "beacon.json").read_text("utf-8"))
SERVICE: dict[str, Any] = yaml.safe_load((EXAMPLE / "services.yaml").read_text("utf-8"))[
    "services"
]["beacon"]
PICTURE = (
    "data:image/png;base64,"
    + base64.b64encode((EXAMPLE / "inputs" / "edges.png").read_bytes()).decode()
)
KEYS = {key: SERVICE[key] for key in ("parameters", "outputs")}


@asynccontextmanager
async def switches(folder: Path, simulator: Simulator) -> AsyncGenerator[Whole]:
    """Open the gateway on the example's service, its LoRAs among the simulator's."""
    graph = json.loads(json.dumps(GRAPH).replace("papercut", "add_detail"))
    await pin(folder, simulator, *{node["class_type"] for node in graph.values()})
    async with opened(folder, simulator, graph, KEYS) as whole:
        yield whole


async def posted(simulator: Simulator) -> dict[str, JsonObject]:
    """Return the inputs of each node in the newest prompt."""
    graph = as_object((await posted_prompts(simulator))[-1][2]) or {}
    return {
        name: as_object((as_object(each) or {})["inputs"]) or {} for name, each in graph.items()
    }


async def test_without_an_image_or_loras_the_graph_is_drawn_without_their_nodes(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with switches(tmp_path, simulator) as whole:
        answer = await whole.call(prompt="a lighthouse", seed=1)
        assert not answer.failed, answer.text
        inputs = await posted(simulator)
        assert inputs.keys() == GRAPH.keys() - {"10", "11", "13", "15"}
        assert inputs["3"]["model"] == ["4", 0]
        assert inputs["3"]["positive"] == ["6", 0]
        assert inputs["3"]["negative"] == ["7", 0]
        assert inputs["6"] == {"text": "a lighthouse", "clip": ["4", 1]}
        assert inputs["9"]["images"] == ["8", 0]
        (image,) = outputs_of(answer)
        assert (image["name"], image["width"]) == ("image", 512)
        assert answer.structured["parameters"] == {
            "prompt": "a lighthouse",
            "styles": [],
            "finish": "quick",
            "seed": 1,
        }


async def test_an_image_two_loras_and_the_upscaler_are_all_in_the_graph(
    tmp_path: Path, simulator: Simulator
) -> None:
    styles: list[Json] = [
        {"name": "add_detail.safetensors"},
        {"name": "simulated-style.safetensors", "strength": 0.25},
        {"name": "lcm-lora-sdv1-5.safetensors", "strength": 2},
    ]
    async with switches(tmp_path, simulator) as whole:
        answer = await whole.call(
            prompt="a lighthouse", edges=PICTURE, styles=styles, finish="large", seed=1
        )
        assert not answer.failed, answer.text
        inputs = await posted(simulator)
        assert inputs.keys() == GRAPH.keys() | {"10:2", "10:3"}
        names = [inputs[each]["lora_name"] for each in ("10", "10:2", "10:3")]
        assert names == [(as_object(each) or {})["name"] for each in styles]
        assert [inputs[each]["strength_clip"] for each in ("10", "10:2", "10:3")] == [1.0, 0.25, 2]
        assert inputs["10:3"]["model"] == ["10:2", 0]
        assert inputs["3"]["model"] == ["10:3", 0]
        assert inputs["3"]["positive"] == ["13", 0]
        assert str(inputs["11"]["image"]).startswith("gateway/")
        (image,) = outputs_of(answer)
        assert cast("int", image["width"]) > 512
        told = [as_object(each) or {} for each in as_array(answer.structured["node_history"]) or ()]
        assert {"LoRA", "LoRA 2", "LoRA 3"} <= {str(each["title"]) for each in told}


async def test_one_lora_is_the_graph_with_its_widgets_set(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with switches(tmp_path, simulator) as whole:
        answer = await whole.call(
            prompt="a lighthouse", styles=[{"name": "simulated-style.safetensors", "strength": 0.5}]
        )
        assert not answer.failed, answer.text
        inputs = await posted(simulator)
        assert "10:2" not in inputs
        assert inputs["10"]["lora_name"] == "simulated-style.safetensors"
        assert inputs["10"]["strength_model"] == 0.5


async def test_a_job_done_again_has_the_same_shape(tmp_path: Path, simulator: Simulator) -> None:
    async with switches(tmp_path, simulator) as whole:
        styles: list[Json] = [{"name": "add_detail.safetensors"}] * 2
        job = await whole.ended(await whole.begin(prompt="one", styles=styles, finish="large"))
        first = await posted(simulator)
        answer = await whole.running.call("rerun_job", {"job_id": job.id}, Asking())
        assert not answer.failed, answer.text
        again = await posted(simulator)
        assert again.keys() == first.keys()
        assert again["10:2"] == first["10:2"]
        assert again["3"] == first["3"]


async def loras_told(whole: Whole) -> list[Json]:
    """Wait until the tool tells which LoRAs the backend has, and return them."""
    async with asyncio.timeout(PATIENCE):
        while True:
            tool: Any = whole.front.table.tools["run"].input_schema
            name = tool["properties"]["styles"]["items"]["properties"]["name"]
            if "enum" in name:
                return name["enum"]
            await asyncio.sleep(0.02)


async def test_a_lora_that_no_backend_has_is_refused_by_its_pointer(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with switches(tmp_path, simulator) as whole:
        assert "add_detail.safetensors" in await loras_told(whole)
        styles: list[Json] = [{"name": "add_detail.safetensors"}, {"name": "nowhere.safetensors"}]
        answer = await whole.call(prompt="a lighthouse", styles=styles)
        assert "/styles/1/name" in json.dumps(error_of(answer))
        assert await posted_prompts(simulator) == []
