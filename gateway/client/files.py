"""Puts a job's outputs into a folder of the client's; nothing that is there is written over."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2 as httpx

from gateway.client.failure import GatewayUnreachable

__all__ = ["copy_file", "free_path", "stream_url", "write_bytes"]


def free_path(folder: Path, filename: str) -> Path:
    """Return a path in the folder for a name, with -2, -3… before its ending when it is taken."""
    name = re.sub(r"[\x00-\x1f\x7f]", "", re.split(r"[/\\]", filename)[-1]).strip(". ") or "output"
    path = folder / name
    number = 1
    while path.exists():
        number += 1
        path = folder / f"{Path(name).stem}-{number}{Path(name).suffix}"
    return path


async def copy_file(source: Path, target: Path) -> None:
    """Copy a file on this machine."""
    await asyncio.to_thread(shutil.copyfile, source, target)


async def write_bytes(data: bytes, target: Path) -> None:
    """Write a file that is small enough to be held."""
    await asyncio.to_thread(target.write_bytes, data)


async def stream_url(http: httpx.AsyncClient, url: str, target: Path) -> None:
    """Fetch a file to its place, never held whole; half a file is never left.

    Raises:
        GatewayUnreachable: The link answers with something else than the file.
    """
    part = target.with_name(f".{target.name}.part")
    try:
        async with http.stream("GET", url) as response:
            if response.status_code != 200:
                raise _not_the_file(response.status_code)
            await _write(response.aiter_bytes(), part)
        await asyncio.to_thread(part.replace, target)
    except httpx.HTTPError as error:
        raise GatewayUnreachable(
            f"The file could not be fetched: {error}.", mend="Try once more."
        ) from error
    finally:
        await asyncio.to_thread(part.unlink, missing_ok=True)


async def _write(chunks: AsyncIterator[bytes], path: Path) -> None:
    with await asyncio.to_thread(path.open, "wb") as file:
        async for chunk in chunks:
            await asyncio.to_thread(file.write, chunk)


def _not_the_file(status: int) -> GatewayUnreachable:
    return GatewayUnreachable(
        f"The gateway answered {status} instead of the file.",
        found=str(status),
        mend="The link may have expired: ask for the job's result again.",
    )
