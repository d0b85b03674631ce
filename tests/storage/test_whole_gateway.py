"""Whole gateways whose files are in a bucket of a real S3 server, with a simulated ComfyUI behind them."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import httpx2 as httpx
import obstore
import pytest
from mcp.types import ResourceLink

from gateway.database.opening import open_job_store
from gateway.execution.ledger import Ledger
from gateway.execution.sweeping import Keeping, sweep
from gateway.front import Front, open_front
from gateway.graph.json_value import Json
from gateway.project.load import load_project
from gateway.services.bucket import Bucket
from gateway.simulator.server import Simulator
from gateway.storage.opening import open_inputs, open_outputs
from gateway.tools.answer import Answer
from gateway.tools.running import Asking, Running
from tests.project.small import write_project
from tests.server.doors import client_with_key
from tests.server.test_end_to_end import Studio
from tests.storage.conftest import ACCESS_KEY, SECRET_KEY, Door, keys_in, store_of
from tests.tools.pictures import noise

pytestmark = [pytest.mark.servers, pytest.mark.timeout(90)]

GRAPH: dict[str, Json] = {
    "1": {"class_type": "LoadImage", "inputs": {"image": "a.png"}},
    "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "t"}},
}
DRAW: dict[str, Json] = {
    "1": {
        "class_type": "EmptyImage",
        "inputs": {"width": 64, "height": 48, "batch_size": 1, "color": 0},
    },
    "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "t"}},
}
KEYS = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
IMAGE = "image: {node: '1', widget: image, type: image, required: true}"
DATED = re.compile(r"\d{4}/\d\d/\d\d/[0-9a-f-]{36}/[^/]+\.png")


def services(url: str, bucket: Bucket, parameter: str = "color: 1.color", more: str = "") -> str:
    return (
        f"version: 1\nbackends:\n  sim:\n    url: {url}\nservices:\n"
        f"  draw:\n    workflow: draw.json\n    parameters:\n      {parameter}\n"
        f"outputs: {{url: '{bucket.url}', endpoint: '{bucket.endpoint}'}}\n{more}"
    )


def output(answer: Answer) -> Mapping[str, Any]:
    assert not answer.failed, answer.text
    outputs = cast("list[Mapping[str, Any]]", answer.structured["outputs"])
    return outputs[0]


async def fetched(url: str) -> bytes:
    async with httpx.AsyncClient(timeout=10) as http:
        answer = await http.get(url)
        assert answer.status_code == 200, answer.text
        return answer.content


@asynccontextmanager
async def opened(config: Path, environment: Mapping[str, str] = KEYS) -> AsyncGenerator[Front]:
    front = open_front(config, environment, lambda findings: None)
    try:
        yield front
    finally:
        await front.close()


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator() as simulator:
        yield simulator


class StudioWithKeys(Studio):
    """A project whose gateway finds the bucket's keys in its environment."""

    @property
    def environment(self) -> dict[str, str]:
        """What `gateway serve` is started with."""
        return {**super().environment, **KEYS}


def job_id(answer: Answer) -> str:
    return str(answer.structured["job_id"])


async def again(running: Running, answer: Answer, asking: Asking) -> Answer:
    return await running.call("get_job_result", {"job_id": job_id(answer)}, asking)


async def test_an_output_is_in_the_bucket_and_its_link_is_read_by_a_plain_client(
    tmp_path: Path, simulator: Simulator, bucket: Bucket
) -> None:
    config = write_project(tmp_path, services(simulator.url, bucket), DRAW)
    async with opened(config) as front:
        running = await front.running()
        answer = await running.call("draw", {"color": 255}, Asking())
        told = output(answer)
        key = keys_in(bucket)[0]

        assert DATED.fullmatch(key)
        assert job_id(answer) in key
        assert "path" not in told
        data = await fetched(told["url"])
        assert data.startswith(b"\x89PNG")
        assert [link.uri for link in answer.links] == [told["url"]]
        assert len(answer.images) == 1
        assert answer.structured["warnings"] == []
        file = await running.output(job_id(answer), 0, "local")
        assert not isinstance(file, str)
        assert file.key == key
        read = await running.open(file, 1, 4)
        assert b"".join([bytes(each) async for each in read.chunks]) == b"PNG"
        assert SECRET_KEY not in json.dumps(answer.structured) + answer.text
    # Another gateway has no preview in memory: the picture comes back from the bucket for it.
    async with opened(config) as front:
        later = await again(await front.running(), answer, Asking())
        assert len(later.images) == 1
        assert await fetched(output(later)["url"]) == data
    left = [each for each in (tmp_path / ".gateway/outputs").rglob("*") if each.is_file()]
    assert left == []


async def test_over_http_links_lead_to_the_bucket_and_the_resource_is_still_read(
    tmp_path: Path, bucket: Bucket
) -> None:
    async with Simulator() as simulator:
        config = write_project(tmp_path, services("${COMFYUI_URL}", bucket), DRAW)
        async with (
            StudioWithKeys(config.parent, simulator).over_http("ann:a-key-of-sixteen-x") as url,
            client_with_key(url, "a-key-of-sixteen-x") as client,
        ):
            result = await client.call_tool("draw", {"color": 9})
            links = [each for each in result.content if isinstance(each, ResourceLink)]
            assert result.structured_content is not None
            told = result.structured_content["outputs"][0]
            assert [str(each.uri) for each in links] == [told["url"]]
            assert told["url"].startswith(bucket.endpoint)
            data = await fetched(told["url"])
            read = await client.read_resource(told["uri"])
            assert len(cast("Any", read.contents[0]).blob) > len(data)


