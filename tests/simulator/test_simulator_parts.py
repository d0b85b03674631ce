"""Small parts on their own: the order of nodes, kept results, dotted inputs, corked writing."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.graph.json_value import Json
from gateway.simulator.cache import Cache, Signatures
from gateway.simulator.corked import CorkedTransport
from gateway.simulator.declared import declared_inputs
from gateway.simulator.ordering import Order
from gateway.simulator.router import Router
from gateway.simulator.spec import Face, autogrow, combo, dynamic, integer, link
from tests.simulator.talking import TINY_MODELS

Graph = dict[str, dict[str, Json]]


def graph_of(links: dict[str, list[str]]) -> Graph:
    return {
        node: {
            "class_type": f"class {node}",
            "inputs": {f"i{n}": [source, 0] for n, source in enumerate(sources)},
        }
        for node, sources in links.items()
    }


def run_order(links: dict[str, list[str]], outputs: list[str], kept: set[str]) -> list[str]:
    order = Order(graph_of(links), lambda node: node in outputs, lambda node: node in kept)
    for output in outputs:
        order.add(output)
    found: list[str] = []
    while (node := order.next()) is not None:
        found.append(node)
        order.done(node)
    return found


def test_the_recorded_order_of_text_to_image_comes_from_walking_inputs_backwards() -> None:
    links = {
        "4": [],
        "6": ["4"],
        "7": ["4"],
        "5": [],
        "3": ["4", "6", "7", "5"],
        "8": ["3", "4"],
        "9": ["8"],
    }
    assert run_order(links, ["9"], set()) == ["4", "5", "7", "6", "3", "8", "9"]


def test_a_ready_output_node_goes_before_everything_else() -> None:
    links = {"1": [], "2": ["1"], "3": ["2"], "4": ["1"]}
    assert run_order(links, ["3", "4"], set()) == ["1", "4", "2", "3"]


@given(st.lists(st.lists(st.integers(0, 9), max_size=3), min_size=1, max_size=10))
def test_no_node_runs_before_what_feeds_it_nor_twice(shape: list[list[int]]) -> None:
    links = {
        str(number): [str(source) for source in sources if source < number]
        for number, sources in enumerate(shape)
    }
    last = str(len(shape) - 1)
    found = run_order(links, [last], set())
    assert len(found) == len(set(found))
    assert found[-1] == last
    for position, node in enumerate(found):
        assert set(links[node]) <= set(found[:position])


def test_nobody_waits_for_a_kept_result() -> None:
    assert run_order({"1": [], "2": ["1"], "3": ["2"]}, ["3"], {"2"}) == ["3"]


def signature(graph: Graph, node: str) -> str:
    return Signatures(graph, lambda _: "").of(node)


def test_a_signature_depends_on_everything_above_and_on_no_id() -> None:
    first, renamed = graph_of({"1": [], "2": ["1"]}), graph_of({"7": [], "8": ["7"]})
    for node in (*first.values(), *renamed.values()):
        node["class_type"] = "same"
    assert signature(first, "2") == signature(renamed, "8")
    first["1"]["inputs"] = {"width": 1}
    assert signature(first, "2") != signature(renamed, "8")


def test_true_and_one_are_different_values() -> None:
    graphs: list[Graph] = [{"1": {"class_type": "c", "inputs": {"x": x}}} for x in (True, 1, 1.0)]
    assert len({signature(graph, "1") for graph in graphs}) == 3


def test_a_circle_or_a_missing_node_has_a_signature_too() -> None:
    assert signature(graph_of({"1": ["2"], "2": ["1"]}), "1")
    assert signature(graph_of({"1": ["99"]}), "1")


def test_the_longest_unused_results_go_when_there_are_too_many() -> None:
    cache = Cache()
    for number in range(20_001):
        cache.put(str(number), (), None)
        cache.get("0")
    assert cache.get("0") is not None
    assert cache.get("1") is None


def test_dotted_inputs_exist_while_their_key_is_chosen() -> None:
    formats = dynamic(
        {"mp4": {"codec": dynamic({"h264": {"crf?": integer(0, 51)}, "auto": {}})}, "gif": {}}
    )
    face = Face("Save", {"format": formats, "n": integer()})

    def names(**inputs: Json) -> list[tuple[str, bool]]:
        given = {key.replace("__", "."): value for key, value in inputs.items()}
        found = declared_inputs(face.document(lambda _: ()), given)
        return [(declared.name, declared.is_required) for declared in found]

    assert names() == [("n", True)]
    assert names(format="gif") == [("format", True), ("n", True)]
    assert names(format="mp4", format__codec="h264") == [
        ("format", True),
        ("format.codec", True),
        ("format.codec.crf", False),
        ("n", True),
    ]


def test_growing_inputs_exist_when_given_and_up_to_their_least_number() -> None:
    face = Face(
        "Batch", {"images": autogrow("image", link("IMAGE"), {"prefix": "i", "min": 1, "max": 4})}
    )
    found = declared_inputs(face.document(lambda _: ()), {"images.i2": ["1", 0], "images.i9": 1})
    assert [(declared.name, declared.leaf, declared.is_required) for declared in found] == [
        ("images.i0", "i0", True),
        ("images.i2", "i2", False),
    ]


def test_live_lists_are_read_when_a_definition_is_asked_for() -> None:
    face = Face("Load", {"name": combo({"live": "models/loras"})})
    document = face.document(lambda source: TINY_MODELS[source.removeprefix("models/")])
    assert document["input"] == {"required": {"name": [["tiny-lora.safetensors"], {}]}}


def test_a_path_finds_its_route_with_and_without_api() -> None:
    async def answer(*_: object) -> None: ...

    router = Router()
    router.add([{"GET /a": answer, "GET /b/{}": answer, "POST /api/c/{}/d": answer}])  # type: ignore[dict-item] # never called
    assert router.find("/api/a") is not None
    assert router.find("/api/api/c/1/d") is not None
    assert router.find("/c/1/d") is None
    found = router.find("/b/x%2Fy")
    assert found is not None
    assert (found.path, found.captured) == ("/b/{}", ("x/y",))


class Sink(asyncio.Transport):
    """A transport that remembers what was written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.ends: list[str] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Remember."""
        self.writes.append(bytes(data))

    def close(self) -> None:
        """Remember."""
        self.ends.append("closed")

    def abort(self) -> None:
        """Remember."""
        self.ends.append("cut")


async def test_what_is_written_in_one_turn_is_sent_at_once() -> None:
    sink = Sink()
    corked = CorkedTransport(sink)
    corked.writelines([b"a", b"b"])
    corked.write(b"c")
    assert sink.writes == []
    await asyncio.sleep(0)
    assert sink.writes == [b"abc"]


async def test_a_long_answer_is_not_gathered_without_bound() -> None:
    sink = Sink()
    corked = CorkedTransport(sink)
    for _ in range(10):
        corked.write(bytes(50_000))
    assert len(sink.writes) == 5


@pytest.mark.parametrize(("end", "sent"), [("close", [b"x"]), ("abort", [])])
async def test_closing_sends_what_is_gathered_and_cutting_does_not(
    end: str, sent: list[bytes]
) -> None:
    sink = Sink()
    corked = CorkedTransport(sink)
    corked.write(b"x")
    if end == "close":
        corked.close()
    else:
        corked.abort()
    await asyncio.sleep(0)
    assert sink.writes == sent
    assert sink.ends == ["closed" if end == "close" else "cut"]
