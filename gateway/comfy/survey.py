"""All that a ComfyUI tells of its nodes: definitions, replacements, and which packs bring what it lacks."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.comfy.backend import ComfyBackend
from gateway.comfy.trouble import timed_out
from gateway.errors import BackendAnsweredOddly
from gateway.graph.json_value import Json
from gateway.graph.object_info import parse_definitions
from gateway.graph.packs import packs_in_mappings
from gateway.graph.replacements import Replacements, parse_replacements, replacement_on
from gateway.services.model import BackendDeclaration
from gateway.services.objections import Told

__all__ = ["Survey", "survey"]

_MAPPINGS = (
    "/v2/customnode/getmappings?mode=local",
    "/customnode/getmappings?mode=local",
)
"""ComfyUI-Manager's list of packs and their classes: as it is since its version 4, and before."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What a ComfyUI told; `raw` has its `/object_info` entries as they came."""

    raw: Mapping[str, Json]
    told: Told


async def survey(backend: BackendDeclaration, class_types: frozenset[str]) -> Survey:
    """Ask a ComfyUI for everything about its nodes, within its timeout.

    Args:
        backend: Which one.
        class_types: The classes in use: for those it lacks, the packs are asked after.

    Raises:
        BackendError: It does not answer, or not as a ComfyUI does.
    """
    asking = ComfyBackend(backend)
    try:
        async with asyncio.timeout(backend.timeout):
            return await _survey(asking, class_types)
    except TimeoutError:
        raise timed_out(backend, backend.timeout) from None
    finally:
        await asking.close()


async def _survey(asking: ComfyBackend, class_types: frozenset[str]) -> Survey:
    raw, told = await asyncio.gather(asking.definitions(), _if_told(asking, "/node_replacements"))
    definitions = parse_definitions(raw)
    replacements: Replacements = parse_replacements(told)
    lacking = {
        each
        for each in class_types - definitions.keys()
        if replacement_on(each, replacements, definitions) is None
    }
    packs: Mapping[str, str] = {}
    for path in _MAPPINGS if lacking else ():
        packs = packs or packs_in_mappings(await _if_told(asking, path), lacking)
    return Survey(raw, Told(asking.name, definitions, replacements, packs))


async def _if_told(asking: ComfyBackend, path: str) -> Json:
    """Return what a route answers; whatever is there instead of it, such as a page, is no answer."""
    try:
        return await asking.ask_if_there(path)
    except BackendAnsweredOddly:
        return None
