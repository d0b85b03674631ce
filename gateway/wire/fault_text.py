"""What ComfyUI says of one input of one node before running it, put so that a reader can mend it.

Source: ComfyUI execution.py `validate_inputs`, whose error types these are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gateway.errors import NodeFault

__all__ = ["Explained", "explain"]

_NOT_IN_LIST = re.compile(r"^.*?: (?P<found>.+?) not in (?:\[(?P<valid>.*?)\]?|\((?P<many>.+)\))$")
# After the value come Python's own words, which help nobody.
_NOT_OF_TYPE = re.compile(
    r"^.* to an? (?P<wanted>\w+) value\n[^,]*, (?P<found>.*?), (?:int\(\)|float\(\)|invalid|could not)"
)


@dataclass(frozen=True, slots=True)
class Explained:
    """A fault for people: what is wrong, what was found, what to do.

    `of_graph`: it is told of several nodes, and is the same one.
    """

    sentence: str
    mend: str
    found: str = ""
    of_graph: bool = False


def explain(fault: NodeFault) -> Explained:
    """Say what a fault means; ComfyUI's own words where this gateway knows none better."""
    known = _EXPLANATIONS.get(fault.type)
    if known is not None:
        return known(fault)
    said = ": ".join(each for each in (fault.message, fault.details) if each)
    return Explained(said or fault.type, "Look at this node in ComfyUI.")


def _missing(fault: NodeFault) -> Explained:
    return Explained(
        f"{_input(fault)} is missing",
        "Give the input a value or a link in the workflow; a node of another version may ask for "
        "other inputs.",
    )


def _out_of_limits(fault: NodeFault) -> Explained:
    return Explained(f"{_input(fault)}: {_lowered(fault.message)}", "Choose a value in the limits.")


def _not_in_list(fault: NodeFault) -> Explained:
    parts = _NOT_IN_LIST.match(fault.details)
    if parts is None:
        return Explained(f"{_input(fault)}: {fault.details}", _choose_another())
    found, valid = parts["found"], parts["valid"]
    sentence = f"{_input(fault)} is {found}, which this ComfyUI does not have"
    if valid is None:
        return Explained(sentence, _choose_another(), found)
    return Explained(
        sentence, f"Choose one of: {valid}." if valid else "It has none at all.", found
    )


def _choose_another() -> str:
    return "Choose one that it has (the node's own list shows them), or install it there."


def _wrong_type(fault: NodeFault) -> Explained:
    parts = _NOT_OF_TYPE.match(f"{fault.message}\n{fault.details}")
    if parts is None:
        return Explained(f"{_input(fault)}: {_lowered(fault.message)}", _right_type("the right"))
    found, wanted = parts["found"], parts["wanted"]
    return Explained(
        f"{_input(fault)} is {found}, which is no {wanted}", _right_type(wanted), found
    )


def _right_type(name: str) -> str:
    return (
        f"Give a value of {name} type." if name == "the right" else f"Give a value of type {name}."
    )


def _custom(fault: NodeFault) -> Explained:
    # The node's own words, after the name of the input: "image - Invalid image file: u.png".
    said = fault.details.partition(" - ")[2] or fault.details
    return Explained(
        f"{_input(fault)}: {said or 'the node refuses it'}", "Change this input.", said
    )


def _bad_link(fault: NodeFault) -> Explained:
    return Explained(
        f"{_input(fault)} holds a list that is no link",
        'A link is [node id, slot]; a list that is meant as a value is written {"__value__": [...]}.',
    )


def _link_mismatch(fault: NodeFault) -> Explained:
    return Explained(
        f"{_input(fault)}: the link brings another type ({fault.details})",
        "Link it to an output of the right type.",
    )


def _could_not_check(fault: NodeFault) -> Explained:
    return Explained(
        f"ComfyUI could not check it ({fault.details})",
        "Most often a link leads to a node or a slot that is not there: export the workflow again.",
        fault.details,
    )


def _cycle(fault: NodeFault) -> Explained:
    return Explained(
        f"nodes are linked in a circle: {fault.details}",
        "Break the circle in the workflow.",
        of_graph=True,
    )


def _input(fault: NodeFault) -> str:
    return fault.input_name or "an input"


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]


_EXPLANATIONS: Mapping[str, Callable[[NodeFault], Explained]] = {
    "required_input_missing": _missing,
    "value_smaller_than_min": _out_of_limits,
    "value_bigger_than_max": _out_of_limits,
    "value_not_in_list": _not_in_list,
    "invalid_input_type": _wrong_type,
    "custom_validation_failed": _custom,
    "bad_linked_input": _bad_link,
    "return_type_mismatch": _link_mismatch,
    "exception_during_validation": _could_not_check,
    "exception_during_inner_validation": _could_not_check,
    "dependency_cycle": _cycle,
}
