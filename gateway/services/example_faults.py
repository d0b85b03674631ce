"""Whether the YAML's `examples` are calls that the service would take."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from gateway.errors import Finding
from gateway.graph.json_value import Json, as_array
from gateway.services.bound import BoundParameter
from gateway.services.closest import closest
from gateway.services.constraint import constraint_of
from gateway.services.model import Drawn, Example, Fixed, Required, Service
from gateway.services.parameter_faults import value_fault

__all__ = ["example_faults"]


def example_faults(service: Service, parameters: Sequence[BoundParameter]) -> Iterator[Finding]:
    """Yield a finding for every argument of an example that would be refused, or is missing."""
    offered = {
        each.name: each for each in parameters if not isinstance(each.parameter.supply, Fixed)
    }
    for number, example in enumerate(service.examples, 1):
        for name, value in example.arguments.items():
            bound = offered.get(name)
            if bound is None:
                near = closest(name, offered)
                mend = f"Did you mean `{near}`?" if near else "Remove it."
                message = f"example {number} has `{name}`, which callers cannot give"
                yield _finding(example, message, name, mend)
            elif wrong := next(
                filter(None, (_wrong(each, bound) for each in _values_of(bound, value))), ""
            ):
                message = f"example {number}: `{name}` {wrong}"
                yield _finding(example, message, name, "Correct the example.")
        for name, bound in offered.items():
            if isinstance(bound.parameter.supply, Required) and name not in example.arguments:
                message = f"example {number} lacks `{name}`, which is required"
                yield _finding(example, message, name, f"Add `{name}` to it.")
        jobs = _jobs(example.arguments, offered)
        if not 1 <= jobs <= service.batch_limit:
            message = (
                f"example {number} asks for {jobs} jobs; a call starts 1 to {service.batch_limit}"
            )
            mend = "Give fewer values, or raise the service's `batch_limit` (256 at most)."
            yield _finding(example, message, "", mend)


def _jobs(arguments: Mapping[str, Json], offered: Mapping[str, BoundParameter]) -> int:
    """Return how many jobs an example makes; what is wrong with its values is told elsewhere."""
    named = [(offered[name], value) for name, value in arguments.items() if name in offered]
    lists = math.prod(len(_values_of(bound, value)) for bound, value in named)
    counts = (value for bound, value in named if bound.parameter.batch == "count")
    return lists * next((each for each in counts if isinstance(each, int)), 1)


def _values_of(bound: BoundParameter, value: Json) -> Sequence[Json]:
    """Return the values that an argument stands for: one, or each of a list where that may be given."""
    items = as_array(value) if bound.parameter.batch == "values" else None
    return (value,) if items is None else items


def _wrong(value: Json, bound: BoundParameter) -> str:
    supply = bound.parameter.supply
    if value is None and not isinstance(supply, Required):
        return ""
    if value == -1 and isinstance(supply, Drawn):
        return ""
    return value_fault(value, constraint_of(bound))


def _finding(example: Example, message: str, name: str, mend: str) -> Finding:
    return Finding(
        code="example-invalid",
        message=message,
        place=example.place,
        parameter=name or None,
        found=name or None,
        mend=mend,
    )
