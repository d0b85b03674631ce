"""What to do about a value that its shape does not allow, in words."""

from __future__ import annotations

from gateway.services.closest import closest
from gateway.services.scalar_shapes import (
    Boolean,
    HeaderValue,
    Integer,
    Number,
    ShortPath,
    Text,
    Word,
)
from gateway.services.scalars import type_scalar
from gateway.services.shape import ListOf, Shape
from gateway.services.tree import Node, ScalarNode

__all__ = ["mend_of"]

_TRUE_WORDS = frozenset({"yes", "on", "y", "1"})
_FALSE_WORDS = frozenset({"no", "off", "n", "0"})


def mend_of(shape: Shape, node: Node) -> str:
    """Say what to do about a value that a shape does not allow."""
    match node:
        case ScalarNode(origin=origin) if origin is not None:
            return f"Set the variable in it to {shape.says()}."
        case ScalarNode(value=None | ""):
            return f"Write {shape.sample()}, or take the line out."
        case ScalarNode(value=str() as text):
            return _mend_of_text(shape, text) or f"Write {shape.sample()}."
        case ScalarNode():
            return _mend_of_number(shape, node.text) or f"Write {shape.sample()}."
        case _:
            return f"Write {shape.sample()}."


def _mend_of_text(shape: Shape, text: str) -> str | None:
    match shape:
        case Boolean():
            return _mend_of_boolean(text)
        case Integer() | Number() if isinstance(type_scalar(text), int | float):
            return f"Write it without quotes: {text}."
        case Integer() | Number() if text.isdecimal():
            return f"Write it without the zero before it: {text.lstrip('0') or '0'}."
        case Word():
            meant = closest(text, shape.words)
            return f"Did you mean {meant}?" if meant else None
        case ListOf():
            return f"Write a list: [{text}]."
        case _:
            return None


def _mend_of_boolean(text: str) -> str | None:
    if text.casefold() in ("true", "false"):
        return f"Write it without quotes: {text.casefold()}."
    if text.casefold() in _TRUE_WORDS:
        return "Write true."
    return "Write false." if text.casefold() in _FALSE_WORDS else None


def _mend_of_number(shape: Shape, text: str) -> str | None:
    match shape:
        case Word() if text not in shape.words:
            return None
        case Text() | Word() | HeaderValue():
            return f'Put it in quotes: "{text}".'
        case ShortPath() if "." in text:
            node, _, widget = text.partition(".")
            return f'Write {{node: "{node}", widget: "{widget}"}}, or "{text}" in quotes.'
        case _:
            return None
