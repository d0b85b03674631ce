"""ComfyUI's outputs of every kind, through the whole gateway."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.graph.json_value import Json, JsonObject
from gateway.jobs.job import OutputFile, OutputText
from gateway.simulator.faults import LoseOutputs
from gateway.simulator.server import Simulator
from tests.facts.whole import (
    Whole,
    image,
    node,
    opened,
    outputs_of,
    prompts_posted,
    save,
    show,
)

pytestmark = pytest.mark.timeout(30)


async def left(whole: Whole) -> tuple[OutputFile | OutputText, ...]:
    """Run the service and return what it left."""
    job = await whole.ended(await whole.begin())
    assert job.status == "completed", job.failure
    return job.outputs


def described(outputs: tuple[OutputFile | OutputText, ...]) -> list[tuple[str, int, str, str, str]]:
    """Return name, index, kind, ComfyUI's type and MIME type of each file."""
    return [
        (each.name, each.index, each.kind, each.type, each.mime_type)
        for each in outputs
        if isinstance(each, OutputFile)
    ]


async def test_every_picture_of_a_batch_comes_home_counted_from_zero(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with opened(tmp_path, simulator, {"1": image(count=3), "2": save()}) as whole:
        outputs = await left(whole)
        assert described(outputs) == [
            ("node_2", index, "image", "output", "image/png") for index in range(3)
        ]
        files = [await whole.bytes_of(each) for each in outputs if isinstance(each, OutputFile)]
        assert all(data.startswith(b"\x89PNG\r\n\x1a\n") for data in files)
        assert [each.size_bytes for each in outputs if isinstance(each, OutputFile)] == [
            len(data) for data in files
        ]


async def test_several_output_nodes_come_in_the_order_of_the_graph_named_ones_first(
    tmp_path: Path, simulator: Simulator
) -> None:
    graph: dict[str, Json] = {
        "1": image(),
        "30": save(prefix="c"),
        "4": save(prefix="b"),
        "20": save(prefix="a"),
    }
    service: JsonObject = {"outputs": {"main": {"node": "4"}}}
    async with opened(tmp_path, simulator, graph, service) as whole:
        outputs = await left(whole)
    assert [(each.name, each.node_id) for each in outputs] == [
        ("main", "4"),
        ("node_30", "30"),
        ("node_20", "20"),
    ]


@pytest.mark.parametrize(
    ("class_type", "extension"), [("SaveAnimatedWEBP", "webp"), ("SaveAnimatedPNG", "png")]
)
async def test_animated_pictures_are_animations_and_not_images(
    tmp_path: Path, simulator: Simulator, class_type: str, extension: str
) -> None:
    more: dict[str, Json] = (
        {"lossless": True, "quality": 80, "method": "default"}
        if extension == "webp"
        else {"compress_level": 4}
    )
    graph: dict[str, Json] = {
        "1": image(count=3),
        "2": node(class_type, images=["1", 0], filename_prefix="t", fps=6.0, **more),
    }
    async with opened(tmp_path, simulator, graph) as whole:
        answer = await whole.call()
        (record,) = outputs_of(answer)
    assert (record["kind"], record["mime_type"]) == ("animation", f"image/{extension}")
    assert answer.structured["total_images"] == 0


async def test_a_saved_video_is_told_under_images_and_is_a_video_all_the_same(
    tmp_path: Path, simulator: Simulator
) -> None:
    form: dict[str, Json] = {"format": "mp4", "codec": "h264"}
    if simulator.version == "0.33.0":
        form = {"format": "mp4", "format.codec": "h264", "format.codec.encoding": "auto"}
    graph: dict[str, Json] = {
        "1": image(count=2),
        "2": node("CreateVideo", images=["1", 0], fps=8.0),
        "3": node("SaveVideo", video=["2", 0], filename_prefix="t", **form),
    }
    async with opened(tmp_path, simulator, graph) as whole:
        assert described(await left(whole)) == [("node_3", 0, "video", "output", "video/mp4")]


async def test_webm_is_a_video(tmp_path: Path, simulator: Simulator) -> None:
    graph: dict[str, Json] = {
        "1": image(count=2),
        "2": node("SaveWEBM", images=["1", 0], filename_prefix="t", codec="vp9", fps=8.0, crf=32.0),
    }
    async with opened(tmp_path, simulator, graph) as whole:
        assert described(await left(whole)) == [("node_2", 0, "video", "output", "video/webm")]


@pytest.mark.parametrize(
    ("class_type", "more", "kind"),
    [
        ("SaveAudio", {"filename_prefix": "t"}, "output"),
        ("SaveAudioMP3", {"filename_prefix": "t", "quality": "V0"}, "output"),
        ("SaveAudioOpus", {"filename_prefix": "t", "quality": "128k"}, "output"),
        ("PreviewAudio", {}, "temp"),
    ],
)
async def test_audio_comes_home_under_its_own_type(
    tmp_path: Path, simulator: Simulator, class_type: str, more: dict[str, Json], kind: str
) -> None:
    graph: dict[str, Json] = {
        "1": node("EmptyAudio", duration=0.1, sample_rate=8000, channels=1),
        "2": node(class_type, audio=["1", 0], **more),
    }
    async with opened(tmp_path, simulator, graph) as whole:
        ((_, _, told, type_, mime_type),) = described(await left(whole))
    assert (told, type_) == ("audio", kind)
    assert mime_type.startswith("audio/")


async def test_a_text_is_an_output_without_a_file(tmp_path: Path, simulator: Simulator) -> None:
    graph: dict[str, Json] = {
        "1": node("PrimitiveString", value="three words here"),
        "2": node("PreviewAny", source=["1", 0]),
    }
    async with opened(tmp_path, simulator, graph) as whole:
        answer = await whole.call()
    (record,) = outputs_of(answer)
    assert (record["kind"], record["text"]) == ("text", "three words here")
    assert "filename" not in record
    assert "three words here" in answer.text


async def test_a_saved_text_is_a_text_and_a_file(tmp_path: Path) -> None:
    graph: dict[str, Json] = {
        "1": node("PrimitiveString", value="kept"),
        "2": node("SaveText", text=["1", 0], filename_prefix="t", format="txt"),
    }
    async with (
        Simulator() as simulator,
        opened(tmp_path, simulator, graph) as whole,
    ):
        texts = [each for each in await left(whole) if isinstance(each, OutputText)]
        files = [each for each in await left(whole) if isinstance(each, OutputFile)]
        assert [each.text for each in texts] == ["kept"]
        assert [await whole.bytes_of(each) for each in files] == [b"kept"]


async def test_a_latent_comes_home(tmp_path: Path, simulator: Simulator) -> None:
    graph: dict[str, Json] = {
        "1": node("EmptyLatentImage", width=64, height=64, batch_size=1),
        "2": node("SaveLatent", samples=["1", 0], filename_prefix="t"),
    }
    async with opened(tmp_path, simulator, graph) as whole:
        (output,) = described(await left(whole))
    assert output[:4] == ("node_2", 0, "latent", "output")


async def test_a_model_comes_home_from_the_key_3d(tmp_path: Path, simulator: Simulator) -> None:
    graph: dict[str, Json] = {
        "1": node("SimulatedMesh", size=1.0),
        "2": node("SaveGLB", mesh=["1", 0], filename_prefix="t"),
    }
    async with opened(tmp_path, simulator, graph) as whole:
        outputs = await left(whole)
        assert described(outputs)[0][:4] == ("node_2", 0, "model3d", "output")
        assert isinstance(outputs[0], OutputFile)
        assert (await whole.bytes_of(outputs[0])).startswith(b"glTF")


def place(whole_folder: Path, name: str, data: bytes = b"data") -> None:
    """Put a file where ComfyUI's outputs are."""
    whole_folder.mkdir(parents=True, exist_ok=True)
    (whole_folder / name).write_bytes(data)


async def test_the_videos_of_a_node_pack_come_from_gifs_without_the_servers_paths(
    tmp_path: Path, simulator: Simulator
) -> None:
    place(simulator.root / "output", "a.mp4")
    ui: JsonObject = {
        "gifs": [
            {
                "filename": "a.mp4",
                "subfolder": "",
                "type": "output",
                "format": "video/h264-mp4",
                "frame_rate": 8.0,
                "workflow": "a.png",
                "fullpath": "/home/somebody/ComfyUI/output/a.mp4",
            }
        ]
    }
    async with opened(tmp_path, simulator, {"1": show(ui)}) as whole:
        answer = await whole.call()
    (record,) = outputs_of(answer)
    assert (record["kind"], record["mime_type"]) == ("video", "video/mp4")
    assert "somebody" not in json.dumps(answer.structured) + answer.text


async def test_a_file_under_a_key_nobody_knows_comes_home(
    tmp_path: Path, simulator: Simulator
) -> None:
    place(simulator.root / "output" / "sub", "w.xyz", b"odd")
    ui: JsonObject = {
        "wonders": [{"filename": "w.xyz", "subfolder": "sub", "type": "output", "id": 7}],
        "odd": {"a": 1},
        "flag": True,
        "animated": [False],
        "nothing": None,
        "result": [None, {"position": 1}, None],
    }
    async with opened(tmp_path, simulator, {"1": show(ui)}) as whole:
        (output,) = await left(whole)
        assert isinstance(output, OutputFile)
        assert (output.kind, output.filename) == ("file", "w.xyz")
        assert await whole.bytes_of(output) == b"odd"


async def test_pictures_to_compare_come_home_from_both_keys(
    tmp_path: Path, simulator: Simulator
) -> None:
    for name in ("a.png", "b.png"):
        place(simulator.root / "temp", name)
    ui: dict[str, Json] = {
        f"{name}_images": [{"filename": f"{name}.png", "subfolder": "", "type": "temp"}]
        for name in ("a", "b")
    }
    async with opened(tmp_path, simulator, {"1": show(ui)}) as whole:
        outputs = await left(whole)
    assert [(each.filename, each.type) for each in outputs if isinstance(each, OutputFile)] == [
        ("a.png", "temp"),
        ("b.png", "temp"),
    ]


async def test_files_of_one_name_in_two_folders_are_two_files(
    tmp_path: Path, simulator: Simulator
) -> None:
    for folder in ("x", "y"):
        place(simulator.root / "output" / folder, "same.bin", folder.encode())
    files: list[Json] = [
        {"filename": "same.bin", "subfolder": folder, "type": "output"} for folder in ("x", "y")
    ]
    async with opened(tmp_path, simulator, {"1": show({"files": files})}) as whole:
        outputs = [each for each in await left(whole) if isinstance(each, OutputFile)]
        assert [await whole.bytes_of(each) for each in outputs] == [b"x", b"y"]
    assert len({each.key for each in outputs}) == 2


@pytest.mark.parametrize(
    ("filename", "subfolder", "kind"),
    [
        ("../secret.txt", "", "output"),
        ("secret.txt", "../..", "output"),
        ("/etc/hostname", "", "output"),
        ("x.txt", "/etc", "output"),
        ("x.txt", "", "nowhere"),
        ("..", "", "output"),
        ("C:secret.txt", "", "output"),
    ],
)
async def test_a_file_that_leads_out_of_comfyuis_folders_is_missing_and_never_asked_for(
    tmp_path: Path, simulator: Simulator, filename: str, subfolder: str, kind: str
) -> None:
    ui: JsonObject = {"files": [{"filename": filename, "subfolder": subfolder, "type": kind}]}
    async with opened(tmp_path, simulator, {"1": show(ui)}) as whole:
        (output,) = await left(whole)
    assert isinstance(output, OutputFile)
    assert (output.key, output.size_bytes) == ("", 0)
    assert output.missing
    assert not any("view" in request for request in _requests(simulator))


def _requests(simulator: Simulator) -> list[str]:
    asked = simulator.counters()["requests"]
    assert isinstance(asked, dict)
    return list(asked)


async def test_a_preview_is_marked_as_temporary(tmp_path: Path, simulator: Simulator) -> None:
    graph: dict[str, Json] = {
        "1": image(),
        "2": node("PreviewImage", images=["1", 0]),
        "3": save(),
    }
    async with opened(tmp_path, simulator, graph) as whole:
        answer = await whole.call()
    assert [(each["node_id"], each["type"]) for each in outputs_of(answer)] == [
        ("2", "temp"),
        ("3", "output"),
    ]
    assert "a preview" in answer.text


async def test_pictures_of_work_under_way_are_no_outputs(
    tmp_path: Path, simulator: Simulator
) -> None:
    graph: dict[str, Json] = {
        "1": image(),
        "2": node("SimulatedPreview", image=["1", 0], format="JPEG"),
        "3": save("2"),
    }
    async with opened(tmp_path, simulator, graph) as whole:
        assert [each.node_id for each in await left(whole)] == ["3"]


async def test_a_run_without_any_output_is_completed_and_says_so(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with opened(tmp_path, simulator, {"1": show({})}) as whole:
        answer = await whole.call()
    assert not answer.failed
    assert (outputs_of(answer), answer.structured["status"]) == ([], "completed")
    assert "nothing to return" in answer.text


async def test_the_same_call_twice_makes_files_of_its_own_each_time(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with opened(tmp_path, simulator, {"1": image(), "2": save()}) as whole:
        first, second = await whole.call(), await whole.call()
    made = list((simulator.root / "output").rglob("*.png"))
    assert len(made) == 2
    assert len({path.parent for path in made}) == 2
    assert not first.failed
    assert not second.failed


async def test_a_cached_rerun_whose_file_was_deleted_is_run_again(
    tmp_path: Path, simulator: Simulator
) -> None:
    service: JsonObject = {"prefix": "keep"}
    async with opened(tmp_path, simulator, {"1": image(), "2": save()}, service) as whole:
        await left(whole)
        cached = await whole.ended(await whole.begin())
        assert (len(cached.runs), prompts_posted(simulator)) == (1, 2)
        simulator.order(LoseOutputs())
        job = await whole.ended(await whole.begin())
        assert (job.status, len(job.runs), prompts_posted(simulator)) == ("completed", 2, 4)
        (output,) = job.outputs
        assert isinstance(output, OutputFile)
        assert output.missing == ""
        assert (await whole.bytes_of(output)).startswith(b"\x89PNG")


async def test_a_prefix_keeps_its_dates_and_the_server_expands_the_rest(
    tmp_path: Path, simulator: Simulator
) -> None:
    graph: dict[str, Json] = {
        "1": image(),
        "2": save(prefix="%date:yyyy%/%width%x%height%"),
    }
    async with opened(tmp_path, simulator, graph) as whole:
        await left(whole)
    (made,) = [path.relative_to(simulator.root) for path in simulator.root.rglob("*.png")]
    assert "%" not in str(made)
    assert made.parts[3].isdecimal()
    assert made.name.startswith("16x16_")


async def test_output_files_that_browsers_would_run_come_home_as_they_are(
    tmp_path: Path, simulator: Simulator
) -> None:
    place(simulator.root / "output", "page.html", b"<script>1</script>")
    ui: JsonObject = {"files": [{"filename": "page.html", "subfolder": "", "type": "output"}]}
    async with opened(tmp_path, simulator, {"1": show(ui)}) as whole:
        (output,) = await left(whole)
        assert isinstance(output, OutputFile)
        assert await whole.bytes_of(output) == b"<script>1</script>"
    assert "html" not in output.mime_type


async def test_bare_nan_in_an_output_breaks_nothing(tmp_path: Path, simulator: Simulator) -> None:
    ui: JsonObject = {"score": [float("nan"), float("inf")], "text": ["well"]}
    async with opened(tmp_path, simulator, {"1": show(ui)}) as whole:
        answer = await whole.call()
    assert [each["text"] for each in outputs_of(answer)] == ["well"]
    json.dumps(answer.structured, allow_nan=False)
