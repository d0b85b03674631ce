"""What a parameter with `batch` may be: by itself as it is written, and within its service."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gateway.errors import Finding
from gateway.services.bound import BoundParameter
from gateway.services.fields import Fields
from gateway.services.findings import Findings
from gateway.services.model import Defaulted, Drawn, LeftOut, Parameter, Service
from gateway.services.parameter_keys import DEFAULT

__all__ = ["batch_faults", "check_count", "of_count"]


def of_count(parameter: Parameter) -> Parameter:
    """Return a number of variations as the parameter that it is: an integer of at least 1."""
    supply = Defaulted(1) if isinstance(parameter.supply, LeftOut) else parameter.supply
    return replace(
        parameter, type="integer", supply=supply, limits=replace(parameter.limits, minimum=1)
    )


def check_count(parameter: Parameter, fields: Fields, findings: Findings) -> None:
    """Report a number of variations that is left to chance."""
    if isinstance(parameter.supply, Drawn):
        findings.add(
            fields.at(DEFAULT),
            code="batch-count-random",
            message="how many jobs a call starts is not drawn at random",
            found="random",
            mend="Write a number, or take the line out: it is 1 then.",
        )


def batch_faults(service: Service, parameters: Sequence[BoundParameter]) -> Iterator[Finding]:
    """Yield what is wrong with the batch parameters of a service, each with its parameter's name."""
    counts = [each for each in parameters if each.parameter.batch == "count"]
    for each in counts[1:]:
        yield _finding(
            each,
            code="batch-count-twice",
            message=f"`{counts[0].name}` says already how many variations there are",
            mend="Keep one of the two.",
        )
    for each in counts:
        yield from _count_faults(each, service, parameters)
    for each in parameters:
        if each.parameter.batch == "values" and each.type == "array":
            yield _finding(
                each,
                code="batch-of-lists",
                message="each of its values is a list already, so a list would not be several of them",
                mend="Take `batch` out.",
            )


def _count_faults(
    bound: BoundParameter, service: Service, parameters: Sequence[BoundParameter]
) -> Iterator[Finding]:
    if not any(isinstance(each.parameter.supply, Drawn) for each in parameters):
        yield _finding(
            bound,
            code="batch-count-without-seed",
            message="without a seed that is drawn, all variations would be the same",
            mend="Give the seed's parameter `default: random`.",
        )
    supply, most = bound.parameter.supply, bound.parameter.limits.maximum
    default = supply.value if isinstance(supply, Defaulted) else None
    for key, number in (("default", default), ("maximum", most)):
        if isinstance(number, int | float) and number > service.batch_limit:
            found = _finding(
                bound,
                code="batch-count-beyond-limit",
                message=f"`{key}` is {number:g}, and a call may start {service.batch_limit} jobs at most",
                mend="Lower it, or raise the service's `batch_limit` (256 at most).",
            )
            yield replace(found, place=bound.parameter.places.get(key, bound.parameter.place))


def _finding(bound: BoundParameter, *, code: str, message: str, mend: str) -> Finding:
    return Finding(
        code=code,
        message=message,
        place=bound.parameter.places.get("batch", bound.parameter.place),
        parameter=bound.name,
        found=f"batch: {bound.parameter.batch}",
        mend=mend,
    )
