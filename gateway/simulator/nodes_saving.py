"""Nodes that write pictures: SaveImage, PreviewImage and the animated ones."""

from __future__ import annotations

from collections.abc import Mapping

from PIL import Image

from gateway.graph.json_value import Json
from gateway.simulator.node import Call, NodeClass, Result
from gateway.simulator.saving import save_animation, save_pictures, temp_prefix
from gateway.simulator.spec import (
    PICTURE_META,
    Face,
    boolean,
    choice,
    combo,
    dynamic,
    integer,
    link,
    number,
    text,
)

__all__ = ["nodes"]

_WEBP_METHODS = {"default": 4, "fastest": 0, "slowest": 6}


def _save(call: Call) -> Result:
    return save_pictures(call, call.text("filename_prefix"), "output", "_.png", 4)


def _save_advanced(call: Call) -> Result:
    """Both formats hold PNG data: there is no EXR writer here."""
    form = call.text("format")
    if "format.bit_depth" not in call.inputs or form not in ("png", "exr"):
        raise TypeError("SaveImageAdvanced cannot write that format: bit_depth is missing")
    return save_pictures(call, call.text("filename_prefix"), "output", f".{form}", 4)


def _preview(call: Call) -> Result:
    return save_pictures(call, temp_prefix(), "temp", "_.png", 1)


def _save_webp(call: Call) -> Result:
    options: dict[str, object] = {
        "lossless": call.boolean("lossless", True),
        "quality": call.integer("quality", 80),
        "method": _WEBP_METHODS.get(call.text("method"), 4),
    }
    return save_animation(call, call.images("images"), ".webp", options)


def _save_apng(call: Call) -> Result:
    options: dict[str, object] = {"compress_level": call.integer("compress_level", 4)}
    return save_animation(call, call.images("images"), ".png", options)


def _empty_image(call: Call) -> Result:
    colour = call.integer("color")
    size = (call.integer("width"), call.integer("height"))
    fill = (colour >> 16 & 255, colour >> 8 & 255, colour & 255)
    picture = Image.new("RGB", size, fill)
    return Result(((picture,) * call.integer("batch_size"),))


def _empty_image_face() -> Face:
    return Face(
        "EmptyImage",
        {
            "width": integer(1, 16384, 512, 1),
            "height": integer(1, 16384, 512, 1),
            "batch_size": integer(1, 4096, 1),
            "color": integer(0, 0xFFFFFF, 0, 1, {"display": "color"}),
        },
        ("IMAGE",),
        category="image",
    )


def _save_face(is_modern: bool) -> Face:
    told: Mapping[str, Json] = {"tooltip": "What file names begin with; folders by /."}
    return Face(
        "SaveImage",
        {
            "images": link("IMAGE", "The pictures to save."),
            "filename_prefix": text("ComfyUI", more=told),
        },
        ("IMAGE",) if is_modern else (),
        output_names=("images",) if is_modern else (),
        title="Save Image",
        category="image",
        description="Saves the pictures in the output folder.",
        hidden=PICTURE_META,
        output_node=True,
    )


def _preview_face(is_modern: bool) -> Face:
    return Face(
        "PreviewImage",
        {"images": link("IMAGE")},
        ("IMAGE",) if is_modern else (),
        output_names=("images",) if is_modern else (),
        title="Preview Image",
        category="image",
        description="Saves the pictures in the temp folder.",
        hidden=PICTURE_META,
        output_node=True,
    )


def _advanced_face() -> Face:
    def depth(options: list[Json], default: str) -> list[Json]:
        return list(choice(options, {"advanced": True, "default": default}))

    png_space = choice(["sRGB"], {"advanced": True, "default": "sRGB"})
    exr_space = choice(["sRGB", "HDR", "linear"], {"advanced": True, "default": "sRGB"})
    formats = dynamic(
        {
            "png": {
                "bit_depth": depth(["8-bit", "16-bit"], "8-bit"),
                "input_color_space": png_space,
            },
            "exr": {
                "bit_depth": depth(["32-bit float"], "32-bit float"),
                "input_color_space": exr_space,
            },
        }
    )
    return Face(
        "SaveImageAdvanced",
        {
            "images": link("IMAGE"),
            "filename_prefix": text("ComfyUI", False),
            "format": formats,
        },
        ("IMAGE",),
        output_names=("images",),
        title="Save Image (Advanced)",
        category="image",
        hidden=PICTURE_META,
        is_new_style=True,
        output_node=True,
    )


def _webp_face(is_modern: bool) -> Face:
    methods: list[Json] = list(_WEBP_METHODS)
    return Face(
        "SaveAnimatedWEBP",
        {
            "images": link("IMAGE"),
            "filename_prefix": text("ComfyUI", False if is_modern else None),
            "fps": number(0.01, 1000.0, 6.0, 0.01),
            "lossless": boolean(True),
            "quality": integer(0, 100, 80),
            "method": choice(methods) if is_modern else combo(methods),
        },
        ("IMAGE",) if is_modern else (),
        output_names=("images",) if is_modern else (),
        category="image/animation",
        hidden=PICTURE_META,
        is_new_style=is_modern,
        output_node=True,
    )


def _apng_face(is_modern: bool) -> Face:
    aside: Mapping[str, Json] = {"advanced": True} if is_modern else {}
    return Face(
        "SaveAnimatedPNG",
        {
            "images": link("IMAGE"),
            "filename_prefix": text("ComfyUI", False if is_modern else None),
            "fps": number(0.01, 1000.0, 6.0, 0.01),
            "compress_level": integer(0, 9, 4, more=aside),
        },
        ("IMAGE",) if is_modern else (),
        output_names=("images",) if is_modern else (),
        category="image/animation",
        hidden=PICTURE_META,
        is_new_style=is_modern,
        output_node=True,
    )


def nodes() -> tuple[NodeClass, ...]:
    """Return the classes of this module."""
    return (
        NodeClass(_empty_image_face(), _empty_image),
        NodeClass(_save_face(True), _save, old=_save_face(False)),
        NodeClass(_preview_face(True), _preview, old=_preview_face(False)),
        NodeClass(_advanced_face(), _save_advanced, only_modern=True),
        NodeClass(_webp_face(True), _save_webp, old=_webp_face(False)),
        NodeClass(_apng_face(True), _save_apng, old=_apng_face(False)),
    )
