"""Keeps one answer under the size that clients take: a last guard, after the tools' own budget.

Knows nothing of MCP or transports. What is dropped, in this order: previews, links beyond the
first ones, the end of the text, the ends of long strings in the structured content (whose shape
stays as it is). What still does not fit becomes a failed answer that says so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

from gateway.errors import GatewayError
from gateway.graph.json_value import Json, JsonObject
from gateway.server.failure import failed_answer
from gateway.tools.answer import Answer, FileLink, InlineImage

__all__ = ["RESULT_LIMIT", "fit", "json_size"]

RESULT_LIMIT = 1_000_000
"""Bytes of a whole result on the wire; some clients refuse more than 1,048,576."""

LEAST_LINKS = 20
"""Links that are kept before any text is cut."""

BLOCK_OVERHEAD = 200
"""Bytes of JSON around one content block, generously."""


def fit(answer: Answer, limit: int = RESULT_LIMIT) -> Answer:
    """Return the answer, made small enough for `limit` bytes of JSON."""
    fixed = json_size(answer.structured)
    if fixed + len(answer.text) * 6 + sum(map(_image_size, answer.images)) + _links(answer) < limit:
        return answer  # the usual case, told by the largest that JSON can make of it
    spare = limit - fixed - json_size(answer.text) - _links(answer)
    answer = replace(answer, images=_within(answer.images, spare))
    if _size(answer) <= limit:
        return answer
    answer = replace(answer, links=answer.links[:LEAST_LINKS])
    if _size(answer) <= limit:
        return answer
    answer = _cut_text(answer, limit)
    return answer if _size(answer) <= limit else _shortened(answer, limit)


def json_size(value: Json) -> int:
    """Return how many bytes a value takes as JSON, at most."""
    return len(json.dumps(value))


def _image_size(image: InlineImage) -> int:
    return len(image.data) * 4 // 3 + BLOCK_OVERHEAD


def _link_size(link: FileLink) -> int:
    return 6 * (len(link.uri) + len(link.name) + len(link.title)) + BLOCK_OVERHEAD


def _links(answer: Answer) -> int:
    return sum(map(_link_size, answer.links))


def _size(answer: Answer) -> int:
    images = sum(map(_image_size, answer.images))
    return json_size(answer.structured) + json_size(answer.text) + images + _links(answer)


def _within(images: Sequence[InlineImage], spare: int) -> tuple[InlineImage, ...]:
    """Return the first images that fit together."""
    kept: list[InlineImage] = []
    for image in images:
        spare -= _image_size(image)
        if spare < 0:
            break
        kept.append(image)
    return tuple(kept)


def _cut_text(answer: Answer, limit: int) -> Answer:
    spare = max(2_000, limit - (_size(answer) - json_size(answer.text)) - 100)
    # JSON writes one character as up to 6 bytes (12 outside the plane), so cut by its own measure.
    keep = len(answer.text)
    while keep > 100 and json_size(answer.text[:keep]) > spare:
        keep = keep * 3 // 4
    if keep == len(answer.text):
        return answer
    return replace(answer, text=_cut(answer.text, keep))


def _cut(text: str, keep: int) -> str:
    return f"{text[:keep]}… ({len(text) - keep} more characters)"


def _shortened(answer: Answer, limit: int) -> Answer:
    longest = 65_536
    while longest >= 256:
        structured = cast("JsonObject", _shorten(answer.structured, longest))
        shorter = replace(answer, structured=structured)
        if _size(shorter) <= limit:
            return shorter
        longest //= 4
    return _too_large(answer, limit)


def _shorten(value: Json, longest: int) -> Json:
    if isinstance(value, str):
        return value if len(value) <= longest else _cut(value, longest)
    if isinstance(value, Mapping):
        return {key: _shorten(each, longest) for key, each in value.items()}
    if isinstance(value, Sequence):
        return [_shorten(each, longest) for each in value]
    return value


def _too_large(answer: Answer, limit: int) -> Answer:
    error = GatewayError(
        f"The answer is larger than the {limit:,} bytes that clients take.",
        code="answer-too-large",
        found=f"{_size(answer):,} bytes",
        mend="Ask for less: a smaller limit, a filter, or one job at a time.",
    )
    job = {
        key: value
        for key in ("job_id", "service", "status")
        if isinstance(value := answer.structured.get(key), str)
    }
    failed = failed_answer(error)
    return replace(failed, structured={**job, **failed.structured})
