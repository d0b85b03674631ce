"""Where the findings of one file gather while it is read."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from gateway.errors import Finding, Place
from gateway.services.tree import Located

__all__ = ["Findings"]


class Findings:
    """Everything found wrong in one file so far.

    Readers note a fault and go on, so that one run of `gateway validate` shows all the work.
    """

    def __init__(self, file: str) -> None:
        self._file = file
        self._found: list[Finding] = []
        # Number of a finding → the keys above it, as far as they were told.
        self._keys: dict[int, deque[str | None]] = {}

    def __len__(self) -> int:
        return len(self._found)

    def place(self, at: Located) -> Place:
        """Return the spot of something in this file."""
        return Place(self._file, at.line, at.column)

    def add(
        self, at: Located, *, code: str, message: str, found: str | None = None, mend: str
    ) -> None:
        """Note an error."""
        self._note(at, Finding(code, message, found=found, mend=mend))

    def warn(self, at: Located, *, code: str, message: str, mend: str) -> None:
        """Note something odd that keeps nothing from working."""
        self._note(at, Finding(code, message, severity="warning", mend=mend))

    def within(self, since: int, key: str | None) -> None:
        """Say that the findings from number `since` on stand under a key, from the inside out."""
        for number in range(since, len(self._found)):
            self._keys.setdefault(number, deque()).appendleft(key)

    def attribute(
        self, since: int, *, service: str | None = None, parameter: str | None = None
    ) -> None:
        """Say whose the findings from number `since` on are, where that is not said yet."""
        for number in range(since, len(self._found)):
            finding = self._found[number]
            self._found[number] = replace(
                finding,
                service=finding.service or service,
                parameter=finding.parameter or parameter,
            )

    def has_errors(self) -> bool:
        """Tell whether anything is wrong, warnings aside."""
        return any(finding.severity == "error" for finding in self._found)

    def name_owners(self, services: str, parameters: str) -> None:
        """Attribute findings by the keys above them: services → a name → parameters → a name."""
        for number, keys in self._keys.items():
            padded = [*keys, None, None, None, None]
            if padded[0] == services:
                finding = self._found[number]
                self._found[number] = replace(
                    finding,
                    service=finding.service or padded[1],
                    parameter=padded[3] if padded[2] == parameters else finding.parameter,
                )

    def in_order(self) -> tuple[Finding, ...]:
        """Return the findings in the order of the file, each once (an alias may repeat one)."""
        return tuple(sorted(dict.fromkeys(self._found), key=_position))

    def _note(self, at: Located, finding: Finding) -> None:
        self._found.append(
            replace(
                finding,
                place=self.place(at),
                message=_printable(finding.message),
                found=_printable(finding.found) if finding.found else None,
                mend=_printable(finding.mend) if finding.mend else None,
            )
        )


def _printable(text: str) -> str:
    """Return text that no terminal takes for commands: the file may hold escape characters."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else "\ufffd" for each in text)


def _position(finding: Finding) -> tuple[int, int]:
    place = finding.place
    return (place.line, place.column) if place else (0, 0)
