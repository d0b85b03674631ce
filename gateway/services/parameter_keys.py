"""The keys of a parameter of a service, and which of them go together."""

from __future__ import annotations

from typing import Literal

from gateway.graph.json_value import Json
from gateway.services.fields import Fields, Group, Key
from gateway.services.model import ParameterType, ShortTarget
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
    "CHOICES",
    "CLASS_TYPE",
    "DEFAULT",
    "DESCRIPTION",
    "EXAMPLES",
    "MAXIMUM",
    "MAX_LENGTH",
    "MINIMUM",
    "MIN_LENGTH",
    "MULTIPLE_OF",
    "NODE",
    "NODE_OF_TARGET",
    "NODE_REFERENCE",
    "NODE_TITLE",
    "PARAMETER",
    "PATTERN",
    "REQUIRED",
    "TARGETS",
    "TEMPLATE",
    "TITLE",
    "TYPE",
    "VALUE",
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
    mend="Write id.widget, such as 5.width: 512.",
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
CHOICES: Key[tuple[Json, ...] | Group[Group[Json]] | None] = Key(
    "choices",
    EitherOf(
        listing=ListOf(AnyJson(scalar=True), filled=True),
        mapping=MapOf(
            MapOf(AnyJson(), names=_WIDGET_PATH, filled=True),
            filled=True,
        ),
    ),
    "The values it may take: a list, or a mapping of labels to the widgets that each label sets.",
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

_SUPPLY_MEND = "Keep one of required: true, default and value."
_RULES = (
    Clash(
        "required",
        ("default", "value"),
        "a required parameter has no value of its own",
        _SUPPLY_MEND,
        when="true",
    ),
    Clash("default", ("value",), "a fixed value needs no default", _SUPPLY_MEND),
    Clash(
        "targets",
        ("node", "widget"),
        "the widgets are named twice",
        "Keep `targets`, and put the node and widget into its list.",
    ),
    Clash(
        "choices",
        (
            "node",
            "widget",
            "targets",
            "type",
            "minimum",
            "maximum",
            "multiple_of",
            "min_length",
            "max_length",
            "pattern",
        ),
        "`choices` as a mapping says itself which widgets are set, and to what",
        "Keep `choices`, or make it a list.",
        when="mapping",
    ),
    Clash(
        "batch",
        ("value",),
        "a fixed value is never several",
        "Keep `value`, or let callers give it.",
    ),
    Clash(
        "batch",
        (
            "node",
            "widget",
            "targets",
            "choices",
            "type",
            "required",
            "minimum",
            "multiple_of",
            "min_length",
            "max_length",
            "pattern",
            "template",
        ),
        "`batch: count` is a number of jobs, and sets nothing in the graph",
        "Keep `batch`, and of the others `default` and `maximum` at most; or write `batch: values`.",
        when="count",
    ),
    Needs("node", ("widget",), "Name the widget of the node: widget: text."),
    Needs("widget", ("node", "targets"), 'Name the node of the widget: node: "6".'),
    Needs(
        "template",
        ("node", "targets"),
        "Name the widget that the text goes into: node and widget.",
    ),
)

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
            BATCH,
        ),
        _RULES,
    ),
)
