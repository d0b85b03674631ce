"""Recorded and broken `/object_info` entries, read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.graph.definitions import (
    Autogrow,
    Combo,
    Definition,
    Definitions,
    DynamicCombo,
    InputDefinition,
    IntegerWidget,
    NumberWidget,
    Socket,
    TextWidget,
    UnionWidget,
)
from gateway.graph.json_value import Json, JsonObject, as_object
from gateway.graph.object_info import choosers_of, input_of, parse_definitions, parse_inputs

SHARED = Path(__file__).parents[3] / "shared" / "comfyui"
junk: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["input", "required", "optional", "hidden", "options", "template", "key", "output"]
            )
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def dynamic(**options: JsonObject) -> Json:
    return [
        "COMFY_DYNAMICCOMBO_V3",
        {"options": [{"key": key, "inputs": {"required": each}} for key, each in options.items()]},
    ]


NESTED = parse_definitions(
    {
        "Save": {
            "input": {
                "required": {
                    "format": dynamic(
                        mp4={
                            "codec": dynamic(
                                h264={"crf": ["INT", {"max": 51}]},
                                av1={"crf": ["INT", {"max": 63}]},
                            )
                        },
                        gif={},
                    )
                }
            }
        }
    }
)["Save"]


def test_a_v1_node_is_read_whole(definitions: Definitions) -> None:
    assert definitions["KSampler"] == Definition(
        class_type="KSampler",
        inputs=definitions["KSampler"].inputs,
        outputs=("LATENT",),
        display_name="KSampler",
        description=definitions["KSampler"].description,
    )
    inputs = definitions["KSampler"].inputs
    assert inputs["seed"].kind == IntegerWidget(0, 18446744073709551615)
    assert inputs["cfg"].kind == NumberWidget(0.0, 100.0, 0.1)
    assert inputs["model"].kind == Socket("MODEL")
    assert all(each.required for each in inputs.values())
    assert isinstance(inputs["sampler_name"].kind, Combo)
    assert "euler" in (inputs["sampler_name"].kind.options or ())


def test_hidden_inputs_of_v1_and_v3_are_known_by_name_and_are_no_inputs(
    definitions: Definitions, old_definitions: Definitions
) -> None:
    for each in (definitions["SaveImage"], old_definitions["SaveImage"], definitions["SaveVideo"]):
        assert each.hidden == {"prompt", "extra_pnginfo"}
        assert not each.hidden & set(each.inputs)
        assert each.output_node


@pytest.mark.parametrize(("hidden", "is_hidden"), [("PROMPT", True), (["PROMPT"], False)])
def test_only_over_a_v1_node_s_input_comfyui_writes_its_own_value(
    hidden: Json, is_hidden: bool
) -> None:
    text: Json = ["STRING", {"multiline": True}]
    sections: JsonObject = {"required": {"prompt": text}, "hidden": {"prompt": hidden}}
    (read,) = parse_definitions({"TextToModel": {"input": sections}}).values()
    assert ("prompt" in read.hidden) is is_hidden
    assert read.inputs["prompt"].kind == TextWidget(multiline=True)


def test_dynamic_prompts_are_marked_on_text_widgets(definitions: Definitions) -> None:
    assert definitions["CLIPTextEncode"].inputs["text"].kind == TextWidget(
        multiline=True, dynamic_prompts=True
    )


@pytest.mark.parametrize(
    ("class_type", "name", "upload", "folder"),
    [
        ("LoadImage", "image", "image", "input"),
        ("LoadAudio", "audio", "audio", "input"),
        ("LoadVideo", "file", "video", "input"),
        ("Load3D", "model_file", "file", "input"),
        ("LoadImageOutput", "image", "image", "output"),
        ("Painter", "mask", "image", "input"),
    ],
)
def test_widgets_that_name_uploads_are_marked(
    definitions: Definitions, class_type: str, name: str, upload: str, folder: str
) -> None:
    kind = definitions[class_type].inputs[name].kind
    assert isinstance(kind, Combo)
    assert (kind.upload, kind.folder) == (upload, folder)


def test_every_field_of_an_entry_is_read() -> None:
    raw: JsonObject = {
        "Grade": {
            "input": {
                "required": {
                    "look": [
                        "COMFY_DYNAMICCOMBO_V3",
                        {
                            "tooltip": "how it looks",
                            "options": [
                                None,
                                {"key": 3, "inputs": {"required": {"no": ["INT"]}}},
                                {
                                    "key": "warm",
                                    "inputs": {
                                        "required": {"kelvin": ["INT", {"tooltip": "less is red"}]}
                                    },
                                },
                            ],
                        },
                    ],
                    "layers": [
                        "COMFY_AUTOGROW_V3",
                        {
                            "template": {
                                "input": {
                                    "required": {
                                        "layer": ["IMAGE", {"tooltip": "one of them"}],
                                        "other": ["MASK"],
                                    }
                                },
                                "prefix": "layer",
                                "min": 2,
                                "max": 4,
                            }
                        },
                    ],
                },
                "optional": {"note": ["STRING", {"tooltip": "kept"}]},
                "hidden": {"prompt": "PROMPT", "unique_id": ["UNIQUE_ID"]},
            },
            "output": ["IMAGE"],
            "display_name": "Grade a picture",
            "description": "Colours.",
        }
    }
    layer = InputDefinition("layer", Socket("IMAGE"), tooltip="one of them")
    kelvin = InputDefinition("kelvin", IntegerWidget(), tooltip="less is red")
    (definition,) = parse_definitions(raw).values()
    assert definition == Definition(
        "Grade",
        {
            "look": InputDefinition(
                "look", DynamicCombo({"warm": {"kelvin": kelvin}}), tooltip="how it looks"
            ),
            "layers": InputDefinition("layers", Autogrow(layer, "layer", minimum=2, maximum=4)),
            "note": InputDefinition("note", TextWidget(), required=False, tooltip="kept"),
        },
        hidden=frozenset({"prompt", "unique_id"}),
        outputs=("IMAGE",),
        display_name="Grade a picture",
        description="Colours.",
    )
    assert input_of(definition, "layers.layer3", {}) == InputDefinition(
        "layers.layer3", Socket("IMAGE"), required=False, tooltip="one of them"
    )


def test_outputs_that_are_lists_of_options_are_combos() -> None:
    raw: JsonObject = {"X": {"input": {}, "output": ["IMAGE", ["a", "b"]]}}
    assert parse_definitions(raw)["X"].outputs == ("IMAGE", "COMBO")


def test_flags_are_read_where_they_are_true_and_absent_keys_are_false() -> None:
    raw: JsonObject = {
        "Old": {"input": {"required": {}}, "output": []},
        "New": {
            "input": None,
            "output": None,
            "output_node": True,
            "deprecated": True,
            "api_node": True,
            "has_intermediate_output": True,
            "display_name": None,
            "description": "says",
        },
    }
    assert parse_definitions(raw) == {
        "Old": Definition("Old", {}),
        "New": Definition(
            "New",
            {},
            output_node=True,
            description="says",
            deprecated=True,
            api_node=True,
            extra={"has_intermediate_output": True},
        ),
    }


@pytest.mark.parametrize("entry", [None, "x", [], 3, {"input": "x"}, {"input": [1]}])
def test_a_broken_entry_is_left_out_and_its_neighbours_stay(entry: Json) -> None:
    raw: JsonObject = {"Broken": entry, "Good": {"input": {}}}
    assert list(parse_definitions(raw)) == ["Good"]


@pytest.mark.parametrize(
    ("spec", "kind"),
    [
        ("IMAGE", Socket("IMAGE")),
        ([], UnionWidget(())),
        (None, UnionWidget(())),
        (["INT", None], IntegerWidget()),
        (["INT", "options"], IntegerWidget()),
        (["COMFY_DYNAMICCOMBO_V3"], DynamicCombo({})),
        (["COMFY_DYNAMICCOMBO_V3", {"options": [None, {"key": 3}]}], DynamicCombo({})),
        (
            ["COMFY_AUTOGROW_V3", {"template": {"names": ["a", 3], "max": "x", "min": 2}}],
            Autogrow(InputDefinition("", UnionWidget(())), names=("a",), minimum=2),
        ),
        (["COMFY_AUTOGROW_V3"], Autogrow(InputDefinition("", UnionWidget(())))),
    ],
)
def test_a_broken_input_is_read_as_far_as_it_goes(spec: Json, kind: object) -> None:
    assert parse_inputs({"required": {"x": spec}}) == {"x": InputDefinition("x", kind)}  # type: ignore[arg-type]


def test_required_inputs_come_first_and_win_over_optional_ones_of_their_name() -> None:
    raw: Json = {"optional": {"b": ["INT"], "a": ["INT"]}, "required": {"a": ["FLOAT"]}}
    assert parse_inputs(raw) == {
        "a": InputDefinition("a", NumberWidget()),
        "b": InputDefinition("b", IntegerWidget(), required=False),
    }


@given(st.dictionaries(st.text(max_size=5), junk, max_size=4))
def test_junk_never_raises(raw: dict[str, Json]) -> None:
    for definition in parse_definitions(raw).values():
        assert isinstance(definition, Definition)


# --- finding an input by its name in the graph ----------------------------------------------------


def test_a_plain_input_is_found_by_its_name(definitions: Definitions) -> None:
    steps = definitions["KSampler"].inputs["steps"]
    assert input_of(definitions["KSampler"], "steps", {}) == steps
    assert input_of(definitions["KSampler"], "stepz", {}) is None
    assert input_of(definitions["KSampler"], "steps.x", {}) is None
    assert input_of(definitions["KSampler"], "nothing.x", {}) is None


def test_a_child_of_a_dynamic_combo_exists_only_under_its_key() -> None:
    chosen: JsonObject = {"format": "mp4", "format.codec": "av1"}
    found = input_of(NESTED, "format.codec.crf", chosen)
    assert found == InputDefinition("format.codec.crf", IntegerWidget(maximum=63))
    assert input_of(NESTED, "format.codec.crf", {"format": "mp4", "format.codec": "h264"}) == (
        InputDefinition("format.codec.crf", IntegerWidget(maximum=51))
    )
    assert input_of(NESTED, "format.codec", {"format": "gif"}) is None
    assert input_of(NESTED, "format.codec", {"format": "no such"}) is None
    assert input_of(NESTED, "format.codec", {"format": ["4", 0]}) is None
    assert input_of(NESTED, "format.codec", {}) is None
    assert input_of(NESTED, "format.", {"format": "mp4"}) is None


def test_the_keys_that_bring_an_input_are_told() -> None:
    crf = {
        key: InputDefinition("format.codec.crf", IntegerWidget(maximum=most))
        for key, most in (("h264", 51), ("av1", 63))
    }
    assert choosers_of(NESTED, "format.codec.crf") == (
        ("format.codec", "h264", crf["h264"]),
        ("format.codec", "av1", crf["av1"]),
    )
    assert [each[:2] for each in choosers_of(NESTED, "format.codec")] == [("format", "mp4")]
    assert choosers_of(NESTED, "format.nothing") == ()
    assert choosers_of(NESTED, "format") == ()
    assert choosers_of(NESTED, "nothing.x") == ()


def test_grown_inputs_are_found_by_prefix_and_number(definitions: Definitions) -> None:
    batch = definitions["BatchImagesNode"]
    assert input_of(batch, "images.image0", {}) == InputDefinition(
        "images.image0", Socket("IMAGE"), required=False
    )
    assert input_of(batch, "images.image49", {}) is not None
    for wrong in (
        "image50",
        "image",
        "image-1",
        "image07",
        "image٣",
        "picture0",
        "image" + "9" * 5000,
    ):
        assert input_of(batch, f"images.{wrong}", {}) is None


def test_grown_inputs_without_a_maximum_go_on() -> None:
    grown = parse_definitions(
        {"X": {"input": {"required": {"v": ["COMFY_AUTOGROW_V3", {"template": {"prefix": "v"}}]}}}}
    )["X"]
    assert input_of(grown, "v.v1000", {}) is not None
    assert input_of(grown, "v.v123456789", {}) is not None
    assert input_of(grown, "v.v1234567890", {}) is None
    assert input_of(grown, "v.7", {}) is None  # the prefix is part of the name


def test_grown_inputs_are_found_by_given_names(definitions: Definitions) -> None:
    expression = definitions["ComfyMathExpression"]
    found = input_of(expression, "values.a", {})
    assert found is not None
    assert isinstance(found.kind, UnionWidget)
    assert input_of(expression, "values.aa", {}) is None


def test_where_names_are_given_a_number_is_none_of_them() -> None:
    template: Json = {"prefix": "v", "names": ["first"]}
    grown = parse_definitions(
        {"X": {"input": {"required": {"v": ["COMFY_AUTOGROW_V3", {"template": template}]}}}}
    )["X"]
    assert input_of(grown, "v.first", {}) is not None
    assert input_of(grown, "v.v0", {}) is None


# --- whole recordings -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "classes"), [("object_info.json", 633), ("object_info-0.3.64.json", 382)]
)
def test_every_class_of_a_whole_recording_is_read(name: str, classes: int) -> None:
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"the whole recording is not here: {path.name}; the trimmed one is tested")
    raw: dict[str, JsonObject] = json.loads(path.read_text(encoding="utf-8"))
    parsed = parse_definitions(raw)
    assert len(parsed) == classes
    for class_type, entry in raw.items():
        sections = as_object(entry["input"]) or {}
        named = [as_object(sections.get(each)) or {} for each in ("required", "optional", "hidden")]
        assert list(parsed[class_type].inputs) == [*named[0], *named[1]]
        assert parsed[class_type].hidden == set(named[2])
        assert parsed[class_type].output_node == entry["output_node"]


def test_the_recorded_versions_differ_where_comfyui_changed(
    definitions: Definitions, old_definitions: Definitions
) -> None:
    assert isinstance(old_definitions["SaveVideo"].inputs["format"].kind, Combo)
    assert isinstance(definitions["SaveVideo"].inputs["format"].kind, DynamicCombo)
