"""What the nodes do: real pictures, files with the right first bytes, and our own odd nodes."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Mapping

import pytest
from PIL import Image

from gateway.graph.json_value import Json, JsonObject, as_array, as_object
from tests.simulator.talking import Talker, at, table


def node(class_type: str, **inputs: Json) -> JsonObject:
    return {"class_type": class_type, "inputs": inputs}


def saved(*source: Json) -> JsonObject:
    return node("SaveImage", images=list(source), filename_prefix="n")


async def outputs_of(talker: Talker, prompt: Mapping[str, Json]) -> JsonObject:
    async with talker.listen() as ear:
        entry = await talker.run(dict(prompt), ear)
    assert at(entry, "status", "status_str") == "success", at(entry, "status", "messages", -1)
    return table(entry, "outputs")


async def content_of(talker: Talker, item: Json) -> bytes:
    fields = table(item)
    query = "&".join(f"{key}={fields[key]}" for key in ("filename", "subfolder", "type"))
    response = await talker.get(f"/view?{query}")
    assert response.status_code == 200
    return response.content


async def pictures(talker: Talker, prompt: Mapping[str, Json], last: str) -> list[Image.Image]:
    """Run a prompt and return the pictures its node `last` saved."""
    shown = at(await outputs_of(talker, {**prompt, "out": saved(last, 0)}), "out", "images")
    found: list[Image.Image] = []
    for item in as_array(shown) or []:
        with Image.open(io.BytesIO(await content_of(talker, item))) as opened:
            opened.load()
            found.append(opened)
    return found


def drawing(**changes: Json) -> dict[str, Json]:
    """A text-to-image prompt; node 8 holds the pictures."""
    given: dict[str, Json] = {
        "text": "a fox",
        "seed": 1,
        "steps": 2,
        "width": 64,
        "height": 48,
        "batch_size": 1,
        "denoise": 1.0,
        **changes,
    }
    return {
        "4": node("CheckpointLoaderSimple", ckpt_name="tiny-sd15.safetensors"),
        "5": node(
            "EmptyLatentImage",
            width=given["width"],
            height=given["height"],
            batch_size=given["batch_size"],
        ),
        "6": node("CLIPTextEncode", text=given["text"], clip=["4", 1]),
        "7": node("CLIPTextEncode", text="blurry", clip=["4", 1]),
        "3": node(
            "KSampler",
            seed=given["seed"],
            steps=given["steps"],
            cfg=7.0,
            sampler_name="euler",
            scheduler="normal",
            denoise=given["denoise"],
            model=["4", 0],
            positive=["6", 0],
            negative=["7", 0],
            latent_image=["5", 0],
        ),
        "8": node("VAEDecode", samples=["3", 0], vae=["4", 2]),
    }


async def test_a_drawing_has_its_size_and_a_batch_gives_several_different_ones(
    talker: Talker,
) -> None:
    found = await pictures(talker, drawing(batch_size=3), "8")
    assert [image.size for image in found] == [(64, 48)] * 3
    assert len({image.tobytes() for image in found}) == 3


@pytest.mark.parametrize(
    "change", [{"text": "a hound"}, {"seed": 2}, {"steps": 9}], ids=["text", "seed", "steps"]
)
async def test_a_drawing_depends_on(change: dict[str, Json], talker: Talker) -> None:
    first = await pictures(talker, drawing(), "8")
    again = await pictures(talker, drawing(), "8")
    other = await pictures(talker, drawing(**change), "8")
    assert first[0].tobytes() == again[0].tobytes()
    assert first[0].tobytes() != other[0].tobytes()


async def test_a_drawing_is_marked_as_simulated(talker: Talker) -> None:
    """The mark's letters are black and white, whatever is below."""
    (found,) = await pictures(talker, drawing(width=256, height=256), "8")
    strip = found.convert("RGB").crop((2, 232, 56, 243)).tobytes()
    colours = {strip[spot : spot + 3] for spot in range(0, len(strip), 3)}
    assert colours == {b"\x00\x00\x00", b"\xff\xff\xff"}


def with_lora(prompt: dict[str, Json], class_type: str) -> dict[str, Json]:
    lora: dict[str, Json] = {"lora_name": "tiny-lora.safetensors", "strength_model": 0.8}
    if class_type == "LoraLoader":
        lora |= {"clip": ["4", 1], "strength_clip": 1.0}
    sampler = table(prompt["3"], "inputs")
    return {
        **prompt,
        "10": node(class_type, model=["4", 0], **lora),
        "3": node("KSampler", **{**sampler, "model": ["10", 0]}),
    }


