"""The last guard over the size of answers."""

from __future__ import annotations

import json
from typing import cast

import pytest

from gateway.graph.json_value import Json, JsonObject
from gateway.server.budget import RESULT_LIMIT, fit, json_size
from gateway.server.result import tool_result
from gateway.tools.answer import Answer, FileLink, InlineImage

RECORD: JsonObject = {"job_id": "j", "service": "s", "status": "completed"}


def wire_size(answer: Answer) -> int:
    """Return how many bytes the whole result takes on the wire."""
    return len(tool_result(answer, "2026-07-28").model_dump_json(by_alias=True).encode())


def image(size: int, name: str = "image") -> InlineImage:
    return InlineImage(b"x" * size, "image/webp", name)


def link(number: int) -> FileLink:
    return FileLink(f"comfyui://jobs/j/outputs/{number}", f"{number}.png", "", "image/png", 1)


def test_an_answer_that_fits_is_left_as_it_is() -> None:
    answer = Answer("done", RECORD, (image(300_000),), (link(0),))
    assert fit(answer) is answer


def test_previews_go_first_and_the_first_ones_stay() -> None:
    images = tuple(image(200_000, str(number)) for number in range(8))
    answer = Answer("done", RECORD, images, tuple(map(link, range(8))))
    fitted = fit(answer)
    assert fitted.images == images[:3]
    assert (fitted.links, fitted.text, fitted.structured) == (answer.links, "done", RECORD)


def test_links_beyond_the_first_go_next() -> None:
    answer = Answer("done", RECORD, (), tuple(map(link, range(10_000))))
    assert fit(answer).links == answer.links[:20]


def test_text_is_cut_before_the_structured_content_is_touched() -> None:
    fitted = fit(Answer("é" * 2_000_000, RECORD))
    assert fitted.structured == RECORD
    assert fitted.text.endswith("more characters)")


def test_long_strings_are_cut_and_the_shape_of_the_structured_content_stays() -> None:
    entry: Json = {"name": "caption", "text": "word " * 500_000, "numbers": [1, 2.5, None, True]}
    fitted = fit(Answer("done", {**RECORD, "outputs": [entry]}))
    outputs = cast("list[dict[str, Json]]", fitted.structured["outputs"])
    assert str(outputs[0].pop("text")).endswith("more characters)")
    assert outputs == [{"name": "caption", "numbers": [1, 2.5, None, True]}]
    assert not fitted.failed


def test_what_cannot_be_made_to_fit_is_a_failure_that_names_the_job() -> None:
    fitted = fit(Answer("done", {**RECORD, "many": ["abcdefgh"] * 200_000}))
    assert fitted.failed
    assert {key: fitted.structured[key] for key in RECORD} == RECORD
    assert cast("JsonObject", fitted.structured["error"])["code"] == "answer-too-large"


@pytest.mark.parametrize(
    "answer",
    [
        Answer("x", RECORD, tuple(image(260_000) for _ in range(9))),
        Answer("\N{GRINNING FACE}" * 900_000, RECORD, (image(100_000),)),
        Answer("\x01" * 900_000, RECORD),
        Answer("x" * 400_000, {**RECORD, "a": "y" * 900_000}, (image(700_000),)),
        Answer("x", RECORD, (), tuple(map(link, range(50_000)))),
        Answer("x" * 3_000_000, {**RECORD, "many": ["abcdefgh"] * 200_000}),
    ],
)
def test_no_result_is_ever_larger_than_clients_take(answer: Answer) -> None:
    assert wire_size(fit(answer)) < RESULT_LIMIT + 10_000 < 1_048_576


def test_sizes_are_those_of_json() -> None:
    assert json_size({"é": 1}) == len(json.dumps({"é": 1}))
