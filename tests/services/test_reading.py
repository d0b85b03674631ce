"""Each shape by itself: what it reads, and what it says of what it does not take."""

from __future__ import annotations

from typing import Any, cast

import pytest

from gateway.errors import Place
from gateway.services.document import read_document
from gateway.services.fields import Fields, Group, Key
from gateway.services.findings import Findings
from gateway.services.model import ShortTarget
from gateway.services.reading import read, read_record
from gateway.services.scalar_reading import REPORTED
from gateway.services.scalar_shapes import (
    AnyJson,
    Boolean,
    Duration,
    Form,
    HeaderValue,
    Integer,
    Number,
    OpenDuration,
    ShortPath,
    Size,
    Text,
    Word,
)
from gateway.services.shape import Clash, EitherOf, ListOf, MapOf, Needs, Shape, record

ENVIRONMENT = {"LONG": "words", "NUMBER": "5", "EMPTY": "", "ESC": "a\x1bb"}
WORD_FORM = Form(
    "[a-z]+", "a small word", code="test-form", mend="Write it.", longest=4, reserved=("own",)
)


def told(shape: Shape, text: str) -> tuple[Any, list[str]]:
    """Return what a YAML text reads as, and its findings as `code: message`."""
    findings = Findings("f")
    node = read_document(text, findings, ENVIRONMENT)
    assert node is not None
    value = read(shape, node, "`it`", findings)
    return value, [f"{each.code}: {each.message}" for each in findings.in_order()]


@pytest.mark.parametrize(
    ("shape", "text", "value"),
    [
        (Text(), "a", "a"),
        (Text(), "'1'", "1"),
        (Text(), "|\n a\n b\n", "a\nb\n"),
        (Text(), "${NUMBER}", "5"),
        (Text(numbers=True), "0x1F", "0x1F"),
        (Text(numbers=True), "010", "010"),
        (Text(WORD_FORM), "word", "word"),
        (Word(("a", "b")), "b", "b"),
        (Boolean(), "true", True),
        (Integer(1, 5), "5", 5),
        (Integer(), "1e3", 1000),
        (Integer(1), "${NUMBER}", 5),
        (Number(), "-1.5", -1.5),
        (Number(positive=True), "1", 1),
        (Duration(), "0", 0.0),
        (Duration(), "1.5", 1.5),
        (Duration(positive=True), "10m", 600.0),
        (OpenDuration(), "none", None),
        (OpenDuration(), "${NUMBER}s", 5.0),
        (Size(), "32MiB", 32 * 1024**2),
        (Size(), "1e3", 1000),
        (Size(), "0", 0),
        (HeaderValue(), "Bearer a b", "Bearer a b"),
        (HeaderValue(), "${NUMBER}", "5"),
        (HeaderValue(), "Bearer ${EMPTY}", None),
        (ShortPath(), "9:8.text", ShortTarget("9:8.text", Place("f", 1, 1))),
        (AnyJson(), "[1, {a: null}]", [1, {"a": None}]),
        (AnyJson(), "{}", {}),
        (AnyJson(), "|\n a\n", "a\n"),
        (AnyJson(scalar=True), "1.5", 1.5),
        (ListOf(Integer()), "[1, 2]", (1, 2)),
        (ListOf(Integer()), "[]", ()),
        (EitherOf(scalar=Text(), listing=ListOf(Text())), "[a]", ("a",)),
        (EitherOf(scalar=Text(), listing=ListOf(Text())), "a", "a"),
    ],
)
def test_what_a_shape_takes_is_read(shape: Shape, text: str, value: object) -> None:
    assert told(shape, text) == (value, [])
    assert type(told(shape, text)[0]) is type(value)


