"""How one node class differs between ComfyUIs, or between what is pinned and what is there now.

Lists of files (models, uploads) differ from machine to machine by nature, so they are not compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gateway.graph.definitions import (
    Autogrow,
    Combo,
    Definition,
    DynamicCombo,
    InputDefinition,
    InputKind,
    IntegerWidget,
    NumberWidget,
)
from gateway.graph.json_value import Json
from gateway.graph.link_types import expected_types
from gateway.services.backend_files import lives_on_backend
from gateway.services.bound import BoundWidget

__all__ = ["differences"]

_SHOWN = 3


def differences(sides: Mapping[str, Definition]) -> tuple[str, ...]:
    """Return what is not the same on every side, a sentence without its stop for each.

    Args:
        sides: Name of a side, as it follows `on`, → its definition of one class.
    """
    facts = {side: _facts(definition) for side, definition in sides.items()}
    found = [_outputs_told(sides)] if len({each.outputs for each in sides.values()}) > 1 else []
    for name in dict.fromkeys(name for each in facts.values() for name in each):
        having = [side for side, each in facts.items() if name in each]
        if len(having) < len(sides):
            found.append(f"input `{name}` is on {_listed(having)} only")
        else:
            found.extend(_compared(name, {side: each[name] for side, each in facts.items()}))
    return tuple(found)


def _facts(definition: Definition) -> dict[str, InputDefinition]:
    return dict(_flat(definition.inputs, ""))


def _flat(
    inputs: Mapping[str, InputDefinition], prefix: str
) -> Iterator[tuple[str, InputDefinition]]:
    for name, known in inputs.items():
        yield prefix + name, known
        if isinstance(known.kind, DynamicCombo):
            for below in known.kind.options.values():
                yield from _flat(below, f"{prefix}{name}.")


def _compared(name: str, inputs: Mapping[str, InputDefinition]) -> Iterator[str]:
    types = {side: _type_of(each.kind) for side, each in inputs.items()}
    if len(set(types.values())) > 1:
        yield f"`{name}` is {_each(types)}"
        return
    needs = {side: "needed" if each.required else "optional" for side, each in inputs.items()}
    if len(set(needs.values())) > 1:
        yield f"`{name}` is {_each(needs)}"
    limits = {side: _limits_of(each.kind) for side, each in inputs.items()}
    if len(set(limits.values())) > 1:
        yield f"`{name}` is {_each(limits)}"
    options = {side: _options_of(name, each) for side, each in inputs.items()}
    yield from _options_told(name, {side: each for side, each in options.items() if each})


def _type_of(kind: InputKind) -> str:
    match kind:
        case Autogrow():
            return f"a list of {_type_of(kind.template.kind)}"
        case DynamicCombo() | Combo():
            return "a choice"
        case _:
            return " or ".join(sorted(expected_types(kind))) or "anything"


def _limits_of(kind: InputKind) -> str:
    match kind:
        case IntegerWidget(low, high) | NumberWidget(low, high):
            return f"{'' if low is None else low}…{'' if high is None else high}"
        case Autogrow(maximum=most):
            return f"up to {most}" if most is not None else "any number"
        case _:
            return ""


def _options_of(name: str, known: InputDefinition) -> tuple[Json, ...]:
    """Return the options that are the same wherever the class is the same."""
    match known.kind:
        case Combo(options=tuple() as options):
            widget = BoundWidget("", name.rpartition(".")[2], "", current=None, definition=known)
            return () if lives_on_backend(widget) else options
        case DynamicCombo(options):
            return tuple(options)
        case _:
            return ()


def _options_told(name: str, options: Mapping[str, Sequence[Json]]) -> Iterator[str]:
    by_sides: dict[tuple[str, ...], list[str]] = {}
    for option in dict.fromkeys(each for known in options.values() for each in known):
        having = tuple(side for side, known in options.items() if option in known)
        if len(having) < len(options):
            by_sides.setdefault(having, []).append(repr(option))
    for having, those in by_sides.items():
        more = f" and {len(those) - _SHOWN} more" if len(those) > _SHOWN else ""
        yield f"`{name}` offers {', '.join(those[:_SHOWN])}{more} on {_listed(having)} only"


def _outputs_told(sides: Mapping[str, Definition]) -> str:
    return f"its outputs are {_each({side: ', '.join(each.outputs) or 'none' for side, each in sides.items()})}"


def _each(said: Mapping[str, str]) -> str:
    by_text: dict[str, list[str]] = {}
    for side, text in said.items():
        by_text.setdefault(text, []).append(side)
    return "; ".join(f"{text} on {_listed(sides)}" for text, sides in by_text.items())


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
