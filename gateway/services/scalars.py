"""What a plain scalar is: text, a number, true, false or nothing, as YAML 1.2's core schema says.

So `on`, `yes`, `9:8` and `2026-01-01` are text, which YAML 1.1 takes for booleans, base-60 numbers
and dates. One rule is stricter than the core schema: a decimal number with a leading zero (`010`)
stays text, because node ids and the like are meant as they are written, and because 1.1 reads it as 8.

Source: https://yaml.org/spec/1.2.2/#1032-tag-resolution
"""

from __future__ import annotations

import re

from gateway.services.tree import ScalarValue

__all__ = ["type_scalar"]

_WORDS: dict[str, ScalarValue] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_NUMBER_STARTS = frozenset("0123456789+-.")
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,999})")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_OCTAL = re.compile(r"0o[0-7]{1,999}")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]{1,999}")


def type_scalar(text: str) -> ScalarValue:
    """Return what the text of a plain scalar stands for."""
    if text[:1] in _NUMBER_STARTS and text:
        return _type_number(text)
    return _WORDS.get(text, text)


def _type_number(text: str) -> ScalarValue:
    # Whole numbers of over 1,000 digits fall through to floats: Python refuses to read them.
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _SPECIAL.fullmatch(text):
        return float(text.replace(".", "", 1))
    if _OCTAL.fullmatch(text) or _HEXADECIMAL.fullmatch(text):
        return int(text, 0)
    return text
