"""Every kind of suggestion, each from a small graph made by hand."""

from __future__ import annotations

import pytest

from gateway.graph.json_value import Json
from gateway.graph.prompt import Node
from gateway.intake.editor_facts import EditorFacts, Primitive
from gateway.intake.entry import EntryTarget, OutputEntry, ParameterEntry
from gateway.services.model import ById, Drawn, Limits, Required
from tests.intake.graphs import KNOWN, entry_of, link, node, portrait, targets_of, used


def _one(node_id: str, widget: str) -> tuple[EntryTarget, ...]:
    return (EntryTarget(ById(node_id), widget),)


def test_a_plain_graph_gives_what_people_set() -> None:
    entry = entry_of(portrait())
    assert entry.parameters == (
        ParameterEntry("prompt", _one("6", "text"), supply=Required(), description="What to make."),
        ParameterEntry("negative", _one("7", "text"), description="What to leave out."),
        ParameterEntry(
            "width",
            _one("5", "width"),
            limits=Limits(minimum=64, maximum=2048),
            description="Width in pixels.",
        ),
        ParameterEntry(
            "height",
            _one("5", "height"),
            limits=Limits(minimum=64, maximum=2048),
            description="Height in pixels.",
        ),
        ParameterEntry("seed", _one("3", "seed"), supply=Drawn(), description="Repeats a result."),
        ParameterEntry(
            "steps",
            _one("3", "steps"),
            limits=Limits(maximum=100),
            description="More is slower and finer.",
        ),
        ParameterEntry(
            "cfg",
            _one("3", "cfg"),
            limits=Limits(maximum=30),
            description="How closely to follow the prompt.",
        ),
        ParameterEntry("checkpoint", _one("4", "ckpt_name"), description="The model file."),
    )
    assert entry.outputs == (OutputEntry("image", ById("9"), comment="SaveImage"),)
    assert (entry.title, entry.description) == ("Fox", "Make an image from text.")


def test_without_definitions_the_same_is_found() -> None:
    assert targets_of(entry_of(portrait(), {})) == targets_of(entry_of(portrait()))
    assert [each.name for each in entry_of(portrait(), {}).outputs] == ["image"]


def test_suggestions_are_the_same_each_time() -> None:
    assert entry_of(portrait()) == entry_of(portrait())


# --- texts ----------------------------------------------------------------------------------------


def test_texts_are_told_apart_by_the_links_whatever_lies_between() -> None:
    found = targets_of(
        entry_of(
            portrait(
                n20=node(
                    "ConditioningCombine", conditioning_1=link("6"), conditioning_2=link("21")
                ),
                n21=node("CLIPTextEncode", clip=link("4", 1), text=link("22")),
                n22=node("PrimitiveStringMultiline", value="in the snow"),
                n23=node(
                    "ControlNetApplyAdvanced",
                    positive=link("20"),
                    negative=link("7"),
                    control_net=link("24"),
                    image=link("25"),
                    strength=0.8,
                ),
                n24=node("ControlNetLoader", control_net_name="depth.safetensors"),
                n25=node("LoadImage", image="depth.png"),
                n3=_sampler(positive="23", negative="23"),
            )
        )
    )
    assert found["prompt"] == "6.text!"
    assert found["prompt_2"] == "22.value"
    assert found["negative"] == "7.text"
    assert found["control_image"] == "25.image!"
    assert (found["controlnet"], found["control_strength"]) == (
        "24.control_net_name",
        "23.strength",
    )


def _sampler(positive: str = "6", negative: str = "7", latent: str = "5", **more: Json) -> Node:
    return node(
        "KSampler",
        "",
        **{
            "model": link("4"),
            "positive": link(positive),
            "negative": link(negative),
            "latent_image": link(latent),
            "seed": 5,
            "steps": 20,
            "cfg": 7.5,
            "denoise": 1.0,
            **more,
        },
    )


@pytest.mark.parametrize("definitions", [KNOWN, {}])
def test_a_text_that_feeds_both_is_one(definitions: dict[str, object]) -> None:
    found = targets_of(entry_of(portrait(n3=_sampler(negative="6")), KNOWN if definitions else {}))
    assert found["prompt"] == "6.text!"
    # Node 7 feeds nothing any more: where that is sure, it does not run, and its text says nothing.
    assert found.get("text") == (None if definitions else "7.text")


