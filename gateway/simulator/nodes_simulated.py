"""Nodes no ComfyUI has, named `Simulated…`: for tests of what real packs of nodes may do.

Each has the inputs of a node the recordings were made with, so that those can be replayed.
"""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Mapping, Sequence
from typing import cast

from PIL import Image

from gateway.graph.json_value import Json, as_object
from gateway.simulator.node import Call, Expansion, NodeClass, OutOfMemory, Result, Room, ui_files
from gateway.simulator.spec import Face, boolean, combo, integer, link, number, text
from gateway.simulator.values import Blocked

__all__ = ["nodes"]

_ERRORS: Mapping[str, type[Exception]] = {
    "ValueError": ValueError,
    "RuntimeError": RuntimeError,
    "KeyError": KeyError,
    "OOM": OutOfMemory,
}
_U32 = 2**32 - 1
_MOST_BYTES = 8 * 1024**3


async def _sleep(call: Call) -> Result:
    """Tick, and stop within a tick when asked to."""
    ticks = max(1, call.integer("ticks", 10))
    for tick in range(1, ticks + 1):
        await asyncio.sleep(call.number("seconds") / ticks)
        await call.ticker.step(tick, ticks)
    return Result((call.inputs.get("image"),))


async def _deaf_sleep(call: Call) -> Result:
    """Neither tick nor look: an interrupt is found by the next node."""
    await asyncio.sleep(call.number("seconds"))
    return Result((call.inputs.get("image"),))


def _fail(call: Call) -> Result:
    raise _ERRORS[call.text("kind", "ValueError")](call.text("message"))


def _show(call: Call) -> Result:
    return Result((), as_object(json.loads(call.text("ui_json"))) or {})


def _expand(call: Call) -> Result:
    """Put two nodes in this one's place: a blue picture, and its preview or a failure."""
    width = call.integer("width")
    blue: dict[str, Json] = {"width": width, "height": width, "batch_size": 1, "color": 255}
    fault: dict[str, Json] = {
        "class_type": "SimulatedError",
        "inputs": {"image": ["1", 0], "message": "inside expansion", "kind": "ValueError"},
    }
    shown: dict[str, Json] = {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}}
    is_failing = call.boolean("fail")
    inner = {
        "1": {"class_type": "EmptyImage", "inputs": blue},
        "2": fault if is_failing else shown,
    }
    return Result(expansion=Expansion(inner, (("2" if is_failing else "1", 0),)))


def _block(call: Call) -> Result:
    return Result((Blocked(call.text("message") or None),))


def _big(call: Call) -> Result:
    """Make a file of so many zeros; it takes no memory and, where files may have holes, no room."""
    place = call.room.folders.place(call.text("filename_prefix", "big"))
    path = place.folder / f"{place.stem}_{place.counter:05}_{call.text('suffix', '.bin')}"
    with path.open("wb") as opened:
        opened.truncate(call.integer("size"))
    return Result((), ui_files("files", [path], place.subfolder, "output"))


async def _preview(call: Call) -> Result:
    """Three steps with a preview each, then a text on the node's face."""
    form = call.text("format", "JPEG")
    for step in range(1, 4):
        written = io.BytesIO()
        Image.new("RGB", (32, 32), (step * 80, 40, 40)).save(written, form)
        await call.ticker.step(step, 3, written.getvalue())
        await asyncio.sleep(0.02)
    call.ticker.say("hello from node")
    return Result((call.inputs.get("image"),))


def _long_text(call: Call) -> Result:
    return Result((), {"text": ["x" * call.integer("length")]})


def _even(call: Call) -> Result:
    return Result((), {"number": [call.integer("n")]})


def _check_even(inputs: Mapping[str, Json], room: Room) -> Mapping[str, str]:  # noqa: ARG001 - a check
    value = inputs.get("n")
    is_odd = isinstance(value, int) and value % 2 == 1
    return {"n": f"n must be even, got {value}"} if is_odd else {}


def _face(
    class_type: str,
    required: Mapping[str, Sequence[Json]],
    optional: Mapping[str, Sequence[Json]] | None = None,
) -> Face:
    """A node that takes a picture and gives it on."""
    return Face(class_type, {"image": link("IMAGE"), **required}, ("IMAGE",), optional or {})


def _showing(class_type: str, required: Mapping[str, Sequence[Json]]) -> Face:
    return Face(class_type, required, output_node=True)


def _outputs() -> tuple[NodeClass, ...]:
    prefix, suffix = text("big"), text(".bin")
    size = integer(0, _MOST_BYTES, 1024)
    big = _showing("SimulatedBig", {"size": size, "filename_prefix": prefix, "suffix": suffix})
    shown = _showing("SimulatedOutput", {"ui_json": text("{}", True)})
    long = _showing("SimulatedText", {"length": integer(0, 64 * 1024 * 1024, 3 * 1024 * 1024)})
    even = _showing("SimulatedEven", {"n": integer(0, 100, 2)})
    return (
        NodeClass(big, _big),
        NodeClass(shown, _show),
        NodeClass(long, _long_text),
        NodeClass(even, _even, check=_check_even),
    )


def nodes() -> tuple[NodeClass, ...]:
    """Return the classes of this module."""
    nonce = integer(0, _U32, 0)
    seconds = number(0.0, 3600.0, 1.0, 0.01)
    kinds = cast("list[Json]", list(_ERRORS))
    sleep = _face(
        "SimulatedSleep", {"seconds": seconds, "ticks": integer(1, 10_000, 10)}, {"nonce": nonce}
    )
    deaf = _face("SimulatedDeafSleep", {"seconds": seconds}, {"nonce": nonce})
    fault = _face("SimulatedError", {"message": text("it failed"), "kind": combo(kinds)})
    expand = Face(
        "SimulatedExpand",
        {"width": integer(1, 4096, 64), "fail": boolean(False)},
        ("IMAGE",),
    )
    preview = _face("SimulatedPreview", {"format": combo(["JPEG", "PNG"])}, {"nonce": nonce})
    return (
        NodeClass(sleep, _sleep),
        NodeClass(deaf, _deaf_sleep),
        NodeClass(fault, _fail),
        NodeClass(expand, _expand),
        NodeClass(_face("SimulatedBlock", {"message": text("")}), _block),
        NodeClass(preview, _preview),
        *_outputs(),
    )
