"""Results of one job as inputs of another, over the whole path: also on another ComfyUI."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.front import open_front
from gateway.graph.json_value import Json
from gateway.jobs.job import OutputFile
from gateway.simulator.server import Simulator
from gateway.tools.running import Asking, Running
from tests.facts.whole import (
    PATIENCE,
    error_of,
    image,
    node,
    outputs_of,
    posted_inputs,
    prompts_posted,
    save,
    show,
)
from tests.project.small import write_project

pytestmark = pytest.mark.timeout(30)

FAILING: Json = {
    "1": image(),
    "2": save(),
    "3": node("SimulatedError", image=["1", 0], message="out of luck", kind="RuntimeError"),
    "4": save("3", "never"),
}
TAKING: dict[str, Json] = {
    "workflow": "take.json",
    "parameters": {"image": {"node": "1", "widget": "image", "type": "image", "required": True}},
    "backend": "attic",
}


@asynccontextmanager
async def studios(
    folder: Path, graph: Json
) -> AsyncGenerator[tuple[Running, Simulator, Simulator]]:
    """Open a gateway on two ComfyUIs: `make` runs a graph on the one, `take` an image on the other."""
    async with Simulator() as studio, Simulator() as attic:
        document: dict[str, Json] = {
            "version": 1,
            "backends": {"studio": {"url": studio.url}, "attic": {"url": attic.url}},
            "services": {"make": {"workflow": "draw.json", "backend": "studio"}, "take": TAKING},
        }
        config = write_project(folder, json.dumps(document), graph)
        taking = json.dumps({"1": node("LoadImage", image="example.png"), "2": save()})
        (folder / "workflows" / "take.json").write_text(taking, encoding="utf-8")
        front = open_front(config, {}, lambda _: None)
        try:
            yield await front.running(), studio, attic
        finally:
            await front.close(grace=0)


async def test_a_picture_made_on_one_backend_is_taken_on_another(tmp_path: Path) -> None:
    async with studios(tmp_path, {"1": image(), "2": save()}) as (running, studio, attic):
        made = await running.call("make", {}, Asking())
        uri = outputs_of(made)[0]["uri"]
        taken = await running.call("take", {"image": uri}, Asking())
        assert (made.structured["backend"], taken.structured["backend"]) == ("studio", "attic")
        assert (prompts_posted(studio), prompts_posted(attic)) == (1, 1)
        sent = str((await posted_inputs(attic, "1"))["image"])
        job = await running.job(str(made.structured["job_id"]), "local")
        [file] = job.outputs
        assert isinstance(file, OutputFile)
        assert sent.startswith("gateway/")
        assert sent.endswith(file.filename)
        # And once more, from what was made of it.
        again = await running.call("take", {"image": outputs_of(taken)[0]["uri"]}, Asking())
        assert again.structured["status"] == "completed"


async def test_somebody_elses_result_is_not_there(tmp_path: Path) -> None:
    async with studios(tmp_path, {"1": image(), "2": save()}) as (running, _, attic):
        made = await running.call("make", {}, Asking("ann"))
        uri = outputs_of(made)[0]["uri"]
        refused = await running.call("take", {"image": uri}, Asking("bob"))
        error = error_of(refused)
        assert error["code"] == "input-refused"
        assert "there is no job" in str(error["message"])
        missing = await running.call(
            "take", {"image": "comfyui://jobs/nobody/outputs/0"}, Asking("bob")
        )
        assert str(error_of(missing)["message"]).replace("nobody", "") == str(
            error["message"]
        ).replace(str(made.structured["job_id"]), "")
        assert prompts_posted(attic) == 0


async def test_what_a_failed_job_left_can_be_taken(tmp_path: Path) -> None:
    async with studios(tmp_path, FAILING) as (running, _, _attic):
        made = await running.call("make", {}, Asking())
        assert made.structured["status"] == "failed"
        left = outputs_of(made)
        assert len(left) == 1
        taken = await running.call("take", {"image": left[0]["uri"]}, Asking())
        assert taken.structured["status"] == "completed"


async def test_a_text_is_no_picture(tmp_path: Path) -> None:
    async with studios(tmp_path, {"1": show({"text": ["a lighthouse"]})}) as (running, _, attic):
        made = await running.call("make", {}, Asking())
        [text] = outputs_of(made)
        assert text["kind"] == "text"
        refused = await running.call("take", {"image": text["uri"]}, Asking())
        error = error_of(refused)
        assert error["code"] == "input-refused"
        assert "/image: output 0" in str(error["message"])
        assert "is a text and no file" in str(error["message"])
        assert prompts_posted(attic) == 0


async def test_a_job_that_still_runs_has_no_results_yet(tmp_path: Path) -> None:
    graph: Json = {
        "1": image(),
        "2": node("SimulatedSleep", image=["1", 0], seconds=PATIENCE, ticks=10),
        "3": save("2"),
    }
    async with studios(tmp_path, graph) as (running, _, _attic):
        job = await running.start("make", {}, Asking())
        uri = f"comfyui://jobs/{job.id}/outputs/0"
        refused = await running.call("take", {"image": uri}, Asking())
        assert "has 0 outputs" in str(error_of(refused)["message"])
        await running.cancel(job.id, "local")
