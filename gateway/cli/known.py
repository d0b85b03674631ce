"""The node definitions that a workflow's classes have: from a file, else a backend, else the pinned ones."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from collections.abc import Sequence
from pathlib import Path

from gateway.comfy.backend import ComfyBackend
from gateway.errors import BackendError, GatewayError
from gateway.graph.json_value import Json, JsonObject, as_object
from gateway.project.definitions_file import DEFINITIONS_FILE, read_raw
from gateway.services.model import BackendDeclaration

__all__ = ["known_definitions"]

_WITHIN = 4.0
"""Seconds: whoever adds a workflow should not wait for a machine that sleeps."""
_MOST = 256 << 20


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
        GatewayError: `definitions-unreadable`: the file cannot be used.
    """
    pinned = read_raw(root / DEFINITIONS_FILE)
    found = _read(file) if file is not None else asyncio.run(_ask_all(class_types, backends))
    return {name: entry for name, entry in {**pinned, **found}.items() if name in class_types}


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
            return await asking.definitions(class_types)
    except (BackendError, TimeoutError):
        return {}
    finally:
        await asking.close()


def _read(path: Path) -> JsonObject:
    try:
        with path.open("rb") as file:
            raw = (gzip.GzipFile(fileobj=file) if path.suffix == ".gz" else file).read(_MOST + 1)
        entries = as_object(json.loads(raw)) if len(raw) <= _MOST else None
    except (OSError, EOFError, zlib.error, ValueError, RecursionError) as error:
        raise _unreadable(path, str(error)) from error
    if entries is None:
        raise _unreadable(path, "it is no object of definitions, or far too large")
    return entries


def _unreadable(path: Path, why: str) -> GatewayError:
    return GatewayError(
        f"the definitions in {path} cannot be used: {why}",
        code="definitions-unreadable",
        mend="Save what ComfyUI answers to /object_info there.",
    )