def test_zeroed_conditioning_has_no_text() -> None:
    zero = node("ConditioningZeroOut", conditioning=link("6"))
    found = targets_of(entry_of(portrait(n7=zero, n3=_sampler())))
    assert "negative" not in found
    assert found["prompt"] == "6.text!"


def test_guiders_lead_to_the_text_too() -> None:
    found = targets_of(
        entry_of(
            {
                "1": node("CLIPTextEncodeFlux", clip_l="a fox", t5xxl="a fox", guidance=3.5),
                "2": node("FluxGuidance", conditioning=link("1"), guidance=2.5),
                "3": node("BasicGuider", model=link("9"), conditioning=link("2")),
                "4": node("RandomNoise", noise_seed=7),
                "5": node(
                    "SamplerCustomAdvanced",
                    noise=link("4"),
                    guider=link("3"),
                    latent_image=link("6"),
                ),
                "6": node("EmptyLatentImage", width=64, height=64, batch_size=1),
                "9": node("Unet", unet_name="flux.safetensors"),
            }
        )
    )
    assert found == {
        "prompt": "1.clip_l 1.t5xxl!",
        "width": "6.width",
        "height": "6.height",
        "seed": "4.noise_seed?",
        "guidance": "1.guidance",
        "refine_guidance": "2.guidance",
        "model": "9.unet_name",
    }


def test_texts_with_a_name_of_their_own_keep_it_and_others_are_named_by_their_title() -> None:
    found = targets_of(
        entry_of(
            portrait(
                n6=node("TextEncodeAudio", tags="jazz", lyrics="la la", format="x"),
                n7=node(
                    "ConditioningCombine", conditioning_1=link("20"), conditioning_2=link("21")
                ),
                n20=node("CLIPTextEncode", "Negative", text="blurry"),
                n21=node("CLIPTextEncode", "Bad hands", text="hands"),
            )
        )
    )
    assert (found["tags"], found["lyrics"]) == ("6.tags!", "6.lyrics")
    assert (found["negative"], found["bad_hands"]) == ("20.text", "21.text")


def test_texts_of_nodes_that_call_a_service_are_found_by_their_names() -> None:
    found = targets_of(
        entry_of(
            used(
                {
                    "1": node(
                        "PartnerImage",
                        prompt="a fox",
                        negative_prompt="",
                        system_prompt="Be brief.",
                        model="a",
                    ),
                    "2": node("SaveText", text="x"),
                }
            )
        )
    )
    assert found == {
        "prompt": "1.prompt!",
        "negative": "1.negative_prompt",
        "system_prompt": "1.system_prompt",
    }


def test_a_switch_is_looked_through_and_what_people_write_comes_before_a_language_model_s_texts() -> (
    None
):
    found = targets_of(
        entry_of(
            portrait(
                n6=node("CLIPTextEncode", clip=link("4", 1), text=link("20")),
                n20=node("Switch", switch=link("25"), on_false=link("23"), on_true=link("21")),
                n21=node("TextReplace", "Text Replace (PROMPT TEMPLATE)", **_REPLACED),
                n22=node(
                    "WriterModel",
                    **{"prompt": link("23"), "sampling": "on", "sampling.seed": 7},
                    system_prompt="Write.",
                ),
                n23=node("Anything", any=link("24")),
                n24=node("PrimitiveString", "User: what it shows", value="a fox"),
                n25=node("PrimitiveBoolean", "Boolean (Enhance Prompt)", value=False),
            )
        )
    )
    assert found["prompt"] == "24.value!"
    assert found["prompt_template"] == "21.string"
    assert found["system_prompt"] == "22.system_prompt"
    assert found["enhance_prompt"] == "25.value"
    assert (found["seed"], found["seed_2"]) == ("3.seed?", "22.sampling.seed?")
    # What is looked for in a template is how the graph is built.
    assert not [each for each in found.values() if each in {"21.find", "21.replace"}]


_REPLACED: dict[str, Json] = {"string": "A picture of IT", "find": "IT", "replace": link("22")}


