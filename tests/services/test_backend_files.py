"""Which widgets name files of one machine."""

from __future__ import annotations

import pytest

from gateway.graph.definitions import Combo, DynamicCombo, InputKind, TextWidget
from gateway.graph.json_value import Json
from gateway.services.backend_files import file_type_of, lives_on_backend, upload_of
from gateway.services.bound import BoundWidget
from tests.definitions.recorded import DEFINITIONS, OLD_DEFINITIONS
from tests.services.building import widget


@pytest.mark.parametrize(
    ("name", "kind", "lives"),
    [
        ("image", Combo(("a", "b"), upload="image"), True),
        ("image", Combo(None), True),
        ("model_name", Combo(()), True),
        ("anything", Combo(()), True),
        ("anything", Combo(("none", "x.safetensors")), True),
        ("weights", Combo(("folder/RealESRGAN_x4plus.pth",)), True),
        ("ckpt_name", Combo(("my folder",)), True),
        ("clip_name2", Combo(("a",)), True),
        ("model_path", Combo(("some-diffusers-folder",)), True),
        ("folder", Combo(("3d", "gw/x")), True),
        ("sampler_name", Combo(("euler", "dpmpp_2m")), False),
        ("class_name", Combo(("person", "car")), False),
        ("sampling", Combo(("edm", "edm_playground_v2.5")), False),
        ("aspect_ratio", Combo(("16:9 (Widescreen)", "1.5")), False),
        ("passes", Combo((2, 4)), False),
        ("ckpt_name", TextWidget(), False),
        ("format", DynamicCombo({}), False),
    ],
)
def test_the_rule_holds_for_stock_and_custom_nodes(name: str, kind: InputKind, lives: bool) -> None:
    assert lives_on_backend(widget(kind, name=name)) is lives


def test_without_a_definition_only_the_name_speaks() -> None:
    assert lives_on_backend(widget(current="x.safetensors", name="lora_name"))
    assert not lives_on_backend(widget(current="x.safetensors", name="text"))
    assert not lives_on_backend(widget(current=3, name="lora_name"))


def test_among_the_recorded_nodes_exactly_those_that_list_files_live_on_a_backend() -> None:
    for definitions in (DEFINITIONS, OLD_DEFINITIONS):
        found = {
            (class_type, name)
            for class_type, definition in definitions.items()
            for name, each in definition.inputs.items()
            if lives_on_backend(BoundWidget("1", name, class_type, None, each))
        }
        stock = {
            ("CheckpointLoaderSimple", "ckpt_name"),
            ("VAELoader", "vae_name"),
            ("LoadImage", "image"),
            ("LoadImageMask", "image"),
            ("LoadImageOutput", "image"),
            ("LoadAudio", "audio"),
            ("LoadVideo", "file"),
            ("LoraLoader", "lora_name"),
            ("ControlNetLoader", "control_net_name"),
            ("UpscaleModelLoader", "model_name"),
            ("LoadLatent", "latent"),
            ("Load3D", "model_file"),
            ("CLIPLoader", "clip_name"),
        }
        # Two whose options the definition cannot tell.
        assert found - stock <= {("CustomCombo", "choice"), ("Painter", "mask")}
        assert stock <= found


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("example.png", "image"),
        ("sub/Photo.JPEG", "image"),
        ("old.webp [output]", "image"),
        ("s.flac", "audio"),
        ("film.MP4", "video"),
        ("mesh.glb", "file"),
        ("ComfyUI_00001_.latent", "file"),
        ("x.safetensors", None),
        ("v1.5", None),
        ("a photo of a cat", None),
        ("two\nlines.png", None),
        ("", None),
        (None, None),
        (3, None),
    ],
)
def test_a_text_names_a_file_by_its_ending(value: Json, kind: str | None) -> None:
    assert file_type_of(widget(current=value)) == kind


@pytest.mark.parametrize(
    ("class_type", "name", "value", "kind"),
    [
        ("LoadImage", "image", "portrait", "image"),
        ("LoadImage", "image", "", "image"),
        ("LoadImageMask", "image", "x.jfif", "image"),
        ("LoadImageMask", "channel", "red", None),
        ("LoadMaskFromDisk", "mask", "m", "mask"),
        ("VHS_LoadVideoPath", "video", "", "video"),
        ("VHS_LoadVideo", "format", "AnimateDiff", None),
        ("LoadAudio", "audio", "x", "audio"),
        ("LoadLatent", "latent", "x", "file"),
        ("Load3D", "model_file", "none", "file"),
        ("LoadImage", "image", "film.mp4", "video"),
        ("LoadLora", "file", "x", None),
        ("Prompt", "image", "x", None),
    ],
)
def test_a_loader_is_known_by_its_name_whatever_the_graph_loads(
    class_type: str, name: str, value: str, kind: str | None
) -> None:
    assert file_type_of(BoundWidget("1", name, class_type, value)) == kind


def test_uploads_are_told_by_the_definition_and_else_by_the_value() -> None:
    assert upload_of(widget(Combo((), upload="audio"))) == "audio"
    assert upload_of(widget(Combo(()))) == ""
    assert upload_of(widget(TextWidget(), "a.png")) == ""
    assert upload_of(widget(current="a.png")) == "image"
    assert upload_of(widget(current="a photo")) == ""
