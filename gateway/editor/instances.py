"""Every node of a workflow where it stands: subgraphs opened, once per host, each node with its final id.

A node inside a host has the id `<host>:<node>`, each level one more (`9:8:5`). What stands inside a muted
or bypassed host of the root takes no part and is not opened. A host further in is opened whatever its mode
is: the editor sends the nodes inside it, though nothing is fed through it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gateway.editor.document import (
    INPUT_PANEL,
    EditorGraph,
    EditorLink,
    EditorNode,
    InputSlot,
    LinkId,
    OutputSlot,
)
from gateway.editor.layout import Layout
from gateway.editor.values import Held, read_values
from gateway.graph.json_value import Json
from gateway.graph.prompt import PromptFault

__all__ = ["VIRTUAL", "Instance", "Opened", "Scope", "open_workflow"]

VIRTUAL = frozenset({"Note", "MarkdownNote", "Reroute", "PrimitiveNode"})
"""Kinds that only the editor knows; they never reach ComfyUI."""
_MOST = 20_000
_DEEPEST = 64


@dataclass(slots=True)
class Instance:
    """A node in its place. Its values change while the workflow is opened, and not after.

    Attributes:
        id: Its id in the prompt.
        inputs: Its slots as the editor builds them, links from the file.
        layout: Its class, None for hosts, virtual nodes and unknown classes.
        held: What its own widgets hold.
        sent: Names of the widgets that go into the prompt.
        raw: Widgets whose text came from a host's widget: the editor sends it as it stands.
        marked: Widgets whose text came from a primitive that has `%…%` replaced in what it writes.
        inner: A host's inside; None for every other node, and for a host that is not opened.
        given: A host's own widgets: index of its input → value.
    """

    id: str
    node: EditorNode
    scope: Scope
    inputs: tuple[InputSlot, ...]
    outputs: tuple[OutputSlot, ...]
    layout: Layout | None = None
    held: Held = field(default_factory=dict[str, Json])
    sent: frozenset[str] = frozenset()
    raw: set[str] = field(default_factory=set[str])
    marked: set[str] = field(default_factory=set[str])
    inner: Scope | None = None
    given: dict[int, Json] = field(default_factory=dict[int, Json])

    @property
    def virtual(self) -> bool:
        """Whether only the editor knows it."""
        return self.node.type in VIRTUAL

    def slot_of(self, link: EditorLink) -> int | None:
        """Return the index of the slot that a link feeds: by the slot's own word, never by the link's."""
        return next((at for at, slot in enumerate(self.inputs) if slot.link == link.id), None)


@dataclass(slots=True)
class Scope:
    """One graph in its place: the root, or the inside of one host.

    Attributes:
        host: The host it is the inside of; None at the root.
        nodes: Id in its own graph → instance.
    """

    graph: EditorGraph
    prefix: str = ""
    host: Instance | None = None
    nodes: dict[str, Instance] = field(default_factory=dict[str, Instance])

    def link(self, link_id: LinkId) -> EditorLink:
        """Return a link.

        Raises:
            PromptFault: `workflow-link-broken`: there is none with this id.
        """
        found = self.graph.links.get(link_id)
        if found is None:
            where = f"subgraph node {self.prefix.rstrip(':')}" if self.prefix else "the workflow"
            raise PromptFault(
                "workflow-link-broken",
                f"a node of {where} names link {link_id}, which is not in the file",
                "Open the workflow in ComfyUI, connect the node again and save it.",
            )
        return found

    def origin(self, link: EditorLink) -> Instance:
        """Return the node that a link comes from.

        Raises:
            PromptFault: `workflow-link-broken`: it is not in the file.
        """
        found = self.nodes.get(link.origin)
        if found is None:
            raise PromptFault(
                "workflow-link-broken",
                f"link {link.id} comes from node {self.prefix}{link.origin}, which is not in the file",
                "Open the workflow in ComfyUI, connect the node again and save it.",
            )
        return found


@dataclass(slots=True)
class Opened:
    """A workflow with everything in its place; `all` is in the order of the prompt."""

    root: Scope
    all: list[Instance] = field(default_factory=list[Instance])


def open_workflow(
    root: EditorGraph,
    subgraphs: Mapping[str, EditorGraph],
    layout_of: Callable[[str], Layout | None],
) -> Opened:
    """Open every subgraph of a workflow.

    Args:
        root: Its root graph.
        subgraphs: Its subgraph definitions by id.
        layout_of: The layout of a class, None for one that ComfyUI does not know.

    Raises:
        PromptFault: `workflow-subgraph-cyclic` or `workflow-too-large`.
    """
    opened = Opened(Scope(root))
    _open(opened, opened.root, _Library(subgraphs, layout_of), ())
    return opened


@dataclass(frozen=True, slots=True)
class _Library:
    subgraphs: Mapping[str, EditorGraph]
    layout_of: Callable[[str], Layout | None]


def _open(opened: Opened, scope: Scope, library: _Library, inside: tuple[str, ...]) -> None:
    for node in scope.graph.nodes:
        if len(opened.all) >= _MOST:
            raise PromptFault(
                "workflow-too-large",
                f"the workflow has more than {_MOST:,} nodes once its subgraphs are opened",
                "Split it, or look for a subgraph that holds itself many times.",
            )
        graph = library.subgraphs.get(node.type)
        instance = _host(node, scope, graph) if graph else _plain(node, scope, library)
        # a node id that stands twice in one graph: the editor keeps the first
        if scope.nodes.setdefault(node.id, instance) is not instance:
            continue
        opened.all.append(instance)
        if graph is None or not (node.active or inside):
            continue
        if node.type in inside or len(inside) >= _DEEPEST:
            raise PromptFault(
                "workflow-subgraph-cyclic",
                f"subgraph {graph.name or node.type} holds itself, at node {instance.id}",
                "Open the workflow in ComfyUI and take the subgraph out of itself.",
            )
        instance.inner = Scope(graph, f"{instance.id}:", instance)
        _open(opened, instance.inner, library, (*inside, node.type))
    for instance in scope.nodes.values():
        _match_types(instance)


def _match_types(instance: Instance) -> None:
    """Give inputs of one group the type of what is linked to another one of them."""
    if instance.layout is None:
        return
    groups = instance.layout.groups()
    made = [_made_for(instance, slot) if slot.name in groups else "" for slot in instance.inputs]
    if not any(made):
        return
    slots: list[InputSlot] = []
    for slot in instance.inputs:
        others = (
            kind
            for other, kind in zip(instance.inputs, made, strict=True)
            if kind and other is not slot and groups.get(other.name) == groups.get(slot.name)
        )
        slots.append(replace(slot, type=next(others, slot.type)))
    instance.inputs = tuple(slots)


def _made_for(instance: Instance, slot: InputSlot) -> str:
    """Return the type of the output that a slot is linked to, or nothing when it may be any."""
    link = instance.scope.graph.links.get(slot.link) if slot.link is not None else None
    if link is None:
        return ""
    origin = instance.scope.nodes.get(link.origin)
    made = instance.scope.graph.inputs if link.origin == INPUT_PANEL else ()
    outputs = origin.outputs if origin is not None else made
    kind = outputs[link.origin_slot].type if 0 <= link.origin_slot < len(outputs) else ""
    return kind if kind != "*" else ""


def _plain(node: EditorNode, scope: Scope, library: _Library) -> Instance:
    layout = None if node.type in VIRTUAL else library.layout_of(node.type)
    if layout is None:
        return Instance(scope.prefix + node.id, node, scope, node.inputs, node.outputs)
    held, sent = read_values(layout, node.values)
    return Instance(
        scope.prefix + node.id,
        node,
        scope,
        _slots(layout, node.inputs, held),
        _outputs(layout, node.outputs),
        layout,
        held,
        sent,
    )


def _host(node: EditorNode, scope: Scope, graph: EditorGraph) -> Instance:
    """Return a host: its slots are its definition's, its links are found by the slots' names.

    Of slots with one name the last one's link counts, for all of them.
    """
    links = {each.name: each.link for each in node.inputs}
    slots = [
        InputSlot(each.name, each.type, links.get(each.name), each.name) for each in graph.inputs
    ]
    outputs = tuple(OutputSlot(each.name, each.type) for each in graph.outputs)
    return Instance(scope.prefix + node.id, node, scope, tuple(slots), outputs)


def _slots(layout: Layout, saved: Sequence[InputSlot], held: Held) -> tuple[InputSlot, ...]:
    """Return a node's slots in the editor's order: the class's own first, then what else the file has.

    A slot for a widget that the class does not have is gone, one for a socket stays; of the children of a
    dynamic combo only those stay that its choice brings.
    """
    kept = [
        slot
        for slot in saved
        if (not slot.widget or slot.widget in held or slot.name in held)
        and layout.allows(slot.name, held)
    ]
    if not layout.fixed:
        return tuple(kept)
    left = {slot.name: slot for slot in reversed(kept)}
    own = [_linked(slot, left.pop(slot.name, None)) for slot in layout.slots()]
    return (*own, *(slot for slot in kept if left.get(slot.name) is slot))


def _linked(slot: InputSlot, saved: InputSlot | None) -> InputSlot:
    return InputSlot(slot.name, slot.type, saved.link if saved else None, slot.widget)


def _outputs(layout: Layout, saved: Sequence[OutputSlot]) -> tuple[OutputSlot, ...]:
    """Return a node's outputs; one of any type has the type that the file saw it take."""
    own = tuple(_typed(slot, saved, at) for at, slot in enumerate(layout.outputs))
    return (*own, *saved[len(own) :])


def _typed(slot: OutputSlot, saved: Sequence[OutputSlot], at: int) -> OutputSlot:
    return saved[at] if slot.type == "*" and at < len(saved) else slot