@pytest.mark.parametrize(
    ("shape", "text", "said"),
    [
        (Text(), "1", "value-type: `it` must be text"),
        (Text(), "[a]", "value-type: `it` must be text"),
        (Text(), "~", "value-empty: `it` is empty, and must be text"),
        (Text(), "'${EMPTY}'", "value-empty: `it` is empty, and must be text"),
        (Text(numbers=True), "1.5", "value-type: `it` must be an id"),
        (Text(numbers=True), "true", "value-type: `it` must be an id"),
        (Text(WORD_FORM), "Word", "test-form: this must be a small word"),
        (Text(WORD_FORM), "words", "test-form: this must be a small word"),
        (Text(WORD_FORM), "own", "name-reserved: own is a tool that every gateway has"),
        (
            Text(WORD_FORM),
            "${NUMBER}",
            "variable-value: what the variable holds must be a small word",
        ),
        (
            Text(WORD_FORM),
            "${LONG}",
            "variable-value: what the variable holds must be a small word",
        ),
        (Text(), '"a\\0"', "value-not-json: `it` has a character that is no proper text: NUL at 1"),
        (Word(("a", "b")), "c", "value-type: `it` must be one of a, b"),
        (Word(("a", "b")), "{a: b}", "value-type: `it` must be one of a, b"),
        (Boolean(), "1", "value-type: `it` must be true or false"),
        (Integer(1, 5), "6", "value-range: `it` must be a whole number from 1 to 5"),
        (Integer(1, 5), "0", "value-range: `it` must be a whole number from 1 to 5"),
        (Integer(1), "0", "value-range: `it` must be a whole number of at least 1"),
        (Integer(), "1.5", "value-type: `it` must be a whole number"),
        (Integer(), "true", "value-type: `it` must be a whole number"),
        (Integer(), ".inf", "value-type: `it` must be a whole number"),
        (Integer(2, 2), "3", "value-range: `it` must be 2"),
        (Number(), "true", "value-type: `it` must be a number"),
        (Number(), ".nan", "value-type: `it` must be a number"),
        (Number(positive=True), "0", "value-range: `it` must be a number above 0"),
        (
            Duration(),
            "soon",
            "value-type: `it` must be a duration such as 250ms, 45s, 10m or 24h",
        ),
        (
            Duration(),
            "none",
            "value-type: `it` must be a duration such as 250ms, 45s, 10m or 24h",
        ),
        (
            OpenDuration(positive=True),
            "0s",
            "value-range: `it` must be a duration such as 250ms, 45s, 10m or 24h, above 0, or none, and at most ten years",
        ),
        (
            Duration(),
            "-1",
            "value-range: `it` must be a duration such as 250ms, 45s, 10m or 24h, and at most ten years",
        ),
        (Size(), "1.5", "value-type: `it` must be a size such as 600KB or 32MiB"),
        (Size(), "-1", "value-range: `it` must be a size such as 600KB or 32MiB"),
        (Size(), "true", "value-type: `it` must be a size such as 600KB or 32MiB"),
        (HeaderValue(), "'${ESC}'", "value-type: `it` must be text in plain ASCII on one line"),
        (HeaderValue(), "'a '", "value-type: `it` must be text in plain ASCII on one line"),
        (HeaderValue(), "5", "value-type: `it` must be text in plain ASCII on one line"),
        (ShortPath(), "6.5", "value-type: `it` must be a node and its widget such as 3.steps"),
        (
            ShortPath(),
            "steps",
            "target-invalid: this must be a node and its widget such as 3.steps",
        ),
        (AnyJson(), "~", "value-empty: `it` is empty, and must be a value"),
        (AnyJson(), "-.inf", "value-not-json: `it` must be a finite number"),
        (AnyJson(scalar=True), "[a]", "value-type: `it` must be text, a number, true or false"),
        (ListOf(Text()), "a", "value-type: `it` must be a list"),
        (ListOf(Text(), filled=True), "[]", "value-type: `it` must be a list that is not empty"),
        (ListOf(Text()), "[a, 1]", "value-type: entry 2 of `it` must be text"),
        (MapOf(Text()), "[]", "value-type: `it` must be a mapping"),
        (MapOf(Text(), filled=True), "{}", "value-type: `it` must be a mapping that is not empty"),
        (MapOf(Text()), "{a: 1}", "value-type: `a` must be text"),
        (
            EitherOf(scalar=Text(), listing=ListOf(Text())),
            "{}",
            "value-type: `it` must be text or a list",
        ),
        (EitherOf(listing=ListOf(Text())), "a", "value-type: `it` must be a list"),
        (EitherOf(scalar=Text()), "[a]", "value-type: `it` must be text"),
    ],
)
def test_what_a_shape_does_not_take_is_said(shape: Shape, text: str, said: str) -> None:
    assert told(shape, text)[1] == [said]


@pytest.mark.parametrize(
    ("shape", "text", "mend"),
    [
        (Boolean(), "yes", "Write true."),
        (Boolean(), "off", "Write false."),
        (Boolean(), "'true'", "Write it without quotes: true."),
        (Boolean(), "maybe", "Write true or false."),
        (Integer(), "'8'", "Write it without quotes: 8."),
        (Integer(), "008", "Write it without the zero before it: 8."),
        (Number(), "00", "Write it without the zero before it: 0."),
        (Integer(), "many", "Write a whole number."),
        (Word(("detach", "cancel")), "kancel", "Did you mean cancel?"),
        (Word(("detach", "cancel")), "xyz", "Write one of detach, cancel."),
        (Word(("1", "2")), "1", 'Put it in quotes: "1".'),
        (Text(), "3.10", 'Put it in quotes: "3.10".'),
        (Text(numbers=True), "[3]", 'Write the id in quotes: "6".'),
        (HeaderValue(), "5", 'Put it in quotes: "5".'),
        (ShortPath(), "3.10", 'Write {node: "3", widget: "10"}, or "3.10" in quotes.'),
        (ShortPath(), "3", "Write a node and its widget such as 3.steps."),
        (ListOf(Text()), "a", "Write a list: [a]."),
        (ListOf(Text()), "5", "Write a list such as [a, b]."),
        (MapOf(Text()), "a", "Write `name: value` entries under it."),
        (record("a test", ()), "a", "Write `key: value` entries under it."),
        (EitherOf(scalar=Text(), listing=ListOf(Text())), "{}", "Write text."),
        (Text(), "~", "Write text, or take the line out."),
        (Integer(), "'${ESC}'", "Set the variable in it to a whole number."),
    ],
)
def test_the_mend_fits_what_was_found(shape: Shape, text: str, mend: str) -> None:
    findings = Findings("f")
    node = read_document(text, findings, ENVIRONMENT)
    assert node is not None
    assert read(shape, node, "`it`", findings) is REPORTED
    assert [each.mend for each in findings.in_order()] == [mend]


