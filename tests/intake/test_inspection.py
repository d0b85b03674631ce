"""What a workflow is made of, as people, programs and Mermaid read it."""

from __future__ import annotations

from gateway.graph.object_info import parse_definitions
from gateway.intake.inspection import Line, inspect_workflow, mermaid, plain
from gateway.intake.suggest import Material
from tests.intake.graphs import KNOWN, link, node, portrait


def test_all_of_a_graph_is_told() -> None:
    found = inspect_workflow(
        Material(portrait(n20=node("LoadImage", "Face", image="face.png")), KNOWN)
    )
    assert found.nodes[-1] == Line("20", "LoadImage", "Face")
    assert ("4", 1, "6", "clip") in found.links
    assert found.inputs == (Line("20", "image", "face.png"),)
    assert found.outputs == (Line("9", "image", "SaveImage"),)
    assert found.models == (Line("4", "ckpt_name", "sd15.safetensors"),)
    assert found.warnings == ()
    told = found.as_json()
    assert list(told) == ["nodes", "links", "inputs", "outputs", "models", "warnings"]
    assert told["inputs"] == [{"node": "20", "input": "image", "file": "face.png"}]


def test_what_comfyui_would_refuse_and_what_nobody_knows_is_warned_of() -> None:
    raw = parse_definitions(
        {
            "Old": {"input": {}, "deprecated": True, "output_node": True},
            "Paid": {
                "input": {"required": {"steps": ["INT", {"max": 10}]}},
                "api_node": True,
                "output_node": True,
            },
        }
    )
    prompt = portrait(
        n3=node("KSampler", sampler_name="bad\x1b[2J"),
        n20=node("Old"),
        n21=node("Paid", steps=20),
        n22=node("Gone\x1b"),
    )
    warnings = inspect_workflow(Material(prompt, {**KNOWN, **raw})).warnings
    assert warnings[:3] == (
        "no definition is known of Gone\ufffd",
        "Old is deprecated",
        "Paid calls a paid service",
    )
    assert any("`steps` of node 21 (Paid)" in each for each in warnings)
    assert any("`model` of node 3" in each or "model" in each for each in warnings[3:])
    assert not any("ckpt_name" in each for each in warnings)  # another machine may have it
    assert all(each.isprintable() for each in warnings)


def test_without_definitions_nothing_is_checked_and_that_is_said() -> None:
    assert inspect_workflow(Material(portrait())).warnings == (
        "no definitions of its nodes are known, so nothing was checked",
    )


def test_no_title_is_anything_but_a_label_in_the_diagram() -> None:
    prompt = {
        "1": node("LoadImage", 'x"]; click n0 "javascript:x" %%{init}%%\n<b>', image="a.png"),
        "2": node("SaveImage", images=link("1")),
    }
    assert mermaid(inspect_workflow(Material(prompt, KNOWN))) == DIAGRAM


DIAGRAM = """\
flowchart LR
    n0["1 x#34;#93;#59; click n0 #34;javascript:x#34; #37;#37;#123;init#125;#37;#37;#65533;#60;b#62;"]
    n1["2 SaveImage"]
    n0 -->|"images"| n1
"""


def test_texts_from_files_are_cut_and_plain() -> None:
    assert plain("a\x1b[31m\n") == "a\ufffd[31m\ufffd"
    assert plain("x" * 61) == "x" * 60 + "…"
