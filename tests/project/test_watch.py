"""A project's files, watched."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.project.fingerprint import fingerprint
from gateway.project.load import Loaded
from gateway.project.repair import repair
from gateway.project.watch import watch_project
from tests.editor.portrait import OBJECT_INFO, portrait
from tests.project.small import SERVICES, write_project

PATIENCE = 5.0


class _Edits:
    """The loads of a watched project, one at a time."""

    def __init__(self) -> None:
        self.loads: asyncio.Queue[Loaded] = asyncio.Queue()

    async def next(self) -> Loaded:
        return await asyncio.wait_for(self.loads.get(), PATIENCE)

    async def gather(self, edits: AsyncIterator[Loaded]) -> None:
        async for loaded in edits:
            await self.loads.put(loaded)


@asynccontextmanager
async def _watching(config: Path) -> AsyncGenerator[_Edits]:
    edits = _Edits()
    task = asyncio.create_task(edits.gather(watch_project(config, {}, fingerprint(config))))
    try:
        yield edits
    finally:
        task.cancel()
        (end,) = await asyncio.gather(task, return_exceptions=True)
        assert isinstance(end, asyncio.CancelledError), end


def _names(loaded: Loaded) -> list[str]:
    assert loaded.project is not None
    return [each.name for each in loaded.project.services]


@pytest.mark.timeout(30)
async def test_an_edit_of_services_yaml_yields_the_new_project(tmp_path: Path) -> None:
    config = write_project(tmp_path)
    async with _watching(config) as edits:
        config.write_text(SERVICES.replace("draw:", "paint:"), encoding="utf-8")
        assert _names(await edits.next()) == ["paint"]


@pytest.mark.timeout(30)
async def test_a_broken_edit_yields_its_findings_and_the_mended_one_a_project(
    tmp_path: Path,
) -> None:
    config = write_project(tmp_path)
    async with _watching(config) as edits:
        config.write_text("version: [", encoding="utf-8")
        broken = await edits.next()
        assert broken.project is None
        assert broken.findings
        config.write_text(SERVICES, encoding="utf-8")
        assert _names(await edits.next()) == ["draw"]


@pytest.mark.timeout(30)
async def test_an_edit_of_a_workflow_is_seen_in_a_new_folder_too(tmp_path: Path) -> None:
    config = write_project(tmp_path)
    async with _watching(config) as edits:
        (tmp_path / "workflows" / "new").mkdir()
        graph = (tmp_path / "workflows/draw.json").read_text("utf-8")
        (tmp_path / "workflows/new/draw.json").write_text(graph, encoding="utf-8")
        assert (await edits.next()).findings == ()
        (tmp_path / "workflows/new/draw.json").write_text("{}", encoding="utf-8")
        config.write_text(SERVICES.replace("draw.json", "new/draw.json"), encoding="utf-8")
        while not (loaded := await edits.next()).findings:
            pass
        assert [each.code for each in loaded.findings] == ["workflow-empty"]


@pytest.mark.timeout(30)
async def test_an_editor_that_replaces_the_file_is_seen(tmp_path: Path) -> None:
    config = write_project(tmp_path)
    async with _watching(config) as edits:
        other = tmp_path / "services.yaml.new"
        other.write_text(SERVICES.replace("draw:", "etch:"), encoding="utf-8")
        other.replace(config)
        assert _names(await edits.next()) == ["etch"]


@pytest.mark.timeout(30)
async def test_an_edit_of_an_editor_workflow_yields_its_new_graph(tmp_path: Path) -> None:
    config = write_project(tmp_path, graph=portrait("a fox"))
    (tmp_path / "schemas").mkdir()
    pinned = json.dumps(OBJECT_INFO)
    (tmp_path / "schemas/definitions.json").write_text(pinned, encoding="utf-8")
    async with _watching(config) as edits:
        edited = json.dumps(portrait("a dog, sitting"))
        (tmp_path / "workflows/draw.json").write_text(edited, encoding="utf-8")
        loaded = await edits.next()
        assert loaded.project is not None, loaded.findings
        text = loaded.project.services[0].prompt["6"].inputs["text"]
        assert text == "a dog, sitting"


@pytest.mark.timeout(30)
async def test_a_workflow_that_is_renumbered_and_then_fixed_goes_on(tmp_path: Path) -> None:
    config = write_project(tmp_path)
    assert repair(config, {}).is_locked
    async with _watching(config) as edits:
        file = tmp_path / "workflows" / "draw.json"
        file.write_text(file.read_text("utf-8").replace('"3"', '"13"'), encoding="utf-8")
        moved = await edits.next()
        assert [each.code for each in moved.findings] == ["binding-moved", "binding-moved"]
        assert _names(moved) == ["draw"]
        repair(config, {})
        fixed = await edits.next()
        while fixed.findings:  # services.yaml and its lock may be seen one after the other
            fixed = await edits.next()
        assert _names(fixed) == ["draw"]