def test_a_partner_s_settings_are_found_however_deep_they_stand() -> None:
    model: dict[str, Json] = {
        "model": "a",
        "model.duration": 5,
        "model.resolution": "720p",
        "model.text1": "Hello.",
    }
    made = node("PartnerVideo", prompt=link("2"), ratio="16:9", **model)
    entry = entry_of({"1": made, "2": node("PrimitiveString", value="a fox"), "3": _SAVED})
    assert targets_of(entry) == {
        "prompt": "2.value!",
        "text1": "1.model.text1",
        "aspect_ratio": "1.ratio",
        "resolution": "1.model.resolution",
        "duration": "1.model.duration",
    }
    made = node("PartnerVideo", prompt="a fox", negative_prompt=link("2"), ratio="16:9", **model)
    found = targets_of(entry_of({"1": made, "2": node("PrimitiveString", value="fog")}))
    assert (found["prompt"], found["negative"]) == ("1.prompt!", "2.value")
    # It is an output of its own, but where it comes out is where it is saved.
    assert [(each.name, each.node) for each in entry.outputs] == [("save_clip", ById("3"))]


_SAVED = node("SaveClip", video=link("1"))


# --- files ----------------------------------------------------------------------------------------


def test_every_file_that_is_read_is_asked_for_with_its_type() -> None:
    fed: dict[str, Json] = {f"image_{number}": link(str(number)) for number in range(1, 7)}
    entry = entry_of(
        {
            "1": node("LoadImage", image="a.png"),
            "2": node("LoadImage", "Face", image="b.png"),
            "3": node("LoadImageMask", image="c.png", channel="alpha"),
            "4": node("LoadAudio", audio="d.flac"),
            "5": node("LoadVideo", file="e.mp4"),
            "6": node("Load3D", model_file="f.glb", width=512, height=512),
            "8": Node("SaveImage", {"filename_prefix": "out.png", **fed}, ""),
        }
    )
    types = {each.name: each.type for each in entry.parameters if each.supply == Required()}
    assert types == {
        "image": "image",
        "face": "image",
        "mask": "mask",
        "audio": "audio",
        "video": "video",
        "model_file": "file",
    }
    assert entry.description == "Make an image from images, a mask, audio, a video and a file."


def test_a_second_file_without_a_name_of_its_own_gets_its_widget_s_or_a_number() -> None:
    found = targets_of(
        entry_of(
            {
                "1": node("LoadImage", image="a.png"),
                "2": node("LoadImage", image="b.png"),
                "3": node("Mystery", portrait="c.png"),
            },
            {},
        )
    )
    assert found == {"image": "1.image!", "image_2": "2.image!", "portrait": "3.portrait!"}


def test_a_picture_that_only_controls_is_told_by_what_is_drawn_after_it() -> None:
    control: dict[str, Json] = {"positive": link("6"), "negative": link("7"), "strength": 0.5}
    prompt = portrait(
        n20=node("ControlNetApplyAdvanced", image=link("22"), **control),
        n21=node("ControlNetApplyAdvanced", image=link("24"), **control),
        n22=node("DrawEdges", image=link("23")),
        n23=node("LoadImage", image="a.png"),
        n24=node("LoadImage", image="b.png"),
        n25=node("PreviewImage", images=link("22")),
        n26=node("LoadImage", image="c.png"),
        n27=node("SaveImage", images=link("26"), filename_prefix="x"),
        n28=node("Gathered", first=link("20"), second=link("21")),
    )
    found = targets_of(entry_of(prompt))
    assert (found["control_image"], found["control_image_2"]) == ("23.image!", "24.image!")
    assert found["image"] == "26.image!"


def test_several_pictures_are_named_by_the_inputs_that_they_go_into() -> None:
    prompt = {
        "1": node("LoadImage", image="a.png"),
        "2": node("LoadImage", image="b.png"),
        "3": node("DrawEdges", image=link("2"), image_2=link("2")),
        "4": node("FramesToVideo", last_frame=link("1"), first_frame=link("3")),
        "5": node("SaveImage", images=link("4"), filename_prefix="x"),
    }
    found = targets_of(entry_of(prompt))
    assert found == {"last_frame": "1.image!", "first_frame": "2.image!"}


def test_it_is_told_where_a_picture_s_transparency_is_a_mask() -> None:
    prompt = {
        "1": node("LoadImage", image="a.png"),
        "2": node("MaskedEncode", pixels=link("1"), mask=link("1", 1)),
    }
    (image,) = entry_of(prompt).parameters
    assert image.description == "The image to use; what is transparent in it is the mask."


# --- several samplers -----------------------------------------------------------------------------


