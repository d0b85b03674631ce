"""Single values: a scalar, and the shape it should have → what it means, or a finding."""

from __future__ import annotations

import re
from enum import Enum
from math import isfinite
from typing import Any, Final, TypeGuard

from gateway.graph.json_value import Json
from gateway.services.durations import parse_duration, parse_size
from gateway.services.findings import Findings
from gateway.services.forms import has_form
from gateway.services.model import ShortTarget
from gateway.services.scalar_shapes import (
    HEADER_VALUE,
    LONGEST_DURATION,
    SHORT_PATH,
    AnyJson,
    Boolean,
    Duration,
    HeaderValue,
    Integer,
    Number,
    OpenDuration,
    Secret,
    ShortPath,
    Size,
    Text,
    Word,
)
from gateway.services.shape import Shape
from gateway.services.tree import Node, ScalarNode, written
from gateway.services.values import flaw_in
from gateway.services.wording import mend_of

__all__ = [
    "REPORTED",
    "Flaw",
    "read_json",
    "read_scalar",
    "report_unfit",
]

_SHORT_PATH = re.compile(SHORT_PATH)
_KEY = re.compile(r"whsec_([A-Za-z0-9+/]{4}){8,21}([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
"""Of signatures, as the Standard Webhooks write it."""


class Flaw(Enum):
    """What reading gives in the place of a value that is wrong."""

    UNFIT = "of another type than the shape"
    OUT_OF_RANGE = "of the right type, too small or too large"
    REPORTED = "a finding has said so"


REPORTED: Final = Flaw.REPORTED


def read_scalar(shape: Shape, node: ScalarNode, subject: str, findings: Findings) -> object:
    """Read a single value.

    Args:
        shape: What it should be.
        node: The value.
        subject: How findings name it, such as "`slots`".
        findings: Where faults go.

    Returns:
        What it means, or REPORTED after a finding.
    """
    if node.origin and node.origin.missing:
        return REPORTED
    match shape:
        case Text():
            value = _text(shape, node, subject, findings)
        case AnyJson():
            value = read_json(node.value, node, subject, findings)
        case ShortPath():
            value = _short_path(node, findings)
        case HeaderValue():
            value = _header_value(node)
        case Secret():
            value = _secret(shape, node, findings)
        case _:
            value = _plain(shape, node)
    if value is Flaw.UNFIT:
        report_unfit(shape, node, subject, findings)
        return REPORTED
    if value is Flaw.OUT_OF_RANGE:
        findings.add(
            node,
            code="value-range",
            message=f"{subject} must be {shape.says()}{shape.bounds()}",
            found=written(node),
            mend=mend_of(shape, node),
        )
        return REPORTED
    return value


def report_unfit(shape: Shape, node: Node, subject: str, findings: Findings) -> None:
    """Report a value of another type than its shape."""
    if isinstance(node, ScalarNode) and (node.value is None or node.text == ""):
        findings.add(
            node,
            code="value-empty",
            message=f"{subject} is empty, and must be {shape.says()}",
            mend=mend_of(shape, node),
        )
        return
    findings.add(
        node,
        code="value-type",
        message=f"{subject} must be {shape.says()}",
        found=None if isinstance(shape, Secret) else written(node),
        mend=mend_of(shape, node),
    )


def read_json(value: Json, node: Node, subject: str, findings: Findings) -> object:
    """Return a value of any type, or REPORTED when no JSON document could hold it."""
    if value is None:
        return Flaw.UNFIT
    if isinstance(value, str) and value.isprintable():
        return value
    flaw = flaw_in(value)
    if flaw is None:
        return value
    findings.add(
        node,
        code="value-not-json",
        message=f"{subject} {flaw[1]}",
        found=written(node),
        mend="Write a value that JSON can hold.",
    )
    return REPORTED


def _text(shape: Text, node: ScalarNode, subject: str, findings: Findings) -> object:
    text = node.value
    if not isinstance(text, str):
        # What a variable holds is text where text is wanted, even when it looks like a number.
        is_number = shape.numbers and isinstance(text, int) and not isinstance(text, bool)
        if not (is_number or node.origin):
            return Flaw.UNFIT
        text = node.text
    if not text:
        return Flaw.UNFIT
    if shape.form and not has_form(text, shape.form, node, findings):
        return REPORTED
    return read_json(text, node, subject, findings)


def _short_path(node: ScalarNode, findings: Findings) -> object:
    if not isinstance(node.value, str):
        return Flaw.UNFIT
    if _SHORT_PATH.fullmatch(node.value):
        return ShortTarget(node.value, findings.place(node))
    findings.add(
        node,
        code="target-invalid",
        message="this must be a node and its widget such as 3.steps",
        found=written(node),
        mend="Write id.widget, or {default: …} for a parameter that only feeds templates.",
    )
    return REPORTED


def _header_value(node: ScalarNode) -> object:
    if node.origin and node.origin.all_empty:
        return None
    text = node.text if node.origin else node.value
    return text if isinstance(text, str) and re.fullmatch(HEADER_VALUE, text) else Flaw.UNFIT


def _secret(shape: Secret, node: ScalarNode, findings: Findings) -> object:
    """Return a secret; a finding about it shows nothing of it."""
    if node.value is None or not node.text:
        return Flaw.UNFIT
    if node.origin is None:
        findings.add(
            node,
            code="secret-in-file",
            message="a secret must not stand in the file, which others read, too",
            mend=f"Write {shape.sample()}, and set it where the gateway runs.",
        )
        return REPORTED
    if _KEY.fullmatch(node.text):
        return node.text
    findings.add(
        node,
        code="variable-value",
        message=f"what the variable holds must be {shape.says()}",
        mend="Set it to what this prints: echo whsec_$(openssl rand -base64 32)",
    )
    return REPORTED


def _plain(shape: Shape, node: ScalarNode) -> object:
    value = node.value
    match shape:
        case Word() | Boolean():
            return value if _is_option(shape, value) else Flaw.UNFIT
        case Integer():
            return _integer(shape, value)
        case Duration() | OpenDuration():
            return _duration(shape, value)
        case Size():
            return _size(value)
        case Number() if _is_number(value):
            return Flaw.OUT_OF_RANGE if shape.positive and value <= 0 else value
        case _:
            return Flaw.UNFIT


def _is_option(shape: Word[Any] | Boolean, value: Json) -> bool:
    return value in shape.words if isinstance(shape, Word) else isinstance(value, bool)


def _is_number(value: Json) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _integer(shape: Integer, value: Json) -> object:
    if not _is_number(value) or value != int(value):
        return Flaw.UNFIT
    low, high = shape.minimum, shape.maximum
    fits = (low is None or low <= value) and (high is None or value <= high)
    return int(value) if fits else Flaw.OUT_OF_RANGE


def _duration(shape: Duration | OpenDuration, value: Json) -> object:
    if value == "none" and isinstance(shape, OpenDuration):
        return None
    seconds = parse_duration(value) if isinstance(value, str) else value
    if not _is_number(seconds):
        return Flaw.UNFIT
    shortest = 0.000001 if shape.positive else 0
    return float(seconds) if shortest <= seconds <= LONGEST_DURATION else Flaw.OUT_OF_RANGE


def _size(value: Json) -> object:
    size = parse_size(value) if isinstance(value, str) else value
    if not _is_number(size) or size != int(size):
        return Flaw.UNFIT
    return int(size) if size >= 0 else Flaw.OUT_OF_RANGE
