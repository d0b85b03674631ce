"""What a run left: all the shapes a node's output takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from gateway.graph.json_value import Json, JsonObject
from gateway.wire.history_entry import parse_history
from gateway.wire.outputs import (
    FileReference,
    LeftFile,
    LeftItem,
    LeftKind,
    LeftText,
    items_of,
    kind_of,
)

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

    from tests.wire.conftest import Recording


def file(name: str, subfolder: str = "", place: str = "output", **more: Json) -> JsonObject:
    return {"filename": name, "subfolder": subfolder, "type": place, **more}


def left(
    key: str, position: int, name: str, subfolder: str = "", place: str = "output"
) -> LeftFile:
    return LeftFile("1", key, position, FileReference(name, subfolder, place))


@pytest.mark.parametrize(
    "name",
    ["audio_all", "success_multi_output", "success_expand", "text_outputs", "ui_odd", "video_mp4"],
)
def test_recorded_outputs(
    name: str, recording: Callable[[str], Recording], snapshot: SnapshotAssertion
) -> None:
    recorded = recording(name)
    (prompt_id,) = recorded.prompt_ids()
    entry = parse_history(prompt_id, recorded.got("/history"))
    assert entry is not None
    assert [(kind_of(item), item) for item in items_of(entry.outputs)] == snapshot


@pytest.mark.parametrize(
    ("output", "items"),
    [
        pytest.param(
            {"images": [file("a.png", "s"), file("b.png", place="temp")]},
            [left("images", 0, "a.png", "s"), left("images", 1, "b.png", place="temp")],
            id="images",
        ),
        pytest.param(
            {"a_images": [file("a.png")], "b_images": [file("b.png")]},
            [left("a_images", 0, "a.png"), left("b_images", 0, "b.png")],
            id="two lists",
        ),
        pytest.param(
            {"text": ["one", "two"]},
            [LeftText("1", "text", 0, "one"), LeftText("1", "text", 1, "two")],
            id="texts",
        ),
        pytest.param(
            {"text": ["né"], "files": [file("t.md", "txt")]},
            [LeftText("1", "text", 0, "né"), left("files", 0, "t.md", "txt")],
            id="a text and the file it is in",
        ),
        pytest.param(
            {"images": [file("a.mp4")], "gifs": [file("a.mp4"), file("a.mp4", "x")]},
            [left("images", 0, "a.mp4"), left("gifs", 1, "a.mp4", "x")],
            id="a file named twice",
        ),
        pytest.param(
            {"result": ["mesh/m.glb", None, {"position": [1]}, "bg"]},
            [left("result", 0, "m.glb", "mesh"), LeftText("1", "result", 3, "bg")],
            id="a 3D preview",
        ),
        pytest.param(
            {"result": ["m.glb"]}, [left("result", 0, "m.glb")], id="a 3D preview in no folder"
        ),
        pytest.param({"text": ["m.glb"]}, [LeftText("1", "text", 0, "m.glb")], id="text of a name"),
        pytest.param(
            {"video": file("a.mp4"), "string": "s"},
            [left("video", 0, "a.mp4"), LeftText("1", "string", 0, "s")],
            id="values outside of a list",
        ),
        pytest.param(
            {"grids": [[file("a.png")], [[file("b.png")]]]},
            [left("grids", 0, "a.png"), left("grids", 1, "b.png")],
            id="lists in lists",
        ),
        pytest.param({"deep": [[[["x"]]]]}, [LeftText("1", "deep", 0, "x")], id="lists four deep"),
        pytest.param({"deep": [[[[["x"]]]]]}, [], id="lists without end"),
        pytest.param(
            {"result": ["v1.0/m.GLB", "m.glb.txt"]},
            [left("result", 0, "m.GLB", "v1.0"), LeftText("1", "result", 1, "m.glb.txt")],
            id="models by their last extension",
        ),
        pytest.param(
            {"number": [1, 2.5], "flag": [True], "none": None, "camera": [{"x": 1}], "text": [""]},
            [],
            id="nothing of use",
        ),
        pytest.param(
            {"images": [{"filename": 3}, {"filename": ""}, {"filename": "a.png"}]},
            [left("images", 2, "a.png")],
            id="broken entries",
        ),
        pytest.param(
            {
                "images": [
                    file("gw/x/u.png"),
                    file("y\\u.png", "s"),
                    file("/etc/passwd"),
                    file("/u"),
                ]
            },
            [
                left("images", 0, "u.png", "gw/x"),
                left("images", 1, "u.png", "s/y"),
                left("images", 2, "passwd", "/etc"),
                left("images", 3, "u", "/"),
            ],
            id="a folder in the name",
        ),
        pytest.param(
            {"text": ["a\u200bb\r\nc\u202e /srv/x/y.png"]},
            [LeftText("1", "text", 0, "ab\nc /srv/x/y.png")],
            id="a text is cleaned and its words are kept",
        ),
    ],
)
def test_every_file_and_text_of_every_key_is_found(
    output: JsonObject, items: list[LeftItem]
) -> None:
    assert list(items_of({"1": output})) == items


def test_nodes_come_in_their_order_and_the_same_file_of_two_nodes_comes_twice() -> None:
    outputs: dict[str, JsonObject] = {
        "9": {"images": [file("a.png")]},
        "3": {"images": [file("a.png")]},
    }
    assert [item.node_id for item in items_of(outputs)] == ["9", "3"]


def test_animated_marks_the_nodes_files() -> None:
    for animated in ([True], [False, True], True):
        (item,) = items_of({"1": {"images": [file("a.webp", fps=8)], "animated": animated}})
        assert isinstance(item, LeftFile)
        assert (item.animated, item.extra) == (True, {"fps": 8})
    for still in ([False], [], None, "yes"):
        (item, *_) = items_of({"1": {"images": [file("a.webp")], "animated": still}})
        assert isinstance(item, LeftFile)
        assert not item.animated


def test_what_a_custom_node_says_of_a_file_is_kept_without_the_servers_path() -> None:
    raw = file("a.mp4", format="video/h264-mp4", frame_rate=8.0, fullpath="/srv/x/a.mp4")
    assert items_of({"1": {"gifs": [raw]}}) == (
        LeftFile(
            "1", "gifs", 0, FileReference("a.mp4"), "video/h264-mp4", extra={"frame_rate": 8.0}
        ),
    )


@pytest.mark.parametrize(
    ("name", "key", "form", "animated", "kind"),
    [
        ("a.png", "images", "", False, "image"),
        ("a.PNG", "images", "", True, "animation"),
        ("a.webp", "images", "", True, "animation"),
        ("a.webp", "gifs", "image/webp", False, "animation"),
        ("a.png", "gifs", "video/16bit-png", False, "image"),
        ("a.jpg", "images", "", True, "image"),
        ("a.gif", "images", "", False, "animation"),
        ("a.mp4", "images", "", True, "video"),
        ("v1.0.b.mp4", "images", "", True, "video"),
        ("a.odd", "gifs", "video/h264/mp4", False, "video"),
        ("a.webm", "gifs", "video/webm", False, "video"),
        ("a.flac", "audio", "", False, "audio"),
        ("a.glb", "3d", "", False, "model3d"),
        ("a.latent", "latents", "", False, "latent"),
        ("a.md", "files", "", False, "file"),
        ("a.svg", "images", "", False, "image"),
        ("noextension", "images", "", False, "file"),
        ("a.xyz", "gifs", "video/odd", False, "video"),
        ("a.xyz", "gifs", "image/odd", True, "image"),
    ],
)
def test_the_kind_is_told_by_the_name_then_by_the_format(
    name: str, key: str, form: str, animated: bool, kind: LeftKind
) -> None:
    assert kind_of(LeftFile("1", key, 0, FileReference(name), form, animated)) == kind


def test_a_text_is_a_text() -> None:
    assert kind_of(LeftText("1", "text", 0, "a.png")) == "text"
