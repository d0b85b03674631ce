"""The front: tools without an engine, edits seen while it runs, live choices, and its end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from gateway.database.opening import open_job_store
from gateway.errors import DeclarationError, Finding
from gateway.front import Front, open_front
from gateway.graph.json_value import Json, as_object
from gateway.project.repair import repair
from gateway.project.tools_cache import CACHE_FILE
from gateway.simulator.server import Simulator
from gateway.tools.running import Asking
from tests.project.small import write_large_project, write_project

TINY: dict[str, Json] = {
    "1": {
        "class_type": "EmptyImage",
        "inputs": {"width": 64, "height": 64, "batch_size": 1, "color": 0},
    },
    "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "t"}},
}

LOADER: dict[str, Json] = {
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "old.safetensors"}},
    "5": {
        "class_type": "EmptyLatentImage",
        "inputs": {"width": 64, "height": 64, "batch_size": 1},
    },
    "8": {"class_type": "VAEDecode", "inputs": {"samples": ["5", 0], "vae": ["4", 2]}},
    "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": "t"}},
}


def services(url: str, parameter: str = "color: 1.color", more: str = "") -> str:
    return (
        f"version: 1\nbackends:\n  sim:\n    url: {url}\nservices:\n"
        f"  draw:\n    workflow: draw.json\n    parameters:\n      {parameter}\n{more}"
    )


class Open:
    """An open front, what it reported, and a wait for its next change."""

    def __init__(self, config: Path) -> None:
        self.reported: list[Finding] = []
        self.news = asyncio.Event()
        self.front: Front = open_front(config, {}, self._report)
        self.front.subscribe(self._changed)

    def _report(self, findings: Sequence[Finding]) -> None:
        self.reported.extend(findings)
        self.news.set()

    async def _changed(self) -> None:
        self.news.set()

    async def next(self) -> None:
        """Wait for the next change of the tools, or the next report."""
        await self.news.wait()
        self.news.clear()

    def property(self, name: str) -> dict[str, Json]:
        """Return a parameter's schema as it is published now."""
        properties = as_object(self.front.table.tools["draw"].input_schema["properties"])
        assert properties is not None
        return dict(as_object(properties[name]) or {})


async def test_tools_are_known_without_a_backend_and_a_broken_project_is_refused(
    tmp_path: Path,
) -> None:
    config = write_project(tmp_path, services("http://127.0.0.1:1"), TINY)
    opened = Open(config)
    assert next(iter(opened.front.table.tools)) == "draw"
    await opened.front.close()
    broken = write_project(tmp_path, "version: 1\nservices: {draw: {}}\n")
    with pytest.raises(DeclarationError, match="gateway validate"):
        Open(broken)


async def test_a_call_runs_on_the_backend_and_a_job_under_way_at_the_end_follows_its_service(
    tmp_path: Path, simulator: Simulator
) -> None:
    opened = Open(write_project(tmp_path, services(simulator.url), TINY))
    opened.front.warm()
    running = await opened.front.running()
    assert await opened.front.running() is running
    answer = await running.call("draw", {"color": 7}, Asking())
    assert not answer.failed
    await opened.front.close()


async def test_a_binding_that_moved_before_the_start_is_used_where_it_is_and_told(
    tmp_path: Path,
) -> None:
    config = write_project(tmp_path)
    assert repair(config, {}).is_locked
    file = tmp_path / "workflows" / "draw.json"
    file.write_text(file.read_text("utf-8").replace('"3"', '"13"'), encoding="utf-8")
    opened = Open(config)
    try:
        assert [each.code for each in opened.reported] == ["binding-moved", "binding-moved"]
        assert "is now node 13" in opened.reported[0].message
        (bound,) = (await opened.front.project()).services
        assert {each.node_id for part in bound.parameters for each in part.widgets} == {"13"}
        assert len(opened.reported) == 2
    finally:
        await opened.front.close()


async def test_an_edit_is_published_and_a_broken_one_keeps_the_last_good_tools(
    tmp_path: Path, simulator: Simulator
) -> None:
    config = write_project(tmp_path, services(simulator.url), TINY)
    opened = Open(config)
    await opened.front.running()
    before = opened.front.table
    config.write_text(services(simulator.url, "width: 1.width"), encoding="utf-8")
    await opened.next()
    assert opened.front.table.version > before.version
    assert opened.property("width")["type"] == "integer"
    config.write_text(services(simulator.url, "width: 1.widht"), encoding="utf-8")
    await opened.next()
    assert [finding.severity for finding in opened.reported] == ["error"]
    assert "widht" in opened.reported[0].message
    assert opened.property("width")["type"] == "integer"
    config.write_text(services(simulator.url, "height: 1.height"), encoding="utf-8")
    await opened.next()
    assert opened.property("height")["type"] == "integer"
    await opened.front.close()


