"""What a parameter that makes one call several jobs adds to its fragment of JSON Schema."""

from __future__ import annotations

from gateway.graph.json_value import Json
from gateway.services.bound import BoundParameter

__all__ = ["batch_fragment"]

_ABOUT = ("title", "description", "default", "examples")
_SEVERAL = "A list: a job for each."
_COUNT = "How many variations to make."


def batch_fragment(fragment: dict[str, Json], bound: BoundParameter, most: int) -> dict[str, Json]:
    """Return the fragment of a parameter as callers see it: a value, or for a batch a list of them.

    Args:
        fragment: What it is for one job.
        bound: The parameter.
        most: Jobs that one call may start.
    """
    match bound.parameter.batch:
        case "values":
            about = {name: fragment[name] for name in _ABOUT if name in fragment}
            value: Json = {name: each for name, each in fragment.items() if name not in about}
            several: Json = {"type": "array", "items": value, "minItems": 1, "maxItems": most}
            said = about.get("description")
            about["description"] = f"{said} {_SEVERAL}" if said else _SEVERAL
            return {"anyOf": [value, several], **about}
        case "count":
            fragment.setdefault("maximum", most)
            fragment.setdefault("description", _COUNT)
            return fragment
        case _:
            return fragment
