"""What a service and its graph were, in a few characters: jobs keep it, so that a later reader can tell.

Where in a file something stands is no part of it: moving a service within services.yaml changes nothing.
Nor is what a value does not show of itself: that is secret, and a hash would be a way to guess at it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, fields, is_dataclass
from typing import cast

from gateway.errors import Place
from gateway.graph.json_value import Json
from gateway.services.bound import BoundService

__all__ = ["ServiceVersion", "version_of"]

_SHOWN = 16


@dataclass(frozen=True, slots=True)
class ServiceVersion:
    """Hashes, as 16 lower-case hex digits of SHA-256.

    Attributes:
        graph: Of the workflow's graph.
        service: Of what services.yaml says of the service, places left out.
    """

    graph: str
    service: str


def version_of(bound: BoundService) -> ServiceVersion:
    """Return what the service is now."""
    return ServiceVersion(_hash(_plain(bound.prompt)), _hash(_plain(bound.service)))


def _hash(value: Json) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:_SHOWN]


def _plain(value: object) -> Json:
    if isinstance(value, Mapping):
        told = cast("Mapping[object, object]", value)
        return {str(key): _plain(each) for key, each in told.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in cast("tuple[object, ...]", value)]
    if isinstance(value, AbstractSet):
        return sorted(str(each) for each in cast("AbstractSet[object]", value))
    if is_dataclass(value):
        said = {
            each.name: _plain(found)
            for each in fields(value)
            if each.repr
            and not isinstance(found := cast("object", getattr(value, each.name)), Place)
        }
        return {"is": type(value).__name__, **said}
    return cast("Json", value)
