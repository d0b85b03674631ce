"""Node titles as parameters: `$name.widget!:description`, and `$output.name` for what comes back.

`!` makes it required, `~` says that a URL is fetched and uploaded, the name alone stands for name and
widget, and commas put several marks into one title. A node titled `MCP` holds the description.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from gateway.graph.json_value import Json
from gateway.graph.prompt import Node
from gateway.intake.dialects.drafts import (
    Drafts,
    OutputDraft,
    ParameterDraft,
    ServiceDraft,
    Source,
)
from gateway.intake.dialects.graphs import (
    literals_of,
    prompt_of,
    retitled,
    tell_gone,
    titles_of,
    without,
)
from gateway.intake.dialects.notes import Spot
from gateway.intake.dialects.seeds import is_seed

__all__ = ["read", "recognises"]

_BEGINS = re.compile(r"\$~?\w")
_BETWEEN = re.compile(r",\s*(?=\$)")
_MARK = re.compile(r"\$(~)?(\w+)(?:\.(~)?(\w+))?(!)?\s*(?::(.*))?", re.DOTALL)
_OUTPUT = "$output."
_DESCRIPTION = "MCP"
_MEND = "Write it like $prompt.text!:What to draw."


@dataclass(frozen=True, slots=True)
class _Mark:
    name: str
    widget: str
    uploads: bool
    required: bool
    description: str


def recognises(source: Source) -> bool:
    """Tell whether a file is of this dialect."""
    return any(_BEGINS.match(title.strip()) for _, title, _ in titles_of(source.raw))


def read(source: Source) -> Drafts:
    """Read the file.

    Raises:
        Unmigratable: It holds no graph.
    """
    spot = Spot(source.file).of(source.stem)
    prompt = prompt_of(source.raw, source.definitions, spot)
    tell_gone(source.raw, prompt, lambda title: bool(_BEGINS.match(title)), spot)
    parameters: dict[str, ParameterDraft] = {}
    outputs: list[OutputDraft] = []
    titles: dict[str, str] = {}
    description, described = "", ()
    for node_id, node in prompt.items():
        title = node.title.strip()
        at = spot.at(node_id)
        if title == _DESCRIPTION:
            description, described = _text_of(node), (*described, node_id)
        elif title.startswith(_OUTPUT) and len(title) > len(_OUTPUT):
            titles[node_id] = title.removeprefix(_OUTPUT).strip()
            outputs.append(OutputDraft(titles[node_id], node_id, at))
        elif _BEGINS.match(title):
            marks = list(_marks(title, at))
            titles[node_id] = ", ".join(each.name for each in marks) or title.strip("$ ")
            for mark in marks:
                _take(parameters, _parameter(mark, node_id, node, at))
    for node_id in described:
        prompt = without(prompt, node_id)
    service = ServiceDraft(
        source.stem,
        source.file,
        retitled(prompt, titles),
        spot,
        description=description,
        parameters=tuple(parameters.values()),
        outputs=tuple(outputs),
    )
    return Drafts((service,), spot)


def _marks(title: str, spot: Spot) -> Iterator[_Mark]:
    for part in _BETWEEN.split(title):
        found = _MARK.fullmatch(part.strip())
        if found is None:
            spot.tell(
                f"`{part.strip()}` is no mark of this dialect",
                found=part,
                code="migrate-not-carried",
                mend=_MEND,
            )
            continue
        early, name, late, widget, required, description = found.groups()
        yield _Mark(
            name, widget or name, bool(early or late), bool(required), (description or "").strip()
        )


def _parameter(mark: _Mark, node_id: str, node: Node, spot: Spot) -> ParameterDraft:
    spot = spot.of(spot.service or "", mark.name)
    current = node.inputs.get(mark.widget)
    drawn = not mark.required and is_seed(mark.widget) and current == 0
    if drawn:
        spot.tell(
            "0 meant a new seed for each call there; the default is `random` now",
            found="0",
            code="migrate-changed",
            mend="Write another default to keep it fixed.",
        )
    if mark.uploads:
        # Which kind of file, the widget tells when it can; else a file of any kind.
        spot.tell(
            "`~` fetched a URL; the parameter takes a path, URL or data: URL now",
            found="~",
            code="migrate-changed",
            mend="Say its `type` (image, audio, video) where `file` is too wide.",
        )
    return ParameterDraft(
        mark.name,
        ((node_id, mark.widget),),
        spot,
        type="file" if mark.uploads and isinstance(current, str) else None,
        required=mark.required,
        drawn=drawn,
        description=mark.description,
    )


def _take(parameters: dict[str, ParameterDraft], draft: ParameterDraft) -> None:
    """Add a parameter; a name that several nodes carry is one parameter of all of them."""
    earlier = parameters.get(draft.name)
    if earlier is None:
        parameters[draft.name] = draft
        return
    parameters[draft.name] = replace(
        earlier,
        targets=(*earlier.targets, *draft.targets),
        required=earlier.required or draft.required,
        description=earlier.description or draft.description,
    )


def _text_of(node: Node) -> str:
    named: dict[str, Json] = {name.lower(): value for name, value in literals_of(node).items()}
    found = (named.get(each) for each in ("value", "text", "string"))
    return next((each.strip() for each in found if isinstance(each, str)), "")