def test_a_second_pass_has_names_of_its_own() -> None:
    found = targets_of(
        entry_of(
            portrait(
                n20=_sampler(latent="3", seed=6, steps=10, denoise=0.5),
                n21=node("LatentUpscale", samples=link("3"), width=1024, height=1024),
            )
        )
    )
    assert (found["seed"], found["refine_seed"]) == ("3.seed?", "20.seed?")
    assert (found["steps"], found["refine_steps"]) == ("3.steps", "20.steps")
    assert found["denoise"] == "20.denoise"
    assert "refine_width" not in found


def test_samplers_beside_each_other_are_numbered_and_a_title_names_them_better() -> None:
    sampler = _sampler(seed=6)
    titled = Node(sampler.class_type, sampler.inputs, "Background")
    found = targets_of(entry_of(used(portrait(n20=titled, n21=sampler))))
    assert found["background_seed"] == "20.seed?"
    assert found["seed_2"] == "21.seed?"


def test_the_halves_of_one_sampling_share_their_steps_and_the_second_draws_no_seed() -> None:
    halves: dict[str, Json] = {
        "steps": 20,
        "cfg": 3.5,
        "positive": link("6"),
        "negative": link("7"),
        "noise_seed": 5,
        "start_at_step": 0,
    }
    first = node("KSamplerAdvanced", "", add_noise="enable", latent_image=link("5"), **halves)
    second = node("KSamplerAdvanced", "", add_noise="disable", latent_image=link("3"), **halves)
    found = targets_of(entry_of(used(portrait(n3=first, n20=second))))
    assert found["seed"] == "3.noise_seed?"
    assert found["steps"] == "3.steps 20.steps"
    assert found["cfg"] == "3.cfg 20.cfg"
    assert not [name for name in found if name.startswith("refine")]


# --- numbers --------------------------------------------------------------------------------------


def test_a_number_is_followed_to_where_it_stands() -> None:
    found = targets_of(
        entry_of(
            portrait(
                n5=node("EmptyLatentImage", width=link("20"), height=link("20"), batch_size=1),
                n20=node("PrimitiveInt", "Side", value=512),
            )
        )
    )
    assert found["width"] == "20.value"
    assert "height" not in found


def test_limits_leave_room_for_the_graph_s_own_value_and_never_widen_the_definition_s() -> None:
    entry = entry_of(portrait(n5=node("EmptyLatentImage", width=3000, height=48, batch_size=1)))
    limits = {each.name: each.limits for each in entry.parameters}
    assert limits["width"] == Limits(minimum=64, maximum=6000)
    assert limits["height"] == Limits(maximum=2048)
    assert limits["steps"] == Limits(maximum=100)  # the definition begins at 1 itself
    narrow = entry_of({"1": node("CFGGuider", cfg=60.0)})
    assert [each.limits for each in narrow.parameters] == [Limits()]


def test_what_is_no_number_or_no_setting_is_left_alone() -> None:
    prompt = portrait(
        n3=_sampler(seed=2.5, steps=True),
        n5=node("EmptyLatentImage", width="512", height=None, batch_size=1),
        n20=node("ImageScale", width=64, height=64),
        n21=node("Sampler", positive=link("6"), steps=link("22"), denoise=link("23")),
        n22=node("Adder", a=1, b=2, value=3, d=4),
        n23=node("Maker", x=1),
        n24=node("CustomCombo", choice="x", seed=3),
    )
    found = targets_of(entry_of(prompt))
    assert not found.keys() & {"width", "height", "steps"}
    assert "seed" not in targets_of(entry_of(portrait(n3=_sampler(seed=2.5))))


def test_video_and_audio_say_how_much_to_make() -> None:
    found = targets_of(
        entry_of(
            {
                "1": node("EmptyVideoLatent", width=640, height=360, length=81),
                "2": node("WanImageToVideo", positive=link("1"), width=640, length=49),
                "3": node("EmptyAudio", duration=5),
                "4": node("EmptyLatentAudio", seconds=30.0),
            },
            {},
        )
    )
    assert (found["frames"], found["seconds"]) == ("1.length", "4.seconds")
    assert found["refine_frames"] == "2.length"


def test_nodes_that_make_parts_of_one_canvas_share_its_size() -> None:
    empty: dict[str, Json] = {"width": 512, "height": 640, "batch_size": 1}
    found = targets_of(entry_of(used(portrait(n20=node("EmptyLatentImage", **empty)))))
    assert found["width"] == "5.width 20.width"
    assert (found["height"], found["height_2"]) == ("5.height", "20.height")


