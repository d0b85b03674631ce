"""Node titles `==name==` and `=>alias`: a node that names the service, and nodes whose widgets are open.

The node titled `==name==` is connected to nothing and its text describes the service. Every widget of
a node titled `=>alias` may be set; `seed` is drawn anew for each call.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.graph.json_value import Json, as_array, as_object
from gateway.graph.prompt import Node
from gateway.intake.dialects.drafts import Drafts, ParameterDraft, ServiceDraft, Source
from gateway.intake.dialects.graphs import (
    literals_of,
    prompt_of,
    retitled,
    tell_gone,
    titles_of,
    without,
)
from gateway.intake.dialects.notes import Spot, Unmigratable

__all__ = ["read", "recognises"]

_NAME = re.compile(r"==(.+?)==")
_ARROW = "=>"


def recognises(source: Source) -> bool:
    """Tell whether a file is of this dialect."""
    titles = [title.strip() for _, title, _ in titles_of(source.raw)]
    return any(_NAME.fullmatch(each) or each.startswith(_ARROW) for each in titles)


def read(source: Source) -> Drafts:
    """Read the file.

    Raises:
        Unmigratable: It holds no graph, or several names.
    """
    spot = Spot(source.file)
    name, description, named_by = _named(source, spot)
    spot = spot.of(name)
    prompt = prompt_of(source.raw, source.definitions, spot)
    tell_gone(source.raw, prompt, lambda title: title.startswith(_ARROW), spot)
    if named_by in prompt:
        prompt = without(prompt, named_by)
    aliases = {
        node_id: node.title.strip().removeprefix(_ARROW).strip()
        for node_id, node in prompt.items()
        if node.title.strip().startswith(_ARROW)
    }
    parameters = [
        each
        for node_id, alias in aliases.items()
        for each in _parameters(node_id, alias, prompt[node_id], spot)
    ]
    service = ServiceDraft(
        name,
        source.file,
        retitled(prompt, {**aliases, named_by: name}),
        spot,
        title=name if named_by else "",
        description=description,
        parameters=tuple(parameters),
    )
    return Drafts((service,), spot)


def _named(source: Source, spot: Spot) -> tuple[str, str, str]:
    """Return the service's name, its description, and the id of the node that says them."""
    found = [
        (match[1].strip(), _text_of(node), node_id)
        for node_id, title, node in titles_of(source.raw)
        if (match := _NAME.fullmatch(title.strip()))
    ]
    if len(found) > 1:
        spot.fault(
            f"the workflow has several names: {', '.join(name for name, _, _ in found)}",
            found=found[1][0],
            code="migrate-malformed",
            mend="Keep one node titled ==name==.",
        )
        raise Unmigratable(spot.notes)
    if not found:
        spot.tell(
            "no node is titled ==name==, so the service is called like the file",
            found=source.file,
            code="migrate-changed",
            mend="Rename it in services.yaml as you like.",
        )
        return source.stem, "", ""
    return found[0]


def _text_of(node: object) -> str:
    """Return what a node of either format says: its `value`, or the first of its widgets."""
    fields = as_object(node) or {}
    inputs = as_object(fields.get("inputs")) or {}
    widgets = as_array(fields.get("widgets_values")) or ()
    values: tuple[Json, ...] = (inputs.get("value"), inputs.get("text"), *widgets)
    return next((each.strip() for each in values if isinstance(each, str)), "")


def _parameters(node_id: str, alias: str, node: Node, spot: Spot) -> Iterator[ParameterDraft]:
    widgets = {name: value for name, value in literals_of(node).items() if value is not None}
    at = spot.at(node_id)
    if not widgets:
        at.tell(
            f"node {node_id} ({node.class_type}) has no widget that could be set",
            found=f"{_ARROW}{alias}",
            code="migrate-not-carried",
            mend="Mark the node whose widget is meant.",
        )
    for widget in widgets:
        name = alias if len(widgets) == 1 else f"{alias} {widget}"
        yield ParameterDraft(
            name,
            ((node_id, widget),),
            at.of(spot.service or "", name),
            title=name,
            drawn=widget.lower() == "seed",
        )
