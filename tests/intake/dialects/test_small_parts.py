"""Names, places, addresses, and the text of services.yaml."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.graph.json_value import Json
from gateway.intake.dialects.addresses import is_web
from gateway.intake.dialects.document import NEW_FILE, compose
from gateway.intake.dialects.drafts import Section
from gateway.intake.dialects.naming import distinct, plain_name
from gateway.intake.dialects.notes import Spot
from gateway.intake.dialects.places import locate
from gateway.intake.entry import ServiceEntry
from gateway.services.parse import parse_services


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("negativePrompt", "negative_prompt"),
        ("Größe des Bildes!", "groe_des_bildes"),
        ("图", "widget"),
        ("4x upscale", "widget_4x_upscale"),
        ("a" * 39 + "_b", "a" * 39),
        ("__x__", "x"),
    ],
)
def test_a_name_is_made_of_whatever_a_thing_is_called(text: str, name: str) -> None:
    assert plain_name(text, "widget") == name


@given(st.text(max_size=60), st.sets(st.from_regex(r"[a-z][a-z0-9_]{0,39}", fullmatch=True)))
def test_every_name_is_valid_and_not_taken(text: str, taken: set[str]) -> None:
    plain = plain_name(text, "parameter")
    name = distinct(plain, {*taken, plain})
    found = parse_services(
        f"version: 1\nservices:\n  {name}: {{workflow: a.json}}\n", "services.yaml", {}
    )
    assert found.findings == ()
    assert name not in {*taken, plain}


TEXT = """\
{
  "a/b": [1, {"c": "x, ]}"}],
  "m~n": {"k": 1,
          "k": 2},
  "empty": []
}
"""


@pytest.mark.parametrize(
    ("pointer", "place"),
    [
        ("", (1, 1)),
        ("/a~1b", (2, 10)),
        ("/a~1b/0", (2, 11)),
        ("/a~1b/1/c", (2, 20)),
        ("/m~0n/k", (4, 16)),
        ("/m~0n/gone", (3, 10)),
        ("/a~1b/0/deeper", (2, 11)),
        ("/empty/0", (5, 12)),
    ],
)
def test_a_pointer_leads_to_a_line_and_a_column(pointer: str, place: tuple[int, int]) -> None:
    assert locate(TEXT, pointer) == place


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.text(), JSON, min_size=1, max_size=4), st.sampled_from([None, 2]))
def test_every_member_is_found_where_it_stands(
    document: dict[str, Json], indent: int | None
) -> None:
    text = json.dumps(document, indent=indent, ensure_ascii=False)
    lines = text.split("\n")
    for key, value in document.items():
        line, column = locate(text, "/" + key.replace("~", "~0").replace("/", "~1"))
        rest = "\n".join((lines[line - 1][column - 1 :], *lines[line:]))
        assert json.JSONDecoder().raw_decode(rest)[0] == value


@pytest.mark.parametrize(
    "address",
    [
        "ftp://a",
        "http://",
        "http://[::1",
        "http://a:0",
        "http://a?b",
        "http://u@a",
        "a",
        "http://a b",
        "http://a\0",
    ],
)
def test_an_address_that_no_backend_can_have_is_none(address: str) -> None:
    assert not is_web(address)


def test_sections_that_are_there_stay_and_are_told() -> None:
    spot = Spot("config.json")
    backends = Section("backends", {"comfyui": {"url": "http://a:1"}}, spot)
    other = Section("backends", {"comfyui": {"url": "http://b:1"}}, spot)
    entry = ServiceEntry("draw", "draw.json")
    new = compose(NEW_FILE, [entry], [backends, backends, other])
    assert new.count("http://a:1") == 1
    assert "http://b:1" not in new
    assert [each.code for each in spot.notes] == ["migrate-not-carried"]
    again = compose(new, [ServiceEntry("again", "draw.json")], [backends])
    assert again.startswith(new)
    assert len(spot.notes) == 2
    assert parse_services(again, "services.yaml", {}).findings == ()


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("ending", ["", "newline"])
def test_a_file_keeps_its_bytes_and_its_line_ends(newline: str, ending: str) -> None:
    text = newline.join(("\ufeffversion: 1", "services: # mine", "  a: {workflow: a.json}"))
    text += newline if ending else ""
    jobs = Section("jobs", {"keep": {"count": 5}}, Spot("config.json"))
    said = compose(text, [ServiceEntry("draw", "draw.json")], [jobs])
    assert said.startswith(text)
    assert said.count("\n") == said.count(newline)
    parsed = parse_services(said, "services.yaml", {})
    assert parsed.declaration is not None
    assert [each.name for each in parsed.declaration.services] == ["a", "draw"]
    assert parsed.declaration.jobs.keep.count == 5
