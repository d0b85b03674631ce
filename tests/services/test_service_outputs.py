"""What a run left, by name."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.graph.prompt import Node, Prompt
from gateway.services.model import ById, Kind, OutputRule
from gateway.services.outputs import NamedItem, name_items
from gateway.wire.outputs import FileReference, LeftFile, LeftItem, LeftText
from tests.services.building import PLACE, bound

GRAPH: Prompt = {each: Node("AnySaver", {"x": 1}) for each in ("9", "4", "9:8", "12")}


def file(node_id: str, name: str, position: int = 0, key: str = "images") -> LeftFile:
    return LeftFile(node_id, key, position, FileReference(name))


def rule(name: str, node_id: str, kind: Kind | None = None, index: int | None = None) -> OutputRule:
    return OutputRule(name, ById(node_id), PLACE, kind, index)


def named(
    *items: LeftItem, rules: tuple[OutputRule, ...] = (), parents: dict[str, str] | None = None
) -> list[tuple[str, int, str, LeftItem]]:
    service = bound(prompt=GRAPH, outputs=rules)
    found = name_items(service, items, parents or {})
    return [(each.name, each.index, each.kind, each.item) for each in found]


A, B, C = file("9", "a.png"), file("9", "b.png", 1), file("9", "c.png", 2)


def test_a_batch_is_counted_under_its_name() -> None:
    assert named(A, B, rules=(rule("image", "9"),)) == [
        ("image", 0, "image", A),
        ("image", 1, "image", B),
    ]


def test_what_has_no_name_is_called_by_its_node_in_graph_order() -> None:
    late, early = file("12", "x.mp4"), file("4", "y.png")
    assert named(late, A, early) == [
        ("node_9", 0, "image", A),
        ("node_4", 0, "image", early),
        ("node_12", 0, "video", late),
    ]


def test_named_items_come_first_in_the_order_of_the_yaml() -> None:
    other = file("12", "x.wav")
    rules = (rule("sound", "12"), rule("image", "4"))
    image = file("4", "y.png")
    assert [each[0] for each in named(A, image, other, rules=rules)] == ["sound", "image", "node_9"]


def test_an_index_picks_one_file_and_the_others_keep_their_places() -> None:
    assert named(A, B, C, rules=(rule("second", "9", None, 1),)) == [
        ("second", 1, "image", B),
        ("node_9", 0, "image", A),
        ("node_9", 2, "image", C),
    ]


def test_an_index_beyond_the_batch_picks_nothing() -> None:
    assert [each[0] for each in named(A, rules=(rule("fifth", "9", None, 4),))] == ["node_9"]


def test_a_kind_picks_among_what_a_node_left() -> None:
    text = LeftText("9", "text", 0, "hello")
    assert named(text, A, rules=(rule("words", "9", "text"), rule("picture", "9", "image"))) == [
        ("words", 0, "text", text),
        ("picture", 0, "image", A),
    ]


def test_a_file_of_unknown_kind_is_of_the_kind_the_yaml_says() -> None:
    odd = file("9", "mesh.weird")
    assert named(odd, rules=(rule("mesh", "9", "model3d"),)) == [("mesh", 0, "model3d", odd)]
    assert named(odd, rules=(rule("words", "9", "text"),)) == [("node_9", 0, "file", odd)]


def test_a_kind_that_is_not_there_leaves_the_rest_its_own_names() -> None:
    assert named(A, rules=(rule("film", "9", "video"),)) == [("node_9", 0, "image", A)]


def test_an_index_counts_within_its_kind() -> None:
    text = LeftText("9", "text", 0, "hello")
    assert named(text, A, B, rules=(rule("second", "9", "image", 1),))[0] == (
        "second",
        1,
        "image",
        B,
    )


def test_the_first_rule_that_fits_names_an_item() -> None:
    rules = (rule("first", "9", None, 0), rule("all", "9"))
    assert [each[:2] for each in named(A, B, rules=rules)] == [("first", 0), ("all", 1)]


def test_equal_items_are_all_kept() -> None:
    twin = file("9", "a.png")
    assert len(named(A, twin, rules=(rule("one", "9", None, 0),))) == 2


def test_an_expanded_node_stands_for_its_parent() -> None:
    inner = file("4.0.0.2", "x.png")
    told = named(inner, parents={"4.0.0.2": "4"}, rules=(rule("image", "4"),))
    assert told == [("image", 0, "image", inner)]
    assert named(inner, rules=(rule("image", "4"),)) == told


def test_a_node_that_the_graph_lacks_comes_last_under_its_own_id() -> None:
    stray = file("77.1", "x.png")
    assert named(stray, A) == [("node_9", 0, "image", A), ("node_77.1", 0, "image", stray)]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["9", "4", "4.1", "12", "77"]), st.sampled_from(["a.png", "b.mp4", "c"])
        ),
        max_size=8,
    ),
    st.lists(
        st.tuples(
            st.sampled_from(["9", "4", "12"]),
            st.none() | st.sampled_from(["image", "video", "file"]),
            st.none() | st.integers(0, 2),
        ),
        max_size=3,
        unique_by=lambda each: each[0],
    ),
)
def test_nothing_is_lost_and_nothing_comes_twice(
    left: list[tuple[str, str]], wanted: list[tuple[str, Kind | None, int | None]]
) -> None:
    items = [file(node_id, name, n) for n, (node_id, name) in enumerate(left)]
    rules = tuple(rule(f"r{n}", *each) for n, each in enumerate(wanted))
    found: tuple[NamedItem, ...] = name_items(bound(prompt=GRAPH, outputs=rules), items, {})
    assert sorted(id(each.item) for each in found) == sorted(id(each) for each in items)
    assert len({(each.name, each.index) for each in found}) == len(found)


def test_an_expanded_node_of_any_name_is_its_parents() -> None:
    inner = file("made-anew", "x.png")
    assert named(inner, parents={"made-anew": "9"}) == [("node_9", 0, "image", inner)]
