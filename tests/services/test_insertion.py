"""A new entry in services.yaml, and every other byte as it was."""

from __future__ import annotations

from contextlib import suppress
from typing import cast

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from gateway.errors import DeclarationError
from gateway.graph.json_value import Json, as_object
from gateway.services.document import read_document
from gateway.services.findings import Findings
from gateway.services.insertion import indent_of_services, insert_service
from gateway.services.tree import to_json

ENTRY = "new:\n  workflow: new.json\n  parameters:\n    steps: 3.steps  # many\n"
MEANT: Json = {"workflow": "new.json", "parameters": {"steps": "3.steps"}}


def _meaning(text: str) -> dict[str, Json] | None:
    """Return what a file says, None when a reader would refuse it."""
    findings = Findings("services.yaml")
    root = read_document(text, findings, {})
    if findings.has_errors() or root is None:
        return None
    return dict(as_object(to_json(root)) or {})


def _assert_only_inserted(before: str, after: str) -> None:
    """Assert that `after` is `before` with one run of whole characters put in somewhere."""
    length = 0
    while length < len(before) and before[length] == after[length]:
        length += 1
    rest = len(before) - length
    assert after.endswith(before[length:])
    assert len(after) - rest > length


# --- the places ------------------------------------------------------------------------------------

PLACES = {
    "behind the last service": (
        "version: 1\nservices:\n  a: {workflow: a.json}\n",
        "version: 1\nservices:\n  a: {workflow: a.json}\n\n  new:\n    workflow: new.json\n",
    ),
    "with no gap where there are none": (
        "services:\n  a: {workflow: a.json}\n  b: {workflow: b.json}\n",
        (
            "services:\n  a: {workflow: a.json}\n  b: {workflow: b.json}\n"
            "  new:\n    workflow: new.json\n"
        ),
    ),
    "a gap above a comment is one": (
        "services:\n  a: {workflow: a.json}\n\n  # Of b.\n  b: {workflow: b.json}\n",
        (
            "services:\n  a: {workflow: a.json}\n\n  # Of b.\n  b: {workflow: b.json}\n\n"
            "  new:\n    workflow: new.json\n"
        ),
    ),
    "before the next section and its comment": (
        "services:\n  a:\n    workflow: a.json  # mine\n    # priority: 1\n\n  # later\n\n# G\ngateway: {}",
        (
            "services:\n  a:\n    workflow: a.json  # mine\n    # priority: 1\n\n  # later\n\n"
            "  new:\n    workflow: new.json\n\n# G\ngateway: {}"
        ),
    ),
    "with the file's own indentation and line ends": (
        "\ufeffservices:\r\n    a:\r\n        workflow: a.json",
        (
            "\ufeffservices:\r\n    a:\r\n        workflow: a.json\r\n\r\n"
            "    new:\r\n      workflow: new.json\r\n"
        ),
    ),
    "behind a block of text": (
        "services:\n  a:\n    workflow: a.json\n    description: |\n      Two\n      lines\n\ngateway: {}\n",
        (
            "services:\n  a:\n    workflow: a.json\n    description: |\n      Two\n      lines\n\n"
            "  new:\n    workflow: new.json\ngateway: {}\n"
        ),
    ),
    "in a section that is empty": (
        "services:\t# none yet\n  # here\ngateway: {}\n",
        "services:\t# none yet\n  # here\n  new:\n    workflow: new.json\ngateway: {}\n",
    ),
    "in place of empty braces": (
        "services: {}\ngateway: {}\n",
        "services:\n  new:\n    workflow: new.json\ngateway: {}\n",
    ),
    "in place of nothing": (
        "services: ~  # none yet\n",
        "services:   # none yet\n  new:\n    workflow: new.json\n",
    ),
    "under an anchor": (
        "services: &all\n",
        "services: &all\n  new:\n    workflow: new.json\n",
    ),
    "behind others under an anchor": (
        "services: &all\n  a: &a {}\n",
        "services: &all\n  a: &a {}\n\n  new:\n    workflow: new.json\n",
    ),
    "behind others under a tag": (
        "services: !!map\n  a: {}\n",
        "services: !!map\n  a: {}\n\n  new:\n    workflow: new.json\n",
    ),
    "in a section of its own": (
        "version: 1\ngateway: {name: x}\n# The end.",
        "version: 1\ngateway: {name: x}\n# The end.\n\nservices:\n  new:\n    workflow: new.json\n",
    ),
    "in a section of its own, before the end of the document": (
        " version: 1\n\n ...\n".replace(" ...", "..."),
        " version: 1\n\n services:\n   new:\n     workflow: new.json\n\n...\n",
    ),
    "in a section of its own, behind a gap": (
        "version: 1\n\n",
        "version: 1\n\nservices:\n  new:\n    workflow: new.json\n",
    ),
    "in an empty file": ("", "version: 1\n\nservices:\n  new:\n    workflow: new.json\n"),
    "in a file of comments": (
        "# Mine",
        "# Mine\nversion: 1\n\nservices:\n  new:\n    workflow: new.json\n",
    ),
    "in a document that is empty": (
        "---\n",
        "---\nversion: 1\n\nservices:\n  new:\n    workflow: new.json\n",
    ),
}


@pytest.mark.parametrize("place", PLACES)
def test_an_entry_goes(place: str) -> None:
    before, after = PLACES[place]
    assert insert_service(before, "new", "new:\n  workflow: new.json\n") == after


