"""Validation of a posted graph, and the error shapes clients see. Knows no HTTP and no queue.

Source: ComfyUI execution.py, validate_prompt and validate_inputs. Values are converted in place:
history shows the graph after that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from gateway.graph.json_value import Json, JsonObject, as_array
from gateway.simulator.coercion import Refusal, check_value, coerce
from gateway.simulator.declared import Declared, declared_inputs
from gateway.simulator.machine import Machine
from gateway.simulator.missing import failure, missing_node
from gateway.simulator.queue import Graph

__all__ = ["Verdict", "validate"]


@dataclass(slots=True)
class Verdict:
    """What validation says.

    Attributes:
        error: The `error` of a 400, or None when at least one output may run.
        outputs: Output nodes that passed.
    """

    error: JsonObject | None = None
    outputs: list[str] = field(default_factory=list[str])
    node_errors: dict[str, Json] = field(default_factory=dict[str, Json])


def validate(graph: Graph, targets: Sequence[str] | None, machine: Machine) -> Verdict:
    """Check a graph; `targets` are the output nodes to run, all when None."""
    for node_id, node in graph.items():
        if (error := missing_node(node_id, node, machine)) is not None:
            return Verdict(error)
    outputs = [
        node_id
        for node_id, node in graph.items()
        if machine.nodes[str(node["class_type"])].face.output_node
        and (targets is None or node_id in targets)
    ]
    if not outputs:
        return Verdict(failure("prompt_no_outputs", "Prompt has no outputs"))
    verdict = Verdict()
    checked = _Checked(graph, machine)
    details = [_check_output(node_id, checked, verdict) for node_id in outputs]
    if not verdict.outputs:
        verdict.error = failure(
            "prompt_outputs_failed_validation",
            "Prompt outputs failed validation",
            "\n".join(line for lines in details for line in lines),
        )
    return verdict


@dataclass(slots=True)
class _Checked:
    """Node id → its faults, once checked; shared by every output of a prompt."""

    graph: Graph
    machine: Machine
    faults: dict[str, list[Refusal]] = field(default_factory=dict[str, list[Refusal]])
    failed: set[str] = field(default_factory=set[str])
    path: list[str] = field(default_factory=list[str])


def _check_output(node_id: str, checked: _Checked, verdict: Verdict) -> list[str]:
    """Check one output node; return its own faults as lines of `error.details`."""
    try:
        _check_node(node_id, checked)
    except Exception as error:  # noqa: BLE001 - ComfyUI reports whatever its validation trips over
        checked.path.clear()
        checked.failed.add(node_id)
        checked.faults[node_id] = [_exception("exception_during_validation", "node", error)]
    if node_id not in checked.failed:
        verdict.outputs.append(node_id)
        return []
    for failed, faults in checked.faults.items():
        if faults:
            _add_fault(failed, faults, node_id, checked, verdict)
    return [f"{fault.message}: {fault.details}" for fault in checked.faults[node_id]]


def _add_fault(
    node_id: str, faults: list[Refusal], output: str, checked: _Checked, verdict: Verdict
) -> None:
    if node_id not in verdict.node_errors:
        verdict.node_errors[node_id] = {
            "errors": [fault.as_json() for fault in faults],
            "dependent_outputs": [],
            "class_type": checked.graph[node_id]["class_type"],
        }
    entry = cast("dict[str, list[str]]", verdict.node_errors[node_id])
    entry["dependent_outputs"].append(output)


def _exception(kind: str, what: str, error: Exception, extra: JsonObject | None = None) -> Refusal:
    frames = ['  File "/simulated/validation.py", line 1, in validate_inputs\n']
    about: dict[str, Json] = {"exception_type": type(error).__name__, "traceback": list(frames)}
    return Refusal(
        kind, f"Exception when validating {what}", str(error), {**(extra or {}), **about}
    )


def _check_node(node_id: str, checked: _Checked) -> bool:
    if node_id in checked.faults:
        return node_id not in checked.failed
    if node_id in checked.path:
        _report_cycle(node_id, checked)
        return False
    checked.path.append(node_id)
    node = checked.graph[node_id]
    inputs = cast("dict[str, Json]", node["inputs"])
    document = checked.machine.document(str(node["class_type"]))
    faults: list[Refusal] = []
    for declared in declared_inputs(document, inputs):
        fault = _check_input(declared, inputs, checked, node_id)
        if fault is not None:
            faults.append(fault)
    faults.extend(_own_checks(node, inputs, checked.machine))
    checked.path.remove(node_id)
    if faults or node_id in checked.failed:
        checked.failed.add(node_id)
    checked.faults.setdefault(node_id, []).extend(faults)
    return node_id not in checked.failed


def _check_input(
    declared: Declared, inputs: dict[str, Json], checked: _Checked, node_id: str
) -> Refusal | None:
    if declared.name not in inputs:
        about: dict[str, Json] = {"input_name": declared.name}
        missing = Refusal(
            "required_input_missing", "Required input is missing", declared.leaf, about
        )
        return missing if declared.is_required else None
    pair = as_array(inputs[declared.name])
    if pair is not None:
        return _check_link(declared, pair, checked, node_id)
    value = coerce(declared, inputs[declared.name])
    if isinstance(value, Refusal):
        return value
    inputs[declared.name] = value
    node_class = checked.machine.nodes[str(checked.graph[node_id]["class_type"])]
    return None if declared.name in node_class.checked else check_value(declared, value)


def _check_link(
    declared: Declared, pair: Sequence[Json], checked: _Checked, node_id: str
) -> Refusal | None:
    about: dict[str, Json] = {"input_name": declared.name, "input_config": list(declared.spec)}
    if len(pair) != 2:
        message = "Bad linked input, must be a length-2 list of [node_id, slot_index]"
        about["received_value"] = list(pair)
        return Refusal("bad_linked_input", message, declared.name, about)
    source, slot = cast("tuple[str, int]", pair)
    class_type = checked.graph[source]["class_type"]
    received = checked.machine.nodes[str(class_type)].face.outputs[slot]
    about["linked_node"] = list(pair)
    if not _fits(received, declared.kind):
        about["received_type"] = received
        details = f"{declared.name}, received_type({received}) mismatch input_type({declared.kind})"
        message = "Return type mismatch between linked nodes"
        return Refusal("return_type_mismatch", message, details, about)
    _check_source(source, checked, node_id, about)
    return None


def _check_source(source: str, checked: _Checked, node_id: str, about: dict[str, Json]) -> None:
    try:
        is_good = _check_node(source, checked)
    except Exception as error:  # noqa: BLE001 - ComfyUI reports whatever its validation trips over
        extra: dict[str, Json] = {**about, "exception_message": str(error)}
        fault = _exception("exception_during_inner_validation", "inner node", error, extra)
        checked.faults[source] = [fault]
        checked.failed.add(source)
        if source in checked.path:
            checked.path.remove(source)
        is_good = False
    if not is_good:
        checked.failed.add(node_id)


def _report_cycle(node_id: str, checked: _Checked) -> None:
    cycle = checked.path[checked.path.index(node_id) :]
    names = [f"{one} ({checked.graph[one]['class_type']})" for one in (*cycle, node_id)]
    checked.failed.update(cycle)
    if not checked.machine.settings.modern:
        return
    for one in cycle:
        about: dict[str, Json] = {"node_id": one, "cycle_nodes": list(cycle)}
        message = "Dependency cycle detected"
        fault = Refusal("dependency_cycle", message, " -> ".join(names), about)
        checked.faults.setdefault(one, []).append(fault)


def _own_checks(
    node: JsonObject, inputs: Mapping[str, Json], machine: Machine
) -> Sequence[Refusal]:
    check = machine.nodes[str(node["class_type"])].check
    if check is None:
        return ()
    return [
        Refusal(
            "custom_validation_failed",
            "Custom validation failed for node",
            f"{name} - {said}",
            {"input_name": name},
        )
        for name, said in check(inputs, machine.room).items()
    ]


def _fits(received: str, wanted: Json) -> bool:
    if received == wanted or "*" in (received, wanted):
        return True
    if not isinstance(wanted, str):
        return False
    if wanted.startswith("COMFY_MATCHTYPE"):
        return True
    return bool(set(received.split(",")) & set(wanted.split(",")))
