"""Why a node or a widget cannot be bound, in findings that say what would do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.errors import Finding, Place
from gateway.graph.definitions import Autogrow, InputDefinition, Socket
from gateway.graph.prompt import Link, Prompt
from gateway.services.bound import BoundWidget
from gateway.services.closest import closest
from gateway.services.surroundings import (
    Surroundings,
    node_named,
    nodes_named,
    ticked,
    widgets_of,
)

__all__ = [
    "Missed",
    "hidden_input",
    "is_a_link",
    "link_only",
    "not_only",
    "not_there",
    "unknown_node",
]

_OFFERED = 6


@dataclass(frozen=True, slots=True)
class Missed:
    """A binding that cannot be: the input it asked for, and where it was looked for."""

    node_id: str
    name: str
    place: Place
    around: Surroundings

    @property
    def of_node(self) -> str:
        """The input for people: `` `text` of node 6 (CLIPTextEncode) ``."""
        return f"`{self.name}` of node {node_named(self.node_id, self.around.prompt[self.node_id])}"


def unknown_node(message: str, wrong: str, prompt: Prompt, place: Place) -> Finding:
    """Tell that no node has this id."""
    near = closest(wrong, prompt)
    hint = f"Did you mean {near}? " if near else ""
    return Finding(
        code="binding-node-unknown",
        message=f"{message}; the graph has {nodes_named(prompt, prompt)}",
        place=place,
        found=wrong,
        mend=f"{hint}Use the id of a node of the workflow, or its title or class_type.",
    )


def not_only(
    matches: Sequence[str], what: str, near: str | None, prompt: Prompt, place: Place
) -> Finding:
    """Tell that a title or class_type means no node, or several."""
    if matches:
        return Finding(
            code="binding-node-ambiguous",
            message=f"{len(matches)} nodes have {what}: {nodes_named(matches, prompt)}",
            place=place,
            found=what,
            mend="Name the one you mean by its id.",
        )
    return Finding(
        code="binding-node-unknown",
        message=f"no node has {what}; the graph has {nodes_named(prompt, prompt)}",
        place=place,
        found=what,
        mend=f"Did you mean `{near}`?" if near else "Name the node by its id.",
    )


def is_a_link(missed: Missed, link: Link) -> Finding:
    """Tell that an input is a link, where it comes from, and which widgets there are instead."""
    source = node_named(link.node_id, missed.around.prompt[link.node_id])
    widgets = widgets_of(link.node_id, missed.around)[:_OFFERED]
    offered = ticked([f"{link.node_id}.{each}" for each in widgets])
    mend = "Disconnect it in ComfyUI and export the workflow again"
    return Finding(
        code="binding-widget-is-link",
        message=f"{missed.of_node} is a link: it comes from output {link.slot} of node {source}",
        place=missed.place,
        found=f'["{link.node_id}", {link.slot}]',
        mend=f"{mend}, or bind a widget of that node: {offered}." if offered else f"{mend}.",
    )


def not_there(missed: Missed, choosers: Sequence[tuple[str, str, InputDefinition]]) -> Finding:
    """Tell that a node has no such widget, or not with the option that the graph has chosen."""
    if choosers:
        return _not_chosen(missed, choosers)
    widgets = widgets_of(missed.node_id, missed.around)
    near = closest(missed.name, widgets)
    node = node_named(missed.node_id, missed.around.prompt[missed.node_id])
    listed = f"it has {ticked(widgets)}" if widgets else "it has none at all"
    return Finding(
        code="binding-widget-unknown",
        message=f"node {node} has no widget `{missed.name}`; {listed}",
        place=missed.place,
        found=missed.name,
        mend=f"Did you mean `{near}`?" if near else "Use one of the node's widgets.",
    )


def hidden_input(missed: Missed) -> Finding:
    """Tell that an input is ComfyUI's own."""
    return Finding(
        code="binding-hidden-input",
        message=f"{missed.of_node} is a hidden input: ComfyUI fills it in itself",
        place=missed.place,
        found=missed.name,
        mend="Remove the parameter.",
    )


def link_only(missed: Missed, widget: BoundWidget) -> Finding:
    """Tell that an input takes no value."""
    kind = widget.definition.kind if widget.definition else None
    if isinstance(kind, Autogrow):
        first = kind.names[0] if kind.names else f"{kind.prefix}0"
        takes = f"any number of inputs: `{missed.name}.{first}` and so on"
    else:
        link = f"a link of type {kind.type}" if isinstance(kind, Socket) else "a link"
        takes = f"{link}, no value"
    return Finding(
        code="binding-widget-is-socket",
        message=f"{missed.of_node} takes {takes}",
        place=missed.place,
        found=missed.name,
        mend="Connect it in ComfyUI, export again, and bind a widget of the node it comes from.",
    )


def _not_chosen(missed: Missed, choosers: Sequence[tuple[str, str, InputDefinition]]) -> Finding:
    combo = choosers[0][0]
    keys = " or ".join(dict.fromkeys(f"`{key}`" for _, key, _ in choosers))
    chosen = missed.around.prompt[missed.node_id].inputs.get(combo)
    return Finding(
        code="binding-option-not-chosen",
        message=f"{missed.of_node} exists only while `{combo}` is {keys}; "
        + (f"the graph has no `{combo}`" if chosen is None else f"the graph has `{chosen}`"),
        place=missed.place,
        found=str(chosen),
        mend="Choose it in ComfyUI and export the workflow again, or add a parameter that sets "
        f"`{missed.node_id}.{combo}`.",
    )
