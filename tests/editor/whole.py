"""One workflow with something of everything, to be broken and shuffled."""

from __future__ import annotations

from gateway.graph.json_value import Json
from tests.editor.building import BYPASSED, MUTED, Canvas, Inside

__all__ = ["whole_workflow"]


def _inner() -> Inside:
    inside = Inside("inner")
    inside.add(20, "CLIPTextEncode", ["a {cat|dog}"])
    inside.add(21, "PrimitiveInt", [3, "fixed"])
    inside.add(22, "PrimitiveNode", [9, "fixed"], properties={"Run widget replace on values": True})
    inside.join((22, 0), 21, "value")
    inside.takes("clip", (20, "clip"), kind="CLIP")
    inside.takes("text", (20, "text"), kind="STRING")
    inside.gives("CONDITIONING", 20, kind="CONDITIONING")
    inside.gives("through", -10, 0, kind="CLIP")
    return inside


def _outer() -> Inside:
    inside = Inside("outer")
    inside.add(20, "inner", ["a dog"], properties={"proxyWidgets": [["21", "value"]]})
    inside.add(31, "EmptyLatentImage", [64, 64, 1])
    inside.add(32, "Reroute")
    inside.takes("clip", (20, "clip"), kind="CLIP")
    inside.takes("text", (20, "text"), kind="STRING")
    inside.takes("width", (31, "width"), (31, "height"), kind="INT")
    inside.join((20, 0), 32, "", "*")
    inside.gives("CONDITIONING", 32, kind="CONDITIONING")
    inside.gives("LATENT", 31, kind="LATENT")
    return inside


def _sampling(root: Canvas) -> None:
    root.add(1, "CheckpointLoaderSimple", ["a.safetensors"])
    root.add(2, "LoraLoader", ["style.safetensors", 0.5], mode=BYPASSED)
    root.add(
        3, "outer", ["text", None], properties={"proxyWidgets": '[["20", "text"], ["-1", "width"]]'}
    )
    root.add(4, "outer", ["more", 128.0], mode=MUTED)
    root.add(5, "KSampler", [1, "randomize", 20, 8.0, "euler", "normal", 1])
    root.add(6, "VAEDecode")
    root.add(7, "SaveImage", ["%date:yyyy%_%KSampler.seed%"], title="Save")
    root.join((1, 0), 2, "model")
    root.join((1, 1), 2, "clip")
    root.join((2, 1), 3, "clip", "CLIP")
    root.join((2, 0), 5, "model")
    root.join((3, 0), 5, "positive")
    root.join((4, 0), 5, "negative")
    root.join((3, 1), 5, "latent_image")
    root.join((5, 0), 6, "samples")
    root.join((1, 2), 6, "vae")
    root.join((6, 0), 7, "images")


def whole_workflow() -> dict[str, Json]:
    """Return the workflow as the editor would save it."""
    root = Canvas()
    _sampling(root)
    root.add(8, "Reroute")
    root.add(9, "PrimitiveNode", [5, "fixed"])
    root.add(10, "Encode", ["video", "av1", 30, "x"])
    root.add(11, "Batch")
    root.add(12, "CustomCombo", ["a", 0, "a", ""])
    root.add(13, "workflow>Pair", ["b.png", "image", "words"])
    root.add(14, "Note", ["words"])
    root.add(15, "Numbers")
    root.join((6, 0), 8, "", "*")
    root.join((8, 0), 11, "images.image0", "IMAGE")
    root.join((9, 0), 10, "format.crf", "INT")
    root.join((9, 0), 15, "even")
    root.join((9, 0), 15, "coarse")
    root.join((13, 0), 11, "images.image1", "IMAGE")
    slots: list[Json] = [{"name": "images", "type": "IMAGE"}]
    root.fields["extra"] = {
        "groupNodes": {
            "Pair": {
                "nodes": [
                    {
                        "type": "LoadImage",
                        "outputs": [{"name": "IMAGE", "type": "IMAGE"}],
                        "widgets_values": ["a.png", "image"],
                    },
                    {"type": "PreviewImage", "inputs": slots},
                ],
                "links": [[0, 0, 1, 0, "IMAGE"]],
                "external": [[0, 0, "IMAGE"]],
            }
        }
    }
    return root.workflow(_outer(), _inner())