def with_control(prompt: dict[str, Json], class_type: str) -> dict[str, Json]:
    common: dict[str, Json] = {
        "control_net": ["11", 0],
        "image": ["12", 0],
        "strength": 0.9,
    }
    if class_type == "ControlNetApply":
        common["conditioning"] = ["6", 0]
    else:
        both: dict[str, Json] = {"positive": ["6", 0], "negative": ["7", 0]}
        common |= {**both, "start_percent": 0.0, "end_percent": 1.0}
    sampler = table(prompt["3"], "inputs")
    return {
        **prompt,
        "11": node("ControlNetLoader", control_net_name="tiny-control.safetensors"),
        "12": node("EmptyImage", width=64, height=48, batch_size=1, color=0x808080),
        "13": node(class_type, **common),
        "3": node("KSampler", **{**sampler, "positive": ["13", 0]}),
    }


async def test_loras_and_controlnets_change_the_drawing(talker: Talker) -> None:
    changed = [
        with_lora(drawing(), "LoraLoader"),
        with_lora(drawing(), "LoraLoaderModelOnly"),
        with_control(drawing(), "ControlNetApply"),
        with_control(drawing(), "ControlNetApplyAdvanced"),
    ]
    plain = (await pictures(talker, drawing(), "8"))[0].tobytes()
    for prompt in changed:
        assert (await pictures(talker, prompt, "8"))[0].tobytes() != plain


async def upload(talker: Talker, picture: Image.Image, name: str) -> None:
    written = io.BytesIO()
    picture.save(written, "PNG")
    await talker.http.post("/upload/image", files={"image": (name, written.getvalue())})


def over(latent: Mapping[str, Json], denoise: float) -> dict[str, Json]:
    """A prompt that samples from a latent of our own in node 5."""
    return {**drawing(denoise=denoise), **latent}


async def test_image_to_image_with_no_noise_keeps_the_picture_above_the_mark(
    talker: Talker,
) -> None:
    await upload(talker, Image.new("RGB", (64, 64), (10, 200, 30)), "green.png")
    prompt = over(
        {
            "20": node("LoadImage", image="green.png"),
            "5": node("VAEEncode", pixels=["20", 0], vae=["4", 2]),
        },
        0.0,
    )
    (found,) = await pictures(talker, prompt, "8")
    assert found.size == (64, 64)
    assert found.getpixel((32, 10)) == (10, 200, 30)


@pytest.mark.parametrize("way", ["VAEEncodeForInpaint", "SetLatentNoiseMask"])
async def test_inpainting_changes_only_what_the_mask_covers(way: str, talker: Talker) -> None:
    picture = Image.new("RGBA", (64, 64), (10, 200, 30, 255))
    picture.paste((0, 0, 0, 0), (32, 0, 64, 64))
    await upload(talker, picture, "holed.png")
    encode = node("VAEEncode", pixels=["20", 0], vae=["4", 2])
    latent: dict[str, Json] = {
        "20": node("LoadImage", image="holed.png"),
        "21": encode,
        "5": node("SetLatentNoiseMask", samples=["21", 0], mask=["20", 1]),
    }
    if way == "VAEEncodeForInpaint":
        given: dict[str, Json] = {"pixels": ["20", 0], "vae": ["4", 2], "mask": ["20", 1]}
        latent["5"] = node(way, **given, grow_mask_by=0)
    (found,) = await pictures(talker, over(latent, 1.0), "8")
    (whole,) = await pictures(talker, {"20": latent["20"]}, "20")
    assert found.getpixel((5, 5)) == whole.getpixel((5, 5)) == (10, 200, 30)
    assert found.crop((40, 0, 64, 40)).tobytes() != whole.crop((40, 0, 64, 40)).tobytes()


async def test_latents_and_pictures_change_their_size(talker: Talker) -> None:
    bigger = {
        **drawing(),
        "30": node("LatentUpscaleBy", samples=["3", 0], upscale_method="area", scale_by=2.0),
        "31": node(
            "LatentUpscale",
            samples=["30", 0],
            upscale_method="bislerp",
            width=96,
            height=0,
            crop="disabled",
        ),
        "32": node("VAEDecode", samples=["31", 0], vae=["4", 2]),
        "33": node(
            "ImageScale",
            image=["32", 0],
            upscale_method="lanczos",
            width=40,
            height=40,
            crop="center",
        ),
        "34": node("ImageScaleBy", image=["33", 0], upscale_method="bicubic", scale_by=1.5),
        "35": node("UpscaleModelLoader", model_name="tiny-4x.pth"),
        "36": node("ImageUpscaleWithModel", upscale_model=["35", 0], image=["34", 0]),
    }
    assert (await pictures(talker, bigger, "32"))[0].size == (96, 72)
    assert (await pictures(talker, bigger, "33"))[0].size == (40, 40)
    assert (await pictures(talker, bigger, "36"))[0].size == (240, 240)


