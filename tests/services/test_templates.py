"""Templates: what they may, what they may not, and what they cost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Finding
from gateway.graph.json_value import Json
from gateway.services.templates import LONGEST_TEXT, TemplateFailed, check_template, render

NAMES = ("prompt", "style", "count")


def codes(source: str) -> list[str]:
    return [each.code for each in check_template(source, NAMES)]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ prompt }}, {{ style }}", "a cat, oil"),
        ("{{ prompt | upper }}{% if style %} in {{ style }}{% endif %}", "A CAT in oil"),
        ("{% for n in range(count) %}{{ loop.index }}{% endfor %}", "123"),
        ("{% set x = prompt %}{{ x }}", "a cat"),
        ("{{ nothing }}|{{ nothing is none }}", "|True"),
        ("{{ '=' * 3 }}{{ 2 ** 3 }}{{ 7 % count }}", "===81"),
        ("{{ 2 * 3 }}{{ 2.5 * 2 }}", "65.0"),
        ("{{ 10000 ** 2 }} {{ 1 ** 10000 }}", "100000000 1"),
        ("ends with a newline\n", "ends with a newline\n"),
        ("{% macro m(a) %}<{{ a }}>{% endmacro %}{{ m(style) }}", "<oil>"),
        ("{% macro m(a, b) %}<{{ a }}{{ b }}>{% endmacro %}{{ m(style, b=count) }}", "<oil3>"),
        ("{{ prompt['upper'] is defined }}", "True"),
        ("{{ ({'a': style})['a'] }}{{ [style][0] }}", "oiloil"),
        ("{{ prompt | replace('a', 'o') }}{{ prompt.replace('a', 'o', 1) }}", "o coto cat"),
        ("{{ prompt | replace('a', 'o', 1) }}", "o cat"),
        ("{{ [prompt, 3] | join(' + ') }}{{ '-'.join([style, style]) }}", "a cat + 3oil-oil"),
        ("{{ {'a': style, 'b': 'ä<'} | tojson }}{{ [] | join }}", '{"a": "oil", "b": "ä<"}'),
        ("{{ [prompt, style] * 2 }}", "['a cat', 'oil', 'a cat', 'oil']"),
        ("{{ 'a,b'.split(',') | map('replace', 'a', 'c') | join(',') }}", "c,b"),
    ],
)
def test_a_template_writes_text(source: str, text: str) -> None:
    assert check_template(source, (*NAMES, "nothing")) == ()
    values: dict[str, Json] = {"prompt": "a cat", "style": "oil", "count": 3, "nothing": None}
    assert render(source, values) == text


@given(st.text())
def test_an_argument_is_never_compiled(text: str) -> None:
    assert render("{{ prompt }}", {"prompt": text}) == text


def test_an_argument_that_looks_like_a_template_is_text() -> None:
    assert render("{{ prompt }}", {"prompt": "{{ 7 * 7 }}{% raw %}"}) == "{{ 7 * 7 }}{% raw %}"


def test_an_unknown_variable_is_told_with_the_nearest() -> None:
    assert check_template("{{ promt }} {{ promt }} {{ zebra }}", NAMES) == (
        Finding(
            "template-unknown-variable",
            "the template speaks of `promt`, and no parameter is named so; there are `prompt`, "
            "`style`, `count`",
            found="promt",
            mend="Did you mean `prompt`?",
        ),
        Finding(
            "template-unknown-variable",
            "the template speaks of `zebra`, and no parameter is named so; there are `prompt`, "
            "`style`, `count`",
            found="zebra",
            mend="Declare a parameter `zebra`.",
        ),
    )


def test_a_broken_template_is_told_with_its_line() -> None:
    (finding,) = check_template("a\n{{ prompt", NAMES)
    assert finding.code == "template-syntax"
    assert finding.message.endswith("(line 2 of it)")
    assert finding.found == "a\n{{ prompt"


@pytest.mark.parametrize(
    "source",
    [
        "{{ prompt.__class__ }}",
        "{{ prompt.__class__.__mro__ }}",
        "{{ prompt['__class__'] }}",
        "{{ prompt['_x'] }}",
        "{{ prompt._private }}",
        "{% include 'x' %}",
        "{% import 'x' as y %}",
        "{% from 'x' import y %}",
        "{% extends 'x' %}",
    ],
)
def test_what_reaches_beyond_the_values_is_refused_when_bound(source: str) -> None:
    assert "template-forbidden" in codes(source)
    assert set(codes(source)) == {"template-forbidden"}


@pytest.mark.parametrize("source", ["{{ prompt[0] }}", "{{ prompt['x'] }}", "{{ prompt[style] }}"])
def test_plain_items_are_allowed(source: str) -> None:
    assert codes(source) == []


@pytest.mark.parametrize(
    ("source", "message", "mend"),
    [
        (
            "{{ prompt | uper }}",
            "the template uses a filter `uper`, which there is none of",
            "Did you mean `upper`?",
        ),
        (
            "{{ prompt | zzzzz }}",
            "the template uses a filter `zzzzz`, which there is none of",
            "Remove it.",
        ),
        (
            "{{ prompt is definedd }}",
            "the template uses a test `definedd`, which there is none of",
            "Did you mean `defined`?",
        ),
        (
            "{{ prompt | center(999999999) }}",
            "the template uses a filter `center`, which there is none of",
            "Remove it.",
        ),
        (
            "{{ prompt | random }}",
            "the template uses a filter `random`, which there is none of",
            "Remove it.",
        ),
    ],
)
def test_unknown_filters_and_tests_are_told(source: str, message: str, mend: str) -> None:
    (finding,) = check_template(source, NAMES)
    assert (finding.code, finding.message, finding.mend) == ("template-syntax", message, mend)


def test_nothing_random_is_known() -> None:
    assert codes("{{ lipsum() }}") == ["template-unknown-variable"]


@pytest.mark.parametrize(
    "source",
    [
        "{{ 'x' * 1000000000 }}",
        "{{ 1000000000 * 'x' }}",
        "{{ [1] * 1000000000 }}",
        "{{ 10 ** 100000 }}",
        "{{ 'x' ** 2 }}",
        "{{ '%999999999d' % 3 }}",
        "{% for a in range(99999) %}{{ prompt }}{% endfor %}",
        "{% for a in range(999999999) %}{% endfor %}",
        "{{ prompt.nothing }}",
        "{{ prompt.upper.__self__ }}",
        "{{ prompt | attr('__class__') }}",
        "{{ style.x.y }}",
        "{{ count + prompt }}",
        "{{ 1 / 0 }}",
        "{{ prompt | int(base=99) }}{{ [].pop() }}",
        "{{ prompt.join(3) }}",
        "{{ {}.update({1: 2}) }}",
        "{{ prompt.center(1000000000) }}",
        "{{ 'x'.zfill(count * 100000000) }}",
        "{{ '{:9999999}'.format(3) }}",
        "{{ style | dictsort }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    ],
)
def test_what_cannot_be_rendered_fails_shortly_with_a_reason(source: str) -> None:
    values: dict[str, Json] = {"prompt": "a cat", "style": None, "count": 3}
    with pytest.raises(TemplateFailed, match="its template") as caught:
        render(source, values)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("source", "operator"),
    [
        ("{{ 'x' * 100001 }}", "*"),
        ("{{ [1] * 100001 }}", "*"),
        ("{{ 10001 ** 1 }}", "**"),
        ("{{ 1 ** 10001 }}", "**"),
        ("{{ (-10001) ** 1 }}", "**"),
        ("{{ '%9d' % 3 }}", "%"),
    ],
)
def test_an_operation_is_refused_before_it_is_done(source: str, operator: str) -> None:
    with pytest.raises(TemplateFailed) as caught:
        render(source, {})
    assert str(caught.value) == (
        f"its template cannot be rendered: the result of `{operator}` is too large"
    )


@pytest.mark.parametrize(
    "call",
    [
        "center(9)",
        "expandtabs(9)",
        "format(3)",
        "format_map({})",
        "ljust(9)",
        "rjust(9)",
        "zfill(9)",
    ],
)
def test_methods_that_widen_text_are_refused_however_narrow(call: str) -> None:
    with pytest.raises(TemplateFailed, match="is unsafe"):
        render(f"{{{{ 'x'.{call} }}}}", {})
    name, opening, given = call.partition("(")
    with pytest.raises(TemplateFailed, match="is unsafe"):
        render(f"{{{{ ('x' | attr('{name}')){opening}{given} }}}}", {})
    with pytest.raises(TemplateFailed, match="is unsafe"):
        render(f"{{{{ ('x' | escape)['{name}']{opening}{given} }}}}", {})


def test_the_longest_text_may_be_written_and_no_longer_one() -> None:
    assert len(render("{{ a * b }}", {"a": "x", "b": LONGEST_TEXT})) == LONGEST_TEXT
    with pytest.raises(TemplateFailed, match=f"writes more than {LONGEST_TEXT} characters"):
        render("{{ a * b }}{{ a }}", {"a": "x", "b": LONGEST_TEXT})


def test_a_missing_value_fails_and_names_it() -> None:
    with pytest.raises(TemplateFailed, match="'style' is undefined"):
        render("{{ style }}", {})


@pytest.mark.parametrize(
    "source",
    ["{{ 'x'.encode().center(9) }}", "{{ 'x'.encode().zfill(9) }}", "{{ (3).to_bytes(9) }}"],
)
def test_bytes_and_numbers_widen_nothing_either(source: str) -> None:
    with pytest.raises(TemplateFailed, match="is unsafe"):
        render(source, {})


@pytest.mark.parametrize("name", ["batch", "slice", "wordwrap", "indent", "center", "format"])
def test_filters_as_wide_as_a_number_says_are_not_there(name: str) -> None:
    assert codes(f"{{{{ prompt | {name}(count) }}}}") == ["template-syntax"]


LONG = "x" * 50_000


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("{{ a | replace('x', b) }}", "replace"),
        ("{{ a | replace('', b) }}", "replace"),
        ("{{ a.replace('x', b) }}", "replace"),
        ("{{ a.encode().replace('x'.encode(), b.encode()) }}", "replace"),
        ("{{ a | list | join(b) }}", "join"),
        ("{{ [a, a, a] | join }}", "join"),
        ("{{ range(90000) | join(b) }}", "join"),
        ("{{ b.join(a) }}", "join"),
        ("{{ b.join(range(9) | map('string')) }}", "join"),
        ("{{ [a] * 3 }}", "*"),
        ("{{ ([a] * 2) * 2 }}", "*"),
        ("{{ a.encode() * 3 }}", "*"),
    ],
)
def test_two_texts_of_a_caller_do_not_multiply(source: str, what: str) -> None:
    with pytest.raises(TemplateFailed) as caught:
        render(source, {"a": LONG, "b": LONG})
    assert str(caught.value) == (
        f"its template cannot be rendered: the result of `{what}` is too large"
    )


@pytest.mark.parametrize(
    ("source", "length"),
    [
        ("{{ a | replace('x', 'yy') }}", LONGEST_TEXT),
        ("{{ a.replace('x', 'yy') }}", LONGEST_TEXT),
        ("{{ [a, a] | join }}", LONGEST_TEXT),
        ("{{ ''.join([a, a]) }}", LONGEST_TEXT),
        ("{{ (a ~ a) | replace('x', '') }}", 0),
        ("{{ (a ~ a) | replace('x', 'y') }}", LONGEST_TEXT),
    ],
)
def test_what_just_fits_is_made_and_not_a_character_more(source: str, length: int) -> None:
    assert len(render(source, {"a": LONG})) == length
    if length and "y'" not in source:
        with pytest.raises(TemplateFailed, match="is too large"):
            render(source, {"a": LONG + "x"})


def test_json_has_no_width_of_a_callers() -> None:
    with pytest.raises(TemplateFailed, match="its template cannot be rendered"):
        render("{{ [1] | tojson(indent=999999999) }}", {})
