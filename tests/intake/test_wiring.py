"""Walking through a prompt."""

from __future__ import annotations

from gateway.intake.wiring import Wiring
from tests.intake.graphs import KNOWN, link, node, portrait


def test_a_value_is_found_behind_nodes_that_pass_it_on() -> None:
    wiring = Wiring(
        {
            "1": node("PrimitiveInt", value=5),
            "2": node("Reroute", value=link("1")),
            "3": node("KSampler", seed=link("2"), steps=link("4"), cfg=None, denoise=link("5")),
            "4": node("Math", a=1, b=2, value=3, c=4),
            "5": node("Maker", x=1),
        },
        KNOWN,
    )
    found = wiring.source("3", "seed")
    assert found is not None
    assert (found.key, found.current) == (("1", "value"), 5)
    assert [wiring.source("3", name) for name in ("steps", "cfg", "denoise", "gone")] == [None] * 4


def test_values_that_are_passed_in_a_circle_are_nobody_s() -> None:
    wiring = Wiring({"1": node("A", value=link("2")), "2": node("B", value=link("1"))}, {})
    assert wiring.source("1", "value") is None


def test_who_feeds_whom_is_known_both_ways() -> None:
    wiring = Wiring(portrait(), KNOWN)
    assert wiring.ancestors("8") == {"3", "4", "5", "6", "7"}
    assert wiring.ancestors("8") is wiring.ancestors("8")
    assert list(wiring.consumers("6")) == [("3", "positive")]


def test_a_title_is_somebody_s_own_when_it_is_not_the_class_s() -> None:
    wiring = Wiring(
        {
            "1": node("LoadImage", "Load Image"),
            "2": node("LoadImage", "Face"),
            "3": node("Unknown", "Mine"),
        },
        KNOWN,
    )
    assert [wiring.own_title(each) for each in "123"] == ["", "face", ""]


def test_what_an_input_takes_is_known_from_its_definition_alone() -> None:
    wiring = Wiring(portrait(n20=node("Unknown", x=link("6"))), KNOWN)
    types = frozenset({"CONDITIONING", "STRING"})
    assert wiring.is_socket("3", "positive", types) is True
    assert wiring.is_socket("6", "text", types) is True
    assert wiring.is_socket("3", "steps", types) is False
    assert wiring.is_socket("20", "x", types) is None