async def test_the_advanced_sampler_takes_only_the_steps_it_is_given(talker: Talker) -> None:
    prompt = drawing()
    old = table(prompt["3"], "inputs")
    shared = {name: value for name, value in old.items() if name not in ("seed", "denoise")}
    prompt["3"] = node(
        "KSamplerAdvanced",
        **{**shared, "steps": 6},
        add_noise="enable",
        noise_seed=4,
        start_at_step=2,
        end_at_step=5,
        return_with_leftover_noise="disable",
    )
    async with talker.listen() as ear:
        await talker.run({**prompt, "out": saved("8", 0)}, ear)
    steps = [at(frame, "data", "max") for frame in ear.frames if frame["type"] == "progress"]
    assert set(steps) == {3}


def flat(colour: int, width: int = 8, height: int = 8) -> JsonObject:
    return node("EmptyImage", width=width, height=height, batch_size=1, color=colour)


async def test_filters_do_what_they_say(talker: Talker) -> None:
    prompt: dict[str, Json] = {
        "1": flat(0x102030),
        "2": node("ImageInvert", image=["1", 0]),
        "3": flat(0xFF0000, 4, 4),
        "4": node(
            "ImageCompositeMasked",
            destination=["1", 0],
            source=["3", 0],
            x=4,
            y=4,
            resize_source=False,
        ),
        "5": node("ImageBlur", image=["4", 0], blur_radius=3, sigma=2.0),
        "6": node("Canny", image=["4", 0], low_threshold=0.4, high_threshold=0.8),
    }
    (inverted,) = await pictures(talker, prompt, "2")
    assert inverted.getpixel((0, 0)) == (0xEF, 0xDF, 0xCF)
    (composed,) = await pictures(talker, prompt, "4")
    assert (composed.getpixel((3, 3)), composed.getpixel((4, 4))) == ((16, 32, 48), (255, 0, 0))
    (blurred,) = await pictures(talker, prompt, "5")
    assert blurred.getpixel((4, 4)) not in ((255, 0, 0), (16, 32, 48))
    (edges,) = await pictures(talker, prompt, "6")
    assert set(edges.convert("L").tobytes()) <= {0, 255}


async def test_batches_are_joined_grown_and_repeated(talker: Talker) -> None:
    prompt: dict[str, Json] = {
        "1": flat(1),
        "2": flat(2, 16, 16),
        "3": node("ImageBatch", image1=["1", 0], image2=["2", 0]),
        "4": node(
            "BatchImagesNode",
            **{"images.image0": ["1", 0], "images.image1": ["3", 0], "images.image2": ["2", 0]},
        ),
        "5": node("RepeatImageBatch", image=["4", 0], amount=2),
    }
    found = await pictures(talker, prompt, "5")
    assert [image.size for image in found] == [(8, 8)] * 8


async def test_masks_come_from_alpha_and_go_back_to_pictures(talker: Talker) -> None:
    await upload(talker, Image.new("RGBA", (8, 8), (255, 0, 7, 55)), "half.png")
    prompt: dict[str, Json] = {
        "1": node("LoadImage", image="half.png"),
        "2": node("MaskToImage", mask=["1", 1]),
        "3": node("LoadImageMask", image="half.png", channel="blue"),
        "4": node("MaskToImage", mask=["3", 0]),
        "5": node("ImageToMask", image=["1", 0], channel="red"),
        "6": node("MaskToImage", mask=["5", 0]),
    }
    values = [(await pictures(talker, prompt, last))[0].getpixel((0, 0)) for last in "246"]
    assert values == [(200, 200, 200), (7, 7, 7), (255, 255, 255)]


async def test_a_changed_input_file_runs_its_node_again(talker: Talker) -> None:
    prompt: dict[str, Json] = {"1": node("LoadImage", image="in.png")}
    await upload(talker, Image.new("RGB", (8, 8), (1, 1, 1)), "in.png")
    (first,) = await pictures(talker, prompt, "1")
    written = io.BytesIO()
    Image.new("RGB", (9, 9), (2, 2, 2)).save(written, "PNG")
    files = {"image": ("in.png", written.getvalue())}
    await talker.http.post("/upload/image", files=files, data={"overwrite": "1"})
    (second,) = await pictures(talker, prompt, "1")
    assert (first.size, second.size) == ((8, 8), (9, 9))


