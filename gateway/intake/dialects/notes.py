"""What a migration has to say of a file, at the place in it: faults, and what is not carried over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from gateway.errors import Severity

__all__ = ["Note", "Spot", "Unmigratable"]


@dataclass(frozen=True, slots=True)
class Note:
    """One thing to say; an error keeps everything from being written.

    Attributes:
        file: Name of the file it speaks of.
        pointer: JSON pointer to the place in it (RFC 6901).
    """

    code: str
    message: str
    file: str = ""
    pointer: str = ""
    severity: Severity = "warning"
    service: str | None = None
    parameter: str | None = None
    found: str | None = None
    mend: str | None = None


class Unmigratable(ValueError):
    """A file cannot be read as a dialect; `notes` holds why, at least one of them an error."""

    def __init__(self, notes: Iterable[Note]) -> None:
        self.notes = tuple(notes)
        super().__init__("; ".join(each.message for each in self.notes))


def _no_notes() -> list[Note]:
    return []


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a file, and where what is said of it goes.

    Attributes:
        notes: Collects what is said, for all spots of one reading.
    """

    file: str
    notes: list[Note] = field(default_factory=_no_notes)
    pointer: str = ""
    service: str | None = None
    parameter: str | None = None

    def at(self, *steps: str | int) -> Spot:
        """Return the spot further down."""
        escaped = (str(each).replace("~", "~0").replace("/", "~1") for each in steps)
        return replace(self, pointer="/".join((self.pointer, *escaped)))

    def of(self, service: str, parameter: str | None = None) -> Spot:
        """Return the same spot, as one of a service or of a parameter."""
        return replace(self, service=service, parameter=parameter)

    def tell(self, message: str, *, code: str, found: str | None = None, mend: str) -> None:
        """Say something that keeps nothing from being written."""
        self.notes.append(self._note(code, message, "warning", found, mend))

    def fault(self, message: str, *, code: str, found: str | None = None, mend: str) -> None:
        """Say what keeps the file from being migrated."""
        self.notes.append(self._note(code, message, "error", found, mend))

    def refusal(
        self, message: str, *, code: str, found: str | None = None, mend: str
    ) -> Unmigratable:
        """Say what keeps the file from being migrated; return what to raise, with all that was said."""
        self.fault(message, code=code, found=found, mend=mend)
        return Unmigratable(self.notes)

    def _note(
        self, code: str, message: str, severity: Severity, found: str | None, mend: str
    ) -> Note:
        return Note(
            code,
            message,
            self.file,
            self.pointer,
            severity,
            self.service,
            self.parameter,
            found,
            mend,
        )
