"""The calls to a ComfyUI as values."""

from __future__ import annotations

import pytest

from gateway.wire.outputs import FileReference
from gateway.wire.requests import (
    cancel_path,
    definition_path,
    history_path,
    interrupt_body,
    is_safe,
    job_path,
    prompt_body,
    queue_delete_body,
    socket_path,
    view_path,
)


def test_a_prompt_is_posted_under_our_id_and_the_connections() -> None:
    assert prompt_body("p", "c", {"1": {}}, {}) == {
        "prompt": {"1": {}},
        "prompt_id": "p",
        "client_id": "c",
    }
    assert prompt_body("p", "c", {}, {"preview_method": "none"}) == {
        "prompt": {},
        "prompt_id": "p",
        "client_id": "c",
        "extra_data": {"preview_method": "none"},
    }


def test_ids_and_class_names_cannot_leave_their_place_in_a_path() -> None:
    assert job_path("a/../X") == "/api/jobs/a%2F..%2FX"
    assert cancel_path("p") == "/api/jobs/p/cancel"
    assert history_path("a/X?b") == "/history/a%2FX%3Fb"
    assert (
        definition_path("Load Image (as Mask)/x")
        == "/object_info/Load%20Image%20%28as%20Mask%29%2Fx"
    )
    assert socket_path("a/X&b") == "/ws?clientId=a%2FX%26b"


def test_only_this_prompt_is_ever_named_for_stopping() -> None:
    assert queue_delete_body("p") == {"delete": ["p"]}
    assert interrupt_body("p") == {"prompt_id": "p"}


def test_a_file_is_asked_for_by_name_folder_and_type() -> None:
    path = view_path(FileReference("a b&c.png", "gateway/ü", "temp"))
    assert path == "/view?filename=a+b%26c.png&subfolder=gateway%2F%C3%BC&type=temp"


@pytest.mark.parametrize(
    "file",
    [
        FileReference("X.png"),
        FileReference("u.png", "a/b", "temp"),
        FileReference("ünï (1).png", "a\\b", "input"),
        FileReference(".hidden", "a b"),
        FileReference("12:30.png"),
    ],
)
def test_a_file_inside_its_folder_may_be_asked_for(file: FileReference) -> None:
    assert is_safe(file)


@pytest.mark.parametrize(
    "file",
    [
        FileReference(""),
        FileReference("."),
        FileReference(".."),
        FileReference("../u.png"),
        FileReference("/etc/passwd"),
        FileReference("a\\u.png"),
        FileReference("u\x00.png"),
        FileReference("C:u.png"),
        FileReference("u.png", ".."),
        FileReference("u.png", "a/../../b"),
        FileReference("u.png", "/etc"),
        FileReference("u.png", "/"),
        FileReference("u.png", "a//b"),
        FileReference("u.png", "a\\..\\b"),
        FileReference("u.png", "C:/x"),
        FileReference("u.png", "", "models"),
        FileReference("u.png", "", ""),
    ],
)
def test_a_file_that_climbs_out_is_never_asked_for(file: FileReference) -> None:
    assert not is_safe(file)
