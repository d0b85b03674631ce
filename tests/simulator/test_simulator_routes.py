"""Recorded questions and answers over plain HTTP: refusals of prompts, and every route."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import httpx2 as httpx
import pytest

from gateway.graph.json_value import Json, JsonObject, as_array, as_object
from tests.simulator.replaying import OWN_NAMES, Names
from tests.simulator.talking import Talker, at, table

RECORDINGS = Path(__file__).parent / "recordings"
# The recording server had the default file names and a node with every kind of combo.
NOT_OURS = ("multi_missing", "last")
LOADED = ("loadimage_missing", "not_in_list_short")


def recorded(name: str) -> list[JsonObject]:
    text = (RECORDINGS / f"{name}.json").read_text(encoding="utf-8")
    for theirs, ours in OWN_NAMES.items():
        text = text.replace(f'\\"{theirs}\\"', f'\\"{ours}\\"').replace(f'"{theirs}"', f'"{ours}"')
    return cast("list[JsonObject]", json.loads(text)["events"])


def case(event: JsonObject) -> str:
    return str(event["label"] or f"{event['method']} {event['path']}")


REFUSALS = [event for event in recorded("http_prompt_validation") if event["label"] not in NOT_OURS]
_EVERY = recorded("http_routes")
_FIRST_FILE = next(i for i, event in enumerate(_EVERY) if "mine.json" in str(event["path"]))
ROUTES, USER_FILES = _EVERY[:_FIRST_FILE], _EVERY[_FIRST_FILE:]


def options_of(event: JsonObject) -> dict[str, str]:
    return {key: str(value) for key, value in table(event.get("request_headers", {})).items()}


async def ask(event: JsonObject, talker: Talker) -> httpx.Response:
    body = event.get("request_body")
    headers = options_of(event)
    for name in ("origin", "host"):
        if "127.0.0.1:8188" in headers.get(name, ""):
            headers[name] = headers[name].replace("8188", str(talker.simulator.port))
        if "localhost:8188" in headers.get(name, ""):
            headers[name] = headers[name].replace("8188", str(talker.simulator.port))
    return await talker.http.request(
        str(event["method"]),
        str(event["path"]),
        content=None if body is None else str(body).encode(),
        headers=headers,
    )


def answer_of(event: JsonObject, response: httpx.Response) -> tuple[Json, Json]:
    """Return our answer's body and the recorded one, comparable."""
    if "response_json" not in event:
        return response.text, event.get("response_text", "")
    ours = cast("Json", json.loads(response.content))
    theirs = event["response_json"]
    names = Names()
    for value in (ours, theirs):
        prompt_id = (as_object(value) or {}).get("prompt_id")
        if isinstance(prompt_id, str):
            names.known[prompt_id] = "#1"
    return trimmed(names.plain(ours)), trimmed(names.plain(theirs))


def trimmed(value: Json) -> Json:
    """Make equal how an empty options object is written."""
    fields = as_object(value)
    if fields is not None:
        return {key: trimmed(inner) for key, inner in fields.items() if key != "traceback"}
    listed = as_array(value)
    if listed is None:
        return value
    kept = [trimmed(one) for one in listed]
    return kept[:1] if len(kept) == 2 and kept[1] == {} else kept


@pytest.mark.parametrize("event", REFUSALS, ids=case)
async def test_a_prompt_is_taken_or_refused_as_recorded(event: JsonObject, talker: Talker) -> None:
    if event["label"] in LOADED:
        await talker.http.post("/upload/image", files={"image": ("example.png", b"x")})
    response = await ask(event, talker)
    assert response.status_code == event["status"]
    assert response.headers.get("content-type") == event["content_type"]
    ours, theirs = answer_of(event, response)
    assert ours == theirs


MACHINE_DEPENDENT = (
    "/features",
    "/global_subgraphs",
    "/api/jobs",
    "/api/api/jobs",
    "/internal/files/output",
)


