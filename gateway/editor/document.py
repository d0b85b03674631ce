"""What the editor saves, as values: nodes with their slots, links, panels of subgraphs.

Both forms of links are read (arrays at the root, objects in subgraphs), and nothing is trusted to have
the shape it should have: what is no node or no link is left out, a graph that is none is a fault.

Source: workflow JSON of versions 0.4 and 1 as ComfyUI's editor saves it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from gateway.graph.json_value import Json, JsonObject, as_array, as_object

__all__ = [
    "BYPASSED",
    "INPUT_PANEL",
    "MUTED",
    "OUTPUT_PANEL",
    "EditorGraph",
    "EditorLink",
    "EditorNode",
    "InputSlot",
    "LinkId",
    "OutputSlot",
    "PanelSlot",
    "read_graph",
    "read_node",
]

MUTED = 2
BYPASSED = 4
INPUT_PANEL = "-10"
"""The node id that links from a subgraph's inputs come from."""
OUTPUT_PANEL = "-20"
"""The node id that links to a subgraph's outputs go to."""

LinkId: TypeAlias = "int | str"


@dataclass(frozen=True, slots=True)
class InputSlot:
    """An input of a node; `widget` names the widget it stands for, or is empty."""

    name: str
    type: str
    link: LinkId | None = None
    widget: str = ""


@dataclass(frozen=True, slots=True)
class OutputSlot:
    """An output of a node."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class EditorNode:
    """A node as saved.

    Attributes:
        id: As text; unique in its graph.
        type: Its class, the id of a subgraph, or a kind that only the editor knows.
        mode: 2 is muted, 4 bypassed, all others active.
        values: `widgets_values` as saved: a list, an object, or None.
    """

    id: str
    type: str
    mode: int = 0
    title: str = ""
    inputs: tuple[InputSlot, ...] = ()
    outputs: tuple[OutputSlot, ...] = ()
    values: Sequence[Json] | JsonObject | None = None
    properties: JsonObject = field(default_factory=dict[str, Json])

    @property
    def active(self) -> bool:
        """Whether it takes part: neither muted nor bypassed."""
        return self.mode not in (MUTED, BYPASSED)


@dataclass(frozen=True, slots=True)
class EditorLink:
    """From an output slot to an input slot, both counted from 0."""

    id: LinkId
    origin: str
    origin_slot: int
    target: str
    target_slot: int


@dataclass(frozen=True, slots=True)
class PanelSlot:
    """An input or output of a subgraph; `links` are the ids of its links inside."""

    name: str
    type: str
    links: tuple[LinkId, ...] = ()


@dataclass(frozen=True, slots=True)
class EditorGraph:
    """The root graph, or the inside of a subgraph.

    Attributes:
        inputs: The subgraph's inputs; () at the root.
        outputs: The subgraph's outputs; () at the root.
        highest: The highest node id the file says it ever gave.
    """

    nodes: tuple[EditorNode, ...]
    links: Mapping[LinkId, EditorLink]
    inputs: tuple[PanelSlot, ...] = ()
    outputs: tuple[PanelSlot, ...] = ()
    highest: int = 0
    name: str = ""


def read_graph(raw: JsonObject) -> EditorGraph:
    """Read the root of a workflow, or one entry of `definitions.subgraphs`."""
    nodes = tuple(
        node
        for each in as_array(raw.get("nodes")) or ()
        if (node := read_node(as_object(each))) is not None
    )
    links = (_read_link(each) for each in as_array(raw.get("links")) or ())
    state = as_object(raw.get("state")) or {}
    name = raw.get("name")
    return EditorGraph(
        nodes=nodes,
        links={link.id: link for link in links if link is not None},
        inputs=_panel(raw.get("inputs")),
        outputs=_panel(raw.get("outputs")),
        highest=max(_whole(raw.get("last_node_id")), _whole(state.get("lastNodeId"))),
        name=name if isinstance(name, str) else "",
    )


def read_node(raw: JsonObject | None) -> EditorNode | None:
    """Read one node, or return None when it has no id or no type."""
    if raw is None:
        return None
    node_id, kind = _id(raw.get("id")), raw.get("type")
    if node_id is None or not isinstance(kind, str):
        return None
    title = raw.get("title")
    inputs = (as_object(each) for each in as_array(raw.get("inputs")) or ())
    outputs = (as_object(each) for each in as_array(raw.get("outputs")) or ())
    values = raw.get("widgets_values")
    return EditorNode(
        id=node_id,
        type=kind,
        mode=_whole(raw.get("mode")),
        title=title if isinstance(title, str) else "",
        inputs=tuple(_input_slot(each or {}) for each in inputs),
        outputs=tuple(
            OutputSlot(_text((each or {}).get("name")), _type((each or {}).get("type")))
            for each in outputs
        ),
        values=as_array(values) if as_object(values) is None else as_object(values),
        properties=as_object(raw.get("properties")) or {},
    )


def _input_slot(raw: JsonObject) -> InputSlot:
    widget = as_object(raw.get("widget")) or {}
    return InputSlot(
        name=_text(raw.get("name")),
        type=_type(raw.get("type")),
        link=_link_id(raw.get("link")),
        widget=_text(widget.get("name")),
    )


def _panel(raw: Json) -> tuple[PanelSlot, ...]:
    slots = (as_object(each) or {} for each in as_array(raw) or ())
    return tuple(
        PanelSlot(
            _text(each.get("name")),
            _type(each.get("type")),
            tuple(
                found
                for link in as_array(each.get("linkIds")) or ()
                if (found := _link_id(link)) is not None
            ),
        )
        for each in slots
    )


def _read_link(raw: Json) -> EditorLink | None:
    fields = as_object(raw)
    if fields is not None:
        parts: Sequence[Json] = [
            fields.get(key)
            for key in ("id", "origin_id", "origin_slot", "target_id", "target_slot")
        ]
    else:
        parts = as_array(raw) or ()
    if len(parts) < 5:
        return None
    link_id, origin, target = _link_id(parts[0]), _id(parts[1]), _id(parts[3])
    if link_id is None or origin is None or target is None:
        return None
    return EditorLink(link_id, origin, _whole(parts[2]), target, _whole(parts[4]))


def _id(value: Json) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return str(int(value)) if value == value // 1 else str(value)


def _link_id(value: Json) -> LinkId | None:
    return value if isinstance(value, int | str) and not isinstance(value, bool) else None


def _type(value: Json) -> str:
    if isinstance(value, str):
        return value
    # a combo's slot of old files holds the list of its options; 0 and -1 are the wildcard and events
    return "COMBO" if as_array(value) is not None else "*"


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""


def _whole(value: Json) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
