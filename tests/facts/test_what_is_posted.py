"""What reaches ComfyUI's queue, and what its validation says."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import pytest

from gateway.errors import DeclarationError
from gateway.graph.json_value import Json, JsonObject, as_object
from gateway.simulator.faults import Drip, IgnorePromptIds
from gateway.simulator.server import Simulator
from gateway.tools.running import Asking
from tests.editor.portrait import OBJECT_INFO, portrait
from tests.facts.whole import (
    Whole,
    counted,
    error_of,
    image,
    node,
    opened,
    outputs_of,
    pin,
    posted_inputs,
    posted_prompts,
    prompts_posted,
    save,
    sleeping,
)

pytestmark = pytest.mark.timeout(30)

DRAW: dict[str, Json] = {"1": image(), "2": save()}


async def test_a_prompt_id_is_a_uuid_of_ours_and_every_attempt_has_its_own(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with opened(tmp_path, simulator, DRAW) as whole:
        answers = [await whole.call() for _ in range(3)]
    posted = list(counted(simulator, "prompts"))
    assert posted == [answer.structured["prompt_id"] for answer in answers]
    assert [str(uuid.UUID(each)) for each in posted] == posted
    assert len(set(posted)) == 3


async def test_a_server_that_ignores_our_prompt_id_is_followed_under_its_own(
    tmp_path: Path, simulator: Simulator
) -> None:
    simulator.order(IgnorePromptIds())
    async with opened(tmp_path, simulator, sleeping(0.3)) as whole:
        job = await whole.running_there(await whole.begin())
        assert (await whole.running.cancel(job.id, "local")).status == "cancelled"
        answer = await whole.call()
    assert not answer.failed
    assert len(outputs_of(answer)) == 2
    assert answer.structured["prompt_id"] == list(counted(simulator, "prompts"))[1]
    assert prompts_posted(simulator) == 2


async def test_messages_that_come_before_the_answer_to_the_post_are_not_lost(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with opened(tmp_path, simulator, DRAW) as whole:
        simulator.order(Drip("/prompt", seconds=0.02, size=8))
        job = await whole.ended(await whole.begin())
    assert (job.status, len(job.outputs), prompts_posted(simulator)) == ("completed", 1, 1)
    assert [each.node_id for each in job.spans] == ["1", "2"]


async def test_a_graph_refused_in_part_is_withdrawn_whole(
    tmp_path: Path, simulator: Simulator
) -> None:
    graph: dict[str, Json] = {
        **DRAW,
        "3": node("ImageScaleBy", image=["1", 0], upscale_method="area", scale_by=99),
        "4": save("3"),
        "5": node("SimulatedSleep", image=["1", 0], seconds=30.0, ticks=3000),
        "6": save("5"),
    }
    async with opened(tmp_path, simulator, graph) as whole:
        answer = await whole.call()
        error = error_of(answer)
        assert error["code"] == "prompt-rejected"
        assert "3 (ImageScaleBy)" in str(error["where"])
        assert isinstance(error["node_errors"], dict)
        assert set(error["node_errors"]) == {"3"}
        again = await whole.call()  # the queue is free: nothing of the first is still running
        assert error_of(again)["code"] == "prompt-rejected"
    assert prompts_posted(simulator) == 2


REFUSED: dict[str, tuple[dict[str, Json], str, str]] = {
    "too small": ({"1": image(side=0), "2": save()}, "prompt-rejected", "width"),
    "too large": ({"1": image(side=99999), "2": save()}, "prompt-rejected", "width"),
    "no output": ({"1": image()}, "graph-without-output", "no node that gives"),
    "no such class": ({**DRAW, "3": node("NoSuchNode")}, "node-class-missing", "NoSuchNode"),
    "missing input": ({"1": node("EmptyImage", width=8), "2": save()}, "prompt-rejected", "height"),
    "odd value": (
        {
            "1": {**image(), "inputs": {"width": "wide", "height": 8, "batch_size": 1, "color": 0}},
            "2": save(),
        },
        "prompt-rejected",
        "wide",
    ),
    "no such option": (
        {
            **DRAW,
            "3": node("ImageScaleBy", image=["1", 0], upscale_method="magic", scale_by=1.0),
            "4": save("3"),
        },
        "prompt-rejected",
        "magic",
    ),
    "wrong type": (
        {**DRAW, "3": node("VAEDecode", samples=["1", 0], vae=["1", 0]), "4": save("3")},
        "prompt-rejected",
        "VAEDecode",
    ),
    "not there": (
        {"1": node("LoadImage", image="nowhere.png"), "2": save()},
        "prompt-rejected",
        "nowhere.png",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_a_refusal_names_what_is_wrong_and_no_place_on_the_server(
    tmp_path: Path, simulator: Simulator, case: str
) -> None:
    graph, code, said = REFUSED[case]
    async with opened(tmp_path, simulator, graph) as whole:
        answer = await whole.call()
    error = error_of(answer)
    assert error["code"] == code
    assert said in f"{error['message']} {error['where']} {json.dumps(error['node_errors'])}"
    assert str(error["mend"])
    told = f"{answer.text} {json.dumps(answer.structured)}"
    assert "Traceback" not in told
    assert ".py" not in told
    assert answer.structured["attempts"] == 1


async def test_nodes_in_a_circle_are_refused_before_anything_is_sent(
    tmp_path: Path, simulator: Simulator
) -> None:
    graph: dict[str, Json] = {
        "1": node("ImageInvert", image=["2", 0]),
        "2": node("ImageInvert", image=["1", 0]),
        "3": save("1"),
    }
    with pytest.raises(DeclarationError) as caught:
        async with opened(tmp_path, simulator, graph):
            pass
    assert "circle" in str(caught.value) or "cycl" in str(caught.value)
    assert counted(simulator, "requests") == {}


async def test_an_editors_save_file_with_nothing_to_run_is_refused_before_anything_is_sent(
    tmp_path: Path, simulator: Simulator
) -> None:
    editor: dict[str, Json] = {"nodes": [], "links": [], "version": 0.4, "last_node_id": 0}
    with pytest.raises(DeclarationError, match="takes part"):
        async with opened(tmp_path, simulator, editor):
            pass
    assert counted(simulator, "requests") == {}


async def test_an_editors_save_file_is_posted_as_the_graph_that_it_means(
    tmp_path: Path, simulator: Simulator
) -> None:
    await pin(tmp_path, simulator, *OBJECT_INFO)
    editor = as_object(portrait("a {red|red} fox")) or {}
    async with opened(tmp_path, simulator, editor) as whole:
        answer = await whole.call()
        assert not answer.failed, answer.text
    (prompt,) = await posted_prompts(simulator)
    graph = as_object(prompt[2]) or {}
    classes = [str((as_object(each) or {})["class_type"]) for each in graph.values()]
    assert set(classes) == OBJECT_INFO.keys()
    texts = await posted_inputs(simulator, "6")
    assert texts["text"] == "a red fox"


# --- values: what ComfyUI would quietly make of them -----------------------------------------------

VALUES: dict[str, Json] = {
    "1": node("PrimitiveBoolean", value=True),
    "2": node("PrimitiveInt", value=1),
    "3": node("PrimitiveFloat", value=1.0),
    "4": node("PrimitiveString", value="the graph's own"),
    "5": node("PreviewAny", source=["4", 0]),
    "6": node("PreviewAny", source=["1", 0]),
    "7": node("PreviewAny", source=["2", 0]),
    "8": node("PreviewAny", source=["3", 0]),
}
PARAMETERS: JsonObject = {
    "flag": {"node": "1", "widget": "value"},
    "count": {"node": "2", "widget": "value"},
    "share": {"node": "3", "widget": "value"},
    "words": {"node": "4", "widget": "value"},
}
SERVICE: JsonObject = {"parameters": PARAMETERS}


async def sent(whole: Whole, simulator: Simulator, name: str, value: Json) -> Json:
    """Call with one argument, and return what ComfyUI got in its place."""
    answer = await whole.call(**{name: value})
    assert not answer.failed, answer.text
    node_id = {"flag": "1", "count": "2", "share": "3", "words": "4"}[name]
    return (await posted_inputs(simulator, node_id))["value"]


async def test_the_text_false_never_reaches_comfyui_which_would_read_it_as_true(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with opened(tmp_path, simulator, VALUES, SERVICE) as whole:
        assert await sent(whole, simulator, "flag", "false") is False
        assert await sent(whole, simulator, "flag", False) is False
        assert error_of(await whole.call(flag="no"))["code"] == "arguments-invalid"


async def test_null_is_left_out_and_never_the_text_none(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with opened(tmp_path, simulator, VALUES, SERVICE) as whole:
        assert await sent(whole, simulator, "words", None) == "the graph's own"


async def test_a_number_is_sent_as_its_own_type_or_refused(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with opened(tmp_path, simulator, VALUES, SERVICE) as whole:
        assert await sent(whole, simulator, "count", "32") == 32
        assert await sent(whole, simulator, "count", 32.0) == 32
        for wrong in (33.9, "33.9", "many", True, [1]):
            assert error_of(await whole.call(count=wrong))["code"] == "arguments-invalid"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), "NaN"])
async def test_what_is_no_number_is_refused_here_as_comfyui_would_take_it(
    tmp_path: Path, simulator: Simulator, value: Json
) -> None:
    async with opened(tmp_path, simulator, VALUES, SERVICE) as whole:
        assert error_of(await whole.call(share=value))["code"] == "arguments-invalid"
    assert prompts_posted(simulator) == 0


async def test_a_text_of_template_and_link_signs_arrives_as_it_is(
    tmp_path: Path, simulator: Simulator
) -> None:
    words = '["1", 0] {{ 7*7 }} ${HOME} %date:yyyy% "quoted" \\ 図\n'
    async with opened(tmp_path, simulator, VALUES, SERVICE) as whole:
        assert await sent(whole, simulator, "words", words) == words


async def test_a_misspelt_parameter_is_refused_here_as_comfyui_ignores_unknown_inputs(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with opened(tmp_path, simulator, VALUES, SERVICE) as whole:
        error = error_of(await whole.call(wrods="x"))
    assert "words" in str(error["message"]) + str(error["mend"])
    assert prompts_posted(simulator) == 0


async def test_a_seed_above_two_to_the_53_arrives_exactly(
    tmp_path: Path, simulator: Simulator
) -> None:
    graph: dict[str, Json] = {
        "4": node("CheckpointLoaderSimple", ckpt_name="v1-5-pruned-emaonly.safetensors"),
        "5": node("EmptyLatentImage", width=64, height=64, batch_size=1),
        "6": node("CLIPTextEncode", text="x", clip=["4", 1]),
        "3": node(
            "KSampler",
            model=["4", 0],
            positive=["6", 0],
            negative=["6", 0],
            latent_image=["5", 0],
            seed=0,
            steps=1,
            cfg=1.0,
            sampler_name="euler",
            scheduler="normal",
            denoise=1.0,
        ),
        "9": node("SaveLatent", samples=["3", 0], filename_prefix="t"),
    }
    service: JsonObject = {"parameters": {"seed": "3.seed"}}
    async with opened(tmp_path, simulator, graph, service) as whole:
        answer = await whole.call(seed=2**64 - 1)
        assert not answer.failed, answer.text
        assert (await posted_inputs(simulator, "3"))["seed"] == 2**64 - 1


async def test_the_same_call_never_gets_another_seed_by_itself(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with opened(
        tmp_path,
        simulator,
        VALUES,
        {"parameters": {"count": {"node": "2", "widget": "value", "default": "random"}}},
    ) as whole:
        drawn = [(await whole.call()).structured["seeds"] for _ in range(2)]
        sent_last = (await posted_inputs(simulator, "2"))["value"]
    assert drawn[0] != drawn[1]
    assert drawn[1] == {"count": sent_last}


async def test_dynamic_prompts_are_resolved_here_as_only_the_editor_knows_them(
    tmp_path: Path, simulator: Simulator
) -> None:
    graph: dict[str, Json] = {
        "4": node("CheckpointLoaderSimple", ckpt_name="v1-5-pruned-emaonly.safetensors"),
        "6": node("CLIPTextEncode", text="a {red|red} fox // a note", clip=["4", 1]),
        "7": node("PreviewAny", source=["6", 0]),
    }
    await pin(tmp_path, simulator, "CLIPTextEncode")
    async with opened(tmp_path, simulator, graph) as whole:
        assert not (await whole.call()).failed
        text = (await posted_inputs(simulator, "6"))["text"]
    assert isinstance(text, str)
    assert text.strip() == "a red fox"


async def test_nothing_of_the_gateway_goes_into_extra_data_which_everybody_can_read(
    tmp_path: Path, simulator: Simulator
) -> None:
    backends: JsonObject = {"url": simulator.url, "headers": {"Authorization": "Bearer s3cret"}}
    async with opened(tmp_path, {"sim": backends}, DRAW) as whole:
        await whole.call()
    ((_, _, graph, extra, _),) = await posted_prompts(simulator)
    assert isinstance(extra, dict)
    assert set(extra) <= {"client_id", "create_time"}
    assert "s3cret" not in json.dumps(graph)


async def test_only_routes_of_a_local_comfyui_are_asked(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with opened(tmp_path, simulator, sleeping(0.3)) as whole:
        job = await whole.running_there(await whole.begin())
        await whole.running.cancel(job.id, "local")
        await whole.call()
        health = await whole.running.call("comfyui_health_check", {}, Asking())
        assert not health.failed
    paths = {request.split(" ", 1)[1] for request in counted(simulator, "requests")}
    known = {"/ws", "/prompt", "/queue", "/history", "/view", "/interrupt", "/system_stats"}
    assert {_route(path) for path in paths} <= {*known, "/jobs", "/object_info", "/api/jobs"}


def _route(path: str) -> str:
    parts = path.split("?", maxsplit=1)[0].strip("/").split("/")
    return "/" + "/".join(parts[:2] if parts[0] == "api" else parts[:1])
