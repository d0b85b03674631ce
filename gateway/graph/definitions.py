"""Node definitions: one entry of `/object_info` as a value, both dialects of it absorbed.

Source: ComfyUI server.py `node_info` (V1 nodes) and comfy_api/latest/_io.py `GET_NODE_INFO_V1` (V3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from gateway.graph.json_value import Json

__all__ = [
    "Autogrow",
    "BooleanWidget",
    "Combo",
    "Definition",
    "Definitions",
    "DynamicCombo",
    "InputDefinition",
    "InputKind",
    "IntegerWidget",
    "NumberWidget",
    "OpaqueWidget",
    "Socket",
    "TextWidget",
    "UnionWidget",
]


@dataclass(frozen=True, slots=True)
class TextWidget:
    """STRING. `dynamic_prompts`: the editor resolves `{a|b}` in it before sending."""

    multiline: bool = False
    dynamic_prompts: bool = False
    placeholder: str = ""


@dataclass(frozen=True, slots=True)
class IntegerWidget:
    """INT; limits are None where the definition has none, and may exceed 2^53."""

    minimum: int | None = None
    maximum: int | None = None
    step: int | None = None


@dataclass(frozen=True, slots=True)
class NumberWidget:
    """FLOAT; limits are None where the definition has none or says Infinity."""

    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None


@dataclass(frozen=True, slots=True)
class BooleanWidget:
    """BOOLEAN."""


@dataclass(frozen=True, slots=True)
class Combo:
    """A choice from a list, old form (bare list) or new (`COMBO` + options).

    Attributes:
        options: The values; text, numbers or booleans. None when only the server's `remote` route knows.
        multiselect: The value is a list of options.
        upload: `image`, `audio`, `video`, `file` when the widget names an uploaded file, else empty.
        folder: Which ComfyUI folder the files are in (`input`, `output`), for uploads.
    """

    options: tuple[Json, ...] | None
    multiselect: bool = False
    upload: str = ""
    folder: str = "input"


@dataclass(frozen=True, slots=True)
class OpaqueWidget:
    """A widget whose value is JSON of its own kind: COLOR, CURVE, BOUNDING_BOX and the like."""

    type: str


@dataclass(frozen=True, slots=True)
class UnionWidget:
    """Several widget kinds at once, as in `INT,FLOAT` or `*` (no members: anything)."""

    members: tuple[InputKind, ...]


@dataclass(frozen=True, slots=True)
class Socket:
    """A link only: IMAGE, MODEL, LATENT…, or a widget type with `forceInput`."""

    type: str


@dataclass(frozen=True, slots=True)
class DynamicCombo:
    """COMFY_DYNAMICCOMBO_V3: key → the inputs that exist while that key is chosen.

    The graph holds them flat: `format`, `format.codec`, `format.codec.encoding`.
    """

    options: Mapping[str, Mapping[str, InputDefinition]]


@dataclass(frozen=True, slots=True)
class Autogrow:
    """COMFY_AUTOGROW_V3: any number of inputs of one kind.

    `images.image0`, `images.image1`… (prefix and a number from 0), or `values.a` (from `names`).
    """

    template: InputDefinition
    prefix: str = ""
    names: tuple[str, ...] = ()
    minimum: int = 0
    maximum: int | None = None


InputKind: TypeAlias = (
    TextWidget
    | IntegerWidget
    | NumberWidget
    | BooleanWidget
    | Combo
    | OpaqueWidget
    | UnionWidget
    | Socket
    | DynamicCombo
    | Autogrow
)


@dataclass(frozen=True, slots=True)
class InputDefinition:
    """One input of a node definition. Its default is deliberately not here: the graph's value holds.

    Attributes:
        name: Input name as in the graph.
        kind: What it takes.
        required: Whether ComfyUI refuses a prompt without it.
        tooltip: Its text for people, or empty.
    """

    name: str
    kind: InputKind
    required: bool = True
    tooltip: str = ""


@dataclass(frozen=True, slots=True)
class Definition:
    """One node class.

    Attributes:
        class_type: The class name.
        inputs: Input name → definition, required ones first, in the definition's order.
        hidden: Names of hidden inputs (PROMPT, UNIQUE_ID…), never to be sent.
        output_node: Whether ComfyUI runs a prompt for its sake.
        outputs: Type name of each output slot.
        deprecated: Marked so by its author.
        experimental: Marked so by its author.
        api_node: Calls a paid partner service.
        python_module: Where its code is: `nodes`, `comfy_extras.…`, `custom_nodes.<pack>`.
        lists: Whether an output slot gives a list, so that what comes after runs once for each item.
    """

    class_type: str
    inputs: Mapping[str, InputDefinition]
    hidden: frozenset[str] = frozenset()
    output_node: bool = False
    outputs: tuple[str, ...] = ()
    display_name: str = ""
    description: str = ""
    deprecated: bool = False
    api_node: bool = False
    experimental: bool = False
    python_module: str = ""
    lists: bool = False
    extra: Mapping[str, Json] = field(default_factory=dict[str, Json])


Definitions: TypeAlias = Mapping[str, Definition]
"""class_type → definition."""