async def test_outputs_can_be_inputs_by_their_annotated_name(talker: Talker) -> None:
    await pictures(talker, {"1": flat(0xABCDEF)}, "1")
    prompt: dict[str, Json] = {"1": node("LoadImageOutput", image="n_00001_.png [output]")}
    (found,) = await pictures(talker, prompt, "1")
    assert found.getpixel((0, 0)) == (0xAB, 0xCD, 0xEF)


MAGIC: dict[str, bytes] = {
    "flac": b"fLaC",
    "mp3": b"\xff\xfb",
    "opus": b"OggS",
    "mp4": b"\x00\x00\x00\x20ftyp",
    "webm": b"\x1a\x45\xdf\xa3",
    "mkv": b"\x1a\x45\xdf\xa3",
    "glb": b"glTF",
    "webp": b"RIFF",
    "png": b"\x89PNG",
}


def films() -> dict[str, Json]:
    frames = node("EmptyImage", width=8, height=8, batch_size=4, color=5)
    sound = node("EmptyAudio", duration=0.5, sample_rate=22050, channels=2)
    prompt: dict[str, Json] = {
        "1": frames,
        "2": sound,
        "3": node("CreateVideo", images=["1", 0], fps=8.0, audio=["2", 0]),
        "webm": node(
            "SaveWEBM", images=["1", 0], filename_prefix="w", codec="vp9", fps=8.0, crf=32.0
        ),
        "flac": node("SaveAudio", audio=["2", 0], filename_prefix="a"),
        "mp3": node("SaveAudioMP3", audio=["2", 0], filename_prefix="a", quality="V0"),
        "opus": node("SaveAudioOpus", audio=["2", 0], filename_prefix="a", quality="128k"),
        "webp": node(
            "SaveAnimatedWEBP",
            images=["1", 0],
            filename_prefix="m",
            fps=6.0,
            lossless=True,
            quality=80,
            method="fastest",
        ),
        "png": node(
            "SaveAnimatedPNG", images=["1", 0], filename_prefix="m", fps=6.0, compress_level=1
        ),
        "7": node("SimulatedMesh", size=1.0),
        "glb": node("SaveGLB", mesh=["7", 0], filename_prefix="3d/m"),
    }
    for form in ("mp4", "mkv"):
        dotted: dict[str, Json] = {"format": form, "format.codec": "h264"}
        prompt[form] = node("SaveVideo", video=["3", 0], filename_prefix="v", **dotted)
    return prompt


async def test_every_kind_of_file_begins_with_its_own_bytes(talker: Talker) -> None:
    outputs = await outputs_of(talker, films())
    for form, magic in MAGIC.items():
        shown = table(outputs[form])
        items = next(value for key, value in shown.items() if key != "animated")
        item = table((as_array(items) or [])[0])
        assert str(item["filename"]).endswith(f".{form}")
        assert (await content_of(talker, item)).startswith(magic), form


async def test_a_glb_and_a_latent_are_whole_files(talker: Talker) -> None:
    prompt: dict[str, Json] = {
        "1": node("SimulatedMesh", size=2.0),
        "2": node("SaveGLB", mesh=["1", 0], filename_prefix="3d/m"),
        "3": node("EmptyLatentImage", width=64, height=32, batch_size=2),
        "4": node("SaveLatent", samples=["3", 0], filename_prefix="l"),
    }
    outputs = await outputs_of(talker, prompt)
    glb = await content_of(talker, at(outputs, "2", "3d", 0))
    assert struct.unpack("<II", glb[4:12]) == (2, len(glb))
    latent = await content_of(talker, at(outputs, "4", "latents", 0))
    (length,) = struct.unpack("<Q", latent[:8])
    tensor = json.loads(latent[8 : 8 + length])["latent_tensor"]
    assert (tensor["shape"], tensor["data_offsets"][1]) == ([2, 4, 4, 8], len(latent) - 8 - length)


async def test_loaded_sound_and_film_are_saved_as_they_came(talker: Talker) -> None:
    for name in ("in.flac", "in.mp4"):
        files = {"image": (name, b"the bytes of " + name.encode())}
        await talker.http.post("/upload/image", files=files)
    dotted: dict[str, Json] = {"format": "auto", "format.codec": "auto"}
    prompt: dict[str, Json] = {
        "1": node("LoadAudio", audio="in.flac"),
        "2": node("SaveAudioAdvanced", audio=["1", 0], filename_prefix="a", format="flac"),
        "3": node("PreviewAudio", audio=["1", 0]),
        "4": node("LoadVideo", file="in.mp4"),
        "5": node("SaveVideo", video=["4", 0], filename_prefix="v", **dotted),
    }
    outputs = await outputs_of(talker, prompt)
    assert await content_of(talker, at(outputs, "2", "audio", 0)) == b"the bytes of in.flac"
    assert at(outputs, "3", "audio", 0, "type") == "temp"
    assert await content_of(talker, at(outputs, "5", "images", 0)) == b"the bytes of in.mp4"


