"""Uploads and /view: renames, refusals, parts of files, pictures made anew."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import cast

import pytest
from PIL import Image

from gateway.graph.json_value import Json, JsonObject
from gateway.simulator.server import Simulator
from tests.simulator.talking import SMALLEST, Talker, at, table, talking

RECORDING = Path(__file__).parent / "recordings" / "http_upload_view.json"


def picture(alpha: int = 128, colour: tuple[int, int, int] = (200, 100, 50)) -> bytes:
    written = io.BytesIO()
    Image.new("RGBA", (16, 16), (*colour, alpha)).save(written, "PNG")
    return written.getvalue()


U, OTHER = picture(), picture(colour=(1, 2, 3))
REFERENCE = json.dumps({"filename": "u.png", "subfolder": "", "type": "input"})
GONE = json.dumps({"filename": "gone.png", "subfolder": "", "type": "input"})
# What the recording's labels sent, in its order: file name, bytes, other fields.
SENT: dict[str, tuple[str | None, bytes, dict[str, str]]] = {
    "plain": ("u.png", U, {}),
    "same again (same bytes)": ("u.png", U, {}),
    "same name, other bytes": ("u.png", OTHER, {}),
    "overwrite": ("u.png", OTHER, {"overwrite": "true"}),
    "overwrite=True": ("u.png", picture(7), {"overwrite": "True"}),
    "subfolder": ("u.png", U, {"subfolder": "gw/x"}),
    "type temp": ("u.png", U, {"type": "temp"}),
    "type output": ("u.png", U, {"type": "output"}),
    "type bogus": ("u.png", U, {"type": "bogus"}),
    "traversal name": ("../u.png", U, {}),
    "name with subdir": ("no/such/u.png", U, {}),
    "traversal subfolder": ("u.png", U, {"subfolder": "../.."}),
    "absolute subfolder": ("u.png", U, {"subfolder": "/etc"}),
    "not an image": ("x.exe", b"MZ", {}),
    "no file": (None, b"", {"type": "input"}),
    "unicode name": ("ünï cødé 图.png", U, {}),
    "empty name": ("", U, {}),
    "audio via image": ("s.flac", b"fLaC", {}),
    "mask": ("m.png", U, {"original_ref": REFERENCE}),
    "mask no original_ref": ("m2.png", U, {}),
    "mask original missing": ("m3.png", U, {"original_ref": GONE}),
    "no body": (None, b"", {}),
}


def events() -> list[JsonObject]:
    return cast("list[JsonObject]", json.loads(RECORDING.read_text(encoding="utf-8"))["events"])


UPLOADS = [event for event in events() if str(event["path"]).startswith("/upload")]
VIEWS = [event for event in events() if str(event["path"]).startswith("/view")]


async def upload(talker: Talker, path: str, label: str) -> tuple[int, str]:
    """Send what a label of the recording stands for, boundary and all."""
    name, content, fields = SENT[label]
    edge = "edge"
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in fields.items()
    ]
    if name is not None:
        head = f'--{edge}\r\nContent-Disposition: form-data; name="image"; filename="{name}"\r\n'
        parts.append(head.encode() + b"Content-Type: image/png\r\n\r\n" + content + b"\r\n")
    body = b"".join(parts) + f"--{edge}--\r\n".encode() if parts else b""
    kind = {"content-type": f"multipart/form-data; boundary={edge}"} if parts else {}
    response = await talker.http.post(path, content=body, headers=kind)
    return response.status_code, response.text


async def test_every_recorded_upload_is_answered_alike(talker: Talker) -> None:
    answers: list[Json] = []
    recorded: list[Json] = []
    for event in UPLOADS:
        label = str(event["label"])
        status, body = await upload(talker, str(event["path"]), label)
        is_json = "response_json" in event
        answers.append([label, status, cast("Json", json.loads(body)) if is_json else body])
        wanted = event.get("response_json", event.get("response_text", ""))
        recorded.append([label, event["status"], wanted])
    assert answers == recorded


async def test_a_mask_whose_original_is_gone_is_answered_a_name_and_not_written(
    talker: Talker,
) -> None:
    status, body = await upload(talker, "/upload/mask", "mask original missing")
    assert (status, json.loads(body)["name"]) == (200, "m3.png")
    assert (await talker.get("/view?filename=m3.png&type=input")).status_code == 404


async def test_a_mask_gives_its_alpha_to_the_original(talker: Talker) -> None:
    await talker.http.post("/upload/image", files={"image": ("u.png", picture(255))})
    sent = {"image": ("m.png", picture(10))}
    await talker.http.post("/upload/mask", files=sent, data={"original_ref": REFERENCE})
    stored = await talker.get("/view?filename=m.png&type=input")
    with Image.open(io.BytesIO(stored.content)) as opened:
        assert opened.getpixel((0, 0)) == (200, 100, 50, 10)


@pytest.fixture
async def filled(talker: Talker) -> Talker:
    """A simulator holding the files the recording's questions name."""
    for label in ("plain", "subfolder", "type temp", "type output", "not an image"):
        await upload(talker, "/upload/image", label)
    root = talker.simulator.root
    files = (
        "txt/t_00001.md video/v_00001_.mp4 video/w_00001_.webm audio/a_00001.flac "
        "audio/o_00001.opus latents/l_00001_.latent anim_00001_.webp t_00001_.png"
    )
    for name in files.split():
        path = root / "output" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"some bytes of a file")
    return talker


