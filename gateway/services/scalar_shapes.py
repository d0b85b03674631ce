"""Shapes of single values: what a scalar of services.yaml may be, as data.

Knows no YAML, no JSON Schema and no key of services.yaml.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from gateway.graph.json_value import Json
from gateway.services.fields import Reads
from gateway.services.model import ShortTarget

__all__ = [
    "HEADER_VALUE",
    "LONGEST_DURATION",
    "SHORT_PATH",
    "AnyJson",
    "Boolean",
    "Duration",
    "Form",
    "HeaderValue",
    "Integer",
    "Number",
    "OpenDuration",
    "Secret",
    "ShortPath",
    "Size",
    "Text",
    "Word",
]

W = TypeVar("W", bound=str)

SHORT_PATH = r"[^\s.](.*\S)?\.[^\s.]([^.]*[^\s.])?"
"""`id.widget`: a dot, and something on both sides of the last one."""

LONGEST_DURATION = 10 * 365 * 24 * 3600
"""Seconds; event loops cannot wait for ever longer ones."""

HEADER_VALUE = r"[!-~]([\t -~]*[!-~])?"
"""Printable ASCII, spaces within (RFC 9110 §5.5, without what clients refuse to send)."""

_LONGEST = ", and at most ten years"
_DURATION = "a duration such as 250ms, 45s, 10m or 24h"


@dataclass(frozen=True, slots=True)
class Form:
    """What text must look like.

    Attributes:
        pattern: A regular expression for all of the text, that Python and JavaScript read alike.
        says: What is valid, to follow "must be".
        code: The finding's code.
        mend: What to do.
        longest: Most characters.
        reserved: Texts of this form that are taken.
    """

    pattern: str
    says: str
    code: str
    mend: str
    longest: int | None = None
    reserved: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Text(Reads[str]):
    """Text that is not empty; `numbers`: a plain integer is read as its text."""

    form: Form | None = None
    numbers: bool = False

    def says(self) -> str:
        """Say what is valid."""
        if self.form:
            return self.form.says
        return "an id" if self.numbers else "text"

    def sample(self) -> str:
        """Show how to write it."""
        return 'the id in quotes: "6"' if self.numbers else self.says()


class HeaderValue(Reads[str | None]):
    """The value of an HTTP header; None when every variable in it is empty."""

    __slots__ = ()

    def says(self) -> str:
        """Say what is valid."""
        return "text in plain ASCII on one line"


class Secret(Reads[str | None]):
    """A key for signatures: it comes from a variable and never stands in the file itself."""

    __slots__ = ()

    def says(self) -> str:
        """Say what is valid."""
        return "whsec_ and 24 to 64 random bytes in base64"

    def sample(self) -> str:
        """Show how to write it."""
        return "a variable such as ${WEBHOOK_SECRET}"


class ShortPath(Reads[ShortTarget]):
    """A target in short form, `id.widget`."""

    __slots__ = ()

    def says(self) -> str:
        """Say what is valid."""
        return "a node and its widget such as 3.steps"


@dataclass(frozen=True, slots=True)
class Word(Reads[W], Generic[W]):
    """One of these words."""

    words: tuple[W, ...]

    def says(self) -> str:
        """Say what is valid."""
        return f"one of {', '.join(self.words)}"


class Boolean(Reads[bool]):
    """True or false."""

    __slots__ = ()

    def says(self) -> str:
        """Say what is valid."""
        return "true or false"


@dataclass(frozen=True, slots=True)
class Integer(Reads[int]):
    """A whole number; a limit that is None is none."""

    minimum: int | None = None
    maximum: int | None = None

    def says(self) -> str:
        """Say what is valid."""
        if self.maximum is None:
            return f"a whole number{'' if self.minimum is None else f' of at least {self.minimum}'}"
        if self.minimum == self.maximum:
            return f"{self.minimum}"
        return f"a whole number from {self.minimum} to {self.maximum}"


@dataclass(frozen=True, slots=True)
class Number(Reads[int | float]):
    """A finite number; `positive`: above 0."""

    positive: bool = False

    def says(self) -> str:
        """Say what is valid."""
        return "a number above 0" if self.positive else "a number"


@dataclass(frozen=True, slots=True)
class Duration(Reads[float]):
    """`45s`, or a bare number of seconds; `positive`: above 0."""

    positive: bool = False

    def says(self) -> str:
        """Say what is valid."""
        return f"{_DURATION}{', above 0' if self.positive else ''}"

    def bounds(self) -> str:
        """Say how long it may be."""
        return _LONGEST


@dataclass(frozen=True, slots=True)
class OpenDuration(Reads[float | None]):
    """A duration, or `none` for no end."""

    positive: bool = False

    def says(self) -> str:
        """Say what is valid."""
        return f"{_DURATION}{', above 0' if self.positive else ''}, or none"

    def bounds(self) -> str:
        """Say how long it may be."""
        return _LONGEST


class Size(Reads[int]):
    """`32MiB`, or a bare number of bytes."""

    __slots__ = ()

    def says(self) -> str:
        """Say what is valid."""
        return "a size such as 600KB or 32MiB"


@dataclass(frozen=True, slots=True)
class AnyJson(Reads[Json]):
    """Any value but nothing; `scalar`: no list and no mapping."""

    scalar: bool = False

    def says(self) -> str:
        """Say what is valid."""
        return "text, a number, true or false" if self.scalar else "a value"
