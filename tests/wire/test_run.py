"""A run as the reduction of its messages: recorded ones replayed, and each rule on its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from gateway.wire.decode import decode
from gateway.wire.history import Interrupted, NodeFailure, Succeeded
from gateway.wire.history_entry import parse_history
from gateway.wire.messages import (
    Executed,
    Executing,
    ExecutionCached,
    ExecutionError,
    ExecutionInterrupted,
    ExecutionStart,
    ExecutionSuccess,
    Malformed,
    Message,
    NodeState,
    PreviewImage,
    ProgressState,
    ProgressStep,
    Status,
    TextUpdate,
    Unknown,
)
from gateway.wire.run import NodeTimes, RunState, advance

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

    from tests.wire.conftest import Recording

ENDED = [
    "async_node",
    "audio_all",
    "cached_rerun",
    "error_expand",
    "error_node",
    "execution_blocker_message",
    "execution_blocker_silent",
    "interrupt_by_id",
    "interrupt_jobs_cancel",
    "oom",
    "partial_validation_200",
    "preview_jpeg_custom",
    "preview_png_custom_flags",
    "success_empty_image",
    "success_expand",
    "success_multi_output",
    "success_txt2img",
    "text_outputs",
    "ui_odd",
    "video_mp4",
    "0.3.64-wf_block_msg",
    "0.3.64-wf_empty_image",
    "0.3.64-wf_error",
    "0.3.64-wf_expand",
    "0.3.64-wf_multi_output",
    "0.3.64-wf_txt2img",
    "0.3.64-wf_video_legacy_args",
]


@pytest.mark.parametrize("name", ENDED)
def test_a_recorded_run_ends_as_it_did(
    name: str, recording: Callable[[str], Recording], snapshot: SnapshotAssertion
) -> None:
    recorded = recording(name)
    assert recorded.replay(recorded.prompt_ids()[-1]) == snapshot


@pytest.mark.parametrize("name", ENDED)
def test_the_messages_and_the_history_tell_the_same(
    name: str, recording: Callable[[str], Recording]
) -> None:
    recorded = recording(name)
    prompt_id = recorded.prompt_ids()[-1]
    run = recorded.replay(prompt_id)
    entry = parse_history(prompt_id, recorded.got("/history"))
    assert entry is not None
    assert run.ended
    assert (run.ending, run.cached) == (entry.ending, entry.cached)
    assert run.outputs == entry.outputs
    assert run.parents.items() >= entry.parents.items()


def test_a_whole_recorded_run(recording: Callable[[str], Recording]) -> None:
    recorded = recording("success_empty_image")
    (prompt_id,) = recorded.prompt_ids()
    assert recorded.replay(prompt_id) == RunState(
        prompt_id,
        started_at=147.31 / 1000,
        node=None,
        value=0,
        maximum=0,
        times={
            "1": NodeTimes("1", False, 147.34 / 1000, 147.92 / 1000),
            "2": NodeTimes("2", False, 147.98 / 1000, 148.77 / 1000),
        },
        outputs={
            "2": {"images": [{"filename": "t_00010_.png", "subfolder": "", "type": "output"}]}
        },
        ending=Succeeded(),
        ended=True,
    )


def test_a_server_that_died_leaves_the_run_open(recording: Callable[[str], Recording]) -> None:
    recorded = recording("crash_mid_run")
    run = recorded.replay(recorded.prompt_ids()[-1])
    assert (run.ended, run.ending, run.node) == (False, None, "2")


def test_a_late_connection_still_sees_the_end(recording: Callable[[str], Recording]) -> None:
    recorded = recording("late_connect")
    run = recorded.replay(recorded.prompt_ids()[-1])
    assert run.ended
    assert run.started_at is not None


def test_a_prompt_posted_without_client_id_never_ends_by_messages(
    recording: Callable[[str], Recording],
) -> None:
    recorded = recording("no_client_id")
    assert not recorded.replay(recorded.prompt_ids()[-1]).ended


def test_a_pending_prompt_deleted_by_hand_hears_nothing(
    recording: Callable[[str], Recording],
) -> None:
    recorded = recording("cancel_pending")
    deleted = recorded.prompt_ids()[1]
    assert recorded.replay(deleted) == RunState(deleted)


# --- rules ----------------------------------------------------------------------------------------

RUN = RunState("p")


def reduce(*messages: Message, run: RunState = RUN) -> RunState:
    """Advance by messages that come a second apart, from second 1 on."""
    for second, message in enumerate(messages, start=1):
        run = advance(run, message, float(second))
    return run


def state(
    node: str, is_now: str, value: float = 0, maximum: float = 1, show: str = ""
) -> NodeState:
    return NodeState(node, show or node, is_now, value, maximum)


@pytest.mark.parametrize(
    "message",
    [
        ExecutionStart("q"),
        ExecutionCached("q", ("1",)),
        ProgressState("q", {"1": state("1", "running")}),
        Executing("1", "q"),
        Executing(None, "q"),
        Executing("1", None),
        ProgressStep("q", "1", 1, 2),
        ProgressStep(None, "1", 1, 2),
        Executed("q", "1", "1", {"text": ["x"]}),
        ExecutionSuccess("q"),
        ExecutionError("q", "1", "X", "boom", "ValueError"),
        ExecutionInterrupted("q", "1"),
        PreviewImage("image/png", b""),
        TextUpdate("1", "x"),
        Status(0),
        Unknown("x"),
        Malformed("x"),
    ],
)
def test_messages_of_other_prompts_and_of_none_change_nothing(message: Message) -> None:
    assert advance(RUN, message, 1.0) is RUN


def test_execution_success_is_not_the_end() -> None:
    run = reduce(ExecutionStart("p"), ExecutionSuccess("p"))
    assert (run.ending, run.ended) == (Succeeded(), False)


def test_the_end_mark_ends_the_run_and_the_node_that_ran() -> None:
    run = reduce(ExecutionStart("p"), Executing("1", "p"), Executing(None, "p"))
    assert run == RunState("p", 1.0, times={"1": NodeTimes("1", False, 2.0, 3.0)}, ended=True)


def test_nothing_changes_after_the_end_mark() -> None:
    ended = reduce(ExecutionSuccess("p"), Executing(None, "p"))
    assert advance(ended, ExecutionError("p", "1", "X", "boom", "ValueError"), 9.0) is ended


def test_a_blocked_node_is_no_failure_and_success_follows() -> None:
    blocked = ExecutionError("p", "3", "SaveImage", "Execution Blocked: no", "ExecutionBlocked")
    assert reduce(blocked).ending is None
    assert reduce(blocked, ExecutionSuccess("p")).ending == Succeeded()


def test_a_failure_inside_an_expanded_node_is_its_graph_nodes() -> None:
    run = reduce(
        Executing("1.0.0.1", "p", "1"),
        ExecutionError("p", "1.0.0.1", "X", "boom", "ValueError"),
    )
    assert run.ending == NodeFailure("1", "X", "boom", "ValueError")
    assert run.node == "1"
    interrupted = reduce(ExecutionInterrupted("p", "1.0.0.1"), run=run)
    assert interrupted.ending == Interrupted("1")


def test_cached_nodes_are_told_and_never_begin() -> None:
    run = reduce(
        ExecutionCached("p", ("1", "2")),
        Executed("p", "2", "2", {"images": []}),
        ProgressState("p", {"2": state("2", "finished")}),
        Executing(None, "p"),
    )
    assert run.cached == ("1", "2")
    assert run.times == {"1": NodeTimes("1", True), "2": NodeTimes("2", True)}
    assert run.outputs == {"2": {"images": []}}


def test_any_message_of_ours_says_that_the_run_has_begun() -> None:
    assert reduce(Executing("1", "p")).started_at == 1.0
    assert reduce(ExecutionStart("p"), ExecutionStart("p")).started_at == 1.0
    assert reduce(PreviewImage("image/png", b"", "1", "p")).started_at == 1.0


def test_of_several_running_nodes_the_one_with_steps_is_shown() -> None:
    sampling, loading = state("3", "running", 5, 20), state("4", "running")
    run = reduce(ProgressState("p", {"3": sampling, "4": loading}))
    assert (run.node, run.value, run.maximum) == ("3", 5, 20)
    run = reduce(ProgressState("p", {"5": state("5", "running"), "4": loading}))
    assert (run.node, run.value, run.maximum) == ("4", 0, 1)


def test_when_nothing_runs_the_last_node_stays_in_view() -> None:
    run = reduce(
        ProgressState("p", {"3": state("3", "running", 20, 20)}),
        ProgressState("p", {"3": state("3", "finished", 20, 20)}),
    )
    assert (run.node, run.value, run.maximum) == ("3", 20, 20)
    assert run.times == {"3": NodeTimes("3", False, 1.0, 2.0)}


def test_what_an_expanded_node_does_is_its_graph_nodes_progress() -> None:
    run = reduce(
        ProgressState(
            "p",
            {"1": state("1", "running"), "1.0.0.2": state("1.0.0.2", "running", 3, 9, show="1")},
        ),
        Executing("1.0.0.2", "p", "1"),
        ProgressStep("p", "1.0.0.2", 4, 9),
        Executed("p", "1.0.0.2", "1", {"images": [{"filename": "a.png"}]}),
    )
    assert run == RunState(
        "p",
        1.0,
        "1",
        4,
        9,
        times={"1": NodeTimes("1", False, 1.0)},
        outputs={"1.0.0.2": {"images": [{"filename": "a.png"}]}},
        parents={"1.0.0.2": "1"},
    )


def test_an_older_server_without_progress_state_is_followed_by_executing_and_progress() -> None:
    run = reduce(
        ExecutionStart("p"),
        Executing("3", "p"),
        ProgressStep("p", "3", 7, 20),
        ProgressStep("p", None, 8, 20),
    )
    assert (run.node, run.value, run.maximum) == ("3", 8, 20)
    run = advance(run, Executing("8", "p"), 5.0)
    assert (run.node, run.value, run.maximum) == ("8", 0, 0)
    assert run.times == {"3": NodeTimes("3", False, 2.0, 5.0), "8": NodeTimes("8", False, 5.0)}


def test_a_progress_step_of_another_node_moves_the_view_to_it() -> None:
    run = reduce(Executing("3", "p"), ProgressStep("p", "4", 1, 2))
    assert (run.node, run.value, run.maximum) == ("4", 1, 2)


def test_a_node_that_runs_on_beside_the_next_one_has_not_ended() -> None:
    run = reduce(
        ProgressState("p", {"1": state("1", "running")}),
        Executing("2", "p"),
        ProgressState("p", {"1": state("1", "running"), "2": state("2", "running")}),
    )
    assert run.times == {"1": NodeTimes("1", False, 1.0), "2": NodeTimes("2", False, 2.0)}


def test_a_node_shown_by_progress_alone_has_no_times_to_end() -> None:
    run = RunState("p", 1.0, node="9")
    assert advance(run, Executing("3", "p"), 2.0).times == {"3": NodeTimes("3", False, 2.0)}


def test_executed_ends_a_node_and_an_empty_output_is_none() -> None:
    run = reduce(Executing("3", "p"), Executed("p", "3", "3", {}))
    assert run.times == {"3": NodeTimes("3", False, 1.0, 2.0)}
    assert run.outputs == {}


def test_frames_of_another_client_do_not_touch_the_run() -> None:
    stranger = json.dumps(
        {"type": "progress_state", "data": {"prompt_id": "q", "nodes": {"1": {"state": "running"}}}}
    )
    assert advance(RUN, decode(stranger), 1.0) is RUN


def test_an_expanded_node_is_known_from_whichever_message_names_it_first() -> None:
    expanded = {"1.0.0.2": state("1.0.0.2", "finished", show="1")}
    assert reduce(ProgressState("p", expanded)).parents == {"1.0.0.2": "1"}
    assert reduce(Executed("p", "1.0.0.2", "1", {})).parents == {"1.0.0.2": "1"}
    assert reduce(Executing("1.0.0.2", "p", "1")).parents == {"1.0.0.2": "1"}


def test_an_expanded_node_is_not_forgotten_by_progress_that_names_none() -> None:
    expanded = ProgressState("p", {"1.0.0.2": state("1.0.0.2", "finished", show="1")})
    running = ProgressState("p", {"3": state("3", "running", 1, 2)})
    over = ProgressState("p", {"3": state("3", "finished")})
    assert reduce(expanded, running).parents == {"1.0.0.2": "1"}
    assert reduce(expanded, over).parents == {"1.0.0.2": "1"}
    other = ProgressState("p", {"2.0.0.1": state("2.0.0.1", "finished", show="2")})
    assert reduce(expanded, other).parents == {"1.0.0.2": "1", "2.0.0.1": "2"}
    both = ProgressState("p", {"3": state("3", "running"), **other.nodes})
    assert reduce(expanded, both).parents == {"1.0.0.2": "1", "2.0.0.1": "2"}


def test_two_steps_are_steps() -> None:
    nodes = {"3": state("3", "running", 1, 2), "4": state("4", "running")}
    assert reduce(ProgressState("p", nodes)).node == "3"


def test_a_progress_step_alone_begins_its_node() -> None:
    assert reduce(ProgressStep("p", "3", 1, 2)) == RunState(
        "p", 1.0, "3", 1, 2, times={"3": NodeTimes("3", False, 1.0)}
    )


def test_a_node_that_comes_into_view_again_began_when_it_began() -> None:
    run = reduce(Executing("3", "p"), Executing("4", "p"), Executing("3", "p"))
    assert run.times["3"] == NodeTimes("3", False, 1.0)


def test_executed_without_anything_before_it_is_an_end() -> None:
    assert reduce(Executed("p", "3", "3", {})).times == {"3": NodeTimes("3", False, None, 1.0)}