# --- models ---------------------------------------------------------------------------------------


def test_models_are_named_by_what_they_are() -> None:
    found = targets_of(
        entry_of(
            {
                "1": node(
                    "LoraLoader", lora_name="x.safetensors", strength_model=1, strength_clip=1
                ),
                "2": node(
                    "LoraLoader", lora_name="y.safetensors", strength_model=1, strength_clip=0
                ),
                "3": node("VAELoader", vae_name="z.safetensors"),
                "4": node("UpscaleModelLoader", model_name="4x.pth"),
                "5": node("CLIPLoader", clip_name="t5.safetensors", type="flux"),
                "6": node("Unet", unet_name=link("7")),
                "7": node("Unet", unet_name=5),
                "8": node("LoraLoaderModelOnly", lora_name="y.safetensors", strength_model=1),
            }
        )
    )
    assert found == {
        "lora": "1.lora_name",
        "lora_strength": "1.strength_model 1.strength_clip",
        "lora_2": "2.lora_name",
        "lora_strength_2": "2.strength_model",
        "vae": "3.vae_name",
        "upscaler": "4.model_name",
        "lora_3": "8.lora_name",
        "lora_strength_3": "8.strength_model",
    }


# --- what people marked ---------------------------------------------------------------------------


def test_loaders_that_name_the_same_file_go_on_doing_so() -> None:
    lora: dict[str, Json] = {"lora_name": "ink.safetensors", "model": link("4")}
    prompt = portrait(
        n20=node("CheckpointLoaderSimple", "Load Checkpoint: Again", ckpt_name="sd15.safetensors"),
        n21=node("LoraLoaderModelOnly", **lora, strength_model=0.8),
        n22=node("LoraLoaderModelOnly", **lora, strength_model=0.8),
        n23=node("LoraLoaderModelOnly", **lora, strength_model=3.5),
    )
    entry = entry_of(used(prompt))
    found = targets_of(entry)
    assert found["checkpoint"] == "4.ckpt_name 20.ckpt_name"
    assert (found["lora"], found["lora_2"]) == ("21.lora_name 22.lora_name", "23.lora_name")
    assert found["lora_strength"] == "21.strength_model 22.strength_model"
    limits = {each.name: each.limits for each in entry.parameters}
    assert limits["lora_strength"] == Limits(minimum=-2, maximum=2)
    assert limits["lora_strength_2"] == Limits(minimum=-2, maximum=7)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Int (Steps)", "steps"),
        ("Int: Steps - first half", "steps_first_half"),
        ("Primitive Int [Grid rows]", "grid_rows"),
        ("Steps (Int)", "steps_int"),
        ("Int (", "from_1"),
        ("Load Steps", "steps"),
        ("Load", "load"),
    ],
)
def test_a_title_s_own_words_are_what_its_class_is_not_called(title: str, name: str) -> None:
    prompt = {"1": node("PrimitiveInt", title, value=4)}
    assert targets_of(entry_of(used(prompt))) == {name: "1.value"}


def test_values_of_one_title_are_told_apart_by_the_branch_that_they_are_for() -> None:
    prompt = portrait(
        n3=_sampler(steps=link("20")),
        n20=node("Switch", switch=True, on_false=link("21"), on_true=link("22")),
        n21=node("PrimitiveInt", "Steps", value=20),
        n22=node("PrimitiveInt", "Steps", value=4),
    )
    found = targets_of(entry_of(prompt))
    assert (found["steps"], found["steps_on_true"]) == ("21.value", "22.value")
    untitled = {**prompt, "21": node("PrimitiveInt", value=20), "22": node("PrimitiveInt", value=4)}
    found = targets_of(entry_of(untitled))
    assert (found["steps"], found["steps_2"]) == ("21.value", "22.value")
    both = {**untitled, "20": node("Switch", on_false=link("21"), on_true=link("21"))}
    assert targets_of(entry_of(both))["steps"] == "21.value"


def test_what_one_primitive_of_the_editor_sets_stays_one_value() -> None:
    prompt = portrait(n20=_sampler(latent="3", seed=5))
    keys = (("3", "seed"), ("20", "seed"), ("99", "seed"), ("3", "model"))
    facts = EditorFacts({}, primitives=(Primitive("Seed of both", keys),))
    found = targets_of(entry_of(used(prompt), editor=facts))
    assert found["seed"] == "3.seed 20.seed?"
    assert "refine_seed" not in found


