"""What people hold → the workflow in it: a graph in API format, the editor's save file, or both.

Where both are there, as in a picture that ComfyUI saved, the graph in API format is the one that really
ran; the save file is then asked for titles and notes only.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.editor.class_types import class_types_in
from gateway.editor.convert import Unconvertible, convert, is_editor_workflow
from gateway.errors import GatewayError
from gateway.graph.json_value import Json, JsonObject, as_object
from gateway.graph.object_info import parse_definitions
from gateway.graph.prompt import Prompt, PromptFault, parse_prompt
from gateway.intake.editor_facts import editor_facts, with_titles
from gateway.intake.suggest import Material
from gateway.wire.clean import clean_line

__all__ = [
    "Source",
    "classes_in",
    "definitions_needed",
    "material_of",
    "source_in_json",
    "source_in_texts",
]

_NAMED = 5
_EXPORT = 'Save the workflow in ComfyUI and use that file, or export it with "Export (API)".'


@dataclass(frozen=True, slots=True)
class Source:
    """A workflow as it was found; one of the two at least.

    Attributes:
        prompt: A graph in API format, or what should be one.
        editor: The editor's save file.
    """

    prompt: Json = None
    editor: Json = None


def source_in_json(text: str) -> Source:
    """Return the workflow that JSON holds.

    Raises:
        GatewayError: `workflow-json-invalid`.
    """
    try:
        return _source(_parsed(text))
    except ValueError as error:
        raise GatewayError(
            f"this is not valid JSON: {error}", code="workflow-json-invalid", mend=_EXPORT
        ) from error


def source_in_texts(kind: str, texts: Mapping[str, str]) -> Source:
    """Return the workflow that a picture, film or sound carries.

    Args:
        kind: What it is, for people.
        texts: Its texts by name, in small letters.

    Raises:
        GatewayError: `workflow-not-embedded`.
    """
    found: dict[str, Json] = {}
    broken = ""
    for name in ("comment", "prompt", "workflow"):
        try:
            value = _parsed(texts[name]) if name in texts else None
        except ValueError as error:
            # A comment may well be words.
            broken = broken if name == "comment" else f"; its `{name}` is no JSON: {error}"
            continue
        if name == "comment":
            found.update(as_object(value) or {})
        elif value is not None:
            found[name] = value
    source = _source({name: found.get(name) for name in ("prompt", "workflow")})
    if source.prompt is None and source.editor is None:
        raise GatewayError(
            f"no workflow is embedded in this {kind} file{broken}",
            code="workflow-not-embedded",
            mend="Use the file as ComfyUI saved it: chats and photo tools take the workflow out of it.",
        )
    return source


def classes_in(source: Source) -> frozenset[str]:
    """Return the classes of the nodes in a workflow, those in subgraphs and groups too."""
    entries = as_object(source.prompt) or {}
    inner = as_object(entries.get("prompt")) or {}
    nodes = [as_object(each) or {} for each in (*entries.values(), *inner.values())]
    found = {name for node in nodes if isinstance(name := node.get("class_type"), str)}
    return class_types_in(source.editor) | found


def material_of(source: Source, object_info: JsonObject) -> Material:
    """Return the workflow as a prompt, with all that is known of it.

    Args:
        source: What was found.
        object_info: Raw node definitions by class; those in use are enough.

    Raises:
        GatewayError: It is neither format, cannot be converted, or definitions are needed for that.
    """
    facts = editor_facts(source.editor)
    try:
        prompt = parse_prompt(source.prompt) if source.prompt is not None else None
    except PromptFault as fault:
        if source.editor is None:
            raise GatewayError(fault.message, code=fault.code, mend=fault.mend) from fault
        prompt = None
    if prompt is None:
        prompt = _converted(source.editor, object_info)
    definitions = parse_definitions(object_info)
    return Material(with_titles(prompt, facts.titles), definitions, facts)


def definitions_needed(class_types: frozenset[str]) -> PromptFault:
    """Return what is said of an editor workflow when no definition of any node is known."""
    named = sorted(class_types)
    shown = clean_line(", ".join(named[:_NAMED])) + (", …" if named[_NAMED:] else "")
    return PromptFault(
        "definitions-needed",
        "this is the editor's own save format, and without definitions of its nodes "
        f"({shown}) it cannot be turned into what ComfyUI runs",
        "Start a ComfyUI that has them, give --definitions FILE (what ComfyUI answers to "
        '/object_info), or export the workflow with "Export (API)".',
    )


def _converted(editor: Json, object_info: JsonObject) -> Prompt:
    if not object_info and (classes := class_types_in(editor)):
        fault = definitions_needed(classes)
        raise GatewayError(fault.message, code=fault.code, mend=fault.mend)
    try:
        prompt = convert(editor, object_info).prompt
    except Unconvertible as error:
        first = error.faults[0]
        raise GatewayError(str(error), code=first.code, mend=first.mend) from error
    if not prompt:
        raise GatewayError(
            "no node of this workflow would run: all are muted, bypassed or only for people",
            code="workflow-empty",
            mend="Open it in ComfyUI and unmute what should run.",
        )
    return prompt


def _source(raw: Json) -> Source:
    if is_editor_workflow(raw):
        return Source(editor=raw)
    fields = as_object(raw) or {}
    wrapped = {name: _unwrapped(fields.get(name)) for name in ("prompt", "workflow")}
    if is_editor_workflow(wrapped["workflow"]):
        return Source(wrapped["prompt"], wrapped["workflow"])
    if is_editor_workflow(wrapped["prompt"]):
        return Source(editor=wrapped["prompt"])
    if "prompt" in fields and "class_type" not in (as_object(fields["prompt"]) or {}):
        return Source(wrapped["prompt"])
    return Source(raw)


def _unwrapped(value: Json) -> Json:
    """Return what JSON in a text holds: some node packs write it so."""
    if not isinstance(value, str):
        return value
    try:
        return _parsed(value)
    except ValueError:
        return None


def _parsed(text: str) -> Json:
    """Return the value of JSON; NaN, which ComfyUI writes beside its nodes' inputs, is null.

    So is what is too large for a number: no JSON that is written again could say it.

    Raises:
        ValueError: It is none.
    """
    try:
        return json.loads(text, parse_constant=lambda _: None, parse_float=_finite)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _finite(digits: str) -> float | None:
    number = float(digits)
    return number if math.isfinite(number) else None
