"""What callers are told of errors."""

from __future__ import annotations

import logging

import pytest

from gateway.errors import ArgumentError, ArgumentFault, BackendUnreachable
from gateway.server.failure import failed_answer, resource_not_found, unknown_tool


def test_a_gateway_error_is_told_in_full() -> None:
    error = BackendUnreachable(
        "studio does not answer.", where="studio", found="refused", mend="Start ComfyUI."
    )
    answer = failed_answer(error)
    assert answer.failed
    assert answer.text == "studio does not answer. Start ComfyUI."
    assert answer.structured == {
        "error": {
            "code": "backend-unreachable",
            "message": "studio does not answer.",
            "where": "studio",
            "found": "refused",
            "mend": "Start ComfyUI.",
        }
    }


def test_every_wrong_argument_is_told_with_its_pointer() -> None:
    faults = [ArgumentFault("/steps", "is 0"), ArgumentFault("/size", "is no choice")]
    error = failed_answer(ArgumentError(faults)).structured["error"]
    assert isinstance(error, dict)
    assert error["faults"] == [
        {"pointer": "/steps", "message": "is 0"},
        {"pointer": "/size", "message": "is no choice"},
    ]


def test_a_fault_of_ours_is_logged_and_its_text_is_kept_from_the_caller(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = failed_answer(RuntimeError("/home/me/token=abc"))
    assert "token" not in answer.text + str(answer.structured)
    assert "/home/me/token=abc" in caplog.text


def test_an_unknown_tool_is_told_with_its_nearest_neighbours() -> None:
    error = unknown_tool("text_to_imgae", ["text_to_image", "restyle", "image_to_image"]).error
    assert error.code == -32602
    assert error.data["tool"] == "text_to_imgae"
    assert error.data["close_matches"][0] == "text_to_image"
    assert "Did you mean 'text_to_image'" in error.message


def test_an_unknown_tool_with_no_neighbour_is_told_with_what_there_is() -> None:
    assert "There are: a, b." in unknown_tool("zzzzzz", ["a", "b"]).error.message
    many = unknown_tool("zzzzzz", [f"tool_{number}" for number in range(40)]).error.message
    assert "and 28 more" in many
    assert "declares no service" in unknown_tool("x", []).error.message


def test_a_missing_resource_carries_its_uri() -> None:
    error = resource_not_found("comfyui://jobs/x").error
    assert (error.code, error.data) == (-32602, {"uri": "comfyui://jobs/x"})
