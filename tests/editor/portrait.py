"""A small editor workflow made by hand: text to image, decoded in a subgraph, with texts to resolve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.graph.json_value import Json

__all__ = ["OBJECT_INFO", "PORTRAIT", "node", "portrait"]

CHECKPOINT = "v1-5-pruned-emaonly-fp16.safetensors"


def node(
    node_id: int, kind: str, values: Sequence[Json] | Mapping[str, Json], **more: Json
) -> dict[str, Json]:
    """Return a node as the editor saves it; `more` are fields of it."""
    return {"id": node_id, "type": kind, "mode": 0, "widgets_values": values, **more}


def _inputs(**links: int) -> list[Json]:
    return [{"name": name, "type": name.upper(), "link": link} for name, link in links.items()]


def _outputs(*types: str) -> list[Json]:
    return [{"name": each, "type": each} for each in types]


_DECODING: Mapping[str, Json] = {
    "id": "decoding",
    "name": "Decoding",
    "nodes": [
        node(1, "VAEDecode", [], inputs=_inputs(samples=1, vae=2), outputs=_outputs("IMAGE"))
    ],
    "links": [
        {"id": 1, "origin_id": -10, "origin_slot": 0, "target_id": 1, "target_slot": 0},
        {"id": 2, "origin_id": -10, "origin_slot": 1, "target_id": 1, "target_slot": 1},
        {"id": 3, "origin_id": 1, "origin_slot": 0, "target_id": -20, "target_slot": 0},
    ],
    "inputs": [
        {"name": "latent", "type": "LATENT", "linkIds": [1]},
        {"name": "vae", "type": "VAE", "linkIds": [2]},
    ],
    "outputs": [{"name": "image", "type": "IMAGE", "linkIds": [3]}],
}


def portrait(text: str = "a {red|red} fox // soft", prefix: str = "%date:yyyy%") -> Json:
    """Return the workflow.

    Args:
        text: Of the positive node.
        prefix: Of the save node.
    """
    return {
        "nodes": [
            node(
                4, "CheckpointLoaderSimple", [CHECKPOINT], outputs=_outputs("MODEL", "CLIP", "VAE")
            ),
            node(5, "EmptyLatentImage", [64, 64, 1], outputs=_outputs("LATENT")),
            node(
                *(6, "CLIPTextEncode", [text]),
                title="Positive",
                inputs=_inputs(clip=1),
                outputs=_outputs("CONDITIONING"),
            ),
            node(
                7, "CLIPTextEncode", [""], inputs=_inputs(clip=2), outputs=_outputs("CONDITIONING")
            ),
            node(
                *(3, "KSampler", [2**64 - 1, "fixed", 2, 7.5, "euler", "normal", 1]),
                inputs=_inputs(model=3, positive=4, negative=5, latent_image=6),
                outputs=_outputs("LATENT"),
            ),
            node(12, "decoding", [], inputs=_inputs(latent=7, vae=8), outputs=_outputs("IMAGE")),
            node(9, "SaveImage", [prefix], title="Result", inputs=_inputs(images=9)),
            node(10, "Note", ["Made by hand."]),
            {**node(11, "SaveImage", ["twice"], inputs=_inputs(images=10)), "mode": 2},
        ],
        "links": [
            [1, 4, 1, 6, 0, "CLIP"],
            [2, 4, 1, 7, 0, "CLIP"],
            [3, 4, 0, 3, 0, "MODEL"],
            [4, 6, 0, 3, 1, "CONDITIONING"],
            [5, 7, 0, 3, 2, "CONDITIONING"],
            [6, 5, 0, 3, 3, "LATENT"],
            [7, 3, 0, 12, 0, "LATENT"],
            [8, 4, 2, 12, 1, "VAE"],
            [9, 12, 0, 9, 0, "IMAGE"],
            [10, 12, 0, 11, 0, "IMAGE"],
        ],
        "definitions": {"subgraphs": [_DECODING]},
        "version": 0.4,
    }


PORTRAIT: Json = portrait()


def _entry(required: Mapping[str, Json], *outputs: str) -> Json:
    return {
        "input": {"required": required},
        "input_order": {"required": list(required)},
        "output": list(outputs),
        "output_node": not outputs,
    }


_TEXT: Json = ["STRING", {"multiline": True, "dynamicPrompts": True}]
_SIZE: Json = ["INT", {"default": 512, "min": 16, "max": 16384}]

OBJECT_INFO: dict[str, Json] = {
    "CheckpointLoaderSimple": _entry({"ckpt_name": [[CHECKPOINT]]}, "MODEL", "CLIP", "VAE"),
    "EmptyLatentImage": _entry(
        {"width": _SIZE, "height": _SIZE, "batch_size": ["INT", {"default": 1}]}, "LATENT"
    ),
    "CLIPTextEncode": _entry({"text": _TEXT, "clip": ["CLIP"]}, "CONDITIONING"),
    "KSampler": _entry(
        {
            "model": ["MODEL"],
            "seed": ["INT", {"default": 0, "max": 2**64 - 1, "control_after_generate": True}],
            "steps": ["INT", {"default": 20}],
            "cfg": ["FLOAT", {"default": 8.0}],
            "sampler_name": [["euler", "heun"]],
            "scheduler": [["normal", "karras"]],
            "positive": ["CONDITIONING"],
            "negative": ["CONDITIONING"],
            "latent_image": ["LATENT"],
            "denoise": ["FLOAT", {"default": 1.0}],
        },
        "LATENT",
    ),
    "VAEDecode": _entry({"samples": ["LATENT"], "vae": ["VAE"]}, "IMAGE"),
    "SaveImage": _entry(
        {"images": ["IMAGE"], "filename_prefix": ["STRING", {"default": "ComfyUI"}]}
    ),
}
"""What a ComfyUI would say of the classes in it."""
