"""Where a prompt stands in ComfyUI's queue."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gateway.graph.json_value import Json
from gateway.wire.queue import AtWork, InLine, place_in_queue, position_among_jobs

if TYPE_CHECKING:
    from tests.wire.conftest import Recording


def test_a_recorded_queue(recording: Callable[[str], Recording]) -> None:
    recorded = recording("cancel_pending")
    running, pending = recorded.prompt_ids()
    queue = recorded.got("/queue")
    assert place_in_queue(running, queue) == AtWork()
    assert place_in_queue(pending, queue) == InLine(1)
    assert place_in_queue("another", queue) is None


def test_pending_prompts_come_in_heap_order_and_are_counted_in_the_order_they_run() -> None:
    heap: list[Json] = [[-2, "front", {}], [9, "last", {}], [3, "middle", {}], [3, "a tie", {}]]
    queue = {"queue_running": [], "queue_pending": heap}
    places = [place_in_queue(each, queue) for each in ("front", "a tie", "middle", "last")]
    assert places == [InLine(0), InLine(1), InLine(2), InLine(3)]


def test_an_odd_queue_holds_nothing() -> None:
    assert place_in_queue("p", {}) is None
    assert place_in_queue("p", {"queue_running": None, "queue_pending": [None, ["p"], 3]}) is None
    assert place_in_queue("p", {"queue_pending": [None, [0.5, "p"], ["?", "z"]]}) == InLine(2)
    assert place_in_queue("P", {"queue_pending": [[0, "P"], []]}) == InLine(1)


def test_jobs_before_one_are_the_running_ones_and_those_of_a_lower_number() -> None:
    jobs: list[Json] = [
        {"id": "p", "status": "pending", "priority": 5},
        {"id": "r", "status": "in_progress", "priority": 9},
        {"id": "s", "status": "pending", "priority": 4.5},
        {"id": "o", "status": "pending", "priority": 5},
        {"id": "z", "status": "pending", "priority": 5},
        {"id": "t", "status": "pending", "priority": 6},
        {"id": "odd", "status": "pending"},
    ]
    assert position_among_jobs("p", 5.0, {"jobs": jobs}) == 4
    assert position_among_jobs("p", 0.5, {"jobs": [{"id": "odd", "priority": "?"}]}) == 1
    running: list[Json] = [{"id": "p", "status": "in_progress", "priority": 5}]
    assert position_among_jobs("p", 5.0, {"jobs": running}) == 0
    assert position_among_jobs("p", 5.0, {}) == 0
