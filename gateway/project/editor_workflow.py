"""A service's editor workflow → its graph, or findings. Loaded only for projects that have one."""

from __future__ import annotations

from gateway.editor.class_types import class_types_in
from gateway.editor.convert import Conversion, Unconvertible, convert
from gateway.errors import Finding, Place
from gateway.graph.json_value import Json, as_object
from gateway.project.definitions_file import PinnedDefinitions
from gateway.project.pinning import is_complete

__all__ = ["convert_workflow"]

_NAMED = 12


def convert_workflow(
    raw: Json, pinned: PinnedDefinitions, file: str
) -> Conversion | tuple[Finding, ...]:
    """Convert an editor workflow with the pinned definitions.

    Args:
        raw: What the file holds.
        pinned: The node definitions.
        file: What the file is called in findings.

    Returns:
        What it came to, or every reason why not. What is to be mended elsewhere has no place.
    """
    class_types = class_types_in(raw)
    partial = {each for each in class_types & pinned.raw.keys() if not _is_whole(each, pinned)}
    if partial:
        return (
            _unpinned(file, partial, "pinned by an earlier version, without what converting needs"),
        )
    try:
        found = convert(raw, pinned.raw)
    except Unconvertible as refused:
        unpinned = class_types - pinned.raw.keys()
        faults = [
            each for each in refused.faults if not unpinned or each.code != "workflow-node-unknown"
        ]
        place = Place(file, 1, 1)
        findings = [Finding(each.code, each.message, place, mend=each.mend) for each in faults]
        if len(faults) < len(refused.faults):
            findings.append(_unpinned(file, unpinned, "not pinned"))
        return tuple(findings)
    return found if found.prompt else (_empty(file),)


def _empty(file: str) -> Finding:
    return Finding(
        code="workflow-empty",
        message=f"no node of {file} takes part: they are muted, bypassed or notes",
        place=Place(file, 1, 1),
        mend="Enable its nodes in ComfyUI and save it.",
    )


def _is_whole(class_type: str, pinned: PinnedDefinitions) -> bool:
    return is_complete(as_object(pinned.raw[class_type]) or {})


def _unpinned(file: str, class_types: set[str] | frozenset[str], why: str) -> Finding:
    named = sorted(class_types)
    rest = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    return Finding(
        code="workflow-needs-definitions",
        message=f"{file} is an editor workflow, which needs node definitions to be converted; "
        f"{why}: {', '.join(named[:_NAMED])}{rest}",
        mend="Pin them while a ComfyUI that knows them runs: gateway definitions pull.",
    )