async def test_an_edit_of_the_backends_is_told_to_count_from_the_next_start_on(
    tmp_path: Path, simulator: Simulator
) -> None:
    config = write_project(tmp_path, services(simulator.url), TINY)
    opened = Open(config)
    await opened.front.running()
    config.write_text(services("http://127.0.0.1:1"), encoding="utf-8")
    await opened.next()
    assert [finding.code for finding in opened.reported] == ["restart-needed"]
    await opened.front.close()


async def test_choices_of_files_come_from_the_live_backends(
    tmp_path: Path, simulator: Simulator
) -> None:
    url = simulator.url
    opened = Open(write_project(tmp_path, services(url, "model: 4.ckpt_name"), LOADER))
    assert "enum" not in opened.property("model")
    await opened.front.running()
    await opened.next()
    choices = opened.property("model")["enum"]
    assert isinstance(choices, list)
    assert choices
    running = await opened.front.running()
    answer = await running.call("draw", {"model": "nowhere.safetensors"}, Asking())
    assert answer.failed
    assert "no backend of this service has" in answer.text
    await opened.front.close()


SLEEPY: dict[str, Json] = {
    "1": TINY["1"],
    "2": {
        "class_type": "SimulatedSleep",
        "inputs": {"image": ["1", 0], "seconds": 30.0, "ticks": 300},
    },
    "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "t"}},
}


@pytest.mark.parametrize(("leaves", "left_behind"), [("cancel", False), ("detach", True)])
async def test_at_the_end_running_jobs_are_cancelled_or_left_to_comfyui(
    tmp_path: Path, simulator: Simulator, leaves: str, left_behind: bool
) -> None:
    more = f"    wait: 0s\n    when_client_leaves: {leaves}\n"
    opened = Open(write_project(tmp_path, services(simulator.url, more=more), SLEEPY))
    running = await opened.front.running()
    answer = await running.call("draw", {}, Asking())
    job_id = answer.structured["job_id"]
    assert isinstance(job_id, str)
    while (await running.job(job_id, "local")).status == "pending":
        await running.wait(job_id, Asking(), 0.05)
    await opened.front.close(grace=0.3)
    codes = [finding.code for finding in opened.reported]
    assert codes == (["jobs-left-behind"] if left_behind else [])
    store = await open_job_store(".gateway/jobs.db", tmp_path, "the next one")
    job = await store.get(job_id)
    await store.close()
    assert job is not None
    assert job.status == ("running" if left_behind else "cancelled")


def described(opened: Open) -> str:
    return opened.front.table.tools["draw_1"].description


def keep_other_description(config: Path) -> None:
    """Have a project's kept tools differ from the project, as nothing but a fault could."""
    file = config.parent / CACHE_FILE
    text = file.read_text("utf-8")
    assert text.count("no. 1.") == 1
    file.write_text(text.replace("no. 1.", "no. one."), encoding="utf-8")


async def test_a_large_project_is_published_from_its_cache_and_loaded_when_needed(
    tmp_path: Path,
) -> None:
    config = write_large_project(tmp_path)
    first = Open(config)
    second = Open(config)
    assert second.front.table == first.front.table
    assert second.front.introduction.name == first.front.introduction.name == "studio"
    assert await second.front.project() == await first.front.project()
    assert await second.front.project() is await second.front.project()
    assert second.front.table == first.front.table
    assert not second.news.is_set()
    await first.front.close()
    await second.front.close()


async def test_kept_tools_that_are_not_the_projects_are_put_right_and_kept_anew(
    tmp_path: Path,
) -> None:
    config = write_large_project(tmp_path)
    await Open(config).front.close()
    keep_other_description(config)
    opened = Open(config)
    assert described(opened) == "Draw a cat, no. one."
    opened.front.warm()
    await opened.next()
    assert described(opened) == "Draw a cat, no. 1."
    assert opened.front.table.version == 2
    await opened.front.close()
    again = Open(config)
    assert described(again) == "Draw a cat, no. 1."
    assert again.front.table.version == 1
    await again.front.close()


async def test_a_project_that_breaks_after_its_tools_were_taken_from_the_cache_is_told_and_mended(
    tmp_path: Path,
) -> None:
    config = write_large_project(tmp_path)
    await Open(config).front.close()
    good = config.read_text("utf-8")
    opened = Open(config)
    config.write_text(good.replace("3.steps", "3.stepz"), encoding="utf-8")
    opened.front.warm()
    await opened.next()
    assert {finding.code for finding in opened.reported} == {"binding-widget-unknown"}
    with pytest.raises(DeclarationError, match="stepz"):
        await opened.front.running()
    config.write_text(good, encoding="utf-8")
    running = await opened.front.running()
    assert await opened.front.running() is running
    await opened.front.close()


async def test_an_edit_made_before_a_cached_project_was_loaded_is_seen(tmp_path: Path) -> None:
    config = write_large_project(tmp_path)
    await Open(config).front.close()
    opened = Open(config)
    config.write_text(config.read_text("utf-8").replace("no. 1.", "no. I."), encoding="utf-8")
    await opened.front.running()
    assert described(opened) == "Draw a cat, no. I."
    await opened.front.close()