async def test_every_recorded_view_is_answered_alike(filled: Talker) -> None:
    etag = (await filled.get("/view?filename=u.png&type=input")).headers["etag"]
    for event in VIEWS:
        # The recording kept the answers to conditional questions, not their headers.
        headers = {206: {"range": "bytes=0-9"}, 304: {"if-none-match": etag}}.get(
            cast("int", event["status"]), {}
        )
        response = await filled.http.request(
            str(event["method"]), str(event["path"]), headers=headers
        )
        where = (event["path"], headers)
        assert response.status_code == event["status"], where
        if not str(event["path"]).startswith("/view?filename=x.exe"):
            # The media type of .exe is whatever the machine's own table says.
            assert response.headers.get("content-type") == event["content_type"], where
        wanted = table(event.get("headers", {}))
        given = {key: response.headers.get(key) for key in wanted}
        if event["status"] == 206:
            assert given.pop("content-range", "") == f"bytes 0-9/{len(U)}"
            wanted = {key: value for key, value in wanted.items() if key != "content-range"}
        assert given == wanted, where


async def test_a_part_of_a_file_is_answered_206_and_a_part_beyond_it_416(filled: Talker) -> None:
    path = "/view?filename=u.png&type=input"
    assert (await filled.get(path, range="bytes=0-9")).content == U[:10]
    assert (await filled.get(path, range="bytes=5-")).content == U[5:]
    assert (await filled.get(path, range="bytes=-4")).content == U[-4:]
    beyond = await filled.get(path, range="bytes=99999-")
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(U)}")


async def test_a_folder_inside_filename_is_dropped(filled: Talker) -> None:
    (filled.simulator.root / "input" / "gw" / "x" / "u.png").write_bytes(b"the inner one")
    response = await filled.get("/view?filename=gw/x/u.png&type=input")
    assert response.content == U
    inner = await filled.get("/view?filename=u.png&type=input&subfolder=gw/x")
    assert inner.content == b"the inner one"


async def test_dangerous_files_come_as_attachments(filled: Talker) -> None:
    (filled.simulator.root / "output" / "page.html").write_text("<script>", encoding="utf-8")
    response = await filled.get("/view?filename=page.html")
    assert response.headers["content-type"] == "application/octet-stream"
    assert response.headers["content-disposition"].startswith("attachment")


async def test_a_preview_is_made_anew_in_the_form_and_channel_asked_for(filled: Talker) -> None:
    async def seen(more: str) -> Image.Image:
        response = await filled.get(f"/view?filename=u.png&type=input&{more}")
        with Image.open(io.BytesIO(response.content)) as opened:
            opened.load()
            return opened

    assert (await seen("preview=jpeg;80")).format == "JPEG"
    assert (await seen("preview=nonsense")).format == "WEBP"
    assert (await seen("channel=rgb")).mode == "RGB"
    assert (await seen("channel=a")).getpixel((0, 0)) == (0, 0, 0, 128)


async def test_output_numbers_go_on_from_the_highest_in_the_folder(talker: Talker) -> None:
    (talker.simulator.root / "output" / "t_00041_.png").write_bytes(b"x")
    async with talker.listen() as ear:
        entry = await talker.run(SMALLEST, ear)
    assert at(entry, "outputs", "2", "images", 0, "filename") == "t_00042_.png"


async def save_as(prefix: str, talker: Talker) -> JsonObject:
    prompt = {
        **SMALLEST,
        "2": {
            "class_type": "SaveImage",
            "inputs": {"images": ["1", 0], "filename_prefix": prefix},
        },
    }
    async with talker.listen() as ear:
        return await talker.run(prompt, ear)


async def test_the_server_expands_sizes_and_times_in_prefixes_and_no_dates(talker: Talker) -> None:
    entry = await save_as("a/%width%x%height%-%year%", talker)
    image = table(entry, "outputs", "2", "images", 0)
    assert image["subfolder"] == "a"
    assert re.fullmatch(r"64x64-\d{4}_00001_\.png", str(image["filename"]))
    plain = table(await save_as("%date:yyyy%", talker), "outputs", "2", "images", 0)
    assert plain["filename"] == "%date:yyyy%_00001_.png"


@pytest.mark.parametrize("prefix", ["../out", "/etc/out", "a/../../out"])
async def test_a_prefix_that_leads_out_of_the_folder_is_a_run_time_error(
    prefix: str, talker: Talker
) -> None:
    entry = await save_as(prefix, talker)
    assert at(entry, "status", "status_str") == "error"
    assert at(entry, "status", "messages", -1, 0) == "execution_error"


async def test_png_text_chunks_hold_the_prompt_and_the_editors_workflow(talker: Talker) -> None:
    async with talker.listen() as ear:
        extra: JsonObject = {"extra_pnginfo": {"workflow": {"id": "w1"}}}
        entry = await talker.run(SMALLEST, ear, extra_data=extra)
    name = at(entry, "outputs", "2", "images", 0, "filename")
    content = (await talker.get(f"/view?filename={name}")).content
    with Image.open(io.BytesIO(content)) as opened:
        chunks = {key: json.loads(str(value)) for key, value in opened.info.items()}
    assert chunks == {"prompt": SMALLEST, "workflow": {"id": "w1"}}


async def test_a_body_over_the_limit_is_413_everywhere() -> None:
    async with talking(Simulator(max_upload_size=1048.576)) as talker:
        big: JsonObject = {"prompt": SMALLEST, "pad": "x" * 2000}
        refused = await talker.post("/prompt", big)
        assert (refused.status_code, refused.text) == (
            413,
            "Maximum request body size 1049 exceeded.",
        )
        files = {"image": ("u.png", b"x" * 3000)}
        assert (await talker.http.post("/upload/image", files=files)).status_code == 413
        assert at(await talker.json("/features"), "max_upload_size") == 1048.576
        assert (await talker.post("/prompt", {"prompt": SMALLEST})).status_code == 200
