"""What a run left: every file and every text of every node and every key.

Source: ComfyUI execution.py stores a node's `ui` dict as it is; the keys are the nodes' own choice
(`images`, `audio`, `gifs`, `3d`, `files`, `text`, …), so files are found by their `filename`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from gateway.graph.json_value import Json

__all__ = ["FileReference", "LeftFile", "LeftItem", "LeftText"]


@dataclass(frozen=True, slots=True)
class FileReference:
    """What `/view` takes. `type` is `output`, `temp` or `input`."""

    filename: str
    subfolder: str = ""
    type: str = "output"


@dataclass(frozen=True, slots=True)
class LeftFile:
    """A file as a node's output names it.

    Attributes:
        node_id: The node of the graph it belongs to (an expanded node's own id where ComfyUI tells).
        key: The key it stood under.
        position: Its place in that list, from 0.
        format: A custom node's `format`, such as `video/h264-mp4`, or empty.
        animated: The node marked its files as animated.
    """

    node_id: str
    key: str
    position: int
    file: FileReference
    format: str = ""
    animated: bool = False
    extra: Mapping[str, Json] = field(default_factory=dict[str, Json])


@dataclass(frozen=True, slots=True)
class LeftText:
    """A text as a node's output holds it."""

    node_id: str
    key: str
    position: int
    text: str


LeftItem: TypeAlias = LeftFile | LeftText