# --- refusals --------------------------------------------------------------------------------------

REFUSALS = {
    "services: {a: {workflow: a.json}}\n": ("services-not-insertable", 1, 11),
    "services: [a]\n": ("services-not-insertable", 1, 11),
    "services: text\n": ("services-not-insertable", 1, 11),
    "x: &a {b: c}\nservices: *a\n": ("services-not-insertable", 2, 11),
    "{version: 1}\n": ("services-not-insertable", 1, 1),
    "- services\n": ("services-not-insertable", 1, 1),
    "services: {\n  # none yet\n}\n": ("services-not-insertable", 1, 11),
    # Its last line has no end, and with one the text would have another.
    "services:\n  a:\n    description: |\n      b": ("services-not-insertable", 1, 1),
    "services: &all\n  ? a\n  : {}\n": ("services-not-insertable", 1, 1),
    "services: &anchor ~\n": ("services-not-insertable", 1, 1),
    "services:\n  a: {}\n  new: {}\n": ("service-exists", 3, 3),
    'services:\n  "new": {}\n': ("service-exists", 2, 3),
    "services: [\n": ("yaml-syntax", 2, 1),
    "services: \x00\n": ("yaml-character", 1, 11),
}


@pytest.mark.parametrize("text", REFUSALS)
def test_what_cannot_be_put_in_is_refused_with_its_place_and_a_mend(text: str) -> None:
    with pytest.raises(DeclarationError) as refused:
        insert_service(text, "new", ENTRY, file="mine.yaml")
    (finding,) = refused.value.findings
    assert finding.place is not None
    assert finding.place.file == "mine.yaml"
    assert (finding.code, finding.place.line, finding.place.column) == REFUSALS[text]
    assert finding.mend


# --- any file --------------------------------------------------------------------------------------

SERVICES = st.sampled_from(
    [
        "a: {workflow: a.json}",
        "a: {\n  workflow: a.json\n  }",
        "b:\n  workflow: b.json   # tab\there",
        "b:\n\n  workflow: b.json\n  # old",
        "c: &c\n  workflow: 'it''s # no comment'",
        "d:\n  description: |\n    # text\n\n    more",
        "d:\n  description: |+\n    kept\n\n\n",
        "d:\n  description: >-\n    folded\n     text\n",
        'e:\n  description: "over\n    two lines"',
        "e:\n  description: plain\n    over lines  # end",
        "f:",
        "f:   # nothing",
        "g:\n  - 1\n  -\n  - x: 1\n    y: 🦊 # é",
        "g:\n- 1\n- [2,\n  3]",
        '"h i": 1',
        "? k\n: v",
    ]
)
AROUND = st.sampled_from(
    [
        "version: 1",
        "# one",
        "\t# tab",
        "",
        "   ",
        "gateway:\n  name: x",
        "x: [1,\n 2]",
        "y: |\n  text\n",
        "z:",
    ]
)


@st.composite
def _files(draw: st.DrawFn) -> str:
    margin = " " * draw(st.integers(1, 5))
    bodies = draw(st.lists(SERVICES | st.just(""), max_size=4))
    inner = "\n".join(bodies).split("\n") if bodies else []
    section = ["services:", *(f"{margin}{line}" if line else "" for line in inner)]
    parts = [*draw(st.lists(AROUND, max_size=3)), *section, *draw(st.lists(AROUND, max_size=3))]
    newline = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    text = "\n".join(parts) + draw(st.sampled_from(["", "\n", "\n\n", "\n# end", "\n\t# end\n"]))
    return draw(st.sampled_from(["", "\ufeff"])) + text.replace("\n", newline)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(_files())
@pytest.mark.timeout(120)
def test_everything_else_stays_and_means_what_it_meant(text: str) -> None:
    before = _meaning(text)
    assume(before is not None)
    try:
        result = insert_service(text, "new", ENTRY)
    except DeclarationError as error:
        (finding,) = error.findings
        # Only where a text's last line has no end is there no place.
        assert finding.code == "services-not-insertable"
        assert not text.endswith(("\n", "\r"))
        return
    _assert_only_inserted(text, result)
    after = _meaning(result)
    assert before is not None
    assert after is not None
    services = dict(as_object(before["services"]) or {})
    assert after == before | {"services": services | {"new": MEANT}}
    assert list(cast("dict[str, Json]", after["services"]))[-1] == "new"


@settings(deadline=None)
@given(st.text(st.sampled_from("ab:- \n\t#{}[]|>&*'\"\r,?"), max_size=25))
@pytest.mark.timeout(120)
def test_any_text_is_kept_or_refused(tail: str) -> None:
    text = f"services:\n  a: {tail}"
    before = _meaning(text)
    with suppress(DeclarationError):
        result = insert_service(text, "new", ENTRY)
        if before is None:
            # Wrong in a way that an entry changes nothing about, such as an alias without its anchor.
            _assert_only_inserted(text, result)
            return
        after = _meaning(result)
        services = dict(as_object(before["services"]) or {})
        assert after == before | {"services": services | {"new": MEANT}}


# --- indentation -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "indent"),
    [
        ("", 2),
        ("version: 1\n", 2),
        ("services: {}\n", 2),
        ("services:\n", 2),
        ("services:\n    a: {}\n", 4),
        ("\ufeff services:\n    a: {}\n", 3),
        ("- a\n", 2),
    ],
)
def test_the_files_own_indentation_is_found(text: str, indent: int) -> None:
    assert indent_of_services(text) == indent
