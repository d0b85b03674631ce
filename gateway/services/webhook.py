"""What services.yaml says of webhooks, as values: where the ends of jobs are told, and how."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from gateway.errors import Place

__all__ = ["EVERY_END", "JobEnd", "Webhook", "WebhookSettings"]

JobEnd = Literal["completed", "failed", "timeout", "cancelled"]
"""How a job can end."""

EVERY_END: frozenset[JobEnd] = frozenset({"completed", "failed", "timeout", "cancelled"})


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where the ends of a service's jobs are told.

    Attributes:
        url: It may hold a token, so it is shown to nobody.
        secret: `whsec_` and the key in base64; None: what is told is not signed.
        events: The ends that are told.
    """

    url: str = field(repr=False)
    place: Place
    secret: str | None = field(default=None, repr=False)
    events: frozenset[JobEnd] = EVERY_END


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """`gateway.webhooks`: where services' webhooks may lead, and how they are sent.

    Attributes:
        allow_hosts: When not empty, only these; a host listed here may also be private.
        timeout: Seconds a receiver has for its answer.
        attempts: How often one end is told until a receiver takes it.
        secret: For the webhooks that have none of their own.
    """

    allow_hosts: tuple[str, ...] = ()
    timeout: float = 10.0
    attempts: int = 8
    secret: str | None = field(default=None, repr=False)
