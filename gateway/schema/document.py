"""JSON documents as text for files that people review: stable, indented, readable in a diff."""

from __future__ import annotations

import json

from gateway.graph.json_value import Json, as_array, as_object

__all__ = ["dump"]

# Objects whose order says something: the YAML's. All others are sorted.
_ORDERED = frozenset({"properties", "$defs"})


def dump(document: Json) -> str:
    """Return a JSON text: keys sorted where their order says nothing, two spaces, newline at the end.

    NaN and Infinity, which are not JSON, are a ValueError.
    """
    return json.dumps(_sorted(document), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _sorted(value: Json, *, keep: bool = False) -> Json:
    if (fields := as_object(value)) is not None:
        keys = list(fields) if keep else sorted(fields)
        # A parameter may itself be called `properties`: its fragment is no map of parameters.
        return {key: _sorted(fields[key], keep=not keep and key in _ORDERED) for key in keys}
    if (items := as_array(value)) is not None:
        return [_sorted(each) for each in items]
    return value
