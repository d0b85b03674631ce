"""Nodes that join pictures to batches, and those between pictures and masks."""

from __future__ import annotations

from collections.abc import Callable

from PIL import Image

from gateway.graph.json_value import Json
from gateway.simulator.node import Call, NodeClass, Result
from gateway.simulator.nodes_images import each, fit_one
from gateway.simulator.spec import Face, autogrow, choice, combo, integer, link
from gateway.simulator.values import Images

__all__ = ["nodes"]

_CHANNELS = ("red", "green", "blue", "alpha")


def _batch(*names: str) -> Callable[[Call], Result]:
    def run(call: Call) -> Result:
        given = [call.images(name) for name in names]
        return Result((_joined(given),))

    return run


def _joined(batches: list[Images]) -> Images:
    size = batches[0][0].size
    every = [image for batch in batches for image in batch]
    return tuple(
        image if image.size == size else fit_one(image, size, "bilinear", "center")
        for image in every
    )


def _batch_all(call: Call) -> Result:
    return Result((_joined([call.images(name) for name in call.inputs]),))


def _repeat(call: Call) -> Result:
    return Result((call.images("image") * call.integer("amount"),))


def _to_mask(image: Image.Image, call: Call) -> Image.Image:
    channel = call.text("channel")
    if channel == "alpha" and image.mode != "RGBA":
        return Image.new("L", image.size, 255)
    return image.getchannel(channel[0].upper())


def _from_mask(call: Call) -> Result:
    return Result((tuple(mask.convert("RGB") for mask in call.images("mask")),))


def _batches() -> tuple[NodeClass, ...]:
    pair = {"image1": link("IMAGE"), "image2": link("IMAGE")}
    old_pair = Face("ImageBatch", pair, ("IMAGE",), title="Batch Images")
    new_pair = Face("ImageBatch", pair, ("IMAGE",), title="Batch Images", deprecated=True)
    growing = autogrow("image", link("IMAGE"), {"prefix": "image", "min": 1, "max": 50})
    several = Face("BatchImagesNode", {"images": growing}, ("IMAGE",), title="Batch Images")
    repeat = Face(
        "RepeatImageBatch",
        {"image": link("IMAGE"), "amount": integer(1, 4096, 1)},
        ("IMAGE",),
        title="Repeat Image Batch",
    )
    return (
        NodeClass(new_pair, _batch("image1", "image2"), old=old_pair),
        NodeClass(several, _batch_all, only_modern=True),
        NodeClass(repeat, _repeat),
    )


def _masks() -> tuple[NodeClass, ...]:
    channels: list[Json] = list(_CHANNELS)
    new = Face("ImageToMask", {"image": link("IMAGE"), "channel": choice(channels)}, ("MASK",))
    old = Face("ImageToMask", {"image": link("IMAGE"), "channel": combo(channels)}, ("MASK",))
    back = Face("MaskToImage", {"mask": link("MASK")}, ("IMAGE",))
    return NodeClass(new, each(_to_mask), old=old), NodeClass(back, _from_mask)


def nodes() -> tuple[NodeClass, ...]:
    """Return the classes of this module."""
    return (*_batches(), *_masks())
