"""Values → the YAML text that services.yaml is read back from: the reader's rules the other way round.

Every value is one line in flow style, so that whoever puts it into a file may indent it as the file
does. Text stays plain where no reader, ours or another, could take it for anything else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateway.graph.json_value import Json, as_array, as_object
from gateway.services.interpolate import VARIABLE
from gateway.services.scalars import type_scalar

__all__ = ["write_comment", "write_key", "write_list", "write_mapping", "write_value"]

_PLAIN = re.compile(r"[A-Za-z_][\w.;()/+*%&!?'-]*( [\w.;()/+*%&!?'-]+)*", re.ASCII)
_PATH = re.compile(r"[0-9]+\.[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_WORDS_OF_YAML_1_1 = frozenset({"y", "n", "yes", "no", "on", "off"})
_ESCAPES = {
    '"': '\\"',
    "\\": "\\\\",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
}


def write_value(value: Json) -> str:
    """Return the text of a value, which reads back as the same value.

    Half of a surrogate pair, which no UTF-8 file can hold, becomes U+FFFD.
    """
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            return _text(value)
        case _:
            return _collection(value)


def write_list(values: Sequence[Json]) -> str:
    """Return a list in flow style."""
    return f"[{', '.join(write_value(each) for each in values)}]"


def write_key(name: str) -> str:
    """Return the text of a key; the reader fills in no variables there."""
    return name if _is_plain(name) else _quoted(name)


def write_mapping(entries: Sequence[tuple[str, str]]) -> str:
    """Return a mapping in flow style, from keys and texts of values."""
    return f"{{{', '.join(f'{write_key(key)}: {text}' for key, text in entries)}}}"


def write_comment(text: str) -> str:
    """Return a comment on one line, without what a terminal or a reader could trip over."""
    words = "".join(each if each.isprintable() else " " for each in text).split()
    return f"# {' '.join(words)}"


def _collection(value: Json) -> str:
    if (items := as_array(value)) is not None:
        return write_list(items)
    fields = as_object(value) or {}
    return write_mapping([(key, write_value(each)) for key, each in fields.items()])


def _text(text: str) -> str:
    if _is_plain(text):
        return text
    return _quoted(text.replace(VARIABLE, f"${VARIABLE}"))


def _is_plain(text: str) -> bool:
    return (
        (_PLAIN.fullmatch(text) is not None or _PATH.fullmatch(text) is not None)
        and text.lower() not in _WORDS_OF_YAML_1_1
        and type_scalar(text) is text
    )


def _quoted(text: str) -> str:
    return f'"{"".join(_escaped(each) for each in text)}"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    if 0xD800 <= code <= 0xDFFF:
        return "\ufffd"
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"
