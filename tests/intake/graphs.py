"""Small graphs made by hand, and what is suggested for them in one line each."""

from __future__ import annotations

from gateway.graph.definitions import Definitions
from gateway.graph.json_value import Json
from gateway.graph.object_info import parse_definitions
from gateway.graph.prompt import Node, Prompt
from gateway.intake.editor_facts import EditorFacts
from gateway.intake.entry import ServiceEntry
from gateway.intake.suggest import Material, suggest
from gateway.services.model import ById, Drawn, Required
from tests.definitions.recorded import DEFINITIONS

__all__ = ["KNOWN", "RAW", "entry_of", "link", "node", "portrait", "targets_of", "used"]


def _entry(name: str, output: str, inputs: dict[str, Json]) -> Json:
    return {
        "input": {"required": inputs},
        "output": [output] if output else [],
        "display_name": name,
        "output_node": not output,
    }


_TEXT: Json = ["STRING", {"multiline": True}]
_COND: Json = ["CONDITIONING"]
_SAMPLING: Json = [
    "COMFY_DYNAMICCOMBO_V3",
    {"options": [{"key": "on", "inputs": {"required": {"seed": ["INT", {}]}}}]},
]
_MODEL: Json = [
    "COMFY_DYNAMICCOMBO_V3",
    {
        "options": [
            {
                "key": "a",
                "inputs": {
                    "required": {
                        "duration": [[5, 10]],
                        "resolution": [["720p", "1080p"]],
                        "text1": _TEXT,
                    }
                },
            }
        ]
    },
]
RAW: dict[str, Json] = {
    "ControlNetApplyAdvanced": _entry(
        "Apply ControlNet",
        "CONDITIONING",
        {
            "positive": _COND,
            "negative": _COND,
            "control_net": ["CONTROL_NET"],
            "image": ["IMAGE"],
            "strength": ["FLOAT", {"min": 0.0, "max": 10.0}],
        },
    ),
    "ConditioningCombine": _entry(
        "Conditioning (Combine)", "CONDITIONING", {"conditioning_1": _COND, "conditioning_2": _COND}
    ),
    "ConditioningZeroOut": _entry("Zero Out", "CONDITIONING", {"conditioning": _COND}),
    "FluxGuidance": _entry(
        "FluxGuidance",
        "CONDITIONING",
        {"conditioning": _COND, "guidance": ["FLOAT", {"min": 0.0, "max": 100.0}]},
    ),
    "CLIPTextEncodeFlux": _entry(
        "CLIPTextEncodeFlux",
        "CONDITIONING",
        {"clip": ["CLIP"], "clip_l": _TEXT, "t5xxl": _TEXT, "guidance": ["FLOAT", {}]},
    ),
    "TextEncodeAudio": _entry(
        "TextEncodeAudio",
        "CONDITIONING",
        {"tags": _TEXT, "lyrics": _TEXT, "format": ["STRING", {}]},
    ),
    "BasicGuider": _entry("BasicGuider", "GUIDER", {"model": ["MODEL"], "conditioning": _COND}),
    "CFGGuider": _entry(
        "CFGGuider",
        "GUIDER",
        {"positive": _COND, "negative": _COND, "cfg": ["FLOAT", {"min": 0.0, "max": 100.0}]},
    ),
    "SamplerCustomAdvanced": _entry(
        "SamplerCustomAdvanced",
        "LATENT",
        {"noise": ["NOISE"], "guider": ["GUIDER"], "latent_image": ["LATENT"]},
    ),
    "PartnerImage": _entry(
        "Partner Image",
        "IMAGE",
        {"prompt": _TEXT, "negative_prompt": _TEXT, "system_prompt": _TEXT, "model": [["a", "b"]]},
    ),
    "Tuner": _entry(
        "Tuner",
        "IMAGE",
        {
            "image": ["IMAGE"],
            "amount": ["FLOAT", {"min": 0, "max": 2}],
            "mode": [["soft", "hard"]],
            "only": [["one"]],
            "curve": ["CURVE", {}],
        },
    ),
    "Gathered": _entry("Gathered", "", {}),
    "Switch": _entry(
        "If/Else Switch",
        "COMFY_MATCHTYPE_V3",
        {
            "switch": ["BOOLEAN", {}],
            "on_false": ["COMFY_MATCHTYPE_V3", {}],
            "on_true": ["COMFY_MATCHTYPE_V3", {}],
        },
    ),
    "Anything": _entry("Anything", "*", {"any": ["*", {}]}),
    "Int": _entry("Int", "INT", {"value": ["INT", {}]}),
    "PrimitiveInt": _entry("Int", "INT", {"value": ["INT", {}]}),
    "PrimitiveBoolean": _entry("Boolean", "BOOLEAN", {"value": ["BOOLEAN", {}]}),
    "PrimitiveString": _entry("Text", "STRING", {"value": _TEXT}),
    "TextReplace": _entry(
        "Text Replace", "STRING", {"string": _TEXT, "find": ["STRING", {}], "replace": _TEXT}
    ),
    "WriterModel": _entry(
        "Writer", "STRING", {"prompt": _TEXT, "sampling": _SAMPLING, "system_prompt": _TEXT}
    ),
    "DrawEdges": _entry("Draw Edges", "IMAGE", {"image": ["IMAGE"]}),
    "FramesToVideo": _entry(
        "Frames to Video", "LATENT", {"first_frame": ["IMAGE"], "last_frame": ["IMAGE"]}
    ),
    "MaskedEncode": _entry("Masked Encode", "LATENT", {"pixels": ["IMAGE"], "mask": ["MASK"]}),
    "PartnerVideo": {
        "input": {"required": {"prompt": _TEXT, "model": _MODEL, "ratio": [["16:9", "1:1"]]}},
        "output": ["VIDEO"],
        "output_node": True,
        "api_node": True,
    },
    "SaveClip": _entry("Save Clip", "", {"video": ["VIDEO"]}),
    "Unet": _entry("Unet", "MODEL", {"unet_name": [["flux.safetensors"]]}),
}
KNOWN: Definitions = {**DEFINITIONS, **parse_definitions(RAW)}


