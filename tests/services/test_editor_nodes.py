"""Nodes that people see in the editor and that are not in the graph."""

from __future__ import annotations

import pytest

from gateway.editor.convert import Conversion
from gateway.editor.texts import Texts
from gateway.errors import Finding, Place
from gateway.graph.prompt import Node
from gateway.services.editor_nodes import explained
from gateway.services.model import ById, OutputRule, Service
from gateway.services.resolve import resolve_service

HERE = Place("services.yaml", 3, 3)
CONVERSION = Conversion(
    {
        "3": Node("SaveImage", {"filename_prefix": "x"}),
        "12:1": Node("CLIPTextEncode", {"text": "a {fox}"}),
        "12:5:1": Node("VAEDecode", {}),
    },
    Texts(dynamic=frozenset({("12:1", "text")})),
    {"12": "a subgraph", "12:5": "a subgraph", "8": "muted", "12:6": "bypassed"},
)


def _told(wrong: str | None, code: str = "binding-node-unknown") -> tuple[str, str | None]:
    found = explained(Finding(code, "there is no such node", HERE, found=wrong), CONVERSION)
    return found.message, found.mend


@pytest.mark.parametrize(
    ("wrong", "message", "mend"),
    [
        ("8", "node 8 is muted, so it is not sent", "Enable it"),
        ("8:2", "node 8 is muted, so node 8:2 in it is not sent", "Enable it"),
        ("12:6:9:9", "node 12:6 is bypassed, so node 12:6:9:9 in it is not sent", "Enable it"),
        ("12:5", "node 12:5 is a subgraph; in it are 12:5:1 (VAEDecode)", "Name one of"),
        (
            "1",
            "there is no such node; in subgraphs there are 12:1 (CLIPTextEncode), 12:5:1 (VAEDecode)",
            "Did you mean 12:1?",
        ),
    ],
)
def test_the_editor_s_file_tells_why_a_node_is_not_there(
    wrong: str, message: str, mend: str
) -> None:
    told = _told(wrong)
    assert told[0] == message
    assert str(told[1]).startswith(mend)


@pytest.mark.parametrize("wrong", ["77", "12:77", None])
def test_what_the_file_does_not_know_either_stays_as_it_was_told(wrong: str | None) -> None:
    assert _told(wrong) == ("there is no such node", None)


def test_other_findings_stay() -> None:
    assert _told("8", "binding-widget-missing") == ("there is no such node", None)


def _service(output: str) -> Service:
    rules = (OutputRule("image", ById(output), HERE),)
    return Service("draw", HERE, "draw.json", "Draw", "", outputs=rules)


def test_a_service_of_an_editor_workflow_is_bound_with_its_texts() -> None:
    bound = resolve_service(_service("3"), CONVERSION.prompt, {}, CONVERSION).bound
    assert bound is not None
    assert bound.texts == CONVERSION.texts
    assert bound.dynamic_texts == frozenset()


def test_a_service_that_names_a_muted_node_is_told_so() -> None:
    resolved = resolve_service(_service("8"), CONVERSION.prompt, {}, CONVERSION)
    assert resolved.bound is None
    assert [each.message for each in resolved.findings] == ["node 8 is muted, so it is not sent"]
