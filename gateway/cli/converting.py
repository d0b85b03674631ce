"""One file of an editor workflow → the graph that the editor would send, for `gateway convert`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gateway.cli.definitions_at_hand import DefinitionsAtHand
from gateway.editor.class_types import class_types_in
from gateway.editor.convert import Unconvertible, convert, is_editor_workflow
from gateway.editor.texts import resolve_texts
from gateway.errors import Finding, Place
from gateway.graph.json_value import Json, as_object
from gateway.graph.prompt import PromptFault, parse_prompt, to_json
from gateway.intake.sources import definitions_needed
from gateway.project.json_file import FileFault, read_json
from gateway.project.locate import shown_path

__all__ = ["Converted", "Converting", "convert_file"]

_LIMIT = 32 << 20
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Converting:
    """What a conversion needs besides the file.

    Attributes:
        definitions: The node definitions.
        choose: Draws dynamic prompts: given how many options there are, the index of one.
        now: What date strings show.
    """

    definitions: DefinitionsAtHand
    choose: Callable[[int], int]
    now: datetime


@dataclass(frozen=True, slots=True)
class Converted:
    """What became of a file.

    Attributes:
        name: The file's name without its folder.
        text: The graph as JSON text; None when there is none.
        findings: Errors when there is no text, else warnings.
    """

    name: str
    text: str | None
    findings: tuple[Finding, ...] = ()

    def as_line(self) -> str:
        """Return the line of `--jsonl`."""
        error = "; ".join(_sentence(each) for each in self.findings) if self.text is None else None
        name, told = json.dumps(self.name), json.dumps(error)
        return f'{{"file": {name}, "api": {self.text or "null"}, "error": {told}}}\n'


def convert_file(path: Path, converting: Converting, *, indent: int | None) -> Converted:
    """Convert a file; whatever is wrong with it is told in findings.

    Args:
        path: An editor workflow, an API one (which stays as it is), or an object that has an editor
            workflow under `ui`.
        converting: What it needs.
        indent: Of the text; None puts it on one line.
    """
    shown = shown_path(path)
    try:
        api, warnings = _converted(read_json(path, _LIMIT), converting)
        text = _text(api, indent)
    except FileFault as fault:
        finding = Finding("workflow-json-invalid", fault.message, fault.place, mend=fault.mend)
        return Converted(path.name, None, (finding,))
    except PromptFault as fault:
        return Converted(path.name, None, _findings(shown, (fault,)))
    except Unconvertible as refused:
        return Converted(path.name, None, _findings(shown, refused.faults))
    except RecursionError:
        fault = PromptFault(
            "workflow-json-invalid", "it is nested too deeply", "Export the file again."
        )
        return Converted(path.name, None, _findings(shown, (fault,)))
    told = (
        Finding("workflow-conversion-note", each, Place(shown, 1, 1), "warning")
        for each in warnings
    )
    return Converted(path.name, text, tuple(told))


def _converted(raw: Json, converting: Converting) -> tuple[Json, tuple[str, ...]]:
    inner = (as_object(raw) or {}).get("ui")
    workflow = inner if is_editor_workflow(inner) else raw
    if not is_editor_workflow(workflow):
        parse_prompt(workflow)
        return workflow, ("it is in API format already, and stays as it is",)
    classes = class_types_in(workflow)
    definitions = converting.definitions.covering(classes)
    if classes and not definitions:
        raise definitions_needed(classes)
    found = convert(workflow, definitions)
    prompt = resolve_texts(found.texts, found.prompt, converting.choose, converting.now)
    return to_json(prompt), ()


def _text(api: Json, indent: int | None) -> str:
    if indent is None:
        return json.dumps(api, allow_nan=False)
    text = json.dumps(api, allow_nan=False, indent=indent, ensure_ascii=False)
    # Half a character cannot be written as UTF-8, but as an escape.
    return json.dumps(api, indent=indent) if _LONE_SURROGATE.search(text) else text


def _findings(shown: str, faults: Iterable[PromptFault]) -> tuple[Finding, ...]:
    place = Place(shown, 1, 1)
    return tuple(Finding(each.code, each.message, place, mend=each.mend) for each in faults)


def _sentence(finding: Finding) -> str:
    mend = f" {finding.mend}" if finding.mend else ""
    return f"{finding.message} ({finding.code}).{mend}"