async def test_texts_are_formatted_joined_and_saved(talker: Talker) -> None:
    prompt: dict[str, Json] = {
        "1": node("PrimitiveInt", value=7),
        "2": node("PrimitiveStringMultiline", value="b"),
        "3": node(
            "StringFormat", **{"values.a": ["1", 0], "values.b": ["2", 0], "f_string": "{a}{b}"}
        ),
        "4": node("StringConcatenate", string_a=["3", 0], string_b="c", delimiter="-"),
        "5": node("SaveText", text=["4", 0], filename_prefix="t", format="json"),
        "6": node("PrimitiveFloat", value=0.5),
        "7": node("PrimitiveBoolean", value=True),
        "8": node("PreviewAny", source=["6", 0]),
        "9": node("PreviewAny", source=["7", 0]),
        "10": node("Preview3D", model_file="output/m.glb"),
    }
    outputs = await outputs_of(talker, prompt)
    assert at(outputs, "5", "text") == ["7b-c"]
    assert await content_of(talker, at(outputs, "5", "files", 0)) == b"7b-c"
    assert (at(outputs, "8", "text"), at(outputs, "9", "text")) == (["0.5"], ["True"])
    assert at(outputs, "10", "result") == ["output/m.glb", None, None]


async def test_a_dynamic_combo_with_an_unknown_key_fails_when_it_runs(talker: Talker) -> None:
    images: list[Json] = ["1", 0]
    prompt: dict[str, Json] = {
        "1": flat(1),
        "2": node("SaveImageAdvanced", images=images, filename_prefix="a", format="gif"),
    }
    async with talker.listen() as ear:
        entry = await talker.run(prompt, ear)
    assert at(entry, "status", "messages", -1, 0) == "execution_error"


async def test_a_big_file_is_written_in_pieces_and_served_whole(talker: Talker) -> None:
    size = 3 * 1024 * 1024 + 5
    prompt = {"1": node("SimulatedBig", size=size, filename_prefix="big", suffix=".bin")}
    outputs = await outputs_of(talker, prompt)
    assert len(await content_of(talker, at(outputs, "1", "files", 0))) == size


async def test_an_even_number_is_wanted_by_the_nodes_own_validation(talker: Talker) -> None:
    refused = await talker.post("/prompt", {"prompt": {"1": node("SimulatedEven", n=3)}})
    errors = at(refused.json(), "node_errors", "1", "errors", 0)
    assert (at(errors, "type"), at(errors, "details")) == (
        "custom_validation_failed",
        "n - n must be even, got 3",
    )
    taken = await outputs_of(talker, {"1": node("SimulatedEven", n=4)})
    assert taken == {"1": {"number": [4]}}


@pytest.mark.parametrize(
    ("kind", "named"),
    [("RuntimeError", "RuntimeError"), ("KeyError", "KeyError"), ("OOM", "torch.OutOfMemoryError")],
)
async def test_a_failing_node_names_its_exception(kind: str, named: str, talker: Talker) -> None:
    image: list[Json] = ["1", 0]
    prompt: dict[str, Json] = {
        "1": flat(1),
        "2": node("SimulatedError", image=image, message="boom", kind=kind),
        "3": saved("2", 0),
    }
    async with talker.listen() as ear:
        entry = await talker.run(prompt, ear)
    last = as_object(at(entry, "status", "messages", -1, 1)) or {}
    assert last["exception_type"] == named
    assert "boom" in str(last["exception_message"])


async def test_requests_are_answered_while_a_large_picture_is_made(talker: Talker) -> None:
    prompt: dict[str, Json] = {**drawing(width=2048, height=2048), "out": saved("8", 0)}
    async with talker.listen() as ear:
        prompt_id = await talker.submit(prompt, ear)
        await ear.until(lambda frame: frame["type"] == "executing" and _is_at(frame, "out"))
        assert at(await talker.json("/queue"), "queue_running", 0, 1) == prompt_id
        await ear.until_end(prompt_id)


def _is_at(frame: JsonObject, node_id: str) -> bool:
    return at(frame, "data", "node") == node_id
