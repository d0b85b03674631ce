"""An executor over real stores and scripted backends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.execution.catalog import Catalog
from gateway.execution.collect import PreviewShelf, Shelves
from gateway.execution.dispatch import Dispatcher
from gateway.execution.executor import Executor
from gateway.execution.fleet import Fleet
from gateway.execution.keep_inputs import InputKeeper
from gateway.execution.ledger import Ledger
from gateway.execution.memory_store import MemoryJobStore
from gateway.execution.outcome import Workshop
from gateway.execution.sheets import Sheets
from gateway.execution.sweeping import Keeping
from gateway.media.previewer import PillowPreviewer
from gateway.services.settings import KeepPolicy
from gateway.storage.local import open_input_store, open_output_store
from tests.execution.scripted import Bench, MakeBench, OneFile, ScriptedBackend


@pytest.fixture
async def make_bench(tmp_path: Path) -> AsyncIterator[MakeBench]:
    """Return a maker of benches; what they started ends with the test."""
    dispatchers: list[Dispatcher] = []
    previewer = PillowPreviewer()
    reported: list[tuple[str, BaseException]] = []

    def faults(job_id: str, fault: BaseException) -> None:
        reported.append((job_id, fault))

    def make(*backends: ScriptedBackend, grace: float = 5.0, attempts: int = 3) -> Bench:
        chosen = backends or (ScriptedBackend(),)
        named = {each.name: each for each in chosen}
        inputs = open_input_store(str(tmp_path / "inputs"))
        outputs = open_output_store(str(tmp_path / "outputs"))
        ledger = Ledger(MemoryJobStore())
        previews = PreviewShelf(previewer, 64)
        shelves = Shelves(outputs, previews, grace)
        fleet = Fleet(named)
        dispatcher = Dispatcher(fleet, Workshop(ledger, inputs, shelves, grace), attempts, faults)
        dispatchers.append(dispatcher)
        keeper = InputKeeper(
            OneFile(), inputs, outputs, ledger, Sheets(outputs, previews), 64 * 1024
        )
        return Bench(
            Executor(ledger, dispatcher, fleet, Catalog(named), keeper),
            ledger,
            Keeping(KeepPolicy(age=None, count=1), inputs, outputs),
            chosen,
            tmp_path / "outputs",
            reported,
        )

    yield make
    for dispatcher in dispatchers:
        await dispatcher.close()
    previewer.close()
