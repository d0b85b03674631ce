"""What is not the same in two prompts: nodes that came or went, inputs that hold something else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.graph.json_value import Json
from gateway.graph.prompt import Node, Prompt

__all__ = ["Change", "changes_between"]


@dataclass(frozen=True, slots=True)
class Change:
    """One input, or with an empty `input_name` a whole node, that differs.

    Attributes:
        before: What it held, None also where there was none.
        after: What it holds.
        was_there: Whether it was there before.
        is_there: Whether it is there now.
    """

    node_id: str
    class_type: str
    title: str
    input_name: str = ""
    before: Json = None
    after: Json = None
    was_there: bool = True
    is_there: bool = True


def changes_between(before: Prompt, after: Prompt) -> tuple[Change, ...]:
    """Return what differs, in the order of the first prompt, new nodes last."""
    found: list[Change] = []
    for node_id, old in before.items():
        if node_id in after:
            found.extend(_inputs(node_id, old, after[node_id]))
        else:
            found.append(Change(node_id, old.class_type, old.title, is_there=False))
    for node_id, new in after.items():
        if node_id not in before:
            found.append(Change(node_id, new.class_type, new.title, was_there=False))
            found.extend(_inputs(node_id, Node(new.class_type, {}), new))
    return tuple(found)


def _inputs(node_id: str, old: Node, new: Node) -> Iterator[Change]:
    for name in dict.fromkeys([*old.inputs, *new.inputs]):
        was_there, is_there = name in old.inputs, name in new.inputs
        before, after = old.inputs.get(name), new.inputs.get(name)
        # True equals 1, and ComfyUI takes them for different things.
        if (was_there, type(before), before) != (is_there, type(after), after):
            yield Change(
                node_id, new.class_type, new.title, name, before, after, was_there, is_there
            )
