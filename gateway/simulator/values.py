"""What travels along links between simulated nodes. Knows no node and no server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from PIL import Image

__all__ = [
    "Audio",
    "Blocked",
    "Conditioning",
    "Control",
    "Images",
    "Latent",
    "Masks",
    "Mesh",
    "Model",
    "Sampled",
    "Video",
]

Images: TypeAlias = tuple[Image.Image, ...]
"""A batch of RGB or RGBA pictures."""

Masks: TypeAlias = tuple[Image.Image, ...]
"""A batch of `L` pictures, 255 where the mask is 1."""


@dataclass(frozen=True, slots=True)
class Model:
    """MODEL, CLIP, VAE, CONTROL_NET or UPSCALE_MODEL: a file's name and what was laid over it."""

    name: str
    loras: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Control:
    """A ControlNet applied to a conditioning."""

    image: Image.Image
    strength: float


@dataclass(frozen=True, slots=True)
class Conditioning:
    """CONDITIONING: the text, and what steers beside it."""

    text: str
    controls: tuple[Control, ...] = ()


@dataclass(frozen=True, slots=True)
class Sampled:
    """What a sampler did to a latent; VAEDecode draws it."""

    positive: Conditioning
    negative: str
    model: Model
    seed: int
    steps: int
    denoise: float
    facts: str


@dataclass(frozen=True, slots=True)
class Latent:
    """LATENT: sizes are of the picture in pixels, `images` what was encoded, if anything."""

    width: int
    height: int
    batch: int
    images: Images = ()
    mask: Masks = ()
    sampled: tuple[Sampled, ...] = ()


@dataclass(frozen=True, slots=True)
class Audio:
    """AUDIO: silence of a length, or a file's bytes."""

    seconds: float
    rate: int
    channels: int
    source: bytes = b""


@dataclass(frozen=True, slots=True)
class Video:
    """VIDEO: frames and a pace, or a file's bytes."""

    images: Images
    fps: float
    audio: Audio | None = None
    source: bytes = b""


@dataclass(frozen=True, slots=True)
class Mesh:
    """MESH: a box of this size."""

    size: float = 1.0


@dataclass(frozen=True, slots=True)
class Blocked:
    """An ExecutionBlocker: nodes behind it do not run; with a message they also report it."""

    message: str | None
