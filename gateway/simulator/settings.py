"""What one simulator is: version, models, limits, pace. Knows no server, no queue, no node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

__all__ = ["DEFAULT_MODELS", "Models", "Settings", "Tls", "is_modern"]

Models: TypeAlias = Mapping[str, tuple[str, ...]]
"""Model folder (`checkpoints`, `loras`…) → file names."""

DEFAULT_MODELS: Models = {
    "checkpoints": (
        "512-inpainting-ema.safetensors",
        "sd_xl_base_1.0.safetensors",
        "sd_xl_refiner_1.0.safetensors",
        "v1-5-pruned-emaonly-fp16.safetensors",
        "v1-5-pruned-emaonly.safetensors",
    ),
    "loras": (
        "add_detail.safetensors",
        "lcm-lora-sdv1-5.safetensors",
        "simulated-style.safetensors",
    ),
    "vae": ("vae-ft-mse-840000-ema-pruned.safetensors", "pixel_space"),
    "controlnet": (
        "control_v11p_sd15_canny.pth",
        "control_v11p_sd15_canny_fp16.safetensors",
        "control_v11p_sd15_openpose.pth",
    ),
    "upscale_models": ("4x-UltraSharp.pth", "RealESRGAN_x4plus.pth"),
    "embeddings": ("EasyNegative.safetensors",),
    "text_encoders": (),
    "diffusion_models": (),
    "clip_vision": (),
    "configs": (),
}


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM files for HTTPS."""

    certificate: str
    key: str


def is_modern(version: str) -> bool:
    """Tell whether this version has the jobs API, UUID prompt ids and dotted inputs (0.4 on)."""
    numbers = tuple(int(part) for part in version.split(".")[:2])
    return numbers >= (0, 4)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that stays the same over a simulator's life, restarts included.

    Attributes:
        version: ComfyUI version played; 0.33 and 0.3.64 are pinned by recordings.
        step_seconds: How long one sampling step takes.
        base_path: Prefix before every route, such as `/comfy`; empty for none.
        required_headers: Header name → value; a request without them is answered 401.
        max_upload_size: Largest request body in bytes, as `--max-upload-size` sets it.
        models: Model folder → file names offered.
        deflate: Offer permessage-deflate on the WebSocket, as ComfyUI does.
    """

    version: str = "0.33.0"
    step_seconds: float = 0.0
    base_path: str = ""
    required_headers: Mapping[str, str] = field(default_factory=dict[str, str])
    max_upload_size: float = 104857600.0
    models: Models = field(default_factory=lambda: DEFAULT_MODELS)
    deflate: bool = True

    @property
    def modern(self) -> bool:
        """Whether the version is past 0.3."""
        return is_modern(self.version)
