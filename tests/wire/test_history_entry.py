"""History entries and jobs answers, recorded and odd."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from gateway.graph.json_value import JsonObject
from gateway.wire.failure import failure_of
from gateway.wire.history import HistoryEntry, Interrupted, NodeFailure, Succeeded
from gateway.wire.history_entry import JobRecord, parse_history, parse_job

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

    from tests.wire.conftest import Recording

RECORDED = [
    "cached_rerun",
    "error_expand",
    "error_node",
    "execution_blocker_message",
    "execution_blocker_silent",
    "interrupt_by_id",
    "oom",
    "success_expand",
    "text_outputs",
    "ui_odd",
]


@pytest.mark.parametrize("name", [*RECORDED, "0.3.64-wf_block_msg", "0.3.64-wf_error"])
def test_a_recorded_history_entry(
    name: str, recording: Callable[[str], Recording], snapshot: SnapshotAssertion
) -> None:
    recorded = recording(name)
    (prompt_id,) = recorded.prompt_ids()
    assert parse_history(prompt_id, recorded.got("/history")) == snapshot


@pytest.mark.parametrize("name", RECORDED)
def test_the_jobs_api_tells_the_same_ending_as_the_history(
    name: str, recording: Callable[[str], Recording]
) -> None:
    recorded = recording(name)
    (prompt_id,) = recorded.prompt_ids()
    entry = parse_history(prompt_id, recorded.got("/history"))
    record = parse_job(recorded.got("/api/jobs"))
    assert entry is not None
    assert record is not None
    assert record.entry is not None
    assert (record.stage, record.entry.prompt_id) == ("finished", prompt_id)
    assert (record.entry.ending, record.entry.cached) == (entry.ending, entry.cached)
    assert record.entry.outputs.keys() == entry.outputs.keys()


def test_an_interrupted_prompt_is_told_from_a_failed_one(
    recording: Callable[[str], Recording],
) -> None:
    recorded = recording("interrupt_by_id")
    (prompt_id,) = recorded.prompt_ids()
    entry = parse_history(prompt_id, recorded.got("/history"))
    assert entry == HistoryEntry(prompt_id, Interrupted("2"))


def test_the_traceback_and_the_servers_paths_stay_behind(
    recording: Callable[[str], Recording],
) -> None:
    recorded = recording("error_node")
    (prompt_id,) = recorded.prompt_ids()
    entry = parse_history(prompt_id, recorded.got("/history"))
    assert "/srv/" in str(recorded.got("/history"))
    assert "/srv/" not in str(entry)
    assert "/opt/" not in str(entry)


def test_an_endless_message_is_cut_and_shows_it() -> None:
    message = failure_of({"exception_message": "x" * 3000}).message
    assert (len(message), message[-2:]) == (2000, "x…")


def test_a_prompt_that_is_not_over_has_no_entry() -> None:
    assert parse_history("p", {}) is None
    assert parse_history("p", {"p": None}) is None
    assert parse_history("p", {"q": {"outputs": {}}}) is None


@pytest.mark.parametrize(
    ("status", "ending"),
    [
        (None, Succeeded()),
        ({"status_str": "success"}, Succeeded()),
        (
            {
                "status_str": "error",
                "messages": [["execution_start"], 3, ["execution_error", {"node_id": 3}]],
            },
            NodeFailure("", "", "", ""),
        ),
        (
            {
                "status_str": "success",
                "messages": [["execution_error", {"exception_type": "ExecutionBlocked"}]],
            },
            Succeeded(),
        ),
        (
            {"status_str": "error", "messages": None},
            NodeFailure("", "", "ComfyUI reports an error and does not say which.", ""),
        ),
    ],
)
def test_an_odd_status_still_has_an_ending(status: JsonObject | None, ending: object) -> None:
    entry = parse_history("p", {"p": {"outputs": {"1": None, "2": {"text": []}}, "status": status}})
    assert entry == HistoryEntry("p", ending, {"2": {"text": []}})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("raw", "record"),
    [
        ({"id": "p", "status": "pending", "priority": 105}, JobRecord("pending", 105.0)),
        ({"id": "p", "status": "in_progress", "priority": -1.5}, JobRecord("running", -1.5)),
        ({"id": "p", "status": "in_progress"}, JobRecord("running", 0.0)),
        (
            {"id": "p", "status": "completed", "outputs": None},
            JobRecord("finished", 0.0, HistoryEntry("p", Succeeded())),
        ),
        ({"status": "something new"}, None),
        ({"error": "Job not found"}, None),
    ],
)
def test_a_jobs_answer_is_read(raw: JsonObject, record: JobRecord | None) -> None:
    assert parse_job(raw) == record
