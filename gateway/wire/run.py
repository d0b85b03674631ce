"""One prompt's run on a ComfyUI as a reduction: `advance(run, message, at) -> run`.

Source: the order of messages in ComfyUI execution.py `execute_async` and main.py `prompt_worker`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from gateway.graph.json_value import JsonObject
from gateway.wire.failure import is_blocked
from gateway.wire.history import Ending, Interrupted, NodeFailure, Succeeded
from gateway.wire.messages import (
    Executed,
    Executing,
    ExecutionCached,
    ExecutionError,
    ExecutionInterrupted,
    ExecutionSuccess,
    Message,
    NodeState,
    ProgressState,
    ProgressStep,
)

__all__ = ["NodeTimes", "RunState", "advance"]


@dataclass(frozen=True, slots=True)
class NodeTimes:
    """When a node began and ended, in the clock's seconds as given to `advance`."""

    node_id: str
    cached: bool = False
    started_at: float | None = None
    ended_at: float | None = None


@dataclass(frozen=True, slots=True)
class RunState:
    """Where a prompt's run is, as far as its messages told.

    Attributes:
        started_at: When the worker took it, None before.
        node: The graph's node that runs now (for an expanded node, the graph's own), or None.
        value: Steps done of that node, of `maximum`.
        cached: Ids of nodes that did not run.
        outputs: Node id → what its `executed` brought; an expanded node's own id where it has one.
        parents: Own id of an expanded node → the graph's node it stands for.
        ending: How it seems to end, from execution_success, _error or _interrupted; not the end yet.
        ended: The end mark came (`executing` with node null and our prompt_id).
    """

    prompt_id: str
    started_at: float | None = None
    node: str | None = None
    value: float = 0
    maximum: float = 0
    cached: tuple[str, ...] = ()
    times: Mapping[str, NodeTimes] = field(default_factory=dict[str, NodeTimes])
    outputs: Mapping[str, JsonObject] = field(default_factory=dict[str, JsonObject])
    parents: Mapping[str, str] = field(default_factory=dict[str, str])
    ending: Ending | None = None
    ended: bool = False


def advance(run: RunState, message: Message, at: float) -> RunState:
    """Return where the run is after a message that came at `at`, the clock's seconds.

    A message about another prompt, or one that names none, leaves the run as it is; so does any
    after the end mark.
    """
    if run.ended or getattr(message, "prompt_id", None) != run.prompt_id:
        return run
    match message:
        case ExecutionSuccess() | ExecutionError() | ExecutionInterrupted():
            return replace(run, ending=_ending(run, message))
        case _:
            return _moved(_started(run, at), message, at)


def _moved(run: RunState, message: Message, at: float) -> RunState:
    match message:
        case ExecutionCached(nodes=nodes):
            run = _cached(run, nodes)
        case ProgressState(nodes=nodes):
            run = _progressed(run, nodes, at)
        case Executing(node=None):
            times = _all_ended(run.times, at)
            run = replace(run, node=None, value=0, maximum=0, times=times, ended=True)
        case Executing(node=str(node), display_node=display):
            run = _begun(run, node, display, at)
        case ProgressStep():
            run = _stepped(run, message, at)
        case Executed():
            run = _executed(run, message, at)
        case _:
            pass  # execution_start and previews only tell that it runs
    return run


def _ending(
    run: RunState, message: ExecutionSuccess | ExecutionError | ExecutionInterrupted
) -> Ending | None:
    if isinstance(message, ExecutionSuccess):
        return Succeeded()
    node_id = run.parents.get(message.node_id, message.node_id)
    if isinstance(message, ExecutionInterrupted):
        return Interrupted(node_id)
    if is_blocked(message.exception_type):
        return run.ending
    return NodeFailure(node_id, message.node_type, message.message, message.exception_type)


def _started(run: RunState, at: float) -> RunState:
    # After a late connection there was no execution_start for us.
    return run if run.started_at is not None else replace(run, started_at=at)


def _cached(run: RunState, nodes: tuple[str, ...]) -> RunState:
    times = {**run.times, **{node: NodeTimes(node, cached=True) for node in nodes}}
    return replace(run, cached=nodes, times=times)


def _progressed(run: RunState, nodes: Mapping[str, NodeState], at: float) -> RunState:
    parents = {
        node_id: state.display_node_id
        for node_id, state in nodes.items()
        if state.display_node_id != node_id
    }
    times = dict(run.times)
    for node_id, state in nodes.items():
        # What an expanded node does counts as its graph node's time: that one runs meanwhile.
        if node_id not in parents:
            times[node_id] = _timed(times.get(node_id) or NodeTimes(node_id), state.state, at)
    if parents:
        parents = {**run.parents, **parents}
    current = _current(nodes)
    if current is None:
        return replace(run, times=times, parents=parents or run.parents)
    return replace(
        run,
        times=times,
        parents=parents or run.parents,
        node=current.display_node_id,
        value=current.value,
        maximum=current.maximum,
    )


def _timed(times: NodeTimes, state: str, at: float) -> NodeTimes:
    if times.cached:
        return times
    if state == "running":
        if times.started_at is not None and times.ended_at is None:
            return times
        started = at if times.started_at is None else times.started_at
        return NodeTimes(times.node_id, started_at=started)
    return times if times.ended_at is not None else replace(times, ended_at=at)


def _current(nodes: Mapping[str, NodeState]) -> NodeState | None:
    running = [state for state in nodes.values() if state.state == "running"]
    # Of several (an expanded node and what it became, nodes awaiting something), one with steps to tell.
    stepping = [state for state in running if state.maximum > 1]
    return (stepping or running or [None])[-1]


def _begun(run: RunState, node: str, display: str | None, at: float) -> RunState:
    shown = display or run.parents.get(node, node)
    if shown != node:
        run = replace(run, parents={**run.parents, node: shown})
    if shown == run.node:
        return run
    times = dict(run.times)
    # Servers without progress_state tell a node's end only by the next one's beginning; where it
    # runs on beside the new one, the next progress_state says so and the end is taken back.
    if run.node is not None and run.node in times:
        times[run.node] = _timed(times[run.node], "finished", at)
    times[shown] = _timed(times.get(shown) or NodeTimes(shown), "running", at)
    return replace(run, node=shown, value=0, maximum=0, times=times)


def _stepped(run: RunState, step: ProgressStep, at: float) -> RunState:
    if step.node is not None:
        run = _begun(run, step.node, None, at)
    return replace(run, value=step.value, maximum=step.maximum)


def _executed(run: RunState, message: Executed, at: float) -> RunState:
    if message.display_node != message.node:
        run = replace(run, parents={**run.parents, message.node: message.display_node})
    else:
        times = _timed(run.times.get(message.node) or NodeTimes(message.node), "finished", at)
        run = replace(run, times={**run.times, message.node: times})
    if not message.output:
        return run
    return replace(run, outputs={**run.outputs, message.node: message.output})


def _all_ended(times: Mapping[str, NodeTimes], at: float) -> Mapping[str, NodeTimes]:
    return {node: _timed(each, "finished", at) for node, each in times.items()}
