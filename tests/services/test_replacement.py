"""Other nodes in services.yaml, every other byte as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import DeclarationError, Place
from gateway.services.model import ByClassType, ById, ByTitle, NodeReference, ShortTarget
from gateway.services.parse import parse_services
from gateway.services.replacement import Replaced, Replacement, Section, replace_nodes

PLACE = Place("services.yaml", 1, 1)
HEAD = "version: 1\nservices:\n  draw:\n    workflow: draw.json   # the graph\n"
Reference = NodeReference | ShortTarget


def _short(path: str) -> ShortTarget:
    return ShortTarget(path, PLACE)


def _one(old: Reference, new: Reference, section: Section = "parameters") -> Replacement:
    return Replacement("draw", section, "a", old, new, PLACE)


def _written(value: str, *replacements: Replacement) -> str:
    text = f"{HEAD}    {replacements[0].section}:\n      a: {value}\n      b: 5.text\n"
    result, _ = replace_nodes(text, replacements)
    before, after = text.split(value)
    assert result.startswith(before)
    assert result.endswith(after)
    return result[len(before) : len(result) - len(after)]


@pytest.mark.parametrize(
    ("value", "old", "new", "expected"),
    [
        ("6.text", _short("6.text"), _short("14.text"), "14.text"),
        ('"6.text"', _short("6.text"), _short("14.text"), '"14.text"'),
        ("'6.text'", _short("6.text"), _short("9:8:5.text"), "'9:8:5.text'"),
        ("6.text", _short("6.text"), _short("14.5"), '"14.5"'),
        ('{node: "6", widget: text}', ById("6"), ById("14"), '{node: "14", widget: text}'),
        ("{node: 6, widget: text}", ById("6"), ById("14"), "{node: 14, widget: text}"),
        ("{node: 6, widget: text}", ById("6"), ById("9:8"), "{node: 9:8, widget: text}"),
        ("{node: 6, widget: text}", ById("6"), ById("010"), "{node: 010, widget: text}"),
        ("{node: 6, widget: text}", ById("6"), ById("1.5"), '{node: "1.5", widget: text}'),
        ("{node: 6, widget: text}", ById("6"), ById("true"), '{node: "true", widget: text}'),
        ("{node: {title: Red}, widget: t}", ByTitle("Red"), ByTitle("Deep red"),
         "{node: {title: Deep red}, widget: t}"),
        ("{node: {title: Red}, widget: t}", ByTitle("Red"), ByTitle("a, b"),
         '{node: {title: "a, b"}, widget: t}'),
        ("{node: {title: 'Red'}, widget: t}", ByTitle("Red"), ByTitle("it's"),
         "{node: {title: 'it''s'}, widget: t}"),
        ("{node: {title: 'Red'}, widget: t}", ByTitle("Red"), ByTitle("a\tb"),
         '{node: {title: "a\\tb"}, widget: t}'),
        ("{node: {title: Red}, widget: t}", ByTitle("Red"), ByTitle("${X}"),
         '{node: {title: "$${X}"}, widget: t}'),
        ("{node: {title: Red}, widget: t}", ByTitle("Red"), ById("6"), '{node: "6", widget: t}'),
        ("{node: {class_type: K}, widget: t}", ByClassType("K"), ById("6"),
         '{node: "6", widget: t}'),
        ("{node: {class_type: K}, widget: t}", ByClassType("K"), ByClassType("L"),
         "{node: {class_type: L}, widget: t}"),
        ("{targets: [6.text, {node: 6, widget: t}, 7.text]}", _short("6.text"), _short("8.text"),
         "{targets: [8.text, {node: 6, widget: t}, 7.text]}"),
        ("{targets: [6.text, {node: 6, widget: t}, 7.text]}", ById("6"), ById("8"),
         "{targets: [6.text, {node: 8, widget: t}, 7.text]}"),
        ("{choices: {x: {6.text: 1}, y: {6.text: 6.text}}}", _short("6.text"), _short("8.text"),
         "{choices: {x: {8.text: 1}, y: {8.text: 6.text}}}"),
        ("{choices: {x: {bypass: [6, 7]}, y: {mute: ['6', {title: 6}], 5.text: '6'}}}", ById("6"),
         ById("8"), "{choices: {x: {bypass: [8, 7]}, y: {mute: ['8', {title: 6}], 5.text: '6'}}}"),
        ("{choices: {x: {bypass: [{title: Red}, Red]}}}", ByTitle("Red"), ByTitle("Blue"),
         "{choices: {x: {bypass: [{title: Blue}, Red]}}}"),
        ("{node: 5, widget: image, when_absent: {bypass: [6], mute: ['6', 7]}}", ById("6"),
         ById("8"), "{node: 5, widget: image, when_absent: {bypass: [8], mute: ['8', 7]}}"),
        ("{repeat: '6', items: lora_name}", ById("6"), ById("8"),
         "{repeat: '8', items: lora_name}"),
        ("{repeat: {node: 6, model: 0}, items: {a: {widget: '6'}}}", ById("6"), ById("8"),
         "{repeat: {node: 8, model: 0}, items: {a: {widget: '6'}}}"),
        ("{repeat: {node: {title: Red}, model: 0}, items: a}", ByTitle("Red"), ById("8"),
         "{repeat: {node: \"8\", model: 0}, items: a}"),
        ("{node: &here 6, widget: t}", ById("6"), ById("8"), "{node: &here 8, widget: t}"),
        ("{node: {title: $${x}, widget: t}", ByTitle("${x"), ByTitle("y"), None),
    ],
)  # fmt: skip
def test_only_the_words_that_name_the_node_change(
    value: str, old: Reference, new: Reference, expected: str | None
) -> None:
    if expected is not None:
        assert _written(value, _one(old, new)) == expected
    else:
        escaped = '{node: {title: "$${x"}, widget: t}'
        assert _written(escaped, _one(old, new)) == '{node: {title: "y"}, widget: t}'


def test_an_outputs_node_changes_too_and_what_changed_is_told() -> None:
    text = f'{HEAD}    outputs:\n      a: {{node: "9"}}\n'
    result, done = replace_nodes(text, [_one(ById("9"), ById("19"), "outputs")])
    assert result == text.replace('"9"', '"19"')
    assert done == (Replaced(6, 17, '"9"', '"19"'),)


def test_an_output_that_cannot_be_written_is_no_parameter() -> None:
    text = f'{HEAD}    outputs:\n      a: {{node: "${{N:-9}}"}}\n'
    with pytest.raises(DeclarationError) as caught:
        replace_nodes(text, [_one(ById("9"), ById("19"), "outputs")])
    assert caught.value.findings[0].parameter is None


def test_two_bindings_exchange_their_nodes() -> None:
    text = f"{HEAD}    parameters:\n      a: 6.text\n      b: 7.text\n"
    two = Replacement("draw", "parameters", "b", _short("7.text"), _short("6.text"), PLACE)
    result, _ = replace_nodes(text, [_one(_short("6.text"), _short("7.text")), two])
    assert result == text.replace("6.t", "x.t").replace("7.t", "6.t").replace("x.t", "7.t")


@pytest.mark.parametrize(
    ("value", "old", "new", "mend"),
    [
        ('{node: "${NODE:-6}", widget: t}', ById("6"), ById("8"), 'node: "8"'),
        ("${A:-6.text}", _short("6.text"), _short("8.text"), "8.text"),
        ("{node: |-\n        6\n        , widget: t}", ById("6"), ById("8"), 'node: "8"'),
        ("\n        node:\n          title: Red\n        widget: t", ByTitle("Red"), ById("8"),
         'node: "8"'),
        ("6.text", ById("6"), ByTitle("Red"), "node: {title: Red}"),
        ("6.text", ById("6"), ByClassType("K"), "node: {class_type: K}"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_is_told_and_nothing_changes(
    value: str, old: Reference, new: Reference, mend: str
) -> None:
    if "|-" in value:
        value = "\n        node: |-\n          6\n        widget: t"
    text = f"{HEAD}    parameters:\n      a: {value}\n"
    with pytest.raises(DeclarationError) as caught:
        replace_nodes(text, [_one(old, new)])
    (finding,) = caught.value.findings
    assert (finding.code, finding.service, finding.parameter) == ("binding-unwritable", "draw", "a")
    assert (finding.place, finding.found) == (PLACE, mend)
    assert finding.message == (
        "this binding's node cannot be written here: a variable, an alias or a form of its own says it"
    )
    assert finding.mend == f"Make it say: {mend}"


def test_an_id_cannot_become_a_title_in_its_place() -> None:
    text = f'{HEAD}    parameters:\n      a: {{node: "6", widget: t}}\n'
    with pytest.raises(DeclarationError):
        replace_nodes(text, [_one(ById("6"), ByTitle("Red"))])


def test_an_alias_that_would_have_to_become_two_is_told() -> None:
    text = f"{HEAD}    parameters:\n      a: &x {{node: 6, widget: t}}\n      b: *x\n"
    both = [
        _one(ById("6"), ById("8")),
        Replacement("draw", "parameters", "b", ById("6"), ById("9"), PLACE),
    ]
    with pytest.raises(DeclarationError):
        replace_nodes(text, both)
    same = [both[0], Replacement("draw", "parameters", "b", ById("6"), ById("8"), PLACE)]
    assert replace_nodes(text, same)[0] == text.replace("node: 6", "node: 8")


def test_line_ends_comments_and_the_byte_order_mark_stay() -> None:
    text = f"\ufeff{HEAD}    parameters:   # é😀\n      a: 6.text # 6.text\n".replace("\n", "\r\n")
    result, done = replace_nodes(text, [_one(_short("6.text"), _short("14.text"))])
    assert result == text.replace("a: 6.text", "a: 14.text")
    assert (done[0].line, done[0].column) == (6, 10)


WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs"], exclude_characters="\0"),
    min_size=1,
    max_size=12,
)


@given(WORDS, st.sampled_from(["Red", "'Red'", '"Red"']), st.sampled_from(["\n", "\r\n"]))
def test_every_title_is_read_as_it_was_meant_and_nothing_else_changes(
    title: str, written: str, ends: str
) -> None:
    text = (
        f"{HEAD}    parameters:\n      # {title if title.isprintable() else ''}\n"
        f"      a: {{node: {{title: {written}}}, widget: text}}  # Red\n      b: 7.text\n"
    ).replace("\n", ends)
    result, (done,) = replace_nodes(text, [_one(ByTitle("Red"), ByTitle(title))])
    at = text.index(f"title: {written}") + len("title: ")
    assert result == text[:at] + done.after + text[at + len(written) :]
    parsed = parse_services(result, "services.yaml", {})
    assert parsed.declaration is not None, parsed.findings
    (target,) = parsed.declaration.services[0].parameters[0].targets
    assert not isinstance(target, ShortTarget)
    assert target.node == ByTitle(title)
