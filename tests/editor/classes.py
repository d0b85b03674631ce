"""Node definitions for editor workflows made by hand: stock classes that the editor treats by name, and invented ones.

Those of `_OLD` are written in the dialect of V1 nodes (a combo is the list of its options), the rest in that of
V3 (`["COMBO", {"options": […]}]`).
"""

from __future__ import annotations

from gateway.graph.json_value import Json, JsonObject

__all__ = ["CLASSES", "define"]

Specs = dict[str, Json]
_SEED: Json = ["INT", {"default": 0, "min": 0, "max": 2**64 - 1}]
_TEXT: Json = ["STRING", {"default": "", "multiline": True, "dynamicPrompts": True}]


def define(
    required: Specs, outputs: str = "", title: str = "", optional: Specs | None = None
) -> dict[str, Json]:
    """Return an `/object_info` entry; `outputs` are types, apart by spaces."""
    return {
        "input": {"required": required, "optional": optional or {}},
        "output": list[Json](outputs.split()),
        "output_name": list[Json](outputs.split()),
        "display_name": title,
    }


_OLD: dict[str, JsonObject] = {
    "CheckpointLoaderSimple": define(
        {"ckpt_name": [["a.safetensors", "b.safetensors"]]}, "MODEL CLIP VAE", "Load Checkpoint"
    ),
    "CLIPTextEncode": define({"text": _TEXT, "clip": ["CLIP"]}, "CONDITIONING", "Encode Text"),
    "EmptyLatentImage": define(
        {
            "width": ["INT", {"default": 512, "min": 16, "max": 16384, "step": 8}],
            "height": ["INT", {"default": 512, "min": 16, "max": 16384, "step": 8}],
            "batch_size": ["INT", {"default": 1, "min": 1, "max": 4096}],
        },
        "LATENT",
    ),
    "KSampler": define(
        {
            "model": ["MODEL"],
            "seed": _SEED,
            "steps": ["INT", {"default": 20}],
            "cfg": ["FLOAT", {"default": 8.0, "min": 0.0, "max": 100.0, "step": 0.1}],
            "sampler_name": [["euler", "heun"]],
            "scheduler": [["normal", "simple"]],
            "positive": ["CONDITIONING"],
            "negative": ["CONDITIONING"],
            "latent_image": ["LATENT"],
            "denoise": ["FLOAT", {"default": 1.0, "min": 0.0, "max": 1.0, "step": 0.01}],
        },
        "LATENT",
    ),
    "VAEDecode": define({"samples": ["LATENT"], "vae": ["VAE"]}, "IMAGE"),
    "LoraLoader": define(
        {
            "model": ["MODEL"],
            "clip": ["CLIP"],
            "lora_name": [["style.safetensors"]],
            "strength_model": ["FLOAT", {"default": 1.0}],
        },
        "MODEL CLIP",
    ),
    "SaveImage": define(
        {"images": ["IMAGE"], "filename_prefix": ["STRING", {"default": "ComfyUI"}]},
        title="Save Image",
    ),
    "PreviewImage": define({"images": ["IMAGE"]}),
    "LoadImage": define(
        {"image": [["a.png", "b.png"], {"image_upload": True}]}, "IMAGE MASK", "Load Image"
    ),
    "OldUpload": define(
        {"image": [["a.png"], {"image_upload": True}]}, "IMAGE", optional={"gain": ["INT", {}]}
    ),
    "Blend": define({"first": ["IMAGE"], "second": ["IMAGE"], "amount": ["FLOAT"]}, "IMAGE"),
    "MaskToImage": define({"mask": ["MASK"]}, "IMAGE"),
    "Forced": define(
        {
            "image": ["IMAGE"],
            "gain": ["FLOAT", {"default": 0.5, "forceInput": True}],
            "label": ["STRING", {"default": "none"}],
        },
        "IMAGE",
    ),
    "Broken": define({"image": "IMAGE", "odd": 7}, "IMAGE"),
    "Target": define({}),  # takes whatever slots a file has
    "Maker": define({"either": ["VAE,CLIP"]}, "*"),
    "Lists": define({"which": [[]], "note": ["STRING"]}, "STRING"),
}

