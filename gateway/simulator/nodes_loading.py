"""Nodes that load models and put text and ControlNets into conditionings; nothing is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gateway.graph.json_value import Json
from gateway.simulator.node import Call, NodeClass, Result
from gateway.simulator.spec import EMPTY, Face, choice, combo, integer, link, live, number, text
from gateway.simulator.values import Conditioning, Control, Model

__all__ = ["nodes"]


def _model(call: Call, name: str) -> Model:
    value = call.inputs[name]
    if isinstance(value, Model):
        return value
    raise TypeError(f"{name} is no model")


def _conditioning(call: Call, name: str) -> Conditioning:
    value = call.inputs[name]
    if isinstance(value, Conditioning):
        return value
    raise TypeError(f"{name} is no conditioning")


def _load_checkpoint(call: Call) -> Result:
    model = Model(call.text("ckpt_name"))
    return Result((model, model, model))


def _encode_text(call: Call) -> Result:
    return Result((Conditioning(call.text("text")),))


def _skip_layers(call: Call) -> Result:
    clip = _model(call, "clip")
    return Result((replace(clip, name=f"{clip.name}{call.integer('stop_at_clip_layer')}"),))


def _with_lora(call: Call, name: str, strength: float) -> Model:
    model = _model(call, name)
    lora = f"{call.text('lora_name')}:{strength:g}"
    return replace(model, loras=(*model.loras, lora)) if strength else model


def _lora(call: Call) -> Result:
    model = _with_lora(call, "model", call.number("strength_model"))
    # The text stays as it was written; what a LoRA does to the drawing goes with the model.
    return Result((model, _model(call, "clip")))


def _lora_model_only(call: Call) -> Result:
    return Result((_with_lora(call, "model", call.number("strength_model")),))


def _controlled(call: Call, name: str) -> Conditioning:
    conditioning = _conditioning(call, name)
    if not call.number("strength"):
        return conditioning
    control = Control(call.image("image"), call.number("strength"))
    return replace(conditioning, controls=(*conditioning.controls, control))


def _apply_control(call: Call) -> Result:
    return Result((_controlled(call, "conditioning"),))


def _apply_control_advanced(call: Call) -> Result:
    return Result((_controlled(call, "positive"), _controlled(call, "negative")))


def _checkpoint_face() -> Face:
    told: Mapping[str, Json] = {"tooltip": "Which checkpoint to load."}
    return Face(
        "CheckpointLoaderSimple",
        {"ckpt_name": combo(live("models/checkpoints"), told)},
        ("MODEL", "CLIP", "VAE"),
        title="Load Checkpoint",
        category="loaders",
        description="Loads a diffusion model with its text encoder and VAE.",
    )


def _encode_face() -> Face:
    told: Mapping[str, Json] = {"dynamicPrompts": True, "tooltip": "The text to encode."}
    return Face(
        "CLIPTextEncode",
        {"text": text(multiline=True, more=told), "clip": link("CLIP", "The text encoder to use.")},
        ("CONDITIONING",),
        title="CLIP Text Encode (Prompt)",
        category="conditioning",
        description="Turns a text into what steers the sampler.",
    )


def _lora_faces() -> tuple[Face, Face]:
    name = combo(live("models/loras"))
    strength = number(-100.0, 100.0, 1.0, 0.01)
    both = Face(
        "LoraLoader",
        {
            "model": link("MODEL", "The model to change."),
            "clip": link("CLIP", "The text encoder to change."),
            "lora_name": combo(live("models/loras"), {"tooltip": "Which LoRA to lay over."}),
            "strength_model": strength,
            "strength_clip": strength,
        },
        ("MODEL", "CLIP"),
        title="Load LoRA",
        category="loaders",
        description="Lays a LoRA over a model.",
    )
    alone = Face(
        "LoraLoaderModelOnly",
        {"model": link("MODEL"), "lora_name": name, "strength_model": strength},
        ("MODEL",),
        category="loaders",
    )
    return both, alone


def _control_faces() -> tuple[Face, Face]:
    strength = number(0.0, 10.0, 1.0, 0.01)
    simple = Face(
        "ControlNetApply",
        {
            "conditioning": link("CONDITIONING"),
            "control_net": link("CONTROL_NET"),
            "image": link("IMAGE"),
            "strength": strength,
        },
        ("CONDITIONING",),
        title="Apply ControlNet (OLD)",
        category="conditioning/controlnet",
        deprecated=True,
    )
    advanced = Face(
        "ControlNetApplyAdvanced",
        {
            "positive": link("CONDITIONING"),
            "negative": link("CONDITIONING"),
            "control_net": link("CONTROL_NET"),
            "image": link("IMAGE"),
            "strength": strength,
            "start_percent": number(0.0, 1.0, 0.0, 0.001),
            "end_percent": number(0.0, 1.0, 1.0, 0.001),
        },
        ("CONDITIONING", "CONDITIONING"),
        {"vae": link("VAE")},
        ("positive", "negative"),
        title="Apply ControlNet",
        category="conditioning/controlnet",
    )
    return simple, advanced


def _skip_face(is_modern: bool) -> Face:
    aside: Mapping[str, Json] = {"advanced": True} if is_modern else EMPTY
    layers = integer(-24, -1, -1, 1, aside)
    return Face(
        "CLIPSetLastLayer",
        {"clip": link("CLIP"), "stop_at_clip_layer": layers},
        ("CLIP",),
        title="CLIP Set Last Layer",
        category="conditioning",
    )


def _load_one(class_type: str, name: str, source: str, kind: str) -> NodeClass:
    def load(call: Call) -> Result:
        return Result((Model(call.text(name)),))

    face = Face(class_type, {name: combo(live(f"models/{source}"))}, (kind,), category="loaders")
    return NodeClass(face, load)


def _load_upscaler() -> NodeClass:
    def load(call: Call) -> Result:
        return Result((Model(call.text("model_name")),))

    names = choice(live("models/upscale_models"))
    face = Face("UpscaleModelLoader", {"model_name": names}, ("UPSCALE_MODEL",), category="loaders")
    return NodeClass(face, load)


def nodes() -> tuple[NodeClass, ...]:
    """Return the classes of this module."""
    lora, lora_alone = _lora_faces()
    control, control_advanced = _control_faces()
    return (
        NodeClass(_checkpoint_face(), _load_checkpoint),
        NodeClass(_encode_face(), _encode_text),
        NodeClass(_skip_face(True), _skip_layers, old=_skip_face(False)),
        NodeClass(lora, _lora),
        NodeClass(lora_alone, _lora_model_only),
        NodeClass(control, _apply_control),
        NodeClass(control_advanced, _apply_control_advanced),
        _load_one("VAELoader", "vae_name", "vae", "VAE"),
        _load_one("ControlNetLoader", "control_net_name", "controlnet", "CONTROL_NET"),
        _load_upscaler(),
    )
