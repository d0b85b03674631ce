"""The keys of a parameter of a service."""

from __future__ import annotations

from typing import Any, Literal

from gateway.graph.json_value import Json
from gateway.services.fields import Fields, Group, Key
from gateway.services.model import ParameterType, ShortTarget
from gateway.services.names import NAME
from gateway.services.parameter_clashes import CLASHES
from gateway.services.scalar_shapes import (
    SHORT_PATH,
    AnyJson,
    Boolean,
    Form,
    Integer,
    Number,
    ShortPath,
    Text,
    Word,
)
from gateway.services.shape import Clash, EitherOf, ListOf, MapOf, Needs, record

__all__ = [
    "BATCH",
    "BYPASS",
    "CHOICES",
    "CLASS_TYPE",
    "DEFAULT",
    "DESCRIPTION",
    "EXAMPLES",
    "ITEMS",
    "ITEM_WIDGETS",
    "MAXIMUM",
    "MAX_ITEMS",
    "MAX_LENGTH",
    "MINIMUM",
    "MIN_LENGTH",
    "MULTIPLE_OF",
    "MUTE",
    "NODE",
    "NODE_OF_TARGET",
    "NODE_REFERENCE",
    "NODE_TITLE",
    "PARAMETER",
    "PATTERN",
    "REPEAT",
    "REQUIRED",
    "TARGETS",
    "TEMPLATE",
    "TITLE",
    "TYPE",
    "VALUE",
    "WHEN_ABSENT",
    "WIDGET",
    "WIDGET_OF_TARGET",
]

# --- which node -----------------------------------------------------------------------------------

NODE_TITLE: Key[str | None] = Key("title", Text(), "The node's title in the editor, exactly.", None)
CLASS_TYPE: Key[str | None] = Key("class_type", Text(), "The node's class, such as KSampler.", None)
NODE_REFERENCE: EitherOf[str | Fields] = EitherOf(
    scalar=Text(numbers=True),
    mapping=record(
        "a node reference",
        (NODE_TITLE, CLASS_TYPE),
        (
            Clash(
                "title",
                ("class_type",),
                "a node is found by its title or by its class, not by both",
                "Keep one of the two, or write the node's id.",
            ),
            Needs(
                None, ("title", "class_type"), 'Write {title: …}, {class_type: …} or an id: "6".'
            ),
        ),
    ),
)

_NODE_HELP = 'The node: its id ("6"), {title: its title} or {class_type: its class}.'
_WIDGET_HELP = "The name of the node's input to set; it must hold a value, not a link."

# --- which widget ---------------------------------------------------------------------------------

NODE_OF_TARGET: Key[str | Fields] = Key("node", NODE_REFERENCE, _NODE_HELP, "", sample='"6"')
WIDGET_OF_TARGET: Key[str] = Key("widget", Text(), _WIDGET_HELP, "", sample="text")
_TARGET = record("a target", (NODE_OF_TARGET, WIDGET_OF_TARGET))

_WIDGET_PATH = Form(
    SHORT_PATH,
    "a node's id and its widget such as 5.width",
    code="target-invalid",
    mend="Write id.widget, such as 5.width: 512; or bypass or mute, with a list of nodes.",
)

# --- a parameter ----------------------------------------------------------------------------------

NODE: Key[str | Fields | None] = Key("node", NODE_REFERENCE, _NODE_HELP, None)
WIDGET: Key[str | None] = Key("widget", Text(), _WIDGET_HELP, None)
TARGETS: Key[tuple[Fields | ShortTarget, ...]] = Key(
    "targets",
    ListOf(EitherOf(scalar=ShortPath(), mapping=_TARGET), filled=True),
    "Several widgets that all get the value.",
    (),
)
BYPASS: Key[tuple[str | Fields, ...]] = Key(
    "bypass",
    ListOf(NODE_REFERENCE, filled=True),
    "Nodes that are taken out and pass on what they get, as bypassed ones do in the editor.",
    (),
)
MUTE: Key[tuple[str | Fields, ...]] = Key(
    "mute", ListOf(NODE_REFERENCE, filled=True), "Nodes that are taken out.", ()
)
_REMOVAL = record("what is taken out", (BYPASS, MUTE))
CHOICES: Key[tuple[Json, ...] | Group[Group[Any]] | None] = Key(
    "choices",
    EitherOf(
        listing=ListOf(AnyJson(scalar=True), filled=True),
        mapping=MapOf(MapOf(AnyJson(), names=_WIDGET_PATH, own=_REMOVAL), filled=True),
    ),
    "The values it may take: a list, or a mapping of labels to the widgets that each label sets and "
    "the nodes that it bypasses or mutes.",
    None,
)
_TYPES: Word[ParameterType] = Word(
    (
        "string",
        "integer",
        "number",
        "boolean",
        "image",
        "mask",
        "audio",
        "video",
        "file",
        "array",
        "object",
    )
)
TYPE: Key[ParameterType | None] = Key(
    "type",
    _TYPES,
    "What callers give; left out, what the widget takes.",
    None,
)
REQUIRED: Key[bool] = Key("required", Boolean(), "Whether callers must give it.", False)
DEFAULT: Key[Json] = Key(
    "default",
    AnyJson(),
    "What is used when it is left out; `random` draws an integer for each call, `graph` keeps the "
    "graph's own file. Left out itself, the graph's own value stays.",
    None,
)
VALUE: Key[Json] = Key(
    "value", AnyJson(), "Set in the graph at each call, hidden from callers.", None
)
TITLE: Key[str | None] = Key("title", Text(), "Its name for people.", None)
DESCRIPTION: Key[str | None] = Key(
    "description", Text(), "What it does; left out, the widget's tooltip.", None
)
EXAMPLES: Key[tuple[Json, ...]] = Key("examples", ListOf(AnyJson()), "Values to show callers.", ())
MINIMUM: Key[int | float | None] = Key("minimum", Number(), "The smallest number.", None)
MAXIMUM: Key[int | float | None] = Key("maximum", Number(), "The largest number.", None)
MULTIPLE_OF: Key[int | float | None] = Key(
    "multiple_of", Number(positive=True), "Numbers must be multiples of this.", None
)
MIN_LENGTH: Key[int | None] = Key("min_length", Integer(0), "The fewest characters.", None)
MAX_LENGTH: Key[int | None] = Key("max_length", Integer(0), "The most characters.", None)
PATTERN: Key[str | None] = Key(
    "pattern", Text(), "A regular expression that text must match.", None
)
TEMPLATE: Key[str | None] = Key(
    "template",
    Text(),
    "Jinja2 text that goes into the widget instead; it sees the arguments of all parameters.",
    None,
)
_BATCHES: Word[Literal["count", "values"]] = Word(("count", "values"))
BATCH: Key[Literal["count", "values"] | None] = Key(
    "batch",
    _BATCHES,
    "`values`: callers may give a list, and each of its values is a job of its own. `count`: how many "
    "variations to make, each with seeds of its own.",
    None,
)

