"""The options of `gateway serve`, and a reading of them that needs no library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

__all__ = ["ServeOptions", "Transport", "read_plainly"]

Transport = Literal["stdio", "http"]


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """What `gateway serve` was told; None: as services.yaml says.

    Attributes:
        backends: For which ones to take a cluster's jobs as well, or None.
    """

    config: Path | None = None
    transport: Transport = "stdio"
    host: str | None = None
    port: int | None = None
    backends: str | None = None


def read_plainly(words: Sequence[str]) -> ServeOptions | None:
    """Read `serve --config PATH --transport stdio`, however ordered, or return None.

    None means: not this command, or something here wants the whole command line (help, a mistake,
    another transport). The whole one reads what is read here to the same result.
    """
    if not words or words[0] != "serve" or len(words) % 2 == 0:
        return None
    named = dict(zip(words[1::2], words[2::2], strict=True))
    plain = len(named) * 2 == len(words) - 1 and named.keys() <= {"--config", "--transport"}
    if not plain or named.get("--transport", "stdio") != "stdio":
        return None
    if any(value.startswith("-") for value in named.values()):
        return None
    return ServeOptions(Path(named["--config"]) if "--config" in named else None)
