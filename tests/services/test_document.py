"""YAML text → a tree with places; whatever else YAML can do is refused, and nothing breaks it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.services.document import read_document
from gateway.services.findings import Findings
from gateway.services.tree import Entry, MappingNode, Origin, ScalarNode, SequenceNode, to_json

LOADERS: list[Any] = [yaml.CSafeLoader, yaml.SafeLoader]
C, PYTHON = LOADERS


def read(text: str, loader: Any = C) -> tuple[Any, list[str]]:
    """Return the plain values of a text, and its findings as `line:column code`."""
    findings = Findings("services.yaml")
    root = read_document(text, findings, {"SET": "word"}, loader)
    told = [
        f"{each.place.line}:{each.place.column} {each.code}"
        for each in findings.in_order()
        if each.place
    ]
    return None if root is None else to_json(root), told


@pytest.mark.parametrize("loader", LOADERS)
def test_everything_has_its_line_and_column_from_1(loader: Any) -> None:
    text = "# é\nä: {b: [1, 'two']}\nc:\n  - |\n    three\n"
    assert read_document(text, Findings("services.yaml"), {}, loader) == MappingNode(
        {
            "ä": Entry(
                "ä",
                MappingNode(
                    {
                        "b": Entry(
                            "b",
                            SequenceNode(
                                (ScalarNode("1", 1, 2, 9), ScalarNode("two", "two", 2, 12)), 2, 8
                            ),
                            2,
                            5,
                        )
                    },
                    2,
                    4,
                ),
                2,
                1,
            ),
            "c": Entry("c", SequenceNode((ScalarNode("three\n", "three\n", 4, 5),), 4, 3), 3, 1),
        },
        2,
        1,
    )


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize(
    ("text", "value"),
    [
        (
            "a: '1'\nb: \"true\"\nc: |-\n  2\nd: >-\n  ~\n",
            {"a": "1", "b": "true", "c": "2", "d": "~"},
        ),
        ("a:\nb: ~\n", {"a": None, "b": None}),
        ("{}", {}),
        ("[]", []),
        ("just text", "just text"),
        ("\ufeffa: 1\r\nb: 2\r\n", {"a": 1, "b": 2}),
        ("---\na: 1\n...\n", {"a": 1}),
        ('{"a": {"b": [1.5, null]}}', {"a": {"b": [1.5, None]}}),
        ("a: &x [1]\nb: *x\nc: &x 2\nd: *x\n", {"a": [1], "b": [1], "c": 2, "d": 2}),
        ("&k key: 1\nb: *k\n*k : 2\n", {"key": 1, "b": "key"}),
        ("'<<': 1\n\"2\": 3\n", {"<<": 1, "2": 3}),
        ("on: yes\n9:8: 010\n2026-01-01: 1e3\n", {"on": "yes", "9:8": "010", "2026-01-01": 1000.0}),
        ("a: ${SET}\nb: '$${SET}'\n", {"a": "word", "b": "${SET}"}),
        ("# ${NOT_SET} in a comment\na: 1\n", {"a": 1}),
    ],
)
def test_a_text_is_read_as_yaml_1_2(text: str, value: object, loader: Any) -> None:
    assert read(text, loader)[0] == value


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ["1:1 file-empty"]),
        ("\n# a comment\n", ["1:1 file-empty"]),
        ("---\n", ["1:1 file-empty"]),
        ("''", ["1:1 file-empty"]),
        ("a: 1\n---\nb: 2\n---\nc: 3\n", ["2:1 yaml-several-documents"]),
        ("a: 1\nb: 2\na: 3\na: 4\n", ["3:1 yaml-duplicate-key", "4:1 yaml-duplicate-key"]),
        ("a: 1\n'a': 2\n", ["2:1 yaml-duplicate-key"]),
        (
            "a: !x 1\nb: !!int '2'\nc: ! d\ne: !!seq []\nf: !m {}\n",
            [f"{line}:4 yaml-tag" for line in range(1, 6)],
        ),
        ("!!str a: 1", ["1:1 yaml-tag"]),
        ("a: {<<: {b: 1}}", ["1:5 yaml-merge-key"]),
        ("1: a\ntrue: b\n~: c\n1.5: d\n", [f"{line}:1 yaml-key-not-text" for line in range(1, 5)]),
        ("? [a]\n: 1\n? {b: c}\n: 2\n", ["1:3 yaml-key-not-text", "3:3 yaml-key-not-text"]),
        ("a: &x [1]\n*x : 2", ["2:1 yaml-key-not-text"]),
        ("a: *x", ["1:4 yaml-alias-unknown"]),
        ("*x : 1", ["1:1 yaml-alias-unknown", "1:1 yaml-key-not-text"]),
        ("a: &x {b: [*x]}", ["1:12 yaml-alias-cycle"]),
        ("${A}: 1\n'b ${C}': 2\n", ["1:1 variable-in-key", "2:1 variable-in-key"]),
        ("a: ${A}\nb: [x, '${B}']\n", ["1:4 variable-missing", "2:8 variable-missing"]),
        ("a: {b: ${C}}", ["1:8 variable-unquoted"]),
        ("\ufeffa: {b: ${C}}", ["1:8 variable-unquoted"]),
        ("- [${C}]", ["1:4 variable-unquoted"]),
        ("a: {b: http://${C}/}", ["1:15 variable-unquoted"]),
        ("a:\n\tb: 1\n", ["2:1 yaml-tab"]),
        ("a: @b", ["1:4 yaml-syntax"]),
        ("a: `b`", ["1:4 yaml-syntax"]),
        ("a: b: c", ["1:5 yaml-syntax"]),
        ("a: 'b", ["1:6 yaml-syntax"]),
        ("a: 1\na: 2\nb: @", ["2:1 yaml-duplicate-key", "3:4 yaml-syntax"]),
        ("%YAML 9.9\n---\na: 1\n", ["1:1 yaml-syntax"]),
        ("a: \x00", ["1:4 yaml-character"]),
        ("é\n\n: \x07", ["3:3 yaml-character"]),
        ("a: \ud800", ["1:4 yaml-character"]),
        ("[" * 51 + "]" * 51, ["1:51 yaml-too-deep"]),
        ("- " * 60 + "a", ["1:101 yaml-too-deep"]),
        ("".join(f"&a{n:02} [" for n in range(51)) + "]" * 51, ["1:301 yaml-too-deep"]),
        ("[" * 200_000, ["1:51 yaml-too-deep"]),
    ],
)
def test_what_may_not_be_is_found_at_its_place(text: str, told: list[str], loader: Any) -> None:
    assert read(text, loader)[1] == told


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize("text", ['"\\U00110000"', '"\\UFFFFFFFF"'])
def test_an_escape_beyond_unicode_is_found(text: str, loader: Any) -> None:
    value, told = read(text, loader)
    assert value is None
    assert len(told) == 1


def test_a_second_document_leaves_the_first() -> None:
    assert read("a: 1\n---\nb: 2\n") == ({"a": 1}, ["2:1 yaml-several-documents"])


def test_fifty_levels_are_fine() -> None:
    assert read("[" * 50 + "]" * 50)[1] == []


def test_fifty_levels_with_names_are_fine() -> None:
    assert read("".join(f"&a{n} [" for n in range(50)) + "]" * 50)[1] == []


def test_an_alias_of_nothing_is_a_missing_value() -> None:
    root = read_document("a: *x", Findings("services.yaml"), {})
    missing = ScalarNode("", None, 1, 4, Origin("*x", missing=True))
    assert root == MappingNode({"a": Entry("a", missing, 1, 1)}, 1, 1)


@pytest.mark.parametrize(("times", "told"), [(100, []), (101, ["yaml-alias-flood"])])
def test_a_hundred_thousand_repeated_values_are_enough(times: int, told: list[str]) -> None:
    text = f"a: &a [{', '.join(['x'] * 999)}]\nb: [{', '.join(['*a'] * times)}]\n"
    assert [each.split()[1] for each in read(text)[1]] == told


def test_aliases_of_aliases_do_not_become_a_flood() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    value, told = read("\n".join(lines))
    assert value is None
    assert told == ["5:90 yaml-alias-flood"] or [each.split()[1] for each in told] == [
        "yaml-alias-flood"
    ]


def test_an_alias_cycle_leaves_the_rest_to_be_read() -> None:
    assert read("a: &x {b: *x, c: 1}\nd: 2\n")[0] == {"a": {"b": None, "c": 1}, "d": 2}


@settings(deadline=None)
@given(st.text(max_size=60))
def test_no_text_breaks_the_reader(text: str) -> None:
    for loader in LOADERS:
        findings = Findings("services.yaml")
        root = read_document(text, findings, {}, loader)
        assert (root is None) <= findings.has_errors()


# With a letter first: PyYAML writes YAML 1.1, to which `0E0` and `0o7` are text without quotes.
TEXTS = st.text(st.characters(exclude_characters="$", exclude_categories=["Cs"]), max_size=8).map(
    lambda text: "x" + text
)


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
        max_leaves=12,
    )
)
def test_what_is_dumped_is_read_as_it_was(value: Any) -> None:
    findings = Findings("services.yaml")
    root = read_document(yaml.safe_dump({"value": value}), findings, {})
    assert findings.in_order() == ()
    assert root is not None
    assert to_json(root) == {"value": value}