# --- what changes the graph's shape ---------------------------------------------------------------

_BRANCH: Word[Literal["bypass"]] = Word(("bypass",))
WHEN_ABSENT: Key[Literal["bypass"] | Fields | None] = Key(
    "when_absent",
    EitherOf(
        scalar=_BRANCH,
        mapping=record(
            "what goes when it is left out",
            (BYPASS, MUTE),
            (Needs(None, ("bypass", "mute"), 'Write bypass, or {bypass: ["12"]}.'),),
        ),
    ),
    "What goes with a file that is left out: `bypass`, the branch of the graph that hangs on it; or "
    "{bypass: […], mute: […]}.",
    None,
)
REPEAT: Key[str | Group[Any] | None] = Key(
    "repeat",
    EitherOf(
        scalar=Text(numbers=True),
        mapping=MapOf(Integer(0), own=record("a repeated node", (NODE_OF_TARGET,))),
    ),
    "A node that is there once for each item of a list, in a chain: its id, or {node: …} with its "
    "inputs that continue the chain, each with the output slot it continues: model: 0. Left out, "
    "these are found by their types.",
    None,
)
_ITEM_WIDGET: Key[str | None] = Key(
    "widget", Text(), "The widget of the repeated node; left out, the one of this name.", None
)
ITEM_WIDGETS: Key[tuple[str, ...]] = Key(
    "widgets", ListOf(Text(), filled=True), "Several widgets that all get the value.", ()
)
_ITEM_CHOICES: Key[tuple[Json, ...] | None] = Key(
    "choices", ListOf(AnyJson(scalar=True), filled=True), "The values it may take.", None
)
ITEMS: Key[str | Group[str | Fields] | None] = Key(
    "items",
    EitherOf(
        scalar=Text(),
        mapping=MapOf(
            EitherOf(
                scalar=Text(),
                mapping=record(
                    "a field of an item",
                    (
                        _ITEM_WIDGET,
                        ITEM_WIDGETS,
                        TYPE,
                        REQUIRED,
                        DEFAULT,
                        TITLE,
                        DESCRIPTION,
                        MINIMUM,
                        MAXIMUM,
                        MULTIPLE_OF,
                        MIN_LENGTH,
                        MAX_LENGTH,
                        PATTERN,
                        _ITEM_CHOICES,
                    ),
                    (
                        Clash(
                            "widgets",
                            ("widget",),
                            "the widgets are named twice",
                            "Keep `widgets`, and put the widget into its list.",
                        ),
                        Clash(
                            "required",
                            ("default",),
                            "a required field has no value of its own",
                            "Keep one of required: true and default.",
                            when="true",
                        ),
                    ),
                ),
            ),
            names=NAME,
            filled=True,
        ),
    ),
    "What an item of the list says: the widget that it sets, or fields by name, each with a widget.",
    None,
)
MAX_ITEMS: Key[int] = Key("max_items", Integer(1, 64), "The most items of the list.", 10)

PARAMETER: EitherOf[Fields | ShortTarget] = EitherOf(
    scalar=ShortPath(),
    mapping=record(
        "a parameter",
        (
            NODE,
            WIDGET,
            TARGETS,
            CHOICES,
            TYPE,
            REQUIRED,
            DEFAULT,
            VALUE,
            TITLE,
            DESCRIPTION,
            EXAMPLES,
            MINIMUM,
            MAXIMUM,
            MULTIPLE_OF,
            MIN_LENGTH,
            MAX_LENGTH,
            PATTERN,
            TEMPLATE,
            WHEN_ABSENT,
            REPEAT,
            ITEMS,
            MAX_ITEMS,
            BATCH,
        ),
        CLASHES,
    ),
)
