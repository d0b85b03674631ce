"""Migrated services and settings in the text of services.yaml, all else byte for byte as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from gateway.graph.json_value import Json, as_object
from gateway.intake.dialects.drafts import Section
from gateway.intake.entry import ServiceEntry, render_entry
from gateway.services.insertion import indent_of_services, insert_service
from gateway.services.values import shown
from gateway.services.writing import write_key, write_value

__all__ = ["NEW_FILE", "compose"]

NEW_FILE = "version: 1\n"
"""A services.yaml that declares nothing."""

_BREAK = re.compile("\r\n|\n|\r")


def compose(text: str, entries: Sequence[ServiceEntry], sections: Sequence[Section]) -> str:
    """Return the file's text with the services, and with those sections that it does not have.

    A section that is there stays as it is; that the other one is left out is told at its place.

    Args:
        text: What stands in the file.
        entries: Services, none of which is there yet.
        sections: Parts beside the services, each key once or more; the first one counts.

    Raises:
        DeclarationError: The file cannot be read, or its form leaves no place for an entry.
    """
    newline = found[0] if (found := _BREAK.search(text)) else "\n"
    kept: dict[str, Section] = {}
    for section in sections:
        earlier = kept.get(section.key)
        if _has(text, section.key) or (earlier is not None and earlier.value != section.value):
            section.spot.tell(
                f"services.yaml says `{section.key}` already, and this is left out",
                found=shown(section.value),
                code="migrate-not-carried",
                mend=f"Compare the two, and change `{section.key}` as you mean it.",
            )
        elif earlier is None:
            kept[section.key] = section
    for section in kept.values():
        gap = "" if text.endswith(("\n", "\r")) else newline
        text += gap + newline + newline.join((*_lines(section.key, section.value, 0), ""))
    for entry in entries:
        indented = render_entry(entry, indent_of_services(text))
        text = insert_service(text, entry.name, indented)
    return text


def _has(text: str, key: str) -> bool:
    return re.search(rf"^\ufeff?[\"']?{key}[\"']?[ \t]*:", text, re.MULTILINE) is not None


def _lines(key: str, value: Json, depth: int) -> Iterator[str]:
    margin, fields = "  " * depth, as_object(value)
    if fields is None:
        yield f"{margin}{write_key(key)}: {write_value(value)}"
        return
    yield f"{margin}{write_key(key)}:"
    for name, each in fields.items():
        yield from _lines(name, each, depth + 1)
