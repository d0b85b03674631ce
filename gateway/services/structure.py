"""Reports on what YAML has and services.yaml may not use, each with the way to say it instead."""

from __future__ import annotations

from typing import NamedTuple

from gateway.services.findings import Findings
from gateway.services.tree import Entry, Node, ScalarNode, written

__all__ = [
    "Spot",
    "report_alias_cycle",
    "report_alias_flood",
    "report_alias_unknown",
    "report_depth",
    "report_duplicate",
    "report_empty",
    "report_key",
    "report_merge",
    "report_second_document",
    "report_tag",
    "report_variable_in_key",
]


class Spot(NamedTuple):
    """A line and a column, from 1."""

    line: int
    column: int


def report_empty(findings: Findings) -> None:
    """Report a file in which nothing stands."""
    findings.add(
        Spot(1, 1),
        code="file-empty",
        message="the file holds nothing",
        mend="Begin with `version: 1` and a `services:` section.",
    )


def report_second_document(spot: Spot, findings: Findings) -> None:
    """Report that another document begins."""
    findings.add(
        spot,
        code="yaml-several-documents",
        message="a second YAML document begins here, and only one is read",
        found="---",
        mend="Keep one document: take the `---` line out, or use another file.",
    )


def report_tag(tag: str, spot: Spot, findings: Findings) -> None:
    """Report an explicit tag, YAML's own (`!!int`) or any other."""
    findings.add(
        spot,
        code="yaml-tag",
        message="YAML tags are not read here",
        found=tag.replace("tag:yaml.org,2002:", "!!", 1),
        mend="Take the tag out; quotes make a value text, and without them a number is one.",
    )


def report_depth(deepest: int, spot: Spot, findings: Findings) -> None:
    """Report that values are nested too deeply to be meant."""
    findings.add(
        spot,
        code="yaml-too-deep",
        message=f"values are nested more than {deepest} deep",
        mend="Close the brackets that are open, or flatten the value.",
    )


def report_duplicate(spot: Spot, first: Entry, findings: Findings) -> None:
    """Report a key that the mapping already has."""
    findings.add(
        spot,
        code="yaml-duplicate-key",
        message=f"the key `{first.name}` stands here a second time; "
        f"the first is at {findings.place(first)}",
        found=first.name,
        mend="Keep one of the two.",
    )


def report_variable_in_key(text: str, spot: Spot, findings: Findings) -> None:
    """Report a variable where it is not filled in."""
    findings.add(
        spot,
        code="variable-in-key",
        message="variables are filled in in values only, never in keys",
        found=written(ScalarNode(text, text, *spot)),
        mend="Write the key out.",
    )


def report_merge(spot: Spot, findings: Findings) -> None:
    """Report a `<<` key."""
    findings.add(
        spot,
        code="yaml-merge-key",
        message="merge keys are YAML 1.1 and not read here",
        found="<<",
        mend="Write the keys out, or repeat a whole value by its anchor: `tls: *studio_tls`.",
    )


def report_key(key: Node, spot: Spot, findings: Findings) -> None:
    """Report a key that is a number, a list or the like."""
    is_scalar = isinstance(key, ScalarNode)
    findings.add(
        spot,
        code="yaml-key-not-text",
        message="a key must be text",
        found=written(key),
        mend=f'Put it in quotes: "{key.text}".' if is_scalar else "Write one word as the key.",
    )


def report_alias_cycle(anchor: str, spot: Spot, findings: Findings) -> None:
    """Report an alias inside of what it repeats."""
    findings.add(
        spot,
        code="yaml-alias-cycle",
        message=f"the alias *{anchor} stands inside the very value that it repeats",
        found=f"*{anchor}",
        mend="Write the inner value out.",
    )


def report_alias_unknown(anchor: str, spot: Spot, findings: Findings) -> None:
    """Report an alias of nothing."""
    findings.add(
        spot,
        code="yaml-alias-unknown",
        message=f"nothing before this is anchored as &{anchor}",
        found=f"*{anchor}",
        mend="Anchor a value before it is repeated, or quote text that begins with a star.",
    )


def report_alias_flood(anchor: str, most: int, spot: Spot, findings: Findings) -> None:
    """Report that aliases of aliases make a small file a huge one."""
    findings.add(
        spot,
        code="yaml-alias-flood",
        message=f"aliases repeat more than {most:,} values",
        found=f"*{anchor}",
        mend="Write the values out where they are needed.",
    )
