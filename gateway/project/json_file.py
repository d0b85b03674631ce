"""Reading a JSON file of a project: strictly, bounded in size, every fault with its place."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

from gateway.errors import Place
from gateway.graph.json_value import Json
from gateway.project.locate import shown_path

__all__ = ["FileFault", "parse_json", "read_bytes", "read_json", "read_text", "text_of"]

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|NaN|-?Infinity|-?\d[\d.eE+-]*', re.DOTALL)
_SHOWN = 24


class FileFault(Exception):
    """A file cannot be used; `place` is where in it, None when it is the file as a whole."""

    def __init__(self, message: str, mend: str, place: Place | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.mend = mend
        self.place = place


def read_text(path: Path, limit: int) -> str:
    """Return a file's text.

    Args:
        path: The file.
        limit: Most bytes it may have.

    Raises:
        FileFault: It is not there, too large, not readable, or not UTF-8.
    """
    return text_of(read_bytes(path, limit), shown_path(path))


def read_bytes(path: Path, limit: int) -> bytes:
    """Return a file's content.

    Args:
        path: The file.
        limit: Most bytes it may have.

    Raises:
        FileFault: It is not there, too large, or not readable.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(limit + 1)
    except OSError as error:
        reason = (error.strerror or "it cannot be read").lower()
        raise FileFault(
            f"{shown_path(path)}: {reason}", "Check the path and who may read it."
        ) from error
    if len(raw) > limit:
        raise FileFault(
            f"{shown_path(path)} is larger than {limit >> 20} MiB",
            "Is this the right file? Such a file was never meant here.",
        )
    return raw


def text_of(raw: bytes, file: str) -> str:
    """Return a content as text.

    Args:
        raw: The content.
        file: What the file is called in faults.

    Raises:
        FileFault: It is not UTF-8.
    """
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        raise FileFault(
            f"{file} is not UTF-8 text", "Save it as UTF-8.", Place(file, line, column)
        ) from error


def read_json(path: Path, limit: int) -> Json:
    """Return a file's JSON value; `NaN` and `Infinity` are refused, as JSON does not have them.

    So are numbers that would be read as one of them, and those with thousands of digits.

    Args:
        path: The file.
        limit: Most bytes it may have.

    Raises:
        FileFault: It cannot be read, or is not JSON.
    """
    return parse_json(read_text(path, limit), shown_path(path))


def parse_json(text: str, file: str) -> Json:
    """Return a text's JSON value, as strictly as `read_json`.

    Args:
        text: The text.
        file: What it is called in faults.

    Raises:
        FileFault: It is not JSON.
    """
    try:
        return json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
    except json.JSONDecodeError as error:
        fault, at = error.msg[:1].lower() + error.msg[1:], error.pos
    except _NotJson as error:
        fault, at = f"{error} is not a JSON number", _position(text, error.token)
    except RecursionError:
        fault, at = "it is nested too deeply", 0
    except ValueError:  # Python reads no integer of more digits than it could print
        fault, at = "a number has too many digits", _longest_number(text)
    place = Place(file, text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))
    raise FileFault(f"{place} is not valid JSON: {fault}", "Export the file again.", place)


class _NotJson(ValueError):
    """A number that Python takes and JSON does not have."""

    def __init__(self, token: str) -> None:
        super().__init__(token if len(token) <= _SHOWN else f"{token[:_SHOWN]}…")
        self.token = token


def _refuse_constant(name: str) -> Json:
    raise _NotJson(name)


def _finite(token: str) -> float:
    number = float(token)
    if math.isinf(number):
        raise _NotJson(token)
    return number


def _position(text: str, token: str) -> int:
    return next(found.start() for found in _TOKEN.finditer(text) if found.group() == token)


def _longest_number(text: str) -> int:
    numbers = (found for found in _TOKEN.finditer(text) if not found.group().startswith('"'))
    return max(numbers, key=lambda found: found.end() - found.start()).start()
