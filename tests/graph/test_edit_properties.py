"""Whatever is taken out or repeated: no link dangles, types fit, and what nobody touched is the same."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gateway.graph.absence import absence_of
from gateway.graph.cut import Cut, cut, lost_inputs
from gateway.graph.json_value import Json
from gateway.graph.prompt import Node, Prompt, find_cycle, link_of
from gateway.graph.repeat import carries_of, clone_ids, repeat
from gateway.graph.slots import fits, input_slots, is_required, output_type, type_of_input
from tests.graph.editing import CLASSES

PLAIN = ("Load", "Model", "Lora", "Blur", "Mix", "Split", "Encode", "Sample", "Decode", "Save")


@st.composite
def prompts(draw: st.DrawFn, classes: tuple[str, ...] = PLAIN) -> Prompt:
    """Return a graph whose links all fit; every node comes after its sources."""
    made: dict[str, Node] = {}
    for number in range(draw(st.integers(1, 12))):
        class_type = draw(st.sampled_from(classes))
        definition = CLASSES[class_type]
        inputs: dict[str, Json] = {}
        for name, kind in input_slots(definition, {}):
            sources = [
                (node_id, slot)
                for node_id, node in made.items()
                for slot, _ in enumerate(CLASSES[node.class_type].outputs)
                if fits(output_type(CLASSES[node.class_type], slot), kind)
            ]
            if sources:
                inputs[name] = list(draw(st.sampled_from(sources)))
            elif kind in ("STRING", "INT"):
                inputs[name] = draw(st.integers(0, 9))
        made[str(number)] = Node(class_type, inputs)
    shuffled = draw(st.permutations(list(made)))
    return {node_id: made[node_id] for node_id in shuffled}


def is_whole(prompt: Prompt) -> bool:
    """Tell whether every link has its source, and none goes in a circle."""
    links = [link_of(value) for node in prompt.values() for value in node.inputs.values()]
    return not find_cycle(prompt) and all(
        link is None
        or (
            link.node_id in prompt
            and 0 <= link.slot < len(CLASSES[prompt[link.node_id].class_type].outputs)
        )
        for link in links
    )


def types_fit(prompt: Prompt) -> bool:
    """Tell whether every link fits the input that it goes into."""
    return all(
        fits(
            output_type(CLASSES[prompt[link.node_id].class_type], link.slot),
            type_of_input(CLASSES[node.class_type], name, node.inputs),
        )
        for node in prompt.values()
        for name, value in node.inputs.items()
        if (link := link_of(value)) is not None
    )


def chosen(prompt: Prompt) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(sorted(prompt)), max_size=4)


@given(st.data())
def test_nodes_are_taken_out_without_a_trace(data: st.DataObject) -> None:
    prompt = data.draw(prompts())
    out = Cut(data.draw(chosen(prompt)), data.draw(chosen(prompt)))
    found = cut(prompt, out, CLASSES)
    assert list(found) == [each for each in prompt if each not in out.nodes]
    assert is_whole(found)
    assert types_fit(found)
    for node_id, node in found.items():
        sources = {
            link.node_id for value in prompt[node_id].inputs.values() if (link := link_of(value))
        }
        assert (node is prompt[node_id]) == sources.isdisjoint(out.nodes)
        assert node.inputs.keys() <= prompt[node_id].inputs.keys()


@given(st.data())
def test_any_types_leave_no_link_dangling_either(data: st.DataObject) -> None:
    prompt = data.draw(prompts((*PLAIN, "Any", "Matched", "Number")))
    out = Cut(data.draw(chosen(prompt)), data.draw(chosen(prompt)))
    assert is_whole(cut(prompt, out, CLASSES))


@given(st.data())
def test_what_hangs_on_absent_nodes_goes_and_nothing_required_is_lost(data: st.DataObject) -> None:
    prompt = data.draw(prompts())
    left_out = data.draw(chosen(prompt))
    absence = absence_of(prompt, left_out, CLASSES)
    found = cut(prompt, absence.cut, CLASSES)
    assert left_out.isdisjoint(found)
    assert is_whole(found)
    assert types_fit(found)
    assert lost_inputs(prompt, found, CLASSES) == ()
    assert absence.bypassed.isdisjoint(absence.gone)
    for node_id, name in absence.gone.items():
        assert (node_id in left_out) == (name == "")
        if name:
            assert is_required(CLASSES[prompt[node_id].class_type], name, prompt[node_id].inputs)


@given(st.data())
def test_a_chain_is_as_long_as_it_should_be_and_feeds_what_the_node_fed(
    data: st.DataObject,
) -> None:
    prompt = data.draw(prompts())
    node_id = data.draw(st.sampled_from(sorted(prompt)))
    count = data.draw(st.integers(1, 4))
    node = prompt[node_id]
    carries = carries_of(node, CLASSES[node.class_type])
    found = repeat(prompt, node_id, carries, count)
    ids = clone_ids(prompt, node_id, count)
    assert len(found) == len(prompt) + count - 1
    assert found.keys() == prompt.keys() | set(ids)
    assert is_whole(found)
    assert types_fit(found)
    for each, before in prompt.items():
        feeds = node_id in {
            link.node_id for value in before.inputs.values() if (link := link_of(value))
        }
        assert (found[each] is before) == (count == 1 or not feeds)
    for before_id, clone_id in pairwise(ids):
        clone = found[clone_id]
        assert {name: clone.inputs[name] for name in carries} == {
            name: [before_id, slot] for name, slot in carries.items()
        }
        assert clone.inputs.keys() == node.inputs.keys()