async def test_a_bucket_that_is_away_costs_no_output(
    tmp_path: Path, simulator: Simulator, bucket: Bucket, door: Door
) -> None:
    away = Bucket(bucket.url, endpoint=f"http://127.0.0.1:{door.port}")
    config = write_project(tmp_path, services(simulator.url, away), DRAW)
    remote = Asking(local=False, url=lambda job, number: f"https://gateway/{number}")
    async with opened(config) as front:
        running = await front.running()
        await door.shut()
        answer = await running.call("draw", {"color": 1}, Asking())
        told = output(answer)

        assert answer.structured["status"] == "completed"
        assert len(answer.images) == 1
        assert "url" not in told
        path = Path(told["path"])
        data = await asyncio.to_thread(path.read_bytes)
        (warning,) = cast("list[str]", answer.structured["warnings"])
        assert str(path) in warning
        assert f"The bucket {bucket.url} is out of reach: nothing listens there." in warning
        assert f"Note: {warning}" in answer.text
        seen = output(elsewhere := await again(running, answer, remote))
        assert seen["url"] == "https://gateway/0"
        assert str(tmp_path) not in json.dumps(elsewhere.structured) + elsewhere.text
        assert ".gateway/outputs/" in elsewhere.text

        await door.open()
        long_ago = time.time() - 100
        os.utime(path, (long_ago, long_ago))
        async with opened(config) as next_one:
            await next_one.running()  # which brings at once what others left
            async with asyncio.timeout(30):
                while path.exists():  # noqa: ASYNC110, ASYNC240 (it can only be looked at)
                    await asyncio.sleep(0.02)

        later = await again(running, answer, Asking())
        assert await fetched(output(later)["url"]) == data
        assert later.structured["warnings"] == []
        assert "path" not in output(later)


async def test_a_gateway_on_another_machine_gives_no_dead_link(
    tmp_path: Path, simulator: Simulator, bucket: Bucket, door: Door
) -> None:
    away = Bucket(bucket.url, endpoint=f"http://127.0.0.1:{door.port}")
    config = write_project(tmp_path, services(simulator.url, away), DRAW)
    remote = Asking(local=False, url=lambda job, number: f"https://gateway/{number}")
    async with opened(config) as front:
        running = await front.running()
        await door.shut()
        answer = await running.call("draw", {"color": 1}, remote)
        shutil.rmtree(tmp_path / ".gateway/outputs")  # which another machine does not see
        told = await again(running, answer, remote)
    assert output(answer)["url"] == "https://gateway/0"
    assert "url" not in output(told)
    assert "of the gateway that ran the job" in told.text


async def test_jobs_that_are_not_kept_leave_the_bucket_too(
    tmp_path: Path, simulator: Simulator, bucket: Bucket
) -> None:
    config = write_project(
        tmp_path, services(simulator.url, bucket, more="jobs: {keep: {count: 1}}\n"), DRAW
    )
    loaded = load_project(config, KEYS).project
    assert loaded is not None
    async with opened(config) as front:
        running = await front.running()
        answers = [await running.call("draw", {"color": each}, Asking()) for each in (1, 2)]
        store = await open_job_store(loaded.declaration.jobs.store, tmp_path, "another")
        outputs = open_outputs(loaded.declaration.outputs, str(tmp_path / "waiting"))
        inputs = open_inputs(loaded.declaration.inputs)
        keeping = Keeping(loaded.declaration.jobs.keep, inputs, outputs)
        assert await sweep(Ledger(store), keeping) == 1
        await store.close()
    (left,) = keys_in(bucket)
    assert job_id(answers[1]) in left


async def test_callers_files_are_kept_in_a_bucket_and_run_from_there(
    tmp_path: Path, simulator: Simulator, bucket: Bucket
) -> None:
    picture = noise(64, 48)
    inputs = f"inputs: {{url: '{bucket.url}/in', endpoint: '{bucket.endpoint}'}}\n"
    config = write_project(
        tmp_path,
        services(
            simulator.url,
            bucket,
            IMAGE,
            inputs,
        ),
        GRAPH,
    )
    digest = hashlib.sha256(picture).hexdigest()
    async with opened(config) as front:
        running = await front.running()
        answer = await running.call(
            "draw",
            {"image": "data:image/png;base64," + base64.b64encode(picture).decode()},
            Asking(),
        )
        assert output(answer)["width"] == 64
    assert f"in/{digest[:2]}/{digest}" in keys_in(bucket)
    assert not (tmp_path / ".gateway/inputs").exists()


async def test_a_caller_names_a_file_in_an_open_bucket_and_in_no_other(
    tmp_path: Path, simulator: Simulator, bucket: Bucket
) -> None:
    allowed = f"gateway: {{input_buckets: ['{bucket.url}/in/']}}\n"
    config = write_project(tmp_path, services(simulator.url, bucket, IMAGE, allowed), GRAPH)
    for key in ("in/fox.png", "other/fox.png"):
        await obstore.put_async(store_of(bucket), key, noise(40, 30))
    remote = Asking(local=False)
    async with opened(config) as front:
        running = await front.running()
        answer = await running.call("draw", {"image": f"{bucket.url}/in/fox.png"}, remote)
        assert output(answer)["width"] == 40
        refused = await running.call("draw", {"image": f"{bucket.url}/other/fox.png"}, remote)
    assert refused.failed
    assert "`gateway.input_buckets`" in refused.text
