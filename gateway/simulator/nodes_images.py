"""Nodes that change pictures with Pillow: they really do what they say."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PIL import Image, ImageFilter, ImageOps

from gateway.graph.json_value import Json
from gateway.simulator.node import Call, NodeClass, Result
from gateway.simulator.pixels import levels, resized
from gateway.simulator.spec import Face, boolean, combo, integer, link, number
from gateway.simulator.values import Images

__all__ = ["each", "fit", "fit_one", "nodes"]

_METHODS: Mapping[str, int] = {
    "nearest-exact": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "area": Image.Resampling.BOX,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
    "bislerp": Image.Resampling.BICUBIC,
}
_UPSCALE = 4


def fit(images: Images, size: tuple[int, int], method: str, crop: str) -> Images:
    """Return pictures in another size; `center` cuts what does not fit, 0 follows the other side."""
    return tuple(fit_one(image, size, method, crop) for image in images)


def fit_one(image: Image.Image, size: tuple[int, int], method: str, crop: str) -> Image.Image:
    """Return one picture in another size, by the same rules."""
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


def each(change: Callable[[Image.Image, Call], Image.Image]) -> Callable[[Call], Result]:
    """Return the work of a node that changes the pictures of its input `image` one by one."""

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
        NodeClass(scale_by, each(_scale_by)),
        NodeClass(upscale, each(_upscale)),
    )


def _composite_face() -> Face:
    return Face(
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
    return (
        NodeClass(invert, each(_invert)),
        NodeClass(blur, each(_blur)),
        NodeClass(canny, each(_edges)),
        NodeClass(_composite_face(), _composite),
    )


def nodes() -> tuple[NodeClass, ...]:
    """Return the classes of this module."""
    return (*_scaling(), *_filters())
