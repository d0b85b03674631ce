"""What of a node definition is the same on every machine."""

from __future__ import annotations

from gateway.graph.json_value import JsonObject
from gateway.graph.object_info import parse_definitions
from gateway.project.pinning import is_complete, ordered_entry, pinned_entry

ENTRY: JsonObject = {
    "input": {
        "required": {
            "ckpt_name": [["mine.safetensors"], {"tooltip": "Which model.", "default": "mine.x"}],
            "model_name": ["COMBO", {"options": ["a.pth", "none"], "multiselect": False}],
            "image": [["example"], {"image_upload": True}],
            "sampler_name": [["euler", "heun"]],
            "method": ["COMBO", {"options": ["lanczos", "area"], "default": "area"}],
            "far": ["COMBO", {"remote": {"route": "/x"}}],
            "steps": ["INT", {"default": 20, "min": 1, "max": 100, "display": "slider"}],
            "seed": ["INT", {"control_after_generate": True}],
            "format": [
                "COMFY_DYNAMICCOMBO_V3",
                {
                    "options": [
                        {
                            "key": "mp4",
                            "inputs": {
                                "required": {
                                    "codec": ["COMBO", {"default": "h264", "options": ["h264"]}]
                                }
                            },
                        },
                        {"key": "own", "inputs": {"required": {"lut": [["mine.cube"]]}}},
                        "odd",
                    ]
                },
            ],
            "odd": "no spec",
            "empty": [],
        },
        "optional": None,
        "hidden": {"prompt": "PROMPT"},
    },
    "output": ["MODEL"],
    "output_node": False,
    "name": "Loader",
    "display_name": "Load",
    "description": "",
    "python_module": "custom_nodes.mine",
    "deprecated": None,
}


def test_what_differs_from_machine_to_machine_is_pinned_empty() -> None:
    assert pinned_entry(ENTRY) == {
        "input": {
            "required": {
                "ckpt_name": [[], {"tooltip": "Which model."}],
                "model_name": ["COMBO", {"options": [], "multiselect": False}],
                "image": [[], {"image_upload": True}],
                "sampler_name": [["euler", "heun"]],
                "method": ["COMBO", {"options": ["lanczos", "area"], "default": "area"}],
                "far": ["COMBO", {"remote": {"route": "/x"}}],
                "steps": ["INT", {"default": 20, "min": 1, "max": 100}],
                "seed": ["INT", {"control_after_generate": True}],
                "format": [
                    "COMFY_DYNAMICCOMBO_V3",
                    {
                        "options": [
                            {
                                "key": "mp4",
                                "inputs": {
                                    "required": {
                                        "codec": ["COMBO", {"default": "h264", "options": ["h264"]}]
                                    }
                                },
                            },
                            {"key": "own", "inputs": {"required": {"lut": [[]]}}},
                            "odd",
                        ]
                    },
                ],
                "odd": "no spec",
                "empty": [],
            },
            "hidden": {"prompt": "PROMPT"},
        },
        "output": ["MODEL"],
        "display_name": "Load",
    }


def test_pinning_twice_changes_nothing_more() -> None:
    once = pinned_entry(ENTRY)
    assert pinned_entry(once) == once


def test_a_pinned_entry_still_is_a_definition() -> None:
    definition = parse_definitions({"Loader": pinned_entry(ENTRY)})["Loader"]
    assert definition.hidden == {"prompt"}
    assert definition.display_name == "Load"


def test_an_entry_of_an_unknown_shape_stays_as_it_is() -> None:
    assert pinned_entry({"input": ["odd"]}) == {"input": ["odd"]}


def test_the_order_of_inputs_is_pinned_and_written_out_where_a_server_does_not_send_it() -> None:
    sent: JsonObject = {"input": ENTRY["input"], "input_order": {"required": ["a"]}}
    assert ordered_entry(sent) is sent
    assert pinned_entry(sent)["input_order"] == {"required": ["a"]}
    ordered = ordered_entry({"input": {"required": {"b": [], "a": []}, "optional": None}})
    assert ordered["input_order"] == {"required": ["b", "a"]}
    assert ordered_entry({"input": ["odd"]}) == {"input": ["odd"]}
    assert is_complete(pinned_entry(ordered))
    assert not is_complete(pinned_entry(ENTRY))
