"""What a ComfyUI with these node definitions would refuse in a prompt. Knows no service.

Only what ComfyUI's own validation (execution.py `validate_inputs`) is sure to refuse is told: it
coerces numbers, ignores inputs it does not know, and lets upload widgets name any file it has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from gateway.graph.definitions import (
    BooleanWidget,
    Combo,
    Definition,
    Definitions,
    DynamicCombo,
    InputDefinition,
    InputKind,
    IntegerWidget,
    NumberWidget,
    OpaqueWidget,
    Socket,
    TextWidget,
    UnionWidget,
)
from gateway.graph.json_value import Json
from gateway.graph.object_info import input_of
from gateway.graph.patch import unwrapped
from gateway.graph.prompt import Link, Node, Prompt, link_of

__all__ = ["Problem", "check_prompt"]

_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing ComfyUI would refuse.

    Attributes:
        code: Stable kebab-case name of the kind.
        node_id: The node, or empty when the whole prompt is meant.
        input_name: The input, or empty when the whole node is meant.
        message: A sentence for people, naming node and input.
    """

    code: str
    node_id: str
    class_type: str
    input_name: str
    message: str


def check_prompt(prompt: Prompt, definitions: Definitions) -> tuple[Problem, ...]:
    """Return what would be refused, in the prompt's order; `definitions` must be complete."""
    problems: list[Problem] = []
    for node_id, node in prompt.items():
        definition = definitions.get(node.class_type)
        if definition is None:
            problems.append(_unknown_class(node_id, node, definitions))
        else:
            problems.extend(_check_node(node_id, node, definition))
            problems.extend(_check_links(node_id, node, prompt, definitions))
    if not problems and not any(
        definitions[each.class_type].output_node for each in prompt.values()
    ):
        problems.append(
            Problem(
                code="graph-without-output",
                node_id="",
                class_type="",
                input_name="",
                message="no node of the graph is an output node, so there is nothing to run",
            )
        )
    return tuple(problems)


def _unknown_class(node_id: str, node: Node, definitions: Definitions) -> Problem:
    near = get_close_matches(node.class_type, definitions, n=1)
    hint = f"; did you mean {near[0]}?" if near else "; its custom nodes may not be installed"
    return Problem(
        code="node-class-missing",
        node_id=node_id,
        class_type=node.class_type,
        input_name="",
        message=f"node {node_id}: ComfyUI has no node class {node.class_type}{hint}",
    )


def _check_node(node_id: str, node: Node, definition: Definition) -> Iterator[Problem]:
    for name, value in node.inputs.items():
        known = input_of(definition, name, node.inputs)
        if known is None or link_of(value) is not None:
            continue
        literal = unwrapped(value)
        if message := _refusal(known.kind, literal):
            yield Problem(
                code=_code(known.kind, literal),
                node_id=node_id,
                class_type=node.class_type,
                input_name=name,
                message=f"`{name}` of node {node_id} ({node.class_type}) {message}",
            )
    for name in _missing(definition.inputs, "", node.inputs):
        yield Problem(
            code="input-missing",
            node_id=node_id,
            class_type=node.class_type,
            input_name=name,
            message=f"node {node_id} ({node.class_type}) needs an input `{name}`, and has none",
        )


def _missing(
    known: Mapping[str, InputDefinition], prefix: str, inputs: Mapping[str, Json]
) -> Iterator[str]:
    for name, definition in known.items():
        full = prefix + name
        match definition.kind:
            case DynamicCombo(options) if isinstance(key := inputs.get(full), str):
                yield from _missing(options.get(key, {}), f"{full}.", inputs)
            case (
                TextWidget()
                | IntegerWidget()
                | NumberWidget()
                | BooleanWidget()
                | Combo()
                | UnionWidget()
                | Socket()
                | OpaqueWidget()
                | DynamicCombo()
            ) if definition.required and full not in inputs:
                yield full
            case _:  # present, optional, or any number of inputs: none is enough for some
                pass


def _check_links(
    node_id: str, node: Node, prompt: Prompt, definitions: Definitions
) -> Iterator[Problem]:
    for name, value in node.inputs.items():
        link = link_of(value)
        source = prompt.get(link.node_id) if link is not None else None
        definition = definitions.get(source.class_type) if source is not None else None
        if link is None or definition is None or 0 <= link.slot < len(definition.outputs):
            continue
        yield _bad_slot(node_id, node, name, link, definition)


def _bad_slot(node_id: str, node: Node, name: str, link: Link, source: Definition) -> Problem:
    return Problem(
        code="link-slot-missing",
        node_id=node_id,
        class_type=node.class_type,
        input_name=name,
        message=f"`{name}` of node {node_id} ({node.class_type}) comes from output {link.slot} of node "
        f"{link.node_id} ({source.class_type}), which has {len(source.outputs)}, counted from 0",
    )


def _code(kind: InputKind, value: Json) -> str:
    if isinstance(kind, Combo):
        return "widget-option-unknown"
    return "widget-value-refused" if _as_number(value) is None else "widget-out-of-limits"


def _refusal(kind: InputKind, value: Json) -> str:
    match kind:
        case Combo(options=tuple() as options, multiselect=False, upload=""):
            return "" if value in options else f"is {value!r}, not one of: {_listed(options)}"
        case IntegerWidget(minimum, maximum) | NumberWidget(minimum, maximum):
            number = _as_number(value)
            if number is None:
                return f"is {value!r}, and must be a number"
            return _outside(number, minimum, maximum)
        case _:
            return ""


def _outside(number: float, minimum: float | None, maximum: float | None) -> str:
    if minimum is not None and number < minimum:
        return f"is {number}, below its minimum {minimum}"
    if maximum is not None and number > maximum:
        return f"is {number}, above its maximum {maximum}"
    return ""


def _as_number(value: Json) -> float | int | None:
    """Read a number as ComfyUI would: text and true/false are converted."""
    if isinstance(value, int | float):
        return value
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return None
    return None


def _listed(options: tuple[Json, ...]) -> str:
    shown = ", ".join(repr(each) for each in options[:_SHOWN])
    return f"{shown} … ({len(options)} in all)" if len(options) > _SHOWN else shown or "(none)"
