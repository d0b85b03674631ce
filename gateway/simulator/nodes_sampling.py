"""Nodes that play a diffusion model: they take steps and leave a recipe, VAEDecode draws it."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace

from gateway.graph.json_value import Json
from gateway.simulator.drawing import draw, preview_of
from gateway.simulator.node import Call, NodeClass, Result
from gateway.simulator.spec import EMPTY, Face, combo, integer, link, number
from gateway.simulator.values import Conditioning, Latent, Model, Sampled

__all__ = ["nodes"]

_SAMPLERS = [
    "euler",
    "euler_cfg_pp",
    "euler_ancestral",
    "euler_ancestral_cfg_pp",
    "heun",
    "heunpp2",
    "exp_heun_2_x0",
    "exp_heun_2_x0_sde",
    "dpm_2",
    "dpm_2_ancestral",
    "lms",
    "dpm_fast",
    "dpm_adaptive",
    "dpmpp_2s_ancestral",
    "dpmpp_2s_ancestral_cfg_pp",
    "dpmpp_sde",
    "dpmpp_sde_gpu",
    "dpmpp_2m",
    "dpmpp_2m_cfg_pp",
    "dpmpp_2m_sde",
    "dpmpp_2m_sde_gpu",
    "dpmpp_2m_sde_heun",
    "dpmpp_2m_sde_heun_gpu",
    "dpmpp_3m_sde",
    "dpmpp_3m_sde_gpu",
    "ddpm",
    "lcm",
    "ipndm",
    "ipndm_v",
    "deis",
    "res_multistep",
    "res_multistep_cfg_pp",
    "res_multistep_ancestral",
    "res_multistep_ancestral_cfg_pp",
    "gradient_estimation",
    "gradient_estimation_cfg_pp",
    "er_sde",
    "seeds_2",
    "seeds_3",
    "sa_solver",
    "sa_solver_pece",
    "ddim",
    "uni_pc",
    "uni_pc_bh2",
]
_NEWER_SAMPLERS = ("exp_heun_2_x0", "exp_heun_2_x0_sde")
_SCHEDULERS = [
    "simple",
    "sgm_uniform",
    "karras",
    "exponential",
    "ddim_uniform",
    "beta",
    "normal",
    "linear_quadratic",
    "kl_optimal",
]
_SEED_MAX = 2**64 - 1
_LAST_STEP = 10_000


def _samplers(is_modern: bool) -> Sequence[str]:
    return [name for name in _SAMPLERS if is_modern or name not in _NEWER_SAMPLERS]


def _seed(tooltip: str) -> Sequence[Json]:
    more: Mapping[str, Json] = {"control_after_generate": True, "tooltip": tooltip}
    return integer(0, _SEED_MAX, 0, more=more)


def _pace(is_modern: bool, is_explained: bool) -> dict[str, Sequence[Json]]:
    def told(text: str) -> Mapping[str, Json]:
        return {"tooltip": text} if is_explained else EMPTY

    cfg: Mapping[str, Json] = {"round": 0.01, **told("How closely the picture follows the text.")}
    return {
        "steps": integer(1, _LAST_STEP, 20, more=told("How many denoising steps are taken.")),
        "cfg": number(0.0, 100.0, 8.0, 0.1, cfg),
        "sampler_name": combo(list(_samplers(is_modern)), told("Which sampling method is used.")),
        "scheduler": combo(list(_SCHEDULERS), told("How noise is spread over the steps.")),
    }


def _sampler_face(is_modern: bool) -> Face:
    denoise: Mapping[str, Json] = {"tooltip": "Share of noise: 1 draws anew, less keeps the start."}
    return Face(
        "KSampler",
        {
            "model": link("MODEL", "The model that denoises."),
            "seed": _seed("The number that starts the noise; the same one gives the same picture."),
            **_pace(is_modern, is_explained=True),
            "positive": link("CONDITIONING", "What should be in the picture."),
            "negative": link("CONDITIONING", "What should not be in the picture."),
            "latent_image": link("LATENT", "The latent to denoise."),
            "denoise": number(0.0, 1.0, 1.0, 0.01, denoise),
        },
        ("LATENT",),
        category="sampling",
        description="Denoises a latent step by step.",
    )


def _advanced_face(is_modern: bool) -> Face:
    aside: Mapping[str, Json] = {"advanced": True} if is_modern else EMPTY
    return Face(
        "KSamplerAdvanced",
        {
            "model": link("MODEL"),
            "add_noise": combo(["enable", "disable"], aside),
            "noise_seed": _seed("The number that starts the noise."),
            **_pace(is_modern, is_explained=False),
            "positive": link("CONDITIONING"),
            "negative": link("CONDITIONING"),
            "latent_image": link("LATENT"),
            "start_at_step": integer(0, _LAST_STEP, 0, more=aside),
            "end_at_step": integer(0, _LAST_STEP, _LAST_STEP, more=aside),
            "return_with_leftover_noise": combo(["disable", "enable"], aside),
        },
        ("LATENT",),
        title="KSampler (Advanced)",
        category="sampling",
    )


async def _sample(call: Call) -> Result:
    steps = call.integer("steps")
    sampled = _recipe(call, call.integer("seed"), steps, call.number("denoise", 1.0))
    return await _take_steps(call, sampled, steps)


async def _sample_advanced(call: Call) -> Result:
    start = min(call.integer("start_at_step"), call.integer("steps"))
    end = min(call.integer("end_at_step"), call.integer("steps"))
    share = (end - start) / max(1, call.integer("steps"))
    sampled = _recipe(call, call.integer("noise_seed"), max(0, end - start), share)
    return await _take_steps(call, sampled, max(0, end - start))


async def _take_steps(call: Call, sampled: Sampled, steps: int) -> Result:
    latent = call.latent("latent_image")
    pause = call.room.settings.step_seconds
    for step in range(1, steps + 1):
        await asyncio.sleep(pause)
        size = (latent.width, latent.height)
        preview = _preview(sampled, size, step / steps) if call.ticker.wants_previews else b""
        await call.ticker.step(step, steps, preview)
    return Result((replace(latent, sampled=(*latent.sampled, sampled)),))


def _recipe(call: Call, seed: int, steps: int, denoise: float) -> Sampled:
    positive, negative = call.inputs["positive"], call.inputs["negative"]
    model = call.inputs["model"]
    if not isinstance(positive, Conditioning) or not isinstance(negative, Conditioning):
        raise TypeError("the conditioning is none")
    if not isinstance(model, Model):
        raise TypeError("the model is none")
    facts = f"{call.number('cfg')}|{call.text('sampler_name')}|{call.text('scheduler')}"
    return Sampled(positive, negative.text, model, seed, steps, denoise, facts)


def _preview(sampled: Sampled, size: tuple[int, int], share: float) -> bytes:
    written = io.BytesIO()
    preview_of(sampled, size, share).save(written, "JPEG", quality=80)
    return written.getvalue()


def _empty_latent(call: Call) -> Result:
    return Result(
        (Latent(call.integer("width"), call.integer("height"), call.integer("batch_size")),)
    )


def _decode(call: Call) -> Result:
    latent = call.latent("samples")
    return Result((tuple(draw(latent, index) for index in range(latent.batch)),))


def _empty_latent_face() -> Face:
    width: Mapping[str, Json] = {"tooltip": "Width in pixels."}
    height: Mapping[str, Json] = {"tooltip": "Height in pixels."}
    batch: Mapping[str, Json] = {"tooltip": "How many pictures at once."}
    return Face(
        "EmptyLatentImage",
        {
            "width": integer(16, 16384, 512, 8, width),
            "height": integer(16, 16384, 512, 8, height),
            "batch_size": integer(1, 4096, 1, more=batch),
        },
        ("LATENT",),
        title="Empty Latent Image",
        category="latent",
        description="Makes a blank latent to start from.",
    )


def nodes() -> tuple[NodeClass, ...]:
    """Return the classes of this module."""
    decode = Face(
        "VAEDecode",
        {"samples": link("LATENT", "The latent to decode."), "vae": link("VAE", "The VAE to use.")},
        ("IMAGE",),
        title="VAE Decode",
        category="latent",
        description="Turns a latent into pictures.",
    )
    return (
        NodeClass(_sampler_face(True), _sample, old=_sampler_face(False)),
        NodeClass(_advanced_face(True), _sample_advanced, old=_advanced_face(False)),
        NodeClass(_empty_latent_face(), _empty_latent),
        NodeClass(decode, _decode),
    )
