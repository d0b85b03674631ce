"""Declarations and bound services, written shortly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.errors import Finding, Place
from gateway.graph.definitions import Definitions, InputDefinition, InputKind
from gateway.graph.json_value import Json
from gateway.graph.prompt import Node, Prompt
from gateway.services.bound import BoundParameter, BoundService, BoundWidget
from gateway.services.model import (
    Choice,
    OutputRule,
    Parameter,
    ParameterType,
    Service,
    ShortTarget,
)
from gateway.services.resolve import resolve_service
from tests.definitions.recorded import DEFINITIONS

PLACE = Place("services.yaml", 1, 1)

LIST: list[Json] = []
OBJECT: dict[str, Json] = {}
"""Empty ones, whose type a checker knows."""

TEXT_TO_IMAGE: Prompt = {
    "3": Node(
        "KSampler",
        {
            "seed": 7,
            "steps": 20,
            "cfg": 7.0,
            "sampler_name": "euler",
            "scheduler": "normal",
            "denoise": 1.0,
            "model": ["4", 0],
            "positive": ["6", 0],
            "negative": ["7", 0],
            "latent_image": ["5", 0],
        },
    ),
    "4": Node("CheckpointLoaderSimple", {"ckpt_name": "tiny-sd15.safetensors"}),
    "5": Node("EmptyLatentImage", {"width": 512, "height": 512, "batch_size": 1}),
    "6": Node("CLIPTextEncode", {"text": "a lighthouse", "clip": ["4", 1]}, "Positive"),
    "7": Node("CLIPTextEncode", {"text": "blurry", "clip": ["4", 1]}, "Negative"),
    "8": Node("VAEDecode", {"samples": ["3", 0], "vae": ["4", 2]}),
    "9": Node("SaveImage", {"images": ["8", 0], "filename_prefix": "out"}),
}


def parameter(name: str, *paths: str, **keys: Any) -> Parameter:
    """Return a parameter whose targets are given in the short form."""
    return Parameter(name, PLACE, targets=tuple(ShortTarget(each, PLACE) for each in paths), **keys)


def choices(**labels: Mapping[str, Json]) -> tuple[Choice, ...]:
    """Return `choices` as a map."""
    return tuple(
        Choice(
            label,
            tuple((ShortTarget(path, PLACE), value) for path, value in settings.items()),
            PLACE,
        )
        for label, settings in labels.items()
    )


def service(*parameters: Parameter, outputs: Sequence[OutputRule] = (), **keys: Any) -> Service:
    """Return a service that is called `draw`."""
    return Service("draw", PLACE, "w.json", "Draw", "Draws.", parameters, tuple(outputs), **keys)


def bound(
    *parameters: Parameter,
    prompt: Prompt = TEXT_TO_IMAGE,
    definitions: Definitions = DEFINITIONS,
    **keys: Any,
) -> BoundService:
    """Bind a service that has nothing wrong with it."""
    resolved = resolve_service(service(*parameters, **keys), prompt, definitions)
    assert resolved.bound is not None, resolved.findings
    return resolved.bound


def findings(
    *parameters: Parameter,
    prompt: Prompt = TEXT_TO_IMAGE,
    definitions: Definitions = DEFINITIONS,
    **keys: Any,
) -> tuple[Finding, ...]:
    """Return what is wrong with a service; each has a place, if only the service's own."""
    found = resolve_service(service(*parameters, **keys), prompt, definitions).findings
    assert all(each.place is not None for each in found)
    return found


def codes(*parameters: Parameter, **keys: Any) -> list[str]:
    """Return the codes of what is wrong with a service."""
    return [each.code for each in findings(*parameters, **keys)]


def widget(kind: InputKind | None = None, current: Json = None, name: str = "w") -> BoundWidget:
    """Return a widget by itself."""
    definition = None if kind is None else InputDefinition(name, kind)
    return BoundWidget("1", name, "Custom", current, definition)


def bound_parameter(
    kind: ParameterType, *widgets: BoundWidget, options: tuple[Json, ...] | None = None, **keys: Any
) -> BoundParameter:
    """Return a bound parameter by itself."""
    return BoundParameter(parameter("p", **keys), kind, widgets, options=options)
