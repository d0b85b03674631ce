"""JSON values changed at random: something replaced, removed, doubled or put elsewhere."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Sequence
from typing import Any

from gateway.graph.json_value import Json

__all__ = ["mutated"]

ODD: Sequence[Json] = (
    *(None, True, False, 0, -1, 2, 4, -10, -20, 1.5, -0.0, 1e300, 2**70, "", "x", "-10", "-20"),
    *("Reroute", "PrimitiveNode", "SaveImage", "*", "IMAGE", "decoding", "workflow>pair"),
    *(
        [],
        {},
        [[]],
        [{}],
        {"a": {}},
        [1, 2, 3, 4, 5, 6],
        ["1", 0],
        {"__value__": []},
        "{a|",
        "%a.b%",
    ),
)


def _is(value: object, kind: type) -> bool:
    return isinstance(value, kind)


def _spots(value: Any) -> list[tuple[Any, Any]]:
    """Return (container, key) of every value within a JSON value."""
    found: list[tuple[Any, Any]] = []
    rest: list[Any] = [value]
    while rest:
        each = rest.pop()
        keys: list[Any] = list(range(len(each))) if _is(each, list) else list(each)
        found.extend((each, key) for key in keys)
        rest.extend(each[key] for key in keys if _is(each[key], dict) or _is(each[key], list))
    return found


def mutated(value: Json, seed: int, count: int) -> Json:
    """Return a copy with some values replaced, removed, doubled or put elsewhere."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    document: Any = json.loads(json.dumps(value))
    for _ in range(count):
        spots = _spots(document)
        if not spots:
            break
        (owner, key), (donor, taken) = chance.choice(spots), chance.choice(spots)
        way = chance.randrange(4)
        if way == 0:
            del owner[key]
        elif way == 1 and _is(owner, list):
            owner.insert(key, copy.deepcopy(owner[key]))
        elif way == 2:
            owner[key] = copy.deepcopy(donor[taken])
        else:
            owner[key] = copy.deepcopy(chance.choice(ODD))
    return document
