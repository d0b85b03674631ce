"""A node repeated in a chain, each feeding the next: stacks of LoRAs, of ControlNets, of filters."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from gateway.graph.definitions import Definition
from gateway.graph.json_value import Json
from gateway.graph.prompt import Node, Prompt, link_of
from gateway.graph.slots import input_slots

__all__ = ["carries_of", "clone_ids", "repeat"]


def carries_of(node: Node, definition: Definition) -> dict[str, int]:
    """Return how a chain of this node goes on, by types: input name → output slot.

    The first linked input of a type goes on from the first output of exactly that type, the second
    from the second. Inputs without such an output are the same for every link of the chain.
    """
    found: dict[str, int] = {}
    for name, kind in input_slots(definition, node.inputs):
        if link_of(node.inputs.get(name)) is None:
            continue
        taken = found.values()
        free = (
            slot
            for slot, given in enumerate(definition.outputs)
            if given == kind and slot not in taken
        )
        slot = next(free, None)
        if slot is not None:
            found[name] = slot
    return found


def clone_ids(prompt: Prompt, node_id: str, count: int) -> tuple[str, ...]:
    """Return the ids of a chain of `count` nodes: the node's own, then ones as ComfyUI makes them.

    `10`, `10:2`, `10:3`: numbers that the graph has already are passed over.
    """
    ids = [node_id]
    number = 1
    while len(ids) < count:
        number += 1
        if (made := f"{node_id}:{number}") not in prompt:
            ids.append(made)
    return tuple(ids[:count])


def repeat(prompt: Prompt, node_id: str, carries: Mapping[str, int], count: int) -> Prompt:
    """Return the prompt with a node `count` times in a chain.

    Args:
        prompt: The graph; it stays as it is.
        node_id: A node of it.
        carries: Input of the node → the output slot of the one before that it continues.
        count: At least 1.

    Returns:
        A new prompt with the others of the chain (`clone_ids`) behind the node, which keeps its id
        and its place at the beginning of the chain. Whatever the node fed is fed by the last.
    """
    ids = clone_ids(prompt, node_id, count)
    first, last = prompt[node_id], ids[-1]
    made: dict[str, Node] = {}
    for each_id, each in prompt.items():
        made[each_id] = _fed_by(each, node_id, last)
        if each_id == node_id:
            made.update(
                (clone, _clone(first, before, carries, number))
                for number, (before, clone) in enumerate(pairwise(ids), start=2)
            )
    return made


def _clone(first: Node, before: str, carries: Mapping[str, int], number: int) -> Node:
    carried: dict[str, Json] = {name: [before, slot] for name, slot in carries.items()}
    title = f"{first.title or first.class_type} {number}"
    return Node(first.class_type, {**first.inputs, **carried}, title)


def _fed_by(node: Node, old: str, new: str) -> Node:
    if old == new:
        return node
    moved: dict[str, Json] = {
        name: [new, link.slot]
        for name, value in node.inputs.items()
        if (link := link_of(value)) is not None and link.node_id == old
    }
    return Node(node.class_type, {**node.inputs, **moved}, node.title) if moved else node
