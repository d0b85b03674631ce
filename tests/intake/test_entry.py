"""What an entry says is what the reader of services.yaml reads."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.graph.json_value import Json
from gateway.intake.entry import (
    ChoiceEntry,
    EntryTarget,
    OutputEntry,
    ParameterEntry,
    ServiceEntry,
    render_entry,
)
from gateway.services.insertion import insert_service
from gateway.services.model import (
    ByClassType,
    ById,
    ByTitle,
    Defaulted,
    Drawn,
    Fixed,
    GraphFile,
    LeftOut,
    Limits,
    NodeReference,
    Parameter,
    Required,
    Service,
    ShortTarget,
    Supply,
    Target,
)
from gateway.services.parse import parse_services

# --- back from what was read ----------------------------------------------------------------------


def _read(text: str) -> Service:
    parsed = parse_services(text, "services.yaml", {})
    assert parsed.declaration is not None, (parsed.findings, text)
    (service,) = parsed.declaration.services
    return service


def _target(target: Target) -> EntryTarget:
    if isinstance(target, ShortTarget):
        node_id, _, widget = target.path.rpartition(".")
        return EntryTarget(ById(node_id), widget)
    return EntryTarget(target.node, target.widget)


def _parameter(parameter: Parameter) -> ParameterEntry:
    return ParameterEntry(
        name=parameter.name,
        targets=tuple(_target(each) for each in parameter.targets),
        type=parameter.type,
        supply=parameter.supply,
        title=parameter.title,
        description=parameter.description,
        examples=parameter.examples,
        limits=parameter.limits,
        choices=parameter.choices,
        choice_map=tuple(
            ChoiceEntry(each.label, tuple(_setting(*setting) for setting in each.settings))
            for each in parameter.choice_map
        ),
        template=parameter.template,
    )


def _setting(target: Target, value: Json) -> tuple[str, Json]:
    assert isinstance(target, ShortTarget)
    return target.path, value


def _entry(service: Service) -> ServiceEntry:
    return ServiceEntry(
        name=service.name,
        workflow=service.workflow,
        title=service.title,
        description=service.description,
        parameters=tuple(_parameter(each) for each in service.parameters),
        outputs=tuple(
            OutputEntry(each.name, each.node, each.kind, each.index) for each in service.outputs
        ),
        examples=tuple(dict(each.arguments) for each in service.examples),
    )


# --- any entry ------------------------------------------------------------------------------------

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
TEXTS = st.text(
    st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1, max_size=12
) | st.sampled_from(
    [
        "yes",
        "null",
        "9:8",
        "6.5",
        "1e3",
        "a: b",
        "# x",
        "- x",
        "${HOME}",
        "$${A}",
        "{{ prompt }}",
        "y",
        "'",
        "🦊",
    ]
)
NUMBERS = st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
SCALARS: st.SearchStrategy[Json] = st.booleans() | NUMBERS | TEXTS | st.just("")
KEYS = TEXTS.filter(lambda text: "${" not in text and text != "<<")
VALUES: st.SearchStrategy[Json] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=5,
)
NODES: st.SearchStrategy[NodeReference] = (
    st.sampled_from([ById("6"), ById("9:8"), ById("3.e5"), ById("0x1")])
    | TEXTS.map(ById)
    | TEXTS.map(ByTitle)
    | TEXTS.map(ByClassType)
)
TARGETS = st.builds(EntryTarget, NODES, st.sampled_from(["text", "e5", "format.codec"]) | TEXTS)
SUPPLIES: st.SearchStrategy[Supply] = (
    st.sampled_from([Required(), LeftOut(), Drawn()])
    | VALUES.filter(lambda value: value != "random").map(Defaulted)
    | VALUES.map(Fixed)
)
OUTPUTS = st.builds(
    OutputEntry,
    NAMES,
    NODES,
    st.none() | st.sampled_from(["image", "text"]),
    st.none() | st.integers(0, 9),
)
SETTINGS: st.SearchStrategy[tuple[tuple[str, Json], ...]] = st.dictionaries(
    st.sampled_from(["5.width", "9:8.text", "12.format.codec"]), SCALARS, min_size=1
).map(lambda settings: tuple(settings.items()))


def _named(entries: list[ParameterEntry]) -> tuple[ParameterEntry, ...]:
    return tuple({each.name: each for each in entries}.values())


def _outputs(entries: list[OutputEntry]) -> tuple[OutputEntry, ...]:
    return tuple({each.name: each for each in entries}.values())


PARAMETERS = st.builds(
    ParameterEntry,
    name=NAMES,
    targets=st.lists(TARGETS, max_size=3, unique=True).map(tuple),
    supply=SUPPLIES,
    title=st.none() | TEXTS,
    description=st.none() | TEXTS,
    examples=st.lists(VALUES, max_size=2).map(tuple),
    comment=st.text(max_size=20),
)
CHOOSERS = st.builds(
    ParameterEntry,
    name=NAMES,
    choice_map=SETTINGS.map(
        lambda settings: (ChoiceEntry("wide", settings), ChoiceEntry("y: n", settings))
    ),
    supply=st.sampled_from([LeftOut(), Required(), Defaulted("wide"), Defaulted("y: n")]),
    description=st.none() | TEXTS,
    comment=st.text(max_size=200),
)
ENTRIES = st.builds(
    ServiceEntry,
    name=NAMES,
    workflow=st.sampled_from(["a.json", "my work/bärn 2.json", "${x}.json"]),
    title=TEXTS,
    description=TEXTS,
    parameters=st.lists(PARAMETERS | CHOOSERS, max_size=3).map(_named),
    outputs=st.lists(OUTPUTS, max_size=2).map(_outputs),
    examples=st.lists(st.dictionaries(NAMES, VALUES, max_size=2), max_size=2).map(tuple),
    notes=st.lists(st.text(max_size=30), max_size=2).map(tuple),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ENTRIES, st.sampled_from([1, 2, 4]))
@pytest.mark.timeout(120)
def test_what_is_written_is_read_back_the_same(entry: ServiceEntry, indent: int) -> None:
    text = insert_service("version: 1\nservices:\n", entry.name, render_entry(entry, indent))
    assert _entry(_read(text)) == _bare(entry)


def _bare(entry: ServiceEntry) -> ServiceEntry:
    """Return the entry without its comments, which are for people."""
    return replace(
        entry,
        notes=(),
        parameters=tuple(replace(each, comment="") for each in entry.parameters),
        outputs=tuple(replace(each, comment="") for each in entry.outputs),
    )


# --- how it looks ---------------------------------------------------------------------------------


def _only(node_id: str, widget: str) -> tuple[EntryTarget, ...]:
    return (EntryTarget(ById(node_id), widget),)


def test_an_entry_reads_as_people_write_one() -> None:
    entry = ServiceEntry(
        name="portrait",
        workflow="portrait.json",
        title="Portrait",
        description="Draw a portrait: head and shoulders.",
        parameters=(
            ParameterEntry(
                "prompt",
                (EntryTarget(ByTitle("Positive"), "text"),),
                supply=Required(),
                description="What to draw.",
            ),
            ParameterEntry("steps", _only("3", "steps"), comment="20 in the graph"),
            ParameterEntry("seed", _only("3", "seed"), supply=Drawn()),
            ParameterEntry("image", _only("10", "image"), type="image", supply=GraphFile()),
            ParameterEntry(
                "strength",
                (*_only("9:8", "one"), EntryTarget(ByClassType("Lora"), "two")),
                limits=Limits(minimum=0.05, maximum=1),
            ),
            ParameterEntry(
                "size",
                choice_map=(ChoiceEntry("square", (("5.width", 512), ("5.height", 512))),),
                supply=Defaulted("square"),
                examples=("square",),
            ),
            ParameterEntry(
                "sampler",
                _only("3", "sampler_name"),
                choices=("euler", "dpmpp_2m", "uni_pc"),
                supply=Fixed("euler"),
                title="Sampler",
                description="The method by which noise becomes an image, a step at a time.",
                comment="a comment that has no place behind a line which is broken up",
            ),
            ParameterEntry(
                "style",
                _only("6", "text"),
                template="{{ style }}, please",
                comment="a comment that is rather long, and so it goes above the line that it is of",
            ),
        ),
        outputs=(
            OutputEntry("image", ById("9"), comment="Save Image"),
            OutputEntry("first_text", ById("a"), "text", 0),
        ),
        examples=({"prompt": "a fox", "seed": 1},),
        notes=("From portrait.png.",),
    )
    assert render_entry(entry) == LOOKS


LOOKS = """\
portrait:
  # From portrait.png.
  title: Portrait
  description: "Draw a portrait: head and shoulders."
  workflow: portrait.json
  parameters:
    prompt:   {node: {title: Positive}, widget: text, required: true, description: What to draw.}
    steps:    3.steps  # 20 in the graph
    seed:     {node: "3", widget: seed, default: random}
    image:    {node: "10", widget: image, type: image, default: graph}
    strength: {targets: ["9:8.one", {node: {class_type: Lora}, widget: two}], minimum: 0.05, maximum: 1}
    size:
      examples: [square]
      choices:
        square: {5.width: 512, 5.height: 512}
      default: square
    # a comment that has no place behind a line which is broken up
    sampler:
      node: "3"
      widget: sampler_name
      value: euler
      choices: [euler, dpmpp_2m, uni_pc]
      title: Sampler
      description: "The method by which noise becomes an image, a step at a time."
    # a comment that is rather long, and so it goes above the line that it is of
    style:    {node: "6", widget: text, template: "{{ style }}, please"}
  outputs:
    image:      {node: "9"}  # Save Image
    first_text: {node: "a", kind: text, index: 0}
  examples:
    - {prompt: a fox, seed: 1}
"""


def test_an_entry_needs_no_more_than_a_workflow() -> None:
    assert render_entry(ServiceEntry("plain", "plain.json")) == "plain:\n  workflow: plain.json\n"


@pytest.mark.parametrize(
    ("node_id", "widget", "text"),
    [
        ("3", "steps", "3.steps"),
        ("9:8", "text", '"9:8.text"'),
        ("3", "e5", '{node: "3", widget: e5}'),  # 3.e5 is a number
        ("3", "format.codec", '{node: "3", widget: format.codec}'),  # another node may be 3.format
        ("a b", "text", '{node: "a b", widget: text}'),
    ],
)
def test_the_short_form_is_used_where_it_is_read_one_way_only(
    node_id: str, widget: str, text: str
) -> None:
    entry = ServiceEntry("a", "a.json", parameters=(ParameterEntry("p", _only(node_id, widget)),))
    assert render_entry(entry).splitlines()[-1] == f"    p: {text}"


def test_no_comment_breaks_out_of_its_line_or_moves_a_terminal() -> None:
    entry = ServiceEntry("a", "a.json", notes=("one\nworkflow: b.json\x1b[2J\u2028x",))
    assert render_entry(entry).splitlines()[1] == "  # one workflow: b.json [2J x"
