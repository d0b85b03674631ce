"""`name=value` words of a command line → the arguments of a call."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from gateway.errors import GatewayError
from gateway.graph.json_value import Json, JsonObject, as_array, as_object
from gateway.services.closest import closest

__all__ = ["FILE_TYPES", "named_files", "read_words"]

FILE_TYPES = frozenset({"image", "mask", "audio", "video", "file"})
"""The parameter types whose argument refers to a file."""


def read_words(words: Sequence[str], schema: JsonObject, files: frozenset[str]) -> dict[str, Json]:
    """Return the arguments that `name=value` words give.

    A value is read as its parameter's type wants: text as it stands, the others as JSON. `@path`
    gives the file itself for a parameter that takes a file, and its text for any other; `@@` begins
    a text that begins with `@`. Where a list makes several jobs, it is written as JSON, or the name is
    given again for each value.

    Args:
        words: As typed.
        schema: The tool's input schema.
        files: The names of the parameters that take a file.

    Raises:
        GatewayError: A word is no `name=value`, names no parameter, or names a file that is not there.
    """
    properties = as_object(schema.get("properties")) or {}
    arguments: dict[str, Json] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise _wrong(f"{word!r} is not name=value", "Write for example: prompt='a red fox'.")
        if name not in properties:
            raise _unknown(name, properties)
        fragment = as_object(properties[name]) or {}
        either = as_array(fragment.get("anyOf"))
        if either is None:
            arguments[name] = _read(name, value, fragment, files)
            continue
        one = as_object(either[0]) or {}
        items = _items(value)
        read = [_read(name, each, one, files) for each in items or (value,)]
        earlier = arguments.get(name)
        if name in arguments:
            arguments[name] = [*(as_array(earlier) or (earlier,)), *read]
        else:
            arguments[name] = read[0] if items is None else read
    return arguments


def named_files(arguments: Mapping[str, Json], files: frozenset[str]) -> tuple[Path, ...]:
    """Return the files of this machine that the arguments name."""
    several = (arguments.get(name) for name in sorted(files))
    given = (each for value in several for each in as_array(value) or (value,))
    return tuple(
        path for each in given if isinstance(each, str) and (path := Path(each)).is_absolute()
    )


def _items(value: str) -> list[str] | None:
    """Return the items of a list that is written as JSON, each as it would be typed; None: it is none."""
    try:
        items = as_array(json.loads(value)) if value.startswith("[") else None
    except ValueError:
        return None
    if not items:
        return None
    return [each if isinstance(each, str) else json.dumps(each) for each in items]


def _read(name: str, value: str, schema: JsonObject, files: frozenset[str]) -> Json:
    return _reference(name, value) if name in files else _value(name, value, schema)


def _reference(name: str, value: str) -> str:
    path = Path(value.removeprefix("@")).expanduser()
    if path.is_file():
        return str(path.resolve())
    if value.startswith("@"):
        raise _wrong(f"{name}: there is no file {path}", "Check the path.")
    return value


def _value(name: str, value: str, schema: JsonObject) -> Json:
    if value.startswith("@@"):
        return value[1:]
    if value.startswith("@"):
        value = _text_of(name, Path(value[1:]).expanduser())
    if schema.get("type") == "string" or value in (as_array(schema.get("enum")) or ()):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value  # the arguments' own check says what is wrong with it


def _text_of(name: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").rstrip("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise _wrong(f"{name}: {path} cannot be read as text", "Check the path.") from error


def _unknown(name: str, properties: JsonObject) -> GatewayError:
    near = closest(name, properties)
    mend = f"Did you mean {near}?" if near else f"It has: {', '.join(properties) or 'none'}."
    return _wrong(f"there is no parameter {name!r}", mend)


def _wrong(message: str, mend: str) -> GatewayError:
    return GatewayError(message, code="wrong-use", mend=mend)
