"""Which keys of a parameter of a service go together."""

from __future__ import annotations

from gateway.services.shape import Clash, Needs

__all__ = ["CLASHES"]

_SUPPLY_MEND = "Keep one of required: true, default and value."
CLASHES = (
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
        "when_absent",
        ("default", "value", "choices", "repeat", "template"),
        "only a file that callers may leave out is ever absent",
        "Keep `when_absent` on a parameter with a node, a widget and a file.",
    ),
    Clash(
        "required",
        ("when_absent",),
        "what is required is never absent",
        "Keep one of required: true and when_absent.",
        when="true",
    ),
    Clash(
        "repeat",
        (
            "node",
            "widget",
            "targets",
            "choices",
            "type",
            "template",
            "minimum",
            "maximum",
            "multiple_of",
            "min_length",
            "max_length",
            "pattern",
        ),
        "a list that repeats a node says under `items` what each item sets",
        "Keep `repeat`, and say under `items` what an item may be.",
    ),
    Needs("repeat", ("items",), "Say what an item sets: items: lora_name."),
    Needs("items", ("repeat",), 'Say which node is there once for each item: repeat: "10".'),
    Needs("max_items", ("repeat",), 'Say which node is there once for each item: repeat: "10".'),
    Clash(
        "batch",
        ("value",),
        "a fixed value is never several",
        "Keep `value`, or let callers give it.",
    ),
    Clash(
        "batch",
        ("repeat",),
        "a list that repeats a node is one value, and not several",
        "Keep `repeat`, and let another parameter make several jobs.",
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
