"""Text that the editor resolves just before it sends a prompt: dynamic prompts, dates, other nodes' values.

Source: the frontend's extensions dynamicPrompts and saveImageExtraOutput, as seen from outside.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime

from gateway.editor.instances import Instance, Opened
from gateway.editor.layout import Widget, walk_widgets
from gateway.graph.dynamic_text import resolve_date_format, resolve_dynamic_text
from gateway.graph.json_value import Json
from gateway.graph.patch import patch
from gateway.graph.prompt import Prompt, link_of

__all__ = ["NamedNode", "Texts", "find_texts", "resolve_texts"]

# Classes in whose `filename_prefix` the editor replaces %…%; other save nodes leave it to ComfyUI.
_REPLACED = frozenset(
    {
        "CLIPSave",
        "LoraSave",
        "ModelSave",
        "Save3DAdvanced",
        "SaveAnimatedPNG",
        "SaveAnimatedWEBP",
        "SaveAudio",
        "SaveAudioAdvanced",
        "SaveAudioMP3",
        "SaveAudioOpus",
        "SaveGLB",
        "SaveGaussianSplat",
        "SaveImage",
        "SaveImageAdvanced",
        "SaveLatent",
        "SavePointCloud",
        "SaveSVGNode",
        "SaveVideo",
        "SaveWEBM",
        "VAESave",
    }
)
_MARK = re.compile(r"%([^%]+)%")
_ILLEGAL = re.compile(r'[/?<>\\:*|"\x00-\x1f\x7f]')


@dataclass(frozen=True, slots=True)
class NamedNode:
    """A node that text may name: where it is in the prompt, and what it held when it was saved."""

    node_id: str
    held: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Texts:
    """Where the editor resolves text before it sends.

    Attributes:
        dynamic: (node id, widget) of texts with `{a|b}` and comments.
        replaced: (node id, widget) of texts with `%date:…%` and `%Node.widget%`.
        named: Name as in `%Node.widget%` → the node.
    """

    dynamic: AbstractSet[tuple[str, str]] = frozenset()
    replaced: AbstractSet[tuple[str, str]] = frozenset()
    named: Mapping[str, NamedNode] = field(default_factory=dict[str, NamedNode])


def find_texts(opened: Opened, prompt: Prompt, raw: AbstractSet[tuple[str, str]]) -> Texts:
    """Tell where a workflow holds such text.

    Args:
        opened: The workflow.
        prompt: What it came to.
        raw: (node id, widget) that hold a host's value: the editor sends it as it stands.
    """
    present = [each for each in opened.all if each.id in prompt and each.layout is not None]
    dynamic = {
        (each.id, widget.name)
        for each in present
        for widget in _texts_of(each)
        if (each.id, widget.name) not in raw
    }
    replaced = {
        (each.id, "filename_prefix")
        for each in present
        if each.node.type in _REPLACED and (each.id, "filename_prefix") not in raw
    }
    replaced |= {(each.id, name) for each in present for name in each.marked}
    return Texts(frozenset(dynamic), frozenset(replaced), _named(opened) if replaced else {})


def resolve_texts(
    texts: Texts, prompt: Prompt, choose: Callable[[int], int], now: datetime
) -> Prompt:
    """Resolve a prompt's texts for one call.

    Args:
        texts: Where they are.
        prompt: The graph with this call's values.
        choose: Given how many options there are, returns the index of one, from 0.
        now: Local time.

    Returns:
        The graph that ComfyUI is to see.
    """
    changes: dict[tuple[str, str], Json] = {}
    for node_id, widget in texts.replaced:
        value = _text_at(prompt, node_id, widget)
        if value is not None and "%" in value:
            changes[node_id, widget] = _replace_marks(value, texts, prompt, now)
    for node_id, widget in sorted(texts.dynamic):  # the same source draws the same, in any process
        value = changes.get((node_id, widget), _text_at(prompt, node_id, widget))
        if isinstance(value, str):
            changes[node_id, widget] = resolve_dynamic_text(value, choose)
    return patch(prompt, changes) if changes else prompt


def _replace_marks(text: str, texts: Texts, prompt: Prompt, now: datetime) -> str:
    """Replace `%date:FMT%` and `%Node.widget%` in a text; every other mark stays."""

    def replaced(found: re.Match[str]) -> str:
        parts = found[1].split(".")
        if len(parts) != 2:  # a date's format ends at its first dot, as in the editor
            kind, colon, form = parts[0].partition(":")
            return resolve_date_format(form, now) if kind == "date" and colon else found[0]
        named = texts.named.get(parts[0])
        value = _value_of(named, parts[1], prompt) if named is not None else _NOTHING
        return found[0] if value is _NOTHING else _ILLEGAL.sub("_", _as_text(value))

    return _MARK.sub(replaced, text)


_NOTHING: Json = "\0nothing"


def _value_of(named: NamedNode, widget: str, prompt: Prompt) -> Json:
    node = prompt.get(named.node_id)
    value = node.inputs.get(widget) if node is not None else None
    if value is None or link_of(value) is not None:
        return named.held.get(widget, _NOTHING)
    return value


def _as_text(value: Json) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)


def _text_at(prompt: Prompt, node_id: str, widget: str) -> str | None:
    node = prompt.get(node_id)
    value = node.inputs.get(widget) if node is not None else None
    return value if isinstance(value, str) else None


def _texts_of(instance: Instance) -> list[Widget]:
    layout = instance.layout
    entries = layout.entries if layout is not None else ()
    return [each for each in walk_widgets(entries, instance.held) if each.dynamic]


def _named(opened: Opened) -> dict[str, NamedNode]:
    """Return every name that text may use: the editor's search name first, then titles; the first wins."""
    names: dict[str, NamedNode] = {}
    titles: dict[str, NamedNode] = {}
    for each in opened.all:
        named = NamedNode(each.id, each.held)
        search = each.node.properties.get("Node name for S&R")
        if isinstance(search, str):
            names.setdefault(search, named)
        layout = each.layout
        title = each.node.title or (layout.display_name if layout is not None else "")
        titles.setdefault(title or each.node.type, named)
    return {**titles, **names}
