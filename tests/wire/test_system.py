"""What ComfyUI tells of itself."""

from __future__ import annotations

import pytest

from gateway.graph.json_value import Json
from gateway.wire.system import SystemStats, parse_queue_remaining, parse_system_stats


def test_version_and_first_device_are_read() -> None:
    raw: Json = {
        "system": {"comfyui_version": "0.33.0", "argv": ["/opt/ComfyUI/main.py"]},
        "devices": [
            {"name": "cuda:0 NVIDIA", "vram_total": 24, "vram_free": 12},
            {"name": "cuda:1", "vram_total": 1, "vram_free": 1},
        ],
    }
    assert parse_system_stats(raw) == SystemStats("0.33.0", "cuda:0 NVIDIA", 24, 12)


@pytest.mark.parametrize(
    "raw",
    [
        {"system": {"os": "posix"}},
        {"system": {"comfyui_version": 3}, "devices": []},
        {"system": {"comfyui_version": ""}, "devices": [None]},
        {"system": {"x": 1}, "devices": [{"name": None, "vram_total": True, "vram_free": "12"}]},
    ],
)
def test_what_is_not_told_is_not_known(raw: Json) -> None:
    assert parse_system_stats(raw) == SystemStats()


@pytest.mark.parametrize("raw", [None, [], {}, {"system": None}, {"system": {}}, {"devices": []}])
def test_what_tells_of_no_system_is_no_comfyui(raw: Json) -> None:
    assert parse_system_stats(raw) is None


def test_the_queue_is_counted_where_it_is_told() -> None:
    assert parse_queue_remaining({"exec_info": {"queue_remaining": 3}}) == 3
    for raw in (None, {}, {"exec_info": None}, {"exec_info": {"queue_remaining": "3"}}):
        assert parse_queue_remaining(raw) is None
