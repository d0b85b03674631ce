"""The line to a gateway: where one is, and what a break of the line is told as."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import anyio
import httpx2 as httpx
from mcp import MCPError, StdioServerParameters
from mcp.types import CONNECTION_CLOSED

from gateway.client.failure import CallRefused, GatewayUnreachable

__all__ = ["Address", "Command", "first_error", "is_of", "program", "told_plainly", "unreachable"]

LINE_BROKE = (OSError, httpx.HTTPError, anyio.ClosedResourceError, anyio.BrokenResourceError)


@dataclass(frozen=True, slots=True)
class Command:
    """A gateway to be started: `Command(["gateway", "serve"])`.

    Attributes:
        environment: Added to the few variables that the SDK hands on.
        folder: Where it is started; None: here.
    """

    words: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    folder: Path | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """A gateway that runs: the URL of its MCP, and a key when it wants one."""

    url: str
    key: str = field(default="", repr=False)


@asynccontextmanager
async def told_plainly(where: Command | Address) -> AsyncGenerator[None]:
    """Turn what the SDK raises into this package's errors."""
    try:
        yield
    except MCPError as error:
        if error.error.code == CONNECTION_CLOSED:
            raise unreachable(where, error) from error
        raise CallRefused(error.error.message, found=str(error.error.code)) from error
    except LINE_BROKE as error:
        raise unreachable(where, error) from error


def unreachable(where: Command | Address, error: BaseException) -> GatewayUnreachable:
    """Return the error for a gateway that does not answer; credentials in a URL are left out."""
    if isinstance(where, Command):
        place = " ".join(where.words)
        mend = "Run that command by hand: it says on stderr what is wrong."
    else:
        parts = urlsplit(where.url)
        place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        mend = "Is `gateway serve --transport http` running there, and is the key one of its own?"
    return GatewayUnreachable(
        f"No gateway answers at {place}: {error or type(error).__name__}.",
        where=place,
        found=type(error).__name__,
        mend=mend,
    )


def program(command: Command) -> StdioServerParameters:
    """Return what the SDK starts."""
    first, *rest = command.words
    return StdioServerParameters(
        command=first, args=rest, env=dict(command.environment), cwd=command.folder
    )


def first_error(group: ExceptionGroup[Exception]) -> Exception:
    """Return the first plain error of a group; the SDK's task groups wrap them."""
    while isinstance(first := group.exceptions[0], ExceptionGroup):
        group = cast("ExceptionGroup[Exception]", first)
    return first


def is_of(where: Command | Address, url: str) -> bool:
    """Tell whether a link leads to the gateway itself; none to another place is followed."""
    if not isinstance(where, Address) or not url:
        return False
    own, asked = urlsplit(where.url), urlsplit(url)
    return (asked.scheme, asked.netloc) == (own.scheme, own.netloc)
