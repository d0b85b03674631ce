"""Recorded runs of real servers, played again: same messages in the same order, same records."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from gateway.graph.json_value import Json
from gateway.simulator.server import Simulator
from tests.simulator.replaying import (
    Names,
    Replay,
    common,
    primer,
    recording,
    summary,
    without_ticks,
)
from tests.simulator.talking import TINY_MODELS, Talker, talking

EXACT = (
    "success_empty_image",
    "success_txt2img",
    "success_expand",
    "error_expand",
    "execution_blocker_silent",
    "cached_rerun",
    "partial_validation_200",
    "partial_execution_targets",
    "preview_jpeg_custom",
    "preview_png_custom_flags",
    "preview_latent2rgb_flags",
    "preview_latent2rgb_plain",
    "ui_odd",
    "video_mp4",
    "wf_autogrow",
    "wf_video_webm",
    "wf_video_legacy_args",
    "wf_latent",
    "wf_audio_flac_legacy",
    "wf_preview_image",
    "wf_image_ops",
    "wf_img2img",
    "wf_inpaint",
    "wf_inpaint_model",
    "wf_txt2img_lora",
)
SEVERAL_OUTPUTS = (
    "success_multi_output",
    "audio_all",
    "text_outputs",
    "error_node",
    "oom",
    "execution_blocker_message",
    "wf_image_batch",
)
ON_TIME = (
    "interrupt_by_id",
    "interrupt_global",
    "interrupt_jobs_cancel",
    "cancel_pending",
    "late_connect",
    "two_clients",
)
OLDER = (
    "0.3.64-wf_empty_image",
    "0.3.64-wf_txt2img",
    "0.3.64-wf_expand",
    "0.3.64-wf_video_legacy_args",
)
OLDER_SEVERAL = ("0.3.64-wf_multi_output", "0.3.64-wf_error", "0.3.64-wf_block_msg")
OLDER_REFUSED = ("0.3.64-wf_text", "0.3.64-wf_video_mp4")


async def replayed(name: str, talker: Talker) -> Replay:
    """Play a recording after bringing the cache to where it was."""
    picture = io.BytesIO()
    Image.new("RGBA", (96, 96), (200, 120, 40, 128)).save(picture, "PNG")
    files = {"image": ("example.png", picture.getvalue())}
    await talker.http.post("/upload/image", files=files)
    events = recording(name)
    first = primer(events)
    if first is not None:
        async with talker.listen() as ear:
            await talker.run(first, ear)
    replay = Replay(talker, events)
    await replay.play()
    return replay


def records(replay: Replay) -> tuple[list[Json], list[Json]]:
    """Return the HTTP answers of both sides, comparable."""
    theirs = [replay.names.plain(recorded) for _, recorded, _ in replay.answers]
    mine = [replay.names.plain(given) for _, _, given in replay.answers]
    ours = [common(wanted, given) for wanted, given in zip(theirs, mine, strict=True)]
    return ours, theirs


@pytest.mark.parametrize("name", EXACT)
async def test_a_recorded_run_is_told_message_by_message(name: str, talker: Talker) -> None:
    replay = await replayed(name, talker)
    heard, recorded = replay.both("A")
    assert heard == recorded
    ours, theirs = records(replay)
    assert ours == theirs


@pytest.mark.parametrize("name", SEVERAL_OUTPUTS)
async def test_a_recorded_run_with_several_outputs_is_told_in_some_order(
    name: str, talker: Talker
) -> None:
    replay = await replayed(name, talker)
    heard, recorded = replay.both("A")
    assert summary(heard) == summary(recorded)
    assert heard[:5] == recorded[:5]
    assert heard[-2:] == recorded[-2:]


@pytest.mark.parametrize("name", ON_TIME)
async def test_a_recorded_run_that_takes_time_is_told_alike_but_for_its_ticks(
    name: str, talker: Talker
) -> None:
    replay = await replayed(name, talker)
    for conn in replay.ears:
        heard, recorded = replay.both(conn)
        assert without_ticks(heard) == without_ticks(recorded)


@pytest.mark.parametrize("name", OLDER)
async def test_a_run_of_0_3_64_is_told_message_by_message(name: str, old_talker: Talker) -> None:
    replay = await replayed(name, old_talker)
    heard, recorded = replay.both("A")
    assert heard == recorded


@pytest.mark.parametrize("name", OLDER_SEVERAL)
async def test_a_run_of_0_3_64_with_several_outputs_is_told_in_some_order(
    name: str, old_talker: Talker
) -> None:
    replay = await replayed(name, old_talker)
    heard, recorded = replay.both("A")
    assert summary(heard) == summary(recorded)


@pytest.mark.parametrize("name", OLDER_REFUSED)
async def test_what_0_3_64_refuses_is_refused_in_its_words(name: str, old_talker: Talker) -> None:
    replay = await replayed(name, old_talker)
    ours, theirs = records(replay)
    assert ours == theirs


async def test_posted_without_a_client_id_everyone_hears_progress_and_nothing_else(
    talker: Talker,
) -> None:
    replay = await replayed("no_client_id_error", talker)
    heard, recorded = replay.both("A")
    assert summary(heard) == summary(recorded)


async def test_names_of_files_and_ids_are_the_only_things_made_equal() -> None:
    names = Names()
    names.call("aaa", "bbb")
    assert names.plain({"prompt_id": "aaa", "value": 1.0, "x": "t_00010_.png"}) == names.plain(
        {"prompt_id": "bbb", "value": 1.0, "x": "t_00001_.png"}
    )
    assert names.plain({"value": 1}) != names.plain({"value": 2})


async def test_the_models_of_the_recordings_are_not_built_in() -> None:
    async with talking(Simulator()) as plain:
        offered = await plain.json("/models/checkpoints")
    assert "tiny-sd15.safetensors" not in str(offered)
    assert "tiny-sd15.safetensors" in TINY_MODELS["checkpoints"]