@pytest.mark.parametrize("event", ROUTES, ids=case)
async def test_a_route_answers_as_recorded(event: JsonObject, talker: Talker) -> None:
    response = await ask(event, talker)
    assert response.status_code == event["status"]
    assert response.headers.get("content-type") == event["content_type"]
    allowed = (as_object(event.get("headers")) or {}).get("allow")
    assert response.headers.get("allow") == allowed
    if "response_json" in event and not _is_of_the_machine(event):
        ours, theirs = answer_of(event, response)
        assert ours == theirs


def _is_of_the_machine(event: JsonObject) -> bool:
    """Tell whether the answer lists what a machine holds; its shape has a test of its own."""
    is_list = str(event["path"]).startswith(("/object_info", *MACHINE_DEPENDENT))
    return event["status"] == 200 and is_list


async def test_user_files_are_kept_listed_moved_and_removed_as_recorded(talker: Talker) -> None:
    for event in USER_FILES:
        response = await ask(event, talker)
        assert response.status_code == event["status"], case(event)
        assert response.headers.get("content-type") == event["content_type"], case(event)
        if "response_json" in event:
            ours, theirs = (_untimed(body) for body in answer_of(event, response))
            assert ours == theirs, case(event)


def _untimed(value: Json) -> Json:
    listed = as_array(value)
    if listed is not None:
        return [_untimed(one) for one in listed]
    fields = as_object(value)
    if fields is None:
        return value
    return {key: inner for key, inner in fields.items() if key not in ("modified", "created")}


async def test_features_have_the_recorded_keys_of_each_version(
    talker: Talker, old_talker: Talker
) -> None:
    recorded_keys = next(
        set(table(event["response_json"])) for event in ROUTES if event["path"] == "/features"
    )
    assert set(table(await talker.json("/features"))) == recorded_keys
    assert await old_talker.json("/features") == {
        "supports_preview_metadata": True,
        "max_upload_size": 104857600.0,
    }


async def test_system_stats_tell_the_version_and_the_memory(
    talker: Talker, old_talker: Talker
) -> None:
    new, old = await talker.json("/system_stats"), await old_talker.json("/system_stats")
    assert at(new, "system", "comfyui_version") == "0.33.0"
    assert at(new, "system", "os") == "linux"
    assert at(old, "system", "comfyui_version") == "0.3.64"
    assert at(old, "system", "os") == "posix"
    device = table(new, "devices", 0)
    assert {"name", "type", "index", "vram_total", "vram_free"} <= set(device)


@pytest.mark.parametrize("path", ["/api/jobs", "/api/jobs/x", "/node_replacements", "/api/assets"])
async def test_0_3_64_has_no_jobs_api_and_no_assets(path: str, old_talker: Talker) -> None:
    assert (await old_talker.get(path)).status_code == 404


async def test_every_route_is_there_with_and_without_api(talker: Talker) -> None:
    for path in ("/prompt", "/queue", "/history", "/features", "/system_stats", "/object_info"):
        assert (await talker.get(path)).content == (await talker.get(f"/api{path}")).content
    async with talker.listen():
        assert at(await talker.json("/simulator/counters"), "sockets") == 1


async def test_models_are_listed_by_folder_and_an_unknown_folder_is_404(talker: Talker) -> None:
    assert await talker.json("/models/loras") == ["tiny-lora.safetensors"]
    assert (await talker.get("/models/nope")).status_code == 404
    assert await talker.json("/embeddings") == ["tiny-embed"]
    assert at(await talker.json("/experiment/models/loras"), 0, "name") == "tiny-lora.safetensors"
    assert at(await talker.json("/experiment/models"), 0, "name") == "checkpoints"
    about = "/view_metadata/loras?filename=tiny-lora.safetensors"
    assert at(await talker.json(about), "note") == "simulated"
    assert (await talker.get("/view_metadata/loras?filename=x")).status_code == 404


async def test_a_wrong_method_names_the_right_ones(talker: Talker) -> None:
    response = await talker.http.put("/upload/image", content=b"")
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


async def test_head_answers_the_headers_alone(talker: Talker) -> None:
    response = await talker.http.head("/queue")
    assert (response.status_code, response.content) == (200, b"")
    assert int(response.headers["content-length"]) > 0