def test_primitives_are_named_by_their_title_or_by_what_they_feed() -> None:
    found = targets_of(
        entry_of(
            {
                "1": node("PrimitiveFloat", "Grain amount", value=0.5),
                "2": node("PrimitiveInt", value=3),
                "3": node("ImageBlur", image=link("9"), blur_radius=link("2"), sigma=1.0),
                "4": node("PrimitiveBoolean", value=True),
                "9": node("EmptyImage", width=64, height=64, batch_size=1, color=0),
            }
        )
    )
    assert found["grain_amount"] == "1.value"
    assert found["blur_radius"] == "2.value"
    assert found["value"] == "4.value"


def test_the_editor_s_own_primitives_set_all_that_they_were_linked_to() -> None:
    facts = EditorFacts(
        {},
        primitives=(
            Primitive("How soft", (("1", "amount"), ("2", "amount"), ("99", "gone"))),
            Primitive("Primitive", (("1", "mode"),)),
            Primitive("", (("1", "curve"),)),
        ),
    )
    tuner = node("Tuner", amount=1.0, mode="soft", curve={"points": []})
    found = targets_of(entry_of({"1": tuner, "2": tuner}, editor=facts))
    assert found == {"how_soft": "1.amount 2.amount", "mode": "1.mode"}


def test_nodes_that_people_gave_a_title_are_meant_to_be_found_again() -> None:
    tuned: dict[str, Json] = {"amount": 1.0, "mode": "soft", "only": "one", "curve": {"points": []}}
    found = targets_of(
        entry_of(
            {
                "1": node("Tuner", "Film look", **tuned),
                "2": node("Tuner", "Tuner", **tuned),
                "3": node("Tuner", "Фильтр", **tuned),
                "4": node("ImageBlur", "Softness", image=link("1"), blur_radius=3),
                "5": node("Unknown", "Mine", amount=1.0),
                "6": node("SaveImage", "Result", images=link("1"), filename_prefix="x"),
            }
        )
    )
    assert found == {
        "film_look_amount": "1.amount",
        "film_look_mode": "1.mode",
        "softness": "4.blur_radius",
    }


def test_titles_and_primitives_alone_never_make_the_list_endless() -> None:
    prompt = {str(at): node("Tuner", f"Look {at}", amount=1.0, mode="soft") for at in range(20)} | {
        f"p{at}": node("PrimitiveInt", f"Number {at}", value=at) for at in range(30)
    }
    assert len(entry_of(prompt).parameters) == 24


# --- outputs --------------------------------------------------------------------------------------


def test_outputs_are_named_by_what_is_saved() -> None:
    entry = entry_of(
        {
            "1": node(
                "SaveImage",
                "Save the whole, which is a long title and is cut somewhere",
                images=link("9"),
            ),
            "2": node("SaveVideo", video=link("9")),
            "3": node("SaveAnimatedWEBP", images=link("9")),
            "4": node("SaveAudio", audio=link("9")),
            "5": node("SaveGLB", mesh=link("9")),
            "6": node("SaveLatent", samples=link("9")),
            "7": node("SaveText", text="x"),
            "8": node("SaveThing", x=1),
            "9": node("PreviewImage", images=link("9")),
            "10": node("SaveImage", images=link("9")),
        },
        {},
    )
    assert [(each.name, each.comment) for each in entry.outputs] == [
        ("image", "Save the whole, which is a long title an…"),
        ("video", "SaveVideo"),
        ("animation", "SaveAnimatedWEBP"),
        ("audio", "SaveAudio"),
        ("model", "SaveGLB"),
        ("latent", "SaveLatent"),
        ("text", "SaveText"),
        ("save_thing", "SaveThing"),
        ("image_2", "SaveImage"),
    ]
    assert entry.description == (
        "Make an image, a video, an animation, audio, a 3D model, a latent, text and a file."
    )


def test_where_nothing_is_saved_what_is_shown_is_the_output() -> None:
    entry = entry_of({"1": node("PreviewAny", "Answer", source=link("2")), "2": node("Unet")})
    assert [each.name for each in entry.outputs] == ["answer"]
    assert entry_of({"2": node("Unet")}).description == "Run the workflow."
