"""The `gateway` and `jobs` sections of services.yaml, as values.

Durations are seconds (None: no limit); sizes are bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from gateway.services.bucket import Bucket
from gateway.services.webhook import WebhookSettings

__all__ = [
    "GatewaySettings",
    "HttpSettings",
    "InputUrls",
    "JobSettings",
    "KeepPolicy",
    "PreviewSettings",
]


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """`gateway.http`."""

    host: str = "127.0.0.1"
    port: int = 8080
    path: str = "/mcp"
    max_body: int = 32 * 1024 * 1024
    allowed_hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PreviewSettings:
    """`gateway.preview`: longest side in pixels, and bytes of base64 for a whole answer."""

    max_side: int = 512
    budget: int = 600 * 1024


@dataclass(frozen=True, slots=True)
class InputUrls:
    """`gateway.input_urls`: what may be fetched on a caller's word.

    `allow_hosts`: when not empty, only these; a host listed here may also be private.
    """

    allow_hosts: tuple[str, ...] = ()
    max_size: int = 100 * 1024 * 1024
    timeout: float = 30.0


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """The `gateway` section."""

    name: str = "comfyui-gateway"
    instructions: str | None = None
    http: HttpSettings = HttpSettings()
    preview: PreviewSettings = PreviewSettings()
    call_wait: float | None = 45.0
    input_folders: tuple[str, ...] = ()
    input_buckets: tuple[Bucket, ...] = ()
    input_urls: InputUrls = InputUrls()
    webhooks: WebhookSettings = field(default_factory=WebhookSettings)
    backend_grace: float = 60.0


@dataclass(frozen=True, slots=True)
class KeepPolicy:
    """`jobs.keep`: finished jobs older than `age` seconds or beyond `count` go, files too."""

    age: float | None = 24 * 3600.0
    count: int = 1000


@dataclass(frozen=True, slots=True)
class JobSettings:
    """The `jobs` section.

    Attributes:
        dispatch: Each gateway runs its own jobs, or workers run everybody's.
        lease: Seconds without a sign of life after which a gateway or worker is taken for dead.
    """

    store: str = ".gateway/jobs.db"
    keep: KeepPolicy = KeepPolicy()
    attempts: int = 3
    dispatch: Literal["process", "cluster"] = "process"
    lease: float = 15.0
