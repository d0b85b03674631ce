"""Every dialect, and which of them a file is of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gateway.intake.dialects import (
    arrow_titles,
    dollar_titles,
    node_tables,
    placeholders,
    primitives,
    services_config,
    skill_schema,
    view_comfy,
)
from gateway.intake.dialects.drafts import Drafts, Source, Wanted
from gateway.intake.dialects.notes import Spot

__all__ = ["DIALECTS", "Dialect", "choose", "detect", "wanted_by"]


@dataclass(frozen=True, slots=True)
class Dialect:
    """One way to say what may be set in a workflow.

    Attributes:
        says: A few words for people.
        wanted: Which files a source speaks of; () where it is none of this dialect.
    """

    name: str
    says: str
    recognises: Callable[[Source], bool]
    read: Callable[[Source], Drafts]
    wanted: Callable[[Source], tuple[Wanted, ...]]


def _nothing(source: Source) -> tuple[Wanted, ...]:
    del source
    return ()


_ALL = (
    Dialect(
        "services-config",
        "a config.json with `services`, `comfyui_node_id` and `comfyui_widget_name`",
        services_config.recognises,
        services_config.read,
        services_config.wanted,
    ),
    Dialect(
        "view-comfy",
        "a view_comfy.json",
        view_comfy.recognises,
        view_comfy.read,
        _nothing,
    ),
    Dialect(
        "node-table",
        "a table of {type, key, node_ids}, or settings that hold one",
        node_tables.recognises,
        node_tables.read,
        _nothing,
    ),
    Dialect(
        "skill-schema",
        "a schema.json beside a workflow.json",
        skill_schema.recognises,
        skill_schema.read,
        skill_schema.wanted,
    ),
    Dialect(
        "dollar-titles",
        "node titles such as $prompt.text!:What to draw",
        dollar_titles.recognises,
        dollar_titles.read,
        _nothing,
    ),
    Dialect(
        "arrow-titles",
        "node titles such as ==name== and =>alias",
        arrow_titles.recognises,
        arrow_titles.read,
        _nothing,
    ),
    Dialect(
        "placeholders",
        "widgets that hold PARAM_INT_STEPS, or a .meta.json beside the workflow",
        placeholders.recognises,
        placeholders.read,
        placeholders.wanted,
    ),
    Dialect(
        "primitives",
        "titles of Primitive nodes",
        primitives.recognises,
        primitives.read,
        _nothing,
    ),
)
DIALECTS: Mapping[str, Dialect] = {each.name: each for each in _ALL}
"""By name, in the order in which they are looked for."""


def detect(source: Source) -> tuple[Dialect, ...]:
    """Return the dialects that a file may be of.

    Primitive nodes stand in many workflows, so their titles count only where nothing else is marked.
    """
    found = tuple(each for each in _ALL if each.recognises(source))
    if len(found) > 1:
        found = tuple(each for each in found if each.name != "primitives")
    return found


def wanted_by(source: Source) -> tuple[Wanted, ...]:
    """Return the files that have to be read, where they are, before a dialect is chosen."""
    return tuple(dict.fromkeys(wanted for each in _ALL for wanted in each.wanted(source)))


def choose(source: Source, forced: str | None = None) -> Dialect:
    """Return the dialect of a file.

    Args:
        source: The file.
        forced: The name of a dialect that it is to be read as.

    Raises:
        Unmigratable: It is of none, or may be of several.
    """
    if forced is not None:
        return DIALECTS[forced]
    found = detect(source)
    if len(found) == 1:
        return found[0]
    names = ", ".join(each.name for each in found or _ALL)
    raise Spot(source.file).refusal(
        f"the file may be of several dialects: {names}" if found else "the file is of no dialect",
        found=names if found else None,
        code="migrate-dialect-unknown",
        mend=f"Say which with --dialect: {names}."
        if found
        else f"Known are: {names}. A plain workflow comes in by `gateway add`.",
    )
