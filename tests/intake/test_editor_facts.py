"""What only the editor's save file tells."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.graph.json_value import Json
from gateway.intake.editor_facts import EditorFacts, Primitive, editor_facts, with_titles
from tests.intake.graphs import node

PRIMITIVE: Json = {"id": 2, "type": "PrimitiveNode", "title": "How soft", "outputs": []}
BLUR: Json = {
    "id": 3,
    "type": "ImageBlur",
    "title": "Blur",
    "inputs": [
        {"name": "image", "link": 9},
        {"name": "radius", "widget": {"name": "blur_radius"}, "link": 4},
        {"link": 5},
    ],
}


def test_titles_notes_and_primitives_are_read() -> None:
    document: Json = {
        "nodes": [
            PRIMITIVE,
            BLUR,
            {"id": 5, "type": "Note", "widgets_values": ["Use at\nnight."]},
            {"id": 6, "type": "MarkdownNote", "widgets_values": []},
            "no node",
        ],
        "links": [
            [4, 2, 0, 3, 1, "INT"],
            {"id": 5, "origin_id": 2, "origin_slot": 0, "target_id": 3, "target_slot": 2},
            {"id": 6, "origin_id": 2, "target_id": 77, "target_slot": 0},
            [7, 2, 0, 3, 40, "INT"],
            [8, 1, 0, 3, 0, "IMAGE"],
            [9],
        ],
    }
    assert editor_facts(document) == EditorFacts(
        titles={"2": "How soft", "3": "Blur"},
        notes=("Use at night.",),
        primitives=(Primitive("How soft", (("3", "blur_radius"),)),),
    )


def test_no_save_file_tells_nothing() -> None:
    assert editor_facts(None) == EditorFacts({})


junk: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.integers(-2, 3) | st.sampled_from(["PrimitiveNode", "Note", "x"]),
    lambda inner: (
        st.lists(inner, max_size=6)
        | st.dictionaries(
            st.sampled_from(
                [
                    "nodes",
                    "links",
                    "id",
                    "type",
                    "title",
                    "inputs",
                    "widget",
                    "name",
                    "origin_id",
                    "target_id",
                    "target_slot",
                    "widgets_values",
                ]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=30,
)


@given(junk)
def test_no_save_file_is_too_odd_to_be_read(document: Json) -> None:
    assert isinstance(editor_facts(document), EditorFacts)


def test_a_node_without_a_title_has_the_editor_s() -> None:
    prompt = {"1": node("A"), "2": node("B", "Own"), "3": node("C")}
    titled = with_titles(prompt, {"1": "One", "2": "Two"})
    assert [each.title for each in titled.values()] == ["One", "Own", ""]
