"""Edits of graphs, as people and programs make them, that know which node is which afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeAlias

from gateway.graph.prompt import link_of

__all__ = ["EDITS", "Edited", "Graph", "begin"]

Graph: TypeAlias = dict[str, dict[str, Any]]

_TITLES = ("Positive", "Negative", "Load Image", "CLIP Text Encode (Prompt)", "Ada", "")


@dataclass
class Edited:
    """A graph under edit.

    `origin` tells of each node which one of the first graph it is, if any. A copy is its original
    as well when it is so in every respect: nothing feeds on either of them, or all that fed on the
    original feeds on the copy.
    """

    graph: Graph
    origin: dict[str, str]
    gone: set[str] = field(default_factory=set[str])

    def copy(self) -> Edited:
        """Return one that can be edited apart."""
        return Edited(_copied(self.graph), dict(self.origin), set(self.gone))


def begin(graph: Graph) -> Edited:
    """Return a graph before any edit."""
    return Edited(_copied(graph), {each: each for each in graph})


def _copied(graph: Graph) -> Graph:
    return {key: {**node, "inputs": dict(node["inputs"])} for key, node in graph.items()}


def _source(value: Any) -> str | None:
    link = link_of(value)
    return None if link is None else link.node_id


def _links(graph: Graph) -> list[tuple[str, str]]:
    return [
        (node_id, name)
        for node_id, node in graph.items()
        for name, value in node["inputs"].items()
        if _source(value) is not None
    ]


def _fresh(edited: Edited) -> str:
    """Return an id that no node has or had, as the editor counts them up."""
    known = {*edited.graph, *edited.gone}
    return str(max((int(each) for each in known if each.isdecimal()), default=0) + 1)


def _renamed(edited: Edited, ids: Mapping[str, str]) -> None:
    edited.graph = {
        ids.get(key, key): {
            **node,
            "inputs": {
                name: [ids.get(source, source), value[1]] if (source := _source(value)) else value
                for name, value in node["inputs"].items()
            },
        }
        for key, node in edited.graph.items()
    }
    edited.origin = {ids.get(key, key): was for key, was in edited.origin.items()}
    edited.gone |= set(ids) - set(edited.graph)


def renumber(edited: Edited, random: Random) -> None:
    """Give every node an id that none had."""
    start = int(_fresh(edited))
    numbers = random.sample(range(start, start + 2 * len(edited.graph)), len(edited.graph))
    _renamed(edited, dict(zip(edited.graph, map(str, numbers), strict=True)))


def shuffle_ids(edited: Edited, random: Random) -> None:
    """Deal the same ids out anew."""
    ids = list(edited.graph)
    _renamed(edited, dict(zip(ids, random.sample(ids, len(ids)), strict=True)))


def swap_ids(edited: Edited, random: Random) -> None:
    """Exchange the ids of two nodes of one class, if there are."""
    one = random.choice(list(edited.graph))
    class_type = edited.graph[one]["class_type"]
    alike = [key for key, node in edited.graph.items() if node["class_type"] == class_type]
    other = random.choice(alike)
    _renamed(edited, {one: other, other: one})


def reorder(edited: Edited, random: Random) -> None:
    """Write the nodes in another order."""
    ids = random.sample(list(edited.graph), len(edited.graph))
    edited.graph = {each: edited.graph[each] for each in ids}


def insert_beside(edited: Edited, random: Random) -> None:
    """Add a node that nothing feeds on, of a class that may be there already, with values of its own."""
    like = edited.graph[random.choice(list(edited.graph))]
    sources = sorted({str(each) for each in _sources(edited.graph)})
    inputs: dict[str, Any] = {
        name: [random.choice(sources), 0] if _source(value) else "added"
        for name, value in like["inputs"].items()
    }
    class_type = like["class_type"] if "added" in inputs.values() else "PreviewImage"
    edited.graph[_fresh(edited)] = {"class_type": class_type, "inputs": inputs}


def insert_between(edited: Edited, random: Random) -> None:
    """Put a node into a link."""
    links = _links(edited.graph)
    if not links:
        return
    node_id, name = random.choice(links)
    new = _fresh(edited)
    value = edited.graph[node_id]["inputs"][name]
    classes = ["LoraLoader", "ImageScale", edited.graph[node_id]["class_type"]]
    edited.graph[new] = {"class_type": random.choice(classes), "inputs": {name: value}}
    edited.graph[node_id]["inputs"][name] = [new, 0]


def delete(edited: Edited, random: Random) -> None:
    """Delete a node; what it fed has no input there any more, or takes what came into it."""
    if len(edited.graph) < 2:
        return
    gone = random.choice(list(edited.graph))
    sources = [value for value in edited.graph[gone]["inputs"].values() if _source(value)]
    bypass = random.choice(sources) if sources and random.random() < 0.5 else None
    del edited.graph[gone]
    edited.origin.pop(gone, None)
    edited.gone.add(gone)
    for node_id, name in _links(edited.graph):
        inputs = edited.graph[node_id]["inputs"]
        if _source(inputs[name]) == gone:
            if bypass is None:
                del inputs[name]
            else:
                inputs[name] = bypass


def replace_by_twin(edited: Edited, random: Random) -> None:
    """Delete a node and let another one of its class feed what it fed."""
    one = random.choice(list(edited.graph))
    class_type = edited.graph[one]["class_type"]
    others = [
        key for key, node in edited.graph.items() if node["class_type"] == class_type and key != one
    ]
    if not others or _feeds(edited.graph, one, others[0]):
        return
    other = others[0]
    is_copy = edited.graph[one]["inputs"] == edited.graph[other]["inputs"]
    if is_copy and one in edited.origin and other not in {*edited.origin, *_sources(edited.graph)}:
        edited.origin[other] = edited.origin[one]
    del edited.graph[one]
    edited.origin.pop(one, None)
    edited.gone.add(one)
    for node_id, name in _links(edited.graph):
        inputs = edited.graph[node_id]["inputs"]
        if _source(inputs[name]) == one:
            inputs[name] = [other, inputs[name][1]]


def _sources(graph: Graph) -> set[str | None]:
    return {_source(graph[node_id]["inputs"][name]) for node_id, name in _links(graph)}


def _feeds(graph: Graph, one: str, other: str) -> bool:
    sources = [source for value in graph[other]["inputs"].values() if (source := _source(value))]
    return one in sources or any(_feeds(graph, one, each) for each in sources)


def duplicate(edited: Edited, random: Random) -> None:
    """Copy a node with its title, values and inputs; nothing feeds on the copy."""
    one = random.choice(list(edited.graph))
    node, new = edited.graph[one], _fresh(edited)
    edited.graph[new] = {**node, "inputs": dict(node["inputs"])}
    if one in edited.origin and one not in _sources(edited.graph):
        edited.origin[new] = edited.origin[one]


def paste(edited: Edited, random: Random) -> None:
    """Copy some nodes, or all, with their titles and values; the copies are linked among themselves."""
    some = [each for each in edited.graph if random.random() < 0.7] or list(edited.graph)
    chosen = random.choice([some, list(edited.graph)])
    ids: dict[str, str] = {}
    for each in chosen:
        ids[each] = _fresh(edited)
        edited.graph[ids[each]] = edited.graph[each]
    for each in ids.values():
        node = edited.graph[each]
        inputs = {
            name: [ids.get(source, source), value[1]] if (source := _source(value)) else value
            for name, value in node["inputs"].items()
        }
        edited.graph[each] = {**node, "inputs": inputs}


def delete_branch(edited: Edited, random: Random) -> None:
    """Delete a node and all that comes of it."""
    one = random.choice(list(edited.graph))
    gone = {one} | {
        each for each in edited.graph if each != one and _feeds(edited.graph, one, each)
    }
    if len(gone) == len(edited.graph):
        return
    edited.graph = {each: node for each, node in edited.graph.items() if each not in gone}
    edited.origin = {each: was for each, was in edited.origin.items() if each not in gone}
    edited.gone |= gone


def replace_class(edited: Edited, random: Random) -> None:
    """Put a node of another class in a node's place, with its id and inputs."""
    one = random.choice(list(edited.graph))
    edited.graph[one] = {
        **edited.graph[one],
        "class_type": f"{edited.graph[one]['class_type']}Next",
    }
    edited.origin.pop(one, None)


