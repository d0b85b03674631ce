"""A project's files, watched: each change that lasts yields a new load. Judges nothing.

The system's file events only wake the watcher; whether anything changed is read from the files'
times and sizes. So a missed event (a network drive, a folder made meanwhile) is seen a little later.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from watchfiles import (
    awatch,  # pyright: ignore[reportUnknownVariableType]  # its types name trio, which is not here
)

from gateway.project.conversions import Conversions
from gateway.project.definitions_file import DEFINITIONS_FILE
from gateway.project.fingerprint import Fingerprint, fingerprint
from gateway.project.load import Loaded, load_project
from gateway.project.workflows import FOLDER

__all__ = ["watch_project"]

_DEBOUNCE_MS = 300
_STEP_MS = 50
_LOOK_AGAIN_MS = 2000


async def watch_project(
    config: Path, environment: Mapping[str, str], seen: Fingerprint
) -> AsyncIterator[Loaded]:
    """Yield a load after each change of services.yaml, its lock, workflows/ or the pinned definitions.

    Args:
        config: Path of services.yaml.
        environment: As at the first load; the environment does not change.
        seen: The files as they were before the first load: what changed since is yielded at once.
    """
    conversions = Conversions()
    while True:
        folders = await asyncio.to_thread(_folders, config)
        now = await asyncio.to_thread(fingerprint, config)
        if now != seen:
            seen = now
            yield await asyncio.to_thread(_load, config, environment, conversions)
        async for _ in awatch(
            *folders,
            recursive=False,  # a project's folder may hold outputs and environments by the thousand
            debounce=_DEBOUNCE_MS,
            step=_STEP_MS,
            rust_timeout=_LOOK_AGAIN_MS,
            yield_on_timeout=True,
        ):
            now = await asyncio.to_thread(fingerprint, config)
            if now != seen:
                seen = now
                yield await asyncio.to_thread(_load, config, environment, conversions)
            if await asyncio.to_thread(_folders, config) != folders:
                break


def _load(config: Path, environment: Mapping[str, str], conversions: Conversions) -> Loaded:
    loaded = load_project(config, environment, conversions)
    conversions.sweep()
    return loaded


def _folders(config: Path) -> tuple[Path, ...]:
    """Return the folders to watch: those that exist now."""
    root = config.absolute().parent
    workflows = root / FOLDER
    inner = sorted(each for each in workflows.rglob("*") if each.is_dir())
    wanted = (root, (root / DEFINITIONS_FILE).parent, workflows, *inner)
    return tuple(each for each in wanted if each.is_dir())
