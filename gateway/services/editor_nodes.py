"""Why a node that people see in the editor is not in the graph that is sent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.errors import Finding
from gateway.services.surroundings import nodes_named

if TYPE_CHECKING:
    from gateway.editor.convert import Conversion

__all__ = ["explained"]


def explained(finding: Finding, conversion: Conversion) -> Finding:
    """Return a finding about an unknown node with what the editor's file says of that id.

    Args:
        finding: Any; others stay as they are.
        conversion: How the graph came to be.
    """
    wrong = finding.found
    if finding.code != "binding-node-unknown" or wrong is None:
        return finding
    above = _nearest_dropped(wrong, conversion)
    inside = [each for each in conversion.prompt if each.startswith(f"{wrong}:")]
    elsewhere = [each for each in conversion.prompt if each.endswith(f":{wrong}")]
    if inside:
        message = f"node {wrong} is a subgraph; in it are {nodes_named(inside, conversion.prompt)}"
        return replace(finding, message=message, mend="Name one of the nodes in it.")
    if above is not None:
        message = f"node {above} is {conversion.dropped[above]}, so {_gone(wrong, above)}"
        mend = "Enable it in ComfyUI and save the workflow, or name another node."
        return replace(finding, message=message, mend=mend)
    if elsewhere:
        message = (
            f"{finding.message}; in subgraphs there are {nodes_named(elsewhere, conversion.prompt)}"
        )
        return replace(finding, message=message, mend=f"Did you mean {elsewhere[0]}?")
    return finding


def _nearest_dropped(wrong: str, conversion: Conversion) -> str | None:
    """Return the node, or the subgraph around it, that the editor leaves out."""
    at = wrong
    while at not in conversion.dropped:
        at, colon, _ = at.rpartition(":")
        if not colon:
            return None
    is_host = at != wrong and conversion.dropped[at] == "a subgraph"
    return None if is_host else at


def _gone(wrong: str, above: str) -> str:
    return "it is not sent" if wrong == above else f"node {wrong} in it is not sent"
