"""What ComfyUI tells of itself: its version, its device, how long its queue is.

Source: ComfyUI server.py `system_stats` and `get_prompt`.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.graph.json_value import Json, as_array
from gateway.wire.clean import clean_line
from gateway.wire.narrow import int_of, object_of, text_of

__all__ = ["SystemStats", "parse_queue_remaining", "parse_system_stats"]


@dataclass(frozen=True, slots=True)
class SystemStats:
    """The answer of `/system_stats`; memory in bytes, of the first device."""

    version: str | None = None
    device: str | None = None
    vram_total: int | None = None
    vram_free: int | None = None


def parse_system_stats(raw: Json) -> SystemStats | None:
    """Read `/system_stats`; None when it is none, so that this is no ComfyUI."""
    answer = object_of(raw)
    system = object_of(answer.get("system"))
    if not system:
        return None
    devices = as_array(answer.get("devices")) or ({},)
    device = object_of(devices[0])
    return SystemStats(
        clean_line(text_of(system.get("comfyui_version"))) or None,
        clean_line(text_of(device.get("name"))) or None,
        int_of(device.get("vram_total")),
        int_of(device.get("vram_free")),
    )


def parse_queue_remaining(raw: Json) -> int | None:
    """Read `GET /prompt`: how many prompts run or wait, everybody's."""
    return int_of(object_of(object_of(raw).get("exec_info")).get("queue_remaining"))
