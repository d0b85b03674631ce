"""`/object_info` as definitions: both dialects read, broken entries left out. Knows no service.

Source: ComfyUI server.py `node_info` (V1 nodes) and comfy_api/latest/_io.py (V3 nodes). Custom nodes
write what they like here, so nothing is trusted to have the shape it should have.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.graph.definitions import (
    Autogrow,
    Definition,
    Definitions,
    DynamicCombo,
    InputDefinition,
    UnionWidget,
)
from gateway.graph.input_kinds import kind_of_input
from gateway.graph.json_value import Json, JsonObject, as_array, as_object

__all__ = ["choosers_of", "input_of", "parse_definitions", "parse_inputs"]


def parse_definitions(raw: JsonObject) -> Definitions:
    """Read an `/object_info` answer; an entry that is no node definition is left out."""
    parsed = (
        (class_type, _parse_definition(class_type, entry)) for class_type, entry in raw.items()
    )
    return {class_type: definition for class_type, definition in parsed if definition is not None}


def input_of(
    definition: Definition, name: str, inputs: Mapping[str, Json]
) -> InputDefinition | None:
    """Find the definition of a node's input by the name it has in the graph.

    Args:
        definition: The node's class.
        name: As in the graph: `steps`, `format.codec`, `images.image0`.
        inputs: The node's present inputs; a child of a dynamic combo exists only under the key that
            its parent holds there.

    Returns:
        The input's definition under its full name, or None when the class has no such input now.
    """
    return _find(definition.inputs, "", name, inputs)


def choosers_of(definition: Definition, name: str) -> tuple[tuple[str, str, InputDefinition], ...]:
    """Tell under which keys of its innermost dynamic combo an input exists.

    Args:
        definition: The node's class.
        name: As in the graph: `format.codec`.

    Returns:
        (the combo's full name, its key, the input's definition) for every key that brings it.
    """
    return tuple(_choosers(definition.inputs, "", name))


def parse_inputs(raw: Json) -> dict[str, InputDefinition]:
    """Read `{required: {...}, optional: {...}}`, required ones first."""
    sections = as_object(raw) or {}
    found: dict[str, InputDefinition] = {}
    for section in ("required", "optional"):
        for name, spec in (as_object(sections.get(section)) or {}).items():
            found.setdefault(name, _parse_input(name, spec, required=section == "required"))
    return found


def _parse_definition(class_type: str, entry: Json) -> Definition | None:
    fields = as_object(entry)
    if fields is None or as_object(fields.get("input") or {}) is None:
        return None
    sections = as_object(fields.get("input")) or {}
    intermediate = fields.get("has_intermediate_output") is True
    return Definition(
        class_type=class_type,
        inputs=parse_inputs(sections),
        hidden=_hidden(sections),
        output_node=fields.get("output_node") is True,
        outputs=tuple(_type_name(each) for each in as_array(fields.get("output")) or ()),
        display_name=_text(fields.get("display_name")),
        description=_text(fields.get("description")),
        deprecated=fields.get("deprecated") is True,
        api_node=fields.get("api_node") is True,
        experimental=fields.get("experimental") is True,
        python_module=_text(fields.get("python_module")),
        lists=True in (as_array(fields.get("output_is_list")) or ()),
        extra={"has_intermediate_output": True} if intermediate else {},
    )


def _hidden(sections: JsonObject) -> frozenset[str]:
    """Return the names of hidden inputs.

    ComfyUI keeps those of V3 nodes, whose types stand in a list, apart from all that is sent, and so a
    text called `prompt` is no hidden one there; over a V1 node's input it writes its own value.
    """
    sent = [as_object(sections.get(each)) or {} for each in ("required", "optional")]
    hidden = as_object(sections.get("hidden")) or {}
    return frozenset(
        name
        for name, spec in hidden.items()
        if as_array(spec) is None or not any(name in each for each in sent)
    )


def _parse_input(name: str, spec: Json, *, required: bool) -> InputDefinition:
    parts = as_array(spec)
    if parts is None:  # a forgotten comma in a V1 node: `("IMAGE")` is text, not a tuple
        parts = [spec]
    options = as_object(parts[1]) if len(parts) > 1 else None
    options = options or {}
    declared = parts[0] if parts else None
    if declared == "COMFY_DYNAMICCOMBO_V3":
        kind = _dynamic_combo(options)
    elif declared == "COMFY_AUTOGROW_V3":
        kind = _autogrow(options)
    else:
        kind = kind_of_input(declared, options)
    return InputDefinition(name, kind, required, _text(options.get("tooltip")))


def _dynamic_combo(options: JsonObject) -> DynamicCombo:
    found: dict[str, Mapping[str, InputDefinition]] = {}
    for entry in as_array(options.get("options")) or ():
        fields = as_object(entry) or {}
        key = fields.get("key")
        if isinstance(key, str):
            found[key] = parse_inputs(fields.get("inputs"))
    return DynamicCombo(found)


def _autogrow(options: JsonObject) -> Autogrow:
    template = as_object(options.get("template")) or {}
    inner = list(parse_inputs(template.get("input")).values())
    most = template.get("max")
    least = template.get("min")
    return Autogrow(
        template=inner[0] if inner else InputDefinition("", UnionWidget(())),
        prefix=_text(template.get("prefix")),
        names=tuple(
            each for each in as_array(template.get("names")) or () if isinstance(each, str)
        ),
        minimum=least if isinstance(least, int) else 0,
        maximum=most if isinstance(most, int) else None,
    )


def _find(
    known: Mapping[str, InputDefinition], prefix: str, name: str, inputs: Mapping[str, Json]
) -> InputDefinition | None:
    if found := known.get(name):
        return InputDefinition(prefix + name, found.kind, found.required, found.tooltip)
    head, _, rest = name.partition(".")
    parent = known.get(head)
    if parent is None or not rest:
        return None
    match parent.kind:
        case DynamicCombo(options):
            key = inputs.get(prefix + head)
            below = options.get(key) if isinstance(key, str) else None
            return _find(below, f"{prefix}{head}.", rest, inputs) if below else None
        case Autogrow():
            return _grown(parent.kind, prefix + name, rest)
        case _:
            return None


def _grown(autogrow: Autogrow, full_name: str, rest: str) -> InputDefinition | None:
    if rest not in autogrow.names:
        number = rest.removeprefix(autogrow.prefix)
        if autogrow.names or number == rest or not (number.isascii() and number.isdigit()):
            return None
        # `07` is no name ComfyUI gives, and a number this long no index
        if str(int(number[:9])) != number or _beyond(int(number), autogrow.maximum):
            return None
    return InputDefinition(
        full_name, autogrow.template.kind, required=False, tooltip=autogrow.template.tooltip
    )


def _beyond(index: int, maximum: int | None) -> bool:
    return maximum is not None and index >= maximum


def _choosers(
    known: Mapping[str, InputDefinition], prefix: str, name: str
) -> list[tuple[str, str, InputDefinition]]:
    head, _, rest = name.partition(".")
    parent = known.get(head)
    if parent is None or not rest or not isinstance(parent.kind, DynamicCombo):
        return []
    found: list[tuple[str, str, InputDefinition]] = []
    for key, below in parent.kind.options.items():
        inner = _find(below, f"{prefix}{head}.", rest, {})
        if inner is not None:
            found.append((prefix + head, key, inner))
        else:
            found.extend(_choosers(below, f"{prefix}{head}.", rest))
    return found


def _type_name(declared: Json) -> str:
    return declared if isinstance(declared, str) else "COMBO"


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""
