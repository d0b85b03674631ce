"""Nodes that change pictures with Pillow: they really do what they say."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PIL import Image, ImageFilter, ImageOps

from gateway.graph.json_value import Json
from gateway.simulator.node import Call, NodeClass, Result
from gateway.simulator.pixels import levels, resized
from gateway.simulator.spec import Face, autogrow, boolean, choice, combo, integer, link, number
from gateway.simulator.values import Images

__all__ = ["fit", "nodes"]

_METHODS: Mapping[str, int] = {
    "nearest-exact": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "area": Image.Resampling.BOX,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
    "bislerp": Image.Resampling.BICUBIC,
}
_CHANNELS = ("red", "green", "blue", "alpha")
_UPSCALE = 4


def fit(images: Images, size: tuple[int, int], method: str, crop: str) -> Images:
    """Return pictures in another size; `center` cuts what does not fit, 0 follows the other side."""
    return tuple(_fit(image, size, method, crop) for image in images)


def _fit(image: Image.Image, size: tuple[int, int], method: str, crop: str) -> Image.Image:
    width, height = size
    width = width or max(1, round(image.width * height / image.height)) if height else width
    height = height or max(1, round(image.height * width / image.width)) if width else height
    if not (width and height):
        return image
    if crop == "center":
        image = _centred(image, width / height)
    return resized(image, (width, height), _METHODS[method])


def _centred(image: Image.Image, ratio: float) -> Image.Image:
    if image.width / image.height > ratio:
        kept = max(1, round(image.height * ratio))
        left = (image.width - kept) // 2
        return image.crop((left, 0, left + kept, image.height))
    kept = max(1, round(image.width / ratio))
    top = (image.height - kept) // 2
    return image.crop((0, top, image.width, top + kept))


def _each(change: Callable[[Image.Image, Call], Image.Image]) -> Callable[[Call], Result]:
    def run(call: Call) -> Result:
        return Result((tuple(change(image, call) for image in call.images("image")),))

    return run


def _scale(call: Call) -> Result:
    size = (call.integer("width"), call.integer("height"))
    images = call.images("image")
    return Result((fit(images, size, call.text("upscale_method"), call.text("crop")),))


def _scale_by(image: Image.Image, call: Call) -> Image.Image:
    share = call.number("scale_by")
    size = (max(1, round(image.width * share)), max(1, round(image.height * share)))
    return resized(image, size, _METHODS[call.text("upscale_method")])


def _invert(image: Image.Image, _: Call) -> Image.Image:
    if image.mode != "RGBA":
        return ImageOps.invert(image)
    inverted = ImageOps.invert(image.convert("RGB"))
    inverted.putalpha(image.getchannel("A"))
    return inverted


def _blur(image: Image.Image, call: Call) -> Image.Image:
    reach = min(float(call.integer("blur_radius")), call.number("sigma") * 3)
    return image.filter(ImageFilter.GaussianBlur(reach))


def _edges(image: Image.Image, call: Call) -> Image.Image:
    """An edge filter with two thresholds; not Canny's own algorithm, but its look."""
    grey = image.convert("L").filter(ImageFilter.GaussianBlur(1))
    found = ImageOps.autocontrast(grey.filter(ImageFilter.FIND_EDGES))
    low = call.number("low_threshold") * 255
    drawn = levels(found, lambda level: 255 if level >= low else 0)
    return drawn.convert("RGB")


def _upscale(image: Image.Image, _: Call) -> Image.Image:
    size = (image.width * _UPSCALE, image.height * _UPSCALE)
    return resized(image, size, Image.Resampling.LANCZOS)


def _batch(*names: str) -> Callable[[Call], Result]:
    def run(call: Call) -> Result:
        given = [call.images(name) for name in names]
        return Result((_joined(given),))

    return run


def _joined(batches: list[Images]) -> Images:
    size = batches[0][0].size
    every = [image for batch in batches for image in batch]
    return tuple(
        image if image.size == size else _fit(image, size, "bilinear", "center") for image in every
    )