@pytest.mark.parametrize(
    "shape",
    [
        Text(),
        Integer(),
        AnyJson(),
        ListOf(Text()),
        MapOf(Text()),
        ShortPath(),
        HeaderValue(),
        EitherOf(mapping=MapOf(Text())),
        record("a test", ()),
    ],
)
def test_a_variable_without_a_value_is_reported_once(shape: Shape) -> None:
    value, said = told(shape, "${UNSET}")
    assert value is REPORTED
    assert said == ["variable-missing: the environment variable UNSET is not set"]


@pytest.mark.parametrize("text", ["[1, '${UNSET}']", "{a: {b: '${UNSET}'}}"])
def test_a_value_with_a_variable_missing_inside_is_no_value(text: str) -> None:
    assert told(AnyJson(), text)[0] is REPORTED


A: Key[int] = Key("alpha", Integer(), "A.", 0, sample="1")
B: Key[str | None] = Key("beta", Text(), "B.", None)
C: Key[bool] = Key("gamma", Boolean(), "C.", default=False)
D: Key[object] = Key("delta", AnyJson(), "D.", None)
RECORD = record(
    "a test",
    (A, B, C, D),
    (
        Clash("beta", ("delta",), "they clash", "Keep one."),
        Clash("gamma", ("beta",), "true clashes", "Keep one.", when="true"),
        Clash("delta", ("gamma",), "a mapping clashes", "Keep one.", when="mapping"),
        Needs("delta", ("gamma", "alpha"), "Add one."),
        Needs(None, ("alpha", "beta"), "Add either."),
    ),
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{alpha: 1}", []),
        ("{alpha: 1, beta: b, gamma: false}", []),
        ("{alpha: 1, delta: 5, gamma: true}", []),
        (
            "{}",
            [
                "key-missing: a test needs the key `alpha`",
                "key-alone: a test needs `alpha` or `beta` beside it",
            ],
        ),
        ("{alpha: 1, beta: b, delta: d}", ["keys-clash: they clash"]),
        ("{alpha: 1, beta: b, gamma: true}", ["keys-clash: true clashes"]),
        ("{alpha: 1, gamma: false, delta: {}}", ["keys-clash: a mapping clashes"]),
        (
            "{beta: b, delta: d}",
            [
                "key-missing: a test needs the key `alpha`",
                "keys-clash: they clash",
                "key-alone: `delta` needs `gamma` or `alpha` beside it",
            ],
        ),
        ("{alpha: 1, betta: b}", ["key-unknown: a test has no key `betta`"]),
    ],
)
def test_keys_of_a_record_need_and_exclude_each_other(text: str, said: list[str]) -> None:
    assert told(RECORD, text)[1] == said


def test_what_is_right_in_a_record_is_read_though_the_rest_is_wrong() -> None:
    fields, _ = told(RECORD, "{alpha: x, beta: b, other: 1}")
    assert isinstance(fields, Fields)
    assert (fields[A], fields[B], fields[C]) == (0, "b", False)


def test_a_closest_key_is_offered_or_else_all_of_them() -> None:
    findings = Findings("f")
    node = read_document("{alpha: 1, betta: 1, xyz: 1}", findings, {})
    assert node is not None
    read_record(RECORD, node, findings)
    assert [each.mend for each in findings.in_order()] == [
        "Did you mean `beta`?",
        "Its keys are: alpha, beta, gamma, delta.",
    ]


def test_a_file_that_is_no_mapping_has_no_fields() -> None:
    findings = Findings("f")
    node = read_document("- a", findings, {})
    assert node is not None
    assert read_record(RECORD, node, findings) is None
    assert [each.message for each in findings.in_order()] == [
        "the file must be a mapping with alpha, beta, gamma, delta"
    ]


def test_entries_of_a_mapping_keep_their_names_places_and_owners() -> None:
    findings = Findings("f")
    node = read_document("a: 1\nB: 2\nc: x\n", findings, {})
    assert node is not None
    shape = MapOf(Integer(), names=WORD_FORM, subject="service")
    group = cast("Group[int]", read(shape, node, "`it`", findings))
    names = [(each.name, each.value, each.line, each.column) for each in group.members]
    assert names == [("a", 1, 1, 1), ("B", 2, 2, 1)]
    assert [(each.code, each.service) for each in findings.in_order()] == [
        ("test-form", "B"),
        ("value-type", "c"),
    ]
