"""Files on their way to ComfyUI and back."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import tracemalloc
import wave
from pathlib import Path

import pytest
from PIL import Image

from gateway.errors import DeclarationError
from gateway.graph.json_value import Json, JsonObject
from gateway.jobs.job import OutputFile
from gateway.simulator.faults import HTML_BODY, AnswerWith, Die, Drip
from gateway.simulator.server import Simulator
from tests.facts.whole import (
    VERSIONS,
    counted,
    error_of,
    image,
    node,
    opened,
    outputs_of,
    posted_inputs,
    prompts_posted,
    save,
)

pytestmark = pytest.mark.timeout(30)

LOAD: dict[str, Json] = {"1": node("LoadImage", image="example.png"), "2": save()}
PICTURE: JsonObject = {
    "parameters": {"picture": {"node": "1", "widget": "image", "type": "image", "required": True}}
}
OPEN: JsonObject = {"input_folders": ["pictures"]}


def png(color: int, side: int = 8) -> bytes:
    """Return a picture of one colour."""
    buffer = io.BytesIO()
    Image.new("RGB", (side, side), (color, 0, 0)).save(buffer, "PNG")
    return buffer.getvalue()


def data_url(data: bytes, mime_type: str = "image/png") -> str:
    """Return a reference that holds the file itself."""
    return f"data:{mime_type};base64,{base64.b64encode(data).decode()}"


def folder_with(root: Path, name: str, data: bytes) -> Path:
    """Put a file into the project's open folder."""
    folder = root / "pictures"
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(data)
    return path


def red_of(data: bytes) -> int:
    """Return how red a picture's first pixel is."""
    pixel = Image.open(io.BytesIO(data)).convert("RGB").getpixel((0, 0))
    assert isinstance(pixel, tuple)
    return int(pixel[0])


async def test_a_picture_arrives_with_its_bytes_under_a_name_of_its_own(
    tmp_path: Path, simulator: Simulator
) -> None:
    path = folder_with(tmp_path, "my photo.png", png(200))
    async with opened(tmp_path, simulator, LOAD, PICTURE, OPEN) as whole:
        job = await whole.ended(await whole.begin(picture=str(path)))
        (output,) = job.outputs
        assert isinstance(output, OutputFile)
        assert red_of(await whole.bytes_of(output)) == 200
    sent = (await posted_inputs(simulator, "1"))["image"]
    assert isinstance(sent, str)
    assert sent.startswith(f"gateway/{hashlib.sha256(png(200)).hexdigest()[:16]}-")
    assert (simulator.root / "input" / sent).read_bytes() == png(200)


async def test_the_name_comfyui_returns_is_used_when_it_renames_an_upload(
    tmp_path: Path, simulator: Simulator
) -> None:
    path = folder_with(tmp_path, "u.png", png(90))
    digest = hashlib.sha256(png(90)).hexdigest()[:16]
    taken = simulator.root / "input" / "gateway" / f"{digest}-u.png"
    taken.parent.mkdir(parents=True)
    taken.write_bytes(png(1))
    async with opened(tmp_path, simulator, LOAD, PICTURE, OPEN) as whole:
        for _ in range(2):
            job = await whole.ended(await whole.begin(picture=str(path)))
            (output,) = job.outputs
            assert isinstance(output, OutputFile)
            assert red_of(await whole.bytes_of(output)) == 90
    assert (await posted_inputs(simulator, "1"))["image"] == f"gateway/{digest}-u (1).png"
    assert taken.read_bytes() == png(1)


async def test_the_same_file_twice_is_one_file_there(tmp_path: Path, simulator: Simulator) -> None:
    async with opened(tmp_path, simulator, LOAD, PICTURE) as whole:
        for _ in range(2):
            assert not (await whole.call(picture=data_url(png(50)))).failed
    assert len(list((simulator.root / "input" / "gateway").iterdir())) == 1