def link(node_id: str, slot: int = 0) -> Json:
    """Return a link."""
    return [node_id, slot]


def node(class_type: str, title: str = "", /, **inputs: Json) -> Node:
    """Return a node."""
    return Node(class_type, inputs, title)


def used(prompt: Prompt) -> dict[str, Node]:
    """Return the graph with an output that takes something of every node: so all of them run."""
    links = {f"from_{node_id}": link(node_id) for node_id in prompt}
    return {**prompt, "end": Node("Gathered", links, "")}


def portrait(**more: Node) -> dict[str, Node]:
    """Return a graph from text to image, with further nodes or others in place of its own.

    Names of nodes are `n3` and the like.
    """
    nodes = {
        "n4": node("CheckpointLoaderSimple", ckpt_name="sd15.safetensors"),
        "n5": node("EmptyLatentImage", width=512, height=768, batch_size=1),
        "n6": node("CLIPTextEncode", clip=link("4", 1), text="a fox"),
        "n7": node("CLIPTextEncode", clip=link("4", 1), text="blurry"),
        "n3": node(
            "KSampler",
            model=link("4"),
            positive=link("6"),
            negative=link("7"),
            latent_image=link("5"),
            seed=5,
            steps=20,
            cfg=7.5,
            sampler_name="euler",
            scheduler="normal",
            denoise=1.0,
        ),
        "n8": node("VAEDecode", samples=link("3"), vae=link("4", 2)),
        "n9": node("SaveImage", images=link("8"), filename_prefix="fox"),
    }
    return {name.removeprefix("n"): each for name, each in {**nodes, **more}.items()}


def entry_of(
    prompt: Prompt, definitions: Definitions = KNOWN, editor: EditorFacts | None = None
) -> ServiceEntry:
    """Return what is suggested."""
    return suggest(Material(prompt, definitions, editor or EditorFacts({})), "fox", "fox.json")


def targets_of(entry: ServiceEntry) -> dict[str, str]:
    """Return name → `id.widget` of each target, with `!` for a required and `?` for a drawn one."""
    found: dict[str, str] = {}
    for each in entry.parameters:
        paths = [
            f"{target.node.id}.{target.widget}"
            for target in each.targets
            if isinstance(target.node, ById)
        ]
        mark = "!" if each.supply == Required() else "?" if each.supply == Drawn() else ""
        found[each.name] = f"{' '.join(paths)}{mark}"
    return found