def wrap(edited: Edited, random: Random) -> None:
    """Put some nodes into a subgraph."""
    outer = _fresh(edited)
    inner = [each for each in edited.graph if random.random() < 0.5]
    _renamed(edited, {each: f"{outer}:{each}" for each in inner})


def retitle(edited: Edited, random: Random) -> None:
    """Give a node another title, which another node may have."""
    node_id = random.choice(list(edited.graph))
    edited.graph[node_id] = {
        **edited.graph[node_id],
        "_meta": {"title": random.choice(_TITLES)},
    }


def edit_value(edited: Edited, random: Random) -> None:
    """Change what a node holds."""
    inputs = edited.graph[random.choice(list(edited.graph))]["inputs"]
    names = [name for name, value in inputs.items() if _source(value) is None]
    if names:
        inputs[random.choice(names)] = random.choice(["a", "b", 7])


def cross_links(edited: Edited, random: Random) -> None:
    """Exchange what comes into two inputs of one node."""
    node_id = random.choice(list(edited.graph))
    inputs = edited.graph[node_id]["inputs"]
    names = [name for name, value in inputs.items() if _source(value) is not None]
    if len(names) > 1:
        one, other = random.sample(names, 2)
        inputs[one], inputs[other] = inputs[other], inputs[one]
        _exchange_twins(edited, inputs[one][0], inputs[other][0])


def _exchange_twins(edited: Edited, one: str, other: str) -> None:
    """Two nodes alike but for what they feed have become each other when that was exchanged."""
    feeding = [edited.graph[node]["inputs"][name][0] for node, name in _links(edited.graph)]
    alike = edited.graph[one] == edited.graph[other]
    if alike and feeding.count(one) == feeding.count(other) == 1:
        was = {each: edited.origin.pop(each) for each in (one, other) if each in edited.origin}
        edited.origin |= {(other if each == one else one): it for each, it in was.items()}


EDITS: Mapping[str, Callable[[Edited, Random], None]] = {
    each.__name__: each
    for each in (
        renumber,
        shuffle_ids,
        swap_ids,
        reorder,
        insert_beside,
        insert_between,
        delete,
        replace_by_twin,
        duplicate,
        paste,
        delete_branch,
        replace_class,
        wrap,
        retitle,
        edit_value,
        cross_links,
    )
}
