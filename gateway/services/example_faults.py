"""Whether the YAML's `examples` are calls that the service would take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gateway.errors import Finding
from gateway.graph.json_value import Json
from gateway.services.bound import BoundParameter
from gateway.services.closest import closest
from gateway.services.constraint import constraint_of
from gateway.services.model import Drawn, Example, Fixed, Required
from gateway.services.parameter_faults import value_fault

__all__ = ["example_faults"]


def example_faults(
    examples: Sequence[Example], parameters: Sequence[BoundParameter]
) -> Iterator[Finding]:
    """Yield a finding for every argument of an example that would be refused, or is missing."""
    offered = {
        each.name: each for each in parameters if not isinstance(each.parameter.supply, Fixed)
    }
    for number, example in enumerate(examples, 1):
        for name, value in example.arguments.items():
            bound = offered.get(name)
            if bound is None:
                near = closest(name, offered)
                mend = f"Did you mean `{near}`?" if near else "Remove it."
                message = f"example {number} has `{name}`, which callers cannot give"
                yield _finding(example, message, name, mend)
            elif wrong := _wrong(value, bound):
                message = f"example {number}: `{name}` {wrong}"
                yield _finding(example, message, name, "Correct the example.")
        for name, bound in offered.items():
            if isinstance(bound.parameter.supply, Required) and name not in example.arguments:
                message = f"example {number} lacks `{name}`, which is required"
                yield _finding(example, message, name, f"Add `{name}` to it.")


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
        parameter=name,
        found=name,
        mend=mend,
    )
