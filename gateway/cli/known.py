"""The node definitions that a workflow's classes have: from a file, else a backend, else the pinned ones."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from gateway.cli.definitions_at_hand import read_definitions
from gateway.comfy.backend import ComfyBackend
from gateway.comfy.http import Http
from gateway.errors import BackendError
from gateway.graph.json_value import Json, JsonObject, as_object
from gateway.project.definitions_file import DEFINITIONS_FILE, read_raw
from gateway.project.pinning import ordered_entry
from gateway.services.model import BackendDeclaration

__all__ = ["known_definitions"]

_WITHIN = 10.0
"""Seconds: whoever adds a workflow should not wait for a machine that sleeps."""


def known_definitions(
    class_types: frozenset[str],
    file: Path | None,
    backends: Sequence[BackendDeclaration],
    root: Path,
) -> JsonObject:
    """Return raw `/object_info` entries of these classes, as far as they are known.

    Args:
        class_types: The classes.
        file: `--definitions`; then nobody is asked.
        backends: Whom to ask.
        root: The project's folder, where some are pinned.

    Raises:
        GatewayError: The file cannot be used.
    """
    pinned = read_raw(root / DEFINITIONS_FILE)
    found = (
        read_definitions(file) if file is not None else asyncio.run(_ask_all(class_types, backends))
    )
    entries = {
        **pinned,
        **{name: ordered_entry(as_object(each) or {}) for name, each in found.items()},
    }
    return {name: entry for name, entry in entries.items() if name in class_types}


async def _ask_all(
    class_types: frozenset[str], backends: Sequence[BackendDeclaration]
) -> dict[str, Json]:
    answers = await asyncio.gather(*(_ask(class_types, each) for each in backends))
    found: dict[str, Json] = {}
    for answer in answers:
        found = {**answer, **found}
    return found


async def _ask(class_types: frozenset[str], backend: BackendDeclaration) -> JsonObject:
    asking = ComfyBackend(backend)
    try:
        async with asyncio.timeout(_WITHIN):
            if await _is_there(backend):
                return await asking.definitions(class_types)
    except (BackendError, TimeoutError):
        pass  # nobody said that it has to be there: what is pinned will do
    finally:
        await asking.close()
    return {}


async def _is_there(backend: BackendDeclaration) -> bool:
    """Tell whether anybody answers, asking once: a real question is asked again and again."""
    http = Http(backend)
    try:
        async with http.open("/system_stats") as opened:
            return opened.status == 200
    finally:
        await http.close()