_NEW: dict[str, JsonObject] = {
    "PrimitiveInt": define({"value": ["INT", {"control_after_generate": "fixed"}]}, "INT", "Int"),
    "PrimitiveFloat": define({"value": ["FLOAT", {}]}, "FLOAT", "Float"),
    "PrimitiveString": define({"value": ["STRING", {}]}, "STRING", "Text"),
    "PreviewAny": define({"source": ["*", {}]}, "STRING"),
    "Numbers": define(
        {
            "even": ["INT", {"default": 2, "min": 1, "step": 2}],
            "count": ["INT", {"default": 1, "min": -5, "max": 5}],
            "free": ["INT", {"default": 1}],
            "tenths": ["FLOAT", {"default": 1, "step": 0.1, "round": 0.01}],
            "exact": ["FLOAT", {"default": 0.1, "round": False}],
            "coarse": ["FLOAT", {"default": 0.5, "min": 0, "max": 10, "round": 0.25}],
            "open": ["FLOAT", {"default": 0.5, "step": True, "round": True}],
            "limits": ["FLOAT", {"min": float("-inf"), "max": float("inf"), "step": -1}],
        }
    ),
    "Shared": define(
        {
            "free": ["INT", {"default": 9}],
            "count": ["INT", {"default": 1, "min": -5, "max": 5, "tooltip": "how many"}],
            "even": ["INT", {"default": 2, "min": 1, "step": 2}],
            "shown": ["INT", {"max": 5, "display": "slider"}],
            "far": ["INT", {"min": 200, "max": 300}],
            "limits": ["FLOAT", {"min": 0, "step": 1}],
            "coarse": ["FLOAT", {"step": 0.1, "round": 0.01}],
            "fine": ["FLOAT", {"step": 0.01}],
            "finer": ["FLOAT", {"step": 0.001}],
            "note": ["STRING", {}],
        }
    ),
    "Everything": define(
        {
            "flag": ["BOOLEAN", {}],
            "whole": ["INT", {}],
            "part": ["FLOAT", {}],
            "words": ["STRING", {}],
            "pick": ["COMBO", {"options": ["x", "y"], "default": "y"}],
            "picked": ["COMBO", {"options": ["x", "y"], "control_after_generate": True}],
            "tint": ["COLOR", {"default": "#ffffff"}],
            "slope": ["CURVE", {"default": {"points": [[0, 0], [1, 1]]}}],
            "own": ["THING", {"widgetType": "STRING"}],
        },
        optional={"late": ["INT", {"default": 3}]},
    ),
    "Crop": define(
        {
            "image": ["IMAGE", {}],
            "region": ["BOUNDING_BOX", {"default": {"x": 0, "y": 0, "width": 8, "height": 8}}],
            "name": ["STRING", {"default": "crop"}],
        },
        "IMAGE",
    ),
    "Remote": define(
        {
            "model": [
                "COMBO",
                {"remote": {"refresh_button": True, "control_after_refresh": True}},
            ],
            "after": ["STRING", {"default": "after"}],
        }
    ),
    "RecordAudio": define({"audio": ["AUDIO_RECORD", {}]}, "AUDIO"),
    "LoadAudio": define(
        {"audio": ["COMBO", {"options": ["a.wav"], "audio_upload": True}]}, "AUDIO"
    ),
    "ImageCompare": define(
        {"compare_view": ["IMAGECOMPARE", {"socketless": True}]},
        optional={"image_a": ["IMAGE", {}]},
    ),
    "CustomCombo": define({"choice": ["COMBO", {"options": []}]}, "STRING INT"),
    "Load3D": define({"model_file": ["COMBO", {"options": ["a.glb"]}], "image": ["LOAD_3D", {}]}),
    "SaveGLB": define({"mesh": ["MESH,FILE_3D", {}], "filename_prefix": ["STRING", {}]}),
    "Pass": define(
        {"anything": ["COMFY_MATCHTYPE_V3", {"template": {"allowed_types": "*"}}]},
        "COMFY_MATCHTYPE_V3",
    ),
    "Switch": define(
        {
            name: ["COMFY_MATCHTYPE_V3", {"template": {"template_id": "t", "allowed_types": "*"}}]
            for name in ("on_false", "on_true")
        },
        "COMFY_MATCHTYPE_V3",
    ),
    "Either": define(
        {"input": ["COMFY_MATCHTYPE_V3", {"template": {"allowed_types": "IMAGE,MASK"}}]}, "IMAGE"
    ),
    "Wild": define({"first": ["MODEL", {}], "second": ["*", {}]}, "* *"),
    "Batch": define(
        {
            "images": [
                "COMFY_AUTOGROW_V3",
                {"template": {"input": {"required": {"image": ["IMAGE", {}]}}}},
            ]
        },
        "IMAGE",
    ),
    "Shapeless": define({"any": ["COMFY_AUTOGROW_V3", {}]}, "IMAGE"),
    "Encode": define(
        {
            "format": [
                "COMFY_DYNAMICCOMBO_V3",
                {
                    "options": [
                        {
                            "key": "video",
                            "inputs": {
                                "required": {
                                    "codec": ["COMBO", {"options": ["h264", "av1"]}],
                                    "crf": ["INT", {"default": 23}],
                                    "frames": [
                                        "COMFY_AUTOGROW_V3",
                                        {
                                            "template": {
                                                "input": {"required": {"frame": ["IMAGE", {}]}}
                                            }
                                        },
                                    ],
                                },
                                "optional": {"sound": ["AUDIO", {}]},
                            },
                        },
                        {
                            "key": "nested",
                            "inputs": {
                                "required": {
                                    "how": [
                                        "COMFY_DYNAMICCOMBO_V3",
                                        {
                                            "options": [
                                                {
                                                    "key": "fast",
                                                    "inputs": {
                                                        "required": {
                                                            "speed": ["INT", {"default": 9}]
                                                        }
                                                    },
                                                },
                                                {"key": "slow"},
                                            ]
                                        },
                                    ]
                                }
                            },
                        },
                        {"key": "none"},
                    ]
                },
            ],
            "name": ["STRING", {"default": "out", "dynamicPrompts": True}],
        },
        "VIDEO",
    ),
}

CLASSES: JsonObject = {**_OLD, **_NEW}
"""Class type → its `/object_info` entry."""
