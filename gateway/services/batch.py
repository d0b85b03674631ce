"""A call whose arguments are several values → the arguments of each of its jobs, in a fixed order.

The parameter that is declared first varies slowest, the number of variations fastest. Seeds that the
caller leaves out are drawn once for each variation: jobs that differ in a value only have the same.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

from gateway.errors import ArgumentError, ArgumentFault
from gateway.graph.json_value import Json, as_array
from gateway.services.arguments import Accepted, accept
from gateway.services.bound import BoundParameter, BoundService
from gateway.services.constraint import constraint_of, refusal
from gateway.services.courtesies import is_left_out
from gateway.services.model import Drawn
from gateway.services.values import FILE_TYPES, pointer_of, text_length

__all__ = ["accept_all", "check_text"]

Draw = Callable[[int, int], int]

_MOST_TEXT = 16_000_000
"""Characters that the jobs of one call hold together: each keeps what it was asked for."""


def accept_all(
    bound: BoundService, arguments: Mapping[str, Json], draw: Draw
) -> tuple[Accepted, ...]:
    """Check a caller's arguments and return those of each job that the call asks for.

    Args:
        bound: The service.
        arguments: Any JSON object.
        draw: Given the least and the greatest, both included, returns an integer at random.

    Returns:
        What each job can be made of; one for a call that asks for no more.

    Raises:
        ArgumentError: With every fault, by JSON pointer; or the call asks for too many jobs.
    """
    spread = _spread(bound, arguments)
    first = _checked(bound, spread, draw)
    count = first.arguments.get(spread.count.name) if spread.count is not None else 1
    variations = count if isinstance(count, int) else 1
    if variations == 1 and not spread.lists:
        return (_without_count(first, spread),)
    _check_number(bound, spread, variations)
    if variations > 1 and spread.count is not None:
        _check_seeds(bound, spread, spread.count.name)
    return tuple(_without_count(each, spread) for each in _each(bound, spread, variations, draw))


@dataclass(slots=True)
class _Spread:
    """The arguments of a call: those that are one value, and the lists in the order of the YAML."""

    plain: Mapping[str, Json]
    lists: dict[str, Sequence[Json]] = field(default_factory=dict[str, "Sequence[Json]"])
    count: BoundParameter | None = None

    def one(self, chosen: Mapping[str, int]) -> dict[str, Json]:
        """Return the arguments of one job: of each list the value at this index, or the first."""
        picked = {name: items[chosen.get(name, 0)] for name, items in self.lists.items()}
        return {**self.plain, **picked}


def _spread(bound: BoundService, arguments: Mapping[str, Json]) -> _Spread:
    """Tell the lists from the rest.

    Raises:
        ArgumentError: A list is empty, or together they are too long to be looked at.
    """
    spread = _Spread(arguments)
    for each in bound.parameters:
        items = as_array(arguments.get(each.name)) if each.parameter.batch == "values" else None
        if items is not None:
            spread.lists[each.name] = items
        if each.parameter.batch == "count":
            spread.count = each
    empty = [name for name, items in spread.lists.items() if not items]
    if empty:
        said = "must have one value at least, or be a single one"
        raise ArgumentError([ArgumentFault(pointer_of(name), said) for name in empty])
    _check_number(bound, spread, 1)
    return spread


def _check_number(bound: BoundService, spread: _Spread, variations: int) -> None:
    most = bound.service.batch_limit
    factors = {name: len(items) for name, items in spread.lists.items()}
    if spread.count is not None and variations > 1:
        factors[spread.count.name] = variations
    jobs = math.prod(factors.values())
    if jobs > most:
        told = " × ".join(f"{number} {name}" for name, number in factors.items())
        told = f"{told} is {jobs} jobs" if len(factors) > 1 else f"{jobs} jobs"
        largest = max(factors, key=lambda name: factors[name])
        raise ArgumentError(
            [ArgumentFault(pointer_of(largest), f"{told}; one call starts at most {most}")],
            code="batch-too-large",
            mend="Give fewer values, or make several calls.",
        )
    if jobs > 1:
        _check_text(bound, spread, jobs)


def _check_text(bound: BoundService, spread: _Spread, jobs: int) -> None:
    held: dict[str, int] = {}
    for each in bound.parameters:
        items = spread.lists.get(each.name)
        values = (spread.plain.get(each.name),) if items is None else items
        # A data: URL is ASCII, and no job keeps it.
        kept = (one for one in values if each.type not in FILE_TYPES or not _is_ascii(one))
        held[pointer_of(each.name)] = sum(map(text_length, kept)) * jobs // len(values)
    check_text(held, jobs)


def check_text(held: Mapping[str, int], jobs: int) -> None:
    """Refuse a call whose jobs would hold too much text together; files are kept once for all.

    Args:
        held: JSON pointer of an argument → characters of it that all jobs hold together.
        jobs: How many there are.

    Raises:
        ArgumentError: It is too much.
    """
    total = sum(held.values())
    if total > _MOST_TEXT:
        said = (
            f"{jobs} jobs would hold {total:,} characters of text together; those of one call hold "
            f"at most {_MOST_TEXT:,}"
        )
        raise ArgumentError(
            [ArgumentFault(max(held, key=lambda name: held[name]), said)],
            code="batch-too-large",
            mend="Give fewer values, or make several calls.",
        )


def _is_ascii(value: Json) -> bool:
    return isinstance(value, str) and value.isascii()


def _checked(bound: BoundService, spread: _Spread, draw: Draw) -> Accepted:
    """Check every value of every list, and what is no list once; return the first job's arguments.

    Raises:
        ArgumentError: With every fault; those of a list's values with their index.
    """
    faults: dict[ArgumentFault, None] = {}
    refused: ArgumentError | None = None
    accepted: dict[tuple[str, int], Accepted] = {}
    trials: list[tuple[str, int]] = [("", 0)]
    trials += [(name, index) for name, items in spread.lists.items() for index in range(len(items))]
    for name, index in trials:
        try:
            accepted[name, index] = accept(bound, spread.one({name: index}), draw)
        except ArgumentError as error:
            refused = refused or error
            at = {**dict.fromkeys(spread.lists, 0), name: index}
            faults.update(
                dict.fromkeys(
                    replace(each, pointer=_within(each.pointer, at)) for each in error.faults
                )
            )
    if refused is None:
        faults.update(dict.fromkeys(_value_faults(bound, spread, accepted)))
    if faults:
        code, mend = (refused.code, refused.mend) if refused is not None else ("", "")
        raise ArgumentError(list(faults), code=code, mend=mend)
    return accepted["", 0]


def _within(pointer: str, at: Mapping[str, int]) -> str:
    """Return a pointer into one job's arguments as one into the call's."""
    for name, index in at.items():
        step = pointer_of(name)
        if name and (pointer == step or pointer.startswith(f"{step}/")):
            return f"{step}/{index}{pointer.removeprefix(step)}"
    return pointer


def _value_faults(
    bound: BoundService, spread: _Spread, accepted: Mapping[tuple[str, int], Accepted]
) -> Iterator[ArgumentFault]:
    """Yield the values of lists that stand for nothing, or for the same as one before."""
    parameters = {each.name: each for each in bound.parameters}
    for name, items in spread.lists.items():
        each, seen = parameters[name], dict[str, int]()
        for index, item in enumerate(items):
            pointer = f"{pointer_of(name)}/{index}"
            if _is_drawn(each, item):
                continue
            if is_left_out(each, item):
                yield ArgumentFault(pointer, refusal(item, constraint_of(each)))
                continue
            text = json.dumps(accepted[name, index].arguments[name], sort_keys=True)
            earlier = seen.setdefault(text, index)
            if earlier != index:
                yield ArgumentFault(pointer, f"is the same as value {earlier}: each makes a job")


def _is_drawn(bound: BoundParameter, value: Json) -> bool:
    drawn = isinstance(bound.parameter.supply, Drawn)
    return drawn and value is not None and is_left_out(bound, value)


def _check_seeds(bound: BoundService, spread: _Spread, count: str) -> None:
    """Refuse variations that would all be the same."""
    drawn = [each for each in bound.parameters if isinstance(each.parameter.supply, Drawn)]
    for each in drawn:
        given = spread.lists.get(each.name, (spread.plain.get(each.name),))
        if all(is_left_out(each, value) for value in given):
            return
    names = " or ".join(f"`{each.name}`" for each in drawn)
    said = f"with {names} given, all variations would be the same: leave it out, or the count"
    raise ArgumentError([ArgumentFault(pointer_of(count), said)])


def _each(bound: BoundService, spread: _Spread, variations: int, draw: Draw) -> Iterator[Accepted]:
    """Yield what each job is made of.

    Raises:
        ArgumentError: Values that are right by themselves are wrong together.
    """
    shared: list[dict[str, int]] = [{} for _ in range(variations)]
    places = product(*(range(len(items)) for items in spread.lists.values()))
    for place in places:
        arguments = spread.one(dict(zip(spread.lists, place, strict=True)))
        for seeds in shared:
            accepted = accept(bound, {**arguments, **seeds}, draw)
            seeds.update(
                {name: each for name, each in accepted.seeds.items() if name not in spread.lists}
            )
            yield accepted


def _without_count(accepted: Accepted, spread: _Spread) -> Accepted:
    """Return what a single job is made of, which is one variation whatever the call asked for."""
    left = dict(accepted.arguments)
    if spread.count is not None:
        left.pop(spread.count.name, None)
    return replace(accepted, arguments=left)
