"""What ComfyUI's own output nodes can leave: which kinds, and whether one file or a batch.

Only classes that come with ComfyUI are known; what a pack's nodes leave is seen when they have run.
Source: comfy_extras/nodes_images.py, nodes_video.py, nodes_audio.py and nodes_hunyuan3d.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.services.model import Kind

__all__ = ["OutputShape", "shape_of"]


@dataclass(frozen=True, slots=True)
class OutputShape:
    """What a node leaves in one go; `single`: one file, whatever it is given."""

    kinds: frozenset[Kind]
    single: bool = False


def shape_of(class_type: str) -> OutputShape | None:
    """Return what a class leaves; None when nobody knows."""
    return _SHAPES.get(class_type)


_IMAGES = OutputShape(frozenset({"image"}))
_ANIMATION = OutputShape(frozenset({"animation", "image"}), single=True)
_VIDEO = OutputShape(frozenset({"video"}), single=True)
_AUDIO = OutputShape(frozenset({"audio"}))
_SHAPES: Mapping[str, OutputShape] = {
    "SaveImage": _IMAGES,
    "PreviewImage": _IMAGES,
    "SaveAnimatedWEBP": _ANIMATION,
    "SaveAnimatedPNG": _ANIMATION,
    "SaveVideo": _VIDEO,
    "SaveWEBM": _VIDEO,
    "SaveAudio": _AUDIO,
    "SaveAudioMP3": _AUDIO,
    "SaveAudioOpus": _AUDIO,
    "PreviewAudio": _AUDIO,
    "SaveLatent": OutputShape(frozenset({"latent"}), single=True),
    "PreviewAny": OutputShape(frozenset({"text"}), single=True),
}
