"""Nodes as plain values, and as findings show them."""

from __future__ import annotations

import pytest

from gateway.services.tree import (
    Entry,
    MappingNode,
    Node,
    Origin,
    ScalarNode,
    SequenceNode,
    to_json,
    written,
)


def scalar(text: str, value: object = None, origin: Origin | None = None) -> ScalarNode:
    return ScalarNode(text, text if value is None else value, 1, 1, origin)  # pyright: ignore[reportArgumentType]


def mapping(**nodes: Node) -> MappingNode:
    return MappingNode({name: Entry(name, node, 1, 1) for name, node in nodes.items()}, 1, 1)


NOTHING = ScalarNode("~", None, 1, 1)


def test_a_tree_becomes_plain_values() -> None:
    tree = mapping(a=SequenceNode((scalar("1", 1), NOTHING), 1, 1), b=mapping(), c=scalar("x"))
    assert to_json(tree) == {"a": [1, None], "b": {}, "c": "x"}


@pytest.mark.parametrize(
    ("node", "shown"),
    [
        (scalar("a"), '"a"'),
        (scalar("3.10", 3.1), "3.10"),
        (NOTHING, "nothing"),
        (scalar("secret", None, Origin("${TOKEN}")), '"${TOKEN}"'),
        (scalar("a\n  b\tc"), '"a b c"'),
        (scalar("x" * 100), '"' + "x" * 75 + " …"),
        (scalar("x" * 79), '"' + "x" * 75 + " …"),
        (scalar("x" * 78), '"' + "x" * 78 + '"'),
        (scalar("http://user:word@host/a"), '"http://…@host/a"'),
        (scalar("http://host/a@b"), '"http://host/a@b"'),
        (SequenceNode((), 1, 1), "an empty list"),
        (SequenceNode((NOTHING,), 1, 1), "a list"),
        (mapping(), "an empty mapping"),
        (mapping(a=NOTHING, b=NOTHING), "a mapping with a, b"),
    ],
)
def test_a_finding_shows_what_stood_there_but_no_secret(node: Node, shown: str) -> None:
    assert written(node) == shown