def sound() -> bytes:
    """Return a tenth of a second of silence."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as opened_wave:
        opened_wave.setnchannels(1)
        opened_wave.setsampwidth(2)
        opened_wave.setframerate(8000)
        opened_wave.writeframes(b"\0\0" * 800)
    return buffer.getvalue()


async def test_sound_goes_through_the_upload_of_pictures_too(
    tmp_path: Path, simulator: Simulator
) -> None:
    graph: dict[str, Json] = {
        "1": node("LoadAudio", audio="example.wav"),
        "2": node("SaveAudio", audio=["1", 0], filename_prefix="t"),
    }
    service: JsonObject = {
        "parameters": {"sound": {"node": "1", "widget": "audio", "type": "audio", "required": True}}
    }
    async with opened(tmp_path, simulator, graph, service) as whole:
        answer = await whole.call(sound=data_url(sound(), "audio/wav"))
    assert not answer.failed, answer.text
    assert [each["kind"] for each in outputs_of(answer)] == ["audio"]
    assert str((await posted_inputs(simulator, "1"))["audio"]).endswith(".wav")


async def test_a_mask_is_sent_as_it_is_and_never_to_the_route_for_masks(
    tmp_path: Path, simulator: Simulator
) -> None:
    graph: dict[str, Json] = {
        "1": node("LoadImageMask", image="example.png", channel="red"),
        "2": node("MaskToImage", mask=["1", 0]),
        "3": save("2"),
    }
    service: JsonObject = {
        "parameters": {"mask": {"node": "1", "widget": "image", "type": "mask", "required": True}}
    }
    async with opened(tmp_path, simulator, graph, service) as whole:
        assert not (await whole.call(mask=data_url(png(255)))).failed
    # That route answers 200 with a name though it writes nothing when its original is gone.
    requests = simulator.counters()["requests"]
    assert isinstance(requests, dict)
    assert "POST /upload/mask" not in requests
    (sent,) = (simulator.root / "input" / "gateway").iterdir()
    assert sent.read_bytes() == png(255)


async def test_an_output_of_one_job_is_the_input_of_the_next(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with opened(tmp_path, simulator, LOAD, PICTURE) as whole:
        first = await whole.call(picture=data_url(png(77)))
        job_id = first.structured["job_id"]
        second = await whole.ended(await whole.begin(picture=f"comfyui://jobs/{job_id}/outputs/0"))
        (output,) = second.outputs
        assert isinstance(output, OutputFile)
        assert red_of(await whole.bytes_of(output)) == 77


@pytest.mark.parametrize(
    "reference",
    [
        "/etc/passwd",
        "../../etc/passwd",
        "pictures/../services.yaml",
        "example.png",
        "x.png [output]",
        "x.png [temp]",
        "file:///etc/passwd",
        "C:\\Windows\\win.ini",
        "\\\\host\\share\\x.png",
        "http://127.0.0.1:8188/view?filename=x.png",
        "http://169.254.169.254/latest/meta-data",
        "comfyui://jobs/00000000-0000-0000-0000-000000000000/outputs/0",
        "comfyui://jobs/../outputs/0",
        "data:image/png;base64,%%%",
        "\x00",
    ],
)
async def test_a_callers_text_never_reaches_load_image_which_would_read_any_file(
    tmp_path: Path, simulator: Simulator, reference: str
) -> None:
    folder_with(tmp_path, "u.png", png(1))
    async with opened(tmp_path, simulator, LOAD, PICTURE, OPEN) as whole:
        error = error_of(await whole.call(picture=reference))
    assert str(error["code"]).startswith(("input-", "arguments-"))
    requests = simulator.counters()["requests"]
    assert isinstance(requests, dict)
    assert not [each for each in requests if "upload" in each or "POST" in each]


@pytest.mark.parametrize("loaded", ["portrait", "", "photo.jfif", "photo.png"])
@pytest.mark.parametrize("parameter", [{"type": "string"}, {"template": "{{ picture }}"}])
async def test_a_loader_nothing_is_known_of_takes_no_text_whatever_it_loads_now(
    tmp_path: Path, simulator: Simulator, loaded: str, parameter: dict[str, Json]
) -> None:
    graph: dict[str, Json] = {"1": node("LoadImage", image=loaded), "2": save()}
    binding: JsonObject = {"node": "1", "widget": "image", "required": True, **parameter}
    service: JsonObject = {"parameters": {"picture": binding}}
    with pytest.raises(DeclarationError) as caught:
        async with opened(tmp_path, simulator, graph, service):
            pass
    assert {finding.code for finding in caught.value.findings} <= {
        "binding-file-as-text",
        "template-not-text",
    }
    assert counted(simulator, "requests") == {}


async def test_a_link_out_of_the_open_folder_is_not_followed(
    tmp_path: Path, simulator: Simulator
) -> None:
    path = folder_with(tmp_path, "u.png", png(1))
    (path.parent / "link.png").symlink_to("/etc/hostname")
    async with opened(tmp_path, simulator, LOAD, PICTURE, OPEN) as whole:
        error = error_of(await whole.call(picture="link.png"))
    assert "hostname" not in str(error)
    assert prompts_posted(simulator) == 0


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_file_over_comfyuis_body_limit_is_told_with_the_mend(
    tmp_path: Path, version: str
) -> None:
    async with (
        Simulator(version=version, max_upload_size=2000) as simulator,
        opened(tmp_path, simulator, LOAD, PICTURE) as whole,
    ):
        error = error_of(await whole.call(picture=data_url(png(1) + b"\0" * 4000)))
        assert error["code"] == "backend-too-large"
        assert "--max-upload-size" in str(error["mend"])
        assert prompts_posted(simulator) == 0


@pytest.mark.parametrize(
    "fault",
    [
        AnswerWith("/upload/image", 500, times=99),
        AnswerWith("/upload/image", 200, HTML_BODY, "text/html", times=99),
        AnswerWith(
            "/upload/image",
            200,
            '{"name": "../../x", "subfolder": ""}',
            "application/json",
            times=99,
        ),
        AnswerWith("/upload/image", 200, '{"name": ""}', "application/json", times=99),
    ],
    ids=["500", "page", "a way out", "no name"],
)
async def test_an_upload_that_was_not_taken_is_no_prompt(
    tmp_path: Path, simulator: Simulator, fault: AnswerWith
) -> None:
    simulator.order(fault)
    async with opened(tmp_path, simulator, LOAD, PICTURE) as whole:
        error = error_of(await whole.call(picture=data_url(png(1))))
    assert str(error["code"]).startswith("backend-")
    assert prompts_posted(simulator) == 0


async def test_after_a_crash_the_files_are_sent_again_before_the_next_attempt(
    tmp_path: Path, simulator: Simulator
) -> None:
    graph: dict[str, Json] = {
        **LOAD,
        "3": node("SimulatedSleep", image=["1", 0], seconds=0.6, ticks=30),
        "4": save("3"),
    }
    async with opened(tmp_path, simulator, graph, PICTURE) as whole:
        job = await whole.running_there(await whole.begin(picture=data_url(png(9))))
        for path in (simulator.root / "input" / "gateway").iterdir():
            path.unlink()
        simulator.order(Die(0.2))
        job = await whole.ended(job)
    assert (job.status, len(job.runs)) == ("completed", 2)


async def test_a_large_output_is_streamed_and_never_held_whole(
    tmp_path: Path, simulator: Simulator
) -> None:
    size = 64 * 1024 * 1024
    async with opened(
        tmp_path,
        simulator,
        {"1": node("SimulatedBig", size=size, filename_prefix="big", suffix=".mp4")},
    ) as whole:
        tracemalloc.start()
        try:
            job = await whole.ended(await whole.begin())
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        (output,) = job.outputs
        assert isinstance(output, OutputFile)
        assert (output.size_bytes, output.kind) == (size, "video")
    assert peak < 24 * 1024 * 1024  # pieces on their way, the simulator's included


async def test_a_slow_output_is_waited_for_as_long_as_something_comes(
    tmp_path: Path, simulator: Simulator
) -> None:
    simulator.order(Drip("/view", seconds=0.1, size=40))
    backend: JsonObject = {"url": simulator.url, "timeout": "400ms"}
    async with opened(tmp_path, {"sim": backend}, {"1": image(), "2": save()}) as whole:
        (record,) = outputs_of(await whole.call())
    assert record["mime_type"] == "image/png"
    assert not record.get("missing")


async def test_a_file_gone_before_it_was_fetched_is_named_and_the_others_come_home(
    tmp_path: Path, simulator: Simulator
) -> None:
    (simulator.root / "output").mkdir(exist_ok=True)
    (simulator.root / "output" / "here.png").write_bytes(png(3))
    files: list[Json] = [
        {"filename": name, "subfolder": "", "type": "output"} for name in ("gone.png", "here.png")
    ]
    graph: dict[str, Json] = {"1": node("SimulatedOutput", ui_json=json.dumps({"images": files}))}
    async with opened(tmp_path, simulator, graph) as whole:
        job = await whole.ended(await whole.begin())
    assert job.status == "completed"
    gone, here = job.outputs
    assert isinstance(gone, OutputFile)
    assert isinstance(here, OutputFile)
    assert (gone.key, bool(gone.missing)) == ("", True)
    assert (bool(here.key), here.missing) == (True, "")
