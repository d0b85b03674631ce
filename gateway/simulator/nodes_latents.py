"""Nodes between pictures and latents: encoding, masks on latents, other sizes."""

from __future__ import annotations

from dataclasses import replace

from PIL import ImageFilter

from gateway.simulator.node import Call, NodeClass, Result
from gateway.simulator.nodes_images import fit
from gateway.simulator.pixels import resized
from gateway.simulator.spec import Face, boolean, combo, integer, link, number
from gateway.simulator.values import Images, Latent, Masks

__all__ = ["nodes"]


def _encoded(images: Images, mask: Masks = ()) -> Latent:
    return Latent(images[0].width, images[0].height, len(images), images, mask)


def _encode(call: Call) -> Result:
    return Result((_encoded(call.images("pixels")),))


def _encode_inpaint(call: Call) -> Result:
    images = call.images("pixels")
    grow = call.integer("grow_mask_by") // 2 * 2 + 1
    masks = tuple(
        resized(mask, images[0].size).filter(ImageFilter.MaxFilter(grow))
        for mask in call.images("mask")
    )
    return Result((_encoded(images, masks),))


def _inpaint_conditioning(call: Call) -> Result:
    masks = call.images("mask") if call.boolean("noise_mask", True) else ()
    latent = _encoded(call.images("pixels"), masks)
    return Result((call.inputs["positive"], call.inputs["negative"], latent))


def _set_mask(call: Call) -> Result:
    return Result((replace(call.latent("samples"), mask=call.images("mask")),))


def _resized(latent: Latent, size: tuple[int, int], method: str, crop: str) -> Latent:
    width = size[0] or round(latent.width * size[1] / latent.height)
    height = size[1] or round(latent.height * size[0] / latent.width)
    images = fit(latent.images, (width, height), method, crop)
    return replace(latent, width=width, height=height, images=images)


def _upscale(call: Call) -> Result:
    latent = call.latent("samples")
    size = (call.integer("width"), call.integer("height"))
    if not any(size):
        return Result((latent,))
    return Result((_resized(latent, size, call.text("upscale_method"), call.text("crop")),))


def _upscale_by(call: Call) -> Result:
    latent = call.latent("samples")
    share = call.number("scale_by")
    size = (max(8, round(latent.width * share)), max(8, round(latent.height * share)))
    return Result((_resized(latent, size, call.text("upscale_method"), "disabled"),))


def _encoding_faces() -> tuple[Face, Face, Face]:
    encode = Face(
        "VAEEncode",
        {"pixels": link("IMAGE"), "vae": link("VAE")},
        ("LATENT",),
        title="VAE Encode",
        category="latent",
    )
    inpaint = Face(
        "VAEEncodeForInpaint",
        {
            "pixels": link("IMAGE"),
            "vae": link("VAE"),
            "mask": link("MASK"),
            "grow_mask_by": integer(0, 64, 6, 1),
        },
        ("LATENT",),
        title="VAE Encode (for Inpainting)",
        category="latent/inpaint",
    )
    conditioning = Face(
        "InpaintModelConditioning",
        {
            "positive": link("CONDITIONING"),
            "negative": link("CONDITIONING"),
            "vae": link("VAE"),
            "pixels": link("IMAGE"),
            "mask": link("MASK"),
            "noise_mask": boolean(True, "Keep what lies outside the mask as it is."),
        },
        ("CONDITIONING", "CONDITIONING", "LATENT"),
        output_names=("positive", "negative", "latent"),
        category="conditioning/inpaint",
    )
    return encode, inpaint, conditioning


def _size_faces() -> tuple[Face, Face]:
    methods = combo(["nearest-exact", "bilinear", "area", "bicubic", "bislerp"])
    upscale = Face(
        "LatentUpscale",
        {
            "samples": link("LATENT"),
            "upscale_method": methods,
            "width": integer(0, 16384, 512, 8),
            "height": integer(0, 16384, 512, 8),
            "crop": combo(["disabled", "center"]),
        },
        ("LATENT",),
        title="Upscale Latent",
        category="latent",
    )
    by = Face(
        "LatentUpscaleBy",
        {
            "samples": link("LATENT"),
            "upscale_method": methods,
            "scale_by": number(0.01, 8.0, 1.5, 0.01),
        },
        ("LATENT",),
        title="Upscale Latent By",
        category="latent",
    )
    return upscale, by


def nodes() -> tuple[NodeClass, ...]:
    """Return the classes of this module."""
    mask = Face(
        "SetLatentNoiseMask",
        {"samples": link("LATENT"), "mask": link("MASK")},
        ("LATENT",),
        title="Set Latent Noise Mask",
        category="latent/inpaint",
    )
    upscale, by = _size_faces()
    encode, inpaint, conditioning = _encoding_faces()
    return (
        NodeClass(encode, _encode),
        NodeClass(inpaint, _encode_inpaint),
        NodeClass(conditioning, _inpaint_conditioning),
        NodeClass(mask, _set_mask),
        NodeClass(upscale, _upscale),
        NodeClass(by, _upscale_by),
    )
