"""What the editor's save file tells people and no prompt does: titles, notes, primitives and their links."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from gateway.graph.json_value import Json, JsonObject, as_array, as_object
from gateway.graph.prompt import Prompt
from gateway.services.bound import WidgetKey

__all__ = ["EditorFacts", "Primitive", "editor_facts", "with_titles"]

_NOTES = frozenset({"Note", "MarkdownNote"})


@dataclass(frozen=True, slots=True)
class Primitive:
    """A widget of the editor's own that sets others: its title, and which."""

    title: str
    targets: tuple[WidgetKey, ...]


@dataclass(frozen=True, slots=True)
class EditorFacts:
    """What one save file tells.

    Attributes:
        titles: Node id → the title it has there, the outermost graph's nodes only.
    """

    titles: Mapping[str, str]
    notes: tuple[str, ...] = ()
    primitives: tuple[Primitive, ...] = ()


def editor_facts(raw: Json) -> EditorFacts:
    """Read what a save file tells; what is not as it should be is left out."""
    document = as_object(raw) or {}
    nodes = [fields for each in _list(document, "nodes") if (fields := as_object(each))]
    return EditorFacts(
        titles={_id(node): title for node in nodes if (title := _text(node.get("title")))},
        notes=tuple(note for node in nodes if (note := _note(node))),
        primitives=tuple(_primitives(nodes, document)),
    )


def with_titles(prompt: Prompt, titles: Mapping[str, str]) -> Prompt:
    """Return the prompt; a node without a title has the one it is given."""
    return {
        node_id: node if node.title else replace(node, title=titles.get(node_id, ""))
        for node_id, node in prompt.items()
    }


def _note(node: JsonObject) -> str:
    if node.get("type") not in _NOTES:
        return ""
    values = as_array(node.get("widgets_values")) or ()
    return " ".join(_text(values[0] if values else None).split())


def _primitives(nodes: list[JsonObject], document: JsonObject) -> Iterator[Primitive]:
    by_id = {_id(node): node for node in nodes}
    for node in nodes:
        if node.get("type") == "PrimitiveNode":
            ends = [_end(each) for each in _list(document, "links") if _origin(each) == _id(node)]
            keys = (_input_at(by_id.get(node_id), slot) for node_id, slot in ends)
            yield Primitive(_text(node.get("title")), tuple(key for key in keys if key))


def _origin(link: Json) -> str:
    return _plain((as_object(link) or {}).get("origin_id", _part(link, 1)))


def _end(link: Json) -> tuple[str, Json]:
    fields = as_object(link) or {}
    return _plain(fields.get("target_id", _part(link, 3))), fields.get(
        "target_slot", _part(link, 4)
    )


def _part(link: Json, number: int) -> Json:
    parts = as_array(link) or ()
    return parts[number] if len(parts) > number else None


def _input_at(node: JsonObject | None, slot: Json) -> WidgetKey | None:
    slots = _list(node or {}, "inputs")
    if node is None or not isinstance(slot, int) or not 0 <= slot < len(slots):
        return None
    fields = as_object(slots[slot]) or {}
    name = _text((as_object(fields.get("widget")) or fields).get("name"))
    return (_id(node), name) if name else None


def _id(node: JsonObject) -> str:
    return _plain(node.get("id"))


def _plain(value: Json) -> str:
    return str(value) if isinstance(value, int | str) else ""


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""


def _list(fields: JsonObject, name: str) -> list[Json]:
    return list(as_array(fields.get(name)) or ())