def _batch_all(call: Call) -> Result:
    return Result((_joined([call.images(name) for name in call.inputs]),))


def _repeat(call: Call) -> Result:
    return Result((call.images("image") * call.integer("amount"),))


def _composite(call: Call) -> Result:
    source = call.images("source")
    masks = call.images("mask") if "mask" in call.inputs else ()
    spot = (call.integer("x"), call.integer("y"))
    results: list[Image.Image] = []
    for index, below in enumerate(call.images("destination")):
        above = source[index % len(source)]
        if call.boolean("resize_source"):
            above = resized(above, below.size)
        mask = resized(masks[index % len(masks)], above.size) if masks else None
        result = below.copy()
        result.paste(above, spot, mask)
        results.append(result)
    return Result((tuple(results),))


def _to_mask(image: Image.Image, call: Call) -> Image.Image:
    channel = call.text("channel")
    if channel == "alpha" and image.mode != "RGBA":
        return Image.new("L", image.size, 255)
    return image.getchannel(channel[0].upper())


def _from_mask(call: Call) -> Result:
    return Result((tuple(mask.convert("RGB") for mask in call.images("mask")),))


def _scaling() -> tuple[NodeClass, ...]:
    methods: list[Json] = ["nearest-exact", "bilinear", "area", "bicubic", "lanczos"]
    scale = Face(
        "ImageScale",
        {
            "image": link("IMAGE"),
            "upscale_method": combo(methods),
            "width": integer(0, 16384, 512, 1),
            "height": integer(0, 16384, 512, 1),
            "crop": combo(["disabled", "center"]),
        },
        ("IMAGE",),
        title="Upscale Image",
        category="image/upscaling",
    )
    scale_by = Face(
        "ImageScaleBy",
        {
            "image": link("IMAGE"),
            "upscale_method": combo(methods),
            "scale_by": number(0.01, 8.0, 1.0, 0.01),
        },
        ("IMAGE",),
        title="Upscale Image By",
        category="image/upscaling",
    )
    upscale = Face(
        "ImageUpscaleWithModel",
        {"upscale_model": link("UPSCALE_MODEL"), "image": link("IMAGE")},
        ("IMAGE",),
        title="Upscale Image (using Model)",
        category="image/upscaling",
    )
    return (
        NodeClass(scale, _scale),
        NodeClass(scale_by, _each(_scale_by)),
        NodeClass(upscale, _each(_upscale)),
    )


def _filters() -> tuple[NodeClass, ...]:
    invert = Face("ImageInvert", {"image": link("IMAGE")}, ("IMAGE",), title="Invert Image")
    blur = Face(
        "ImageBlur",
        {
            "image": link("IMAGE"),
            "blur_radius": integer(1, 31, 1, 1),
            "sigma": number(0.1, 10.0, 1.0, 0.1),
        },
        ("IMAGE",),
        title="Blur Image",
    )
    canny = Face(
        "Canny",
        {
            "image": link("IMAGE"),
            "low_threshold": number(0.01, 0.99, 0.4, 0.01),
            "high_threshold": number(0.01, 0.99, 0.8, 0.01),
        },
        ("IMAGE",),
        title="Detect Edges (Canny)",
    )
    composite = Face(
        "ImageCompositeMasked",
        {
            "destination": link("IMAGE"),
            "source": link("IMAGE"),
            "x": integer(0, 16384, 0, 1),
            "y": integer(0, 16384, 0, 1),
            "resize_source": boolean(False),
        },
        ("IMAGE",),
        {"mask": link("MASK")},
        title="Image Composite Masked",
    )
    return (
        NodeClass(invert, _each(_invert)),
        NodeClass(blur, _each(_blur)),
        NodeClass(canny, _each(_edges)),
        NodeClass(composite, _composite),
    )


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
    return NodeClass(new, _each(_to_mask), old=old), NodeClass(back, _from_mask)


def nodes() -> tuple[NodeClass, ...]:
    """Return the classes of this module."""
    return (*_scaling(), *_filters(), *_batches(), *_masks())
