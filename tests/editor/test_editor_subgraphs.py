"""Subgraphs: what feeds the nodes inside, and whose widget's value is sent."""

from __future__ import annotations

import pytest

from gateway.editor.convert import convert
from gateway.graph.json_value import Json
from tests.editor.building import ACTIVE, BYPASSED, MUTED, Canvas, Inside, inputs_of
from tests.editor.classes import CLASSES


def sampler() -> Inside:
    """Return a subgraph of one sampler (5), with inputs for model and steps, and seed after them."""
    inside = Inside("sampler")
    inside.add(5, "KSampler", [1, "fixed", 20, 8, "euler", "normal", 1])
    inside.takes("model", (5, "model"), kind="MODEL")
    inside.takes("steps", (5, "steps"), kind="INT")
    inside.takes("seed", (5, "seed"), kind="INT")
    inside.gives("LATENT", 5, kind="LATENT")
    return inside


def hosted(values: Json = None, **more: Json) -> Canvas:
    """Return a checkpoint (1) that feeds a host (9) of the sampler, and what takes its output (2)."""
    root = Canvas()
    root.add(1, "CheckpointLoaderSimple", ["a.safetensors"])
    root.add(9, "sampler", values, **more)
    root.add(2, "Target")
    root.join((1, 0), 9, "model", "MODEL")
    root.join((9, 0), 2, "samples", "LATENT")
    return root


def steps_and_seed(root: Canvas, *inside: Inside, node: str = "9:5") -> tuple[Json, Json]:
    """Return what the sampler inside is sent."""
    sent = inputs_of(root.workflow(*(inside or (sampler(),))))[node]
    return sent["steps"], sent["seed"]


def test_links_go_through_the_panels_of_a_subgraph() -> None:
    sent = inputs_of(hosted().workflow(sampler()))
    assert sent["9:5"]["model"] == ["1", 0]
    assert sent["2"] == {"samples": ["9:5", 0]}


def test_a_socket_of_a_host_that_nothing_feeds_feeds_nothing() -> None:
    root = hosted()
    root.add(10, "sampler")
    assert "model" not in inputs_of(root.workflow(sampler()))["10:5"]


def test_a_link_goes_straight_through_a_subgraph() -> None:
    inside = Inside("through")
    inside.takes("model", kind="MODEL")
    inside.gives("MODEL", -10, 0)
    root = hosted()
    root.add(3, "through")
    root.join((1, 0), 3, "model", "MODEL")
    root.join((3, 0), 9, "model", "MODEL")
    assert inputs_of(root.workflow(sampler(), inside))["9:5"]["model"] == ["1", 0]


@pytest.mark.parametrize("slot", [1, -1, 10**30])
def test_an_output_that_a_subgraph_does_not_have_feeds_nothing(slot: int) -> None:
    root = hosted()
    root.join((9, slot), 2, "samples")
    assert inputs_of(root.workflow(sampler()))["2"] == {}


def test_an_output_that_nothing_inside_makes_feeds_nothing() -> None:
    inside = sampler()
    inside.links = [each for each in inside.links if each[3] != -20]
    assert inputs_of(hosted().workflow(inside))["2"] == {}


@pytest.mark.parametrize("known", [[], None, [True, 99]])
def test_an_output_whose_panel_lost_its_links_feeds_nothing(known: Json) -> None:
    inside = sampler()
    inside.outputs[0]["linkIds"] = known
    assert inputs_of(hosted().workflow(inside))["2"] == {}


def test_an_input_of_the_panel_that_the_host_does_not_have_feeds_nothing() -> None:
    inside = sampler()
    inside.join((-10, 7), 5, "positive")
    assert "positive" not in inputs_of(hosted().workflow(inside))["9:5"]


def test_a_link_to_a_host_goes_by_the_name_of_its_slot() -> None:
    root = hosted()
    root.nodes[9]["inputs"] = [
        {"name": "seed", "type": "INT", "link": None},
        {"name": "model", "type": "MODEL", "link": 1},
    ]
    assert inputs_of(root.workflow(sampler()))["9:5"]["model"] == ["1", 0]


def test_a_link_to_a_slot_that_the_host_does_not_have_leads_nowhere() -> None:
    root = hosted()
    root.nodes[9]["inputs"] = [{"name": "old", "type": "MODEL", "link": 1}]
    assert "model" not in inputs_of(root.workflow(sampler()))["9:5"]


def test_a_link_inside_that_no_slot_names_makes_no_widget_of_the_host() -> None:
    inside = sampler()
    inside.slot(5, "seed")
    slots = inside.nodes[5]["inputs"]
    assert isinstance(slots, list)
    slots[1] = {"name": "gone", "type": "INT", "link": 2, "widget": {"name": "gone"}}
    assert steps_and_seed(hosted([7, 30]), inside) == (20, 7)


def test_a_slot_inside_whose_name_changed_stays_with_its_widget() -> None:
    inside = sampler()
    slots = inside.nodes[5]["inputs"]
    assert isinstance(slots, list)
    slots[1] = {"name": "old", "type": "INT", "link": 2, "widget": {"name": "steps"}}
    sent = inputs_of(hosted([30, 7]).workflow(inside))["9:5"]
    assert (sent["old"], sent["steps"], sent["seed"]) == (30, 20, 7)


@pytest.mark.parametrize(("mode", "sent"), [(ACTIVE, "euler"), (MUTED, None)])
def test_null_in_a_hosts_combo_is_its_first_choice(mode: int, sent: Json) -> None:
    inside = Inside("sampler")
    inside.add(
        4, "KSampler" if mode == ACTIVE else "Unknown", [1, "fixed", 20, 8, "heun"], mode=mode
    )
    inside.add(5, "KSampler", [1, "fixed", 20, 8, "heun"])
    inside.takes("which", (4, "sampler_name"), (5, "sampler_name"), kind="COMBO")
    assert inputs_of(hosted([None]).workflow(inside))["9:5"]["sampler_name"] == sent


def test_the_values_of_a_host_go_to_its_widgets_in_the_order_of_its_inputs() -> None:
    assert steps_and_seed(hosted([30, 7])) == (30, 7)


@pytest.mark.parametrize("values", [None, []])
def test_without_a_value_the_node_inside_keeps_its_own(values: Json) -> None:
    assert steps_and_seed(hosted(values)) == (20, 1)


def test_null_among_a_hosts_values_is_a_value_and_is_sent() -> None:
    assert steps_and_seed(hosted([None, 7])) == (None, 7)


def test_the_values_of_a_host_may_be_named() -> None:
    assert steps_and_seed(hosted({"seed": 7, "unknown": 1})) == (20, 7)


def test_each_host_of_a_subgraph_has_values_of_its_own() -> None:
    root = hosted([30, 7])
    root.add(10, "sampler", [31, 8])
    root.add(11, "sampler")
    assert steps_and_seed(root) == (30, 7)
    assert steps_and_seed(root, node="10:5") == (31, 8)
    assert steps_and_seed(root, node="11:5") == (20, 1)


def test_one_input_may_feed_several_widgets() -> None:
    inside = Inside("size")
    inside.add(5, "EmptyLatentImage", [64, 32, 1])
    inside.takes("size", (5, "width"), (5, "height"), kind="INT")
    root = Canvas()
    root.add(9, "size", [256.0])
    root.add(10, "size")
    sent = inputs_of(root.workflow(inside))
    assert sent["9:5"] == {"width": 256, "height": 256, "batch_size": 1}
    # without a value of the host's, that of the first widget goes to all
    assert sent["10:5"] == {"width": 64, "height": 64, "batch_size": 1}


def test_a_list_that_a_host_holds_is_wrapped() -> None:
    assert steps_and_seed(hosted([[1, 2], 7])) == ({"__value__": [1, 2]}, 7)


def test_a_link_from_outside_goes_before_the_hosts_value() -> None:
    root = hosted([30, 7])
    root.add(3, "PrimitiveInt", [5, "fixed"])
    root.join((3, 0), 9, "steps", "INT")
    assert steps_and_seed(root) == (["3", 0], 7)


def test_a_link_from_outside_that_comes_to_nothing_leaves_the_inner_value_and_not_the_hosts() -> (
    None
):
    root = hosted([30, 7])
    root.add(3, "PrimitiveInt", [5, "fixed"], mode=MUTED)
    root.join((3, 0), 9, "steps", "INT")
    assert steps_and_seed(root) == (20, 7)


def nested(outer_values: Json, inner_values: Json, **more: Json) -> tuple[Canvas, Inside, Inside]:
    """Return a host (8) of a host (9) of the sampler; the outer one has the seed for a widget."""
    outer = Inside("outer")
    outer.add(9, "sampler", inner_values)
    outer.takes("seed", (9, "seed"), kind="INT")
    outer.gives("LATENT", 9, kind="LATENT")
    root = Canvas()
    root.add(8, "outer", outer_values, **more)
    root.add(2, "Target")
    root.join((8, 0), 2, "samples", "LATENT")
    return root, outer, sampler()


def test_of_nested_hosts_the_outermost_wins() -> None:
    parts = nested([7], [30, 6])
    assert steps_and_seed(*parts, node="8:9:5") == (30, 7)
    assert inputs_of(parts[0].workflow(*parts[1:]))["2"] == {"samples": ["8:9:5", 0]}


def test_a_nested_hosts_value_counts_when_the_outer_one_has_none() -> None:
    assert steps_and_seed(*nested(None, [30, 6]), node="8:9:5") == (30, 6)
    assert steps_and_seed(*nested(None, None), node="8:9:5") == (20, 1)


def test_a_bypassed_host_passes_on_what_it_takes() -> None:
    root = hosted(mode=BYPASSED)
    root.join((9, 0), 2, "again", "MODEL")
    assert inputs_of(root.workflow(sampler())) == {
        "1": {"ckpt_name": "a.safetensors"},
        "2": {"again": ["1", 0]},
    }


def test_a_bypassed_node_inside_passes_on_what_its_host_takes() -> None:
    inside = Inside("lora")
    inside.add(5, "LoraLoader", mode=BYPASSED)
    inside.takes("model", (5, "model"), kind="MODEL")
    inside.gives("MODEL", 5, kind="MODEL")
    root = hosted()
    root.add(3, "lora")
    root.join((1, 0), 3, "model", "MODEL")
    root.join((3, 0), 9, "model", "MODEL")
    assert inputs_of(root.workflow(sampler(), inside))["9:5"]["model"] == ["1", 0]


def test_a_muted_node_inside_feeds_nothing() -> None:
    inside = sampler()
    inside.nodes[5]["mode"] = MUTED
    assert inputs_of(hosted().workflow(inside))["2"] == {}


def test_the_title_of_a_host_is_not_that_of_the_nodes_inside() -> None:
    prompt = convert(hosted(title="My sampler").workflow(sampler()), CLASSES).prompt
    assert prompt["9:5"].title == "KSampler"


# --- properties.proxyWidgets: how older editors saved a host's widgets


def proxied(entries: Json, values: Json) -> tuple[Json, Json]:
    """Return steps and seed of the sampler in a host with old entries."""
    return steps_and_seed(hosted(values, properties={"proxyWidgets": entries}))


def test_of_an_old_host_value_number_i_belongs_to_entry_number_i() -> None:
    assert proxied([["5", "seed"], ["5", "steps"]], [7, 30]) == (30, 7)


def test_old_entries_may_be_json_in_text() -> None:
    assert proxied('[["5", "seed"], ["5", "steps"]]', [7, 30]) == (30, 7)


@pytest.mark.parametrize("entries", ["{", "7", 7, [], None])
def test_entries_that_cannot_be_read_count_as_none(entries: Json) -> None:
    assert proxied(entries, [30, 7]) == (30, 7)


@pytest.mark.parametrize("values", [None, []])
def test_without_values_an_old_host_sends_those_of_the_nodes_inside(values: Json) -> None:
    assert proxied([["5", "seed"], ["5", "steps"]], values) == (20, 1)


def test_null_for_an_old_entry_leaves_what_the_list_of_the_inputs_says() -> None:
    assert proxied([["5", "seed"], ["5", "steps"]], [None, 30]) == (30, 30)
    assert proxied([["5", "seed"]], [25, None]) == (25, 25)


def test_null_for_an_old_entry_that_is_no_input_is_the_value_of_the_node_inside() -> None:
    root = hosted([1, 2, None], properties={"proxyWidgets": [["5", "x"], ["5", "y"], ["5", "cfg"]]})
    assert inputs_of(root.workflow(sampler()))["9:5"]["cfg"] == 8


def test_a_controls_entry_takes_its_place_and_is_dropped() -> None:
    entries: Json = [["5", "seed"], ["5", "control_after_generate"], ["5", "steps"]]
    assert proxied(entries, [7, "randomize", 30]) == (30, 7)


def test_stale_entries_take_their_place_and_are_skipped() -> None:
    entries: Json = [["99", "seed"], ["5", "gone"], None, ["5"], ["-1", "gone"], ["5", "seed"]]
    assert proxied(entries, [1, 2, 3, 4, 5, 7]) == (1, 7)


def test_an_entry_of_minus_one_names_an_input_of_the_host() -> None:
    assert proxied([["-1", "seed"], ["-1", "steps"]], [7]) == (7, 7)
    assert proxied([["-1", "seed"], ["5", "seed"]], [7, 8]) == (7, 7)  # and comes last
    assert proxied([["-1", "model"], ["-1", "steps"]], [7, 8]) == (8, 8)  # the model is no widget


def test_an_old_entry_may_name_a_widget_that_is_no_input_of_the_subgraph() -> None:
    root = hosted([3.0], properties={"proxyWidgets": [["5", "cfg"]]})
    root.add(10, "sampler")
    sent = inputs_of(root.workflow(sampler()))
    assert (sent["9:5"]["cfg"], sent["10:5"]["cfg"]) == (3, 8)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (["9", "seed"], (30, 7)),  # an input of the nested host, and of the outer one
        (["9", "steps"], (7, 7)),  # an input of the nested host alone
        (["9", "5: steps"], (7, 7)),  # more parts: the node further in
        (["9", "9 : 5:steps"], (7, 7)),
        (["9", "5: cfg"], (30, 7)),  # no input of the nested host
        (["9", "4: steps"], (7, 7)),  # no such node, but an input of that name
        (["9", "4: cfg"], (30, 7)),
        (["9", "gone"], (30, 7)),
    ],
)
def test_an_old_entry_may_lead_through_a_nested_host(
    entry: Json, expected: tuple[int, int]
) -> None:
    parts = nested([7], [30, 6], properties={"proxyWidgets": [entry]})
    assert steps_and_seed(*parts, node="8:9:5") == expected


def test_an_old_entry_may_lead_to_an_old_entry_of_a_nested_host() -> None:
    root, outer, inside = nested([7], [3], properties={"proxyWidgets": [["9", "cfg"]]})
    outer.nodes[9]["properties"] = {"proxyWidgets": [["5", "denoise"], ["5", "cfg"]]}
    sent = inputs_of(root.workflow(outer, inside))["8:9:5"]
    assert (sent["denoise"], sent["cfg"]) == (3, 7)


def test_an_old_entry_takes_the_place_of_a_link_inside() -> None:
    inside = sampler()
    inside.add(6, "PrimitiveInt", [99, "fixed"])
    inside.join((6, 0), 5, "cfg")
    entries: Json = [["5", "steps"], ["5", "seed"], ["5", "cfg"]]
    for values, cfg in (([30, 7, 3], 3), ([], 8)):
        root = hosted(values, properties={"proxyWidgets": entries})
        assert inputs_of(root.workflow(inside))["9:5"]["cfg"] == cfg


def test_what_an_old_entry_makes_an_input_is_passed_on_by_a_bypassed_node() -> None:
    inside = Inside("sampler")
    made: Json = [{"name": "INT", "type": "INT"}]
    inside.add(5, "EmptyLatentImage")
    inside.add(6, "PrimitiveInt", [99, "fixed"], mode=BYPASSED, outputs=made)
    inside.join((6, 0), 5, "width")
    inside.slot(6, "value")
    root = hosted([3], properties={"proxyWidgets": [["6", "value"]]})
    assert inputs_of(root.workflow(inside))["9:5"]["width"] == 3


def test_the_text_of_an_old_entry_is_sent_as_it_stands() -> None:
    inside = Inside("sampler")
    inside.add(5, "CLIPTextEncode", ["a {b|c}"])
    root = hosted(properties={"proxyWidgets": [["5", "text"]]})
    found = convert(root.workflow(inside), CLASSES)
    assert found.prompt["9:5"].inputs["text"] == "a {b|c}"
    assert not found.texts.dynamic


def test_an_old_entry_for_the_second_widget_of_an_input_gives_it_an_input_of_its_own() -> None:
    inside = Inside("sampler")
    inside.add(5, "PrimitiveInt", [1, "fixed"])
    inside.add(6, "PrimitiveInt", [2, "fixed"])
    inside.takes("both", (5, "value"), (6, "value"), kind="INT")
    root = hosted([3, 4], properties={"proxyWidgets": [["5", "value"], ["6", "value"]]})
    sent = inputs_of(root.workflow(inside))
    assert (sent["9:5"]["value"], sent["9:6"]["value"]) == (3, 4)


@pytest.mark.parametrize(
    ("entries", "values", "sent"),
    [
        ([["6", "value"]], [9], 9),  # an input in the primitive's place
        ([["6", "value"]], [], 5),  # with the primitive's value
        ([["6", "other"]], [], 20),
        ([["6", "value"], ["6", "control_after_generate"]], [9, "fixed"], 5),  # the primitive stays
        ([["7", "value"], ["8", "value"]], [9, 9], 5),  # it feeds nothing, it is a note
    ],
)
def test_an_old_entry_may_name_a_primitive(entries: Json, values: Json, sent: Json) -> None:
    inside = Inside("sampler")
    inside.add(5, "KSampler", [1, "fixed", 20])
    made: Json = [{"name": "INT", "type": "INT"}]
    inside.add(6, "PrimitiveNode", [5, "fixed"], outputs=made)
    inside.add(7, "PrimitiveNode", [6, "fixed"], outputs=made)
    inside.add(8, "Note", ["value"])
    inside.join((6, 0), 5, "steps")
    root = hosted(values, properties={"proxyWidgets": entries})
    assert inputs_of(root.workflow(inside))["9:5"]["steps"] == sent


@pytest.mark.parametrize(("made", "sent"), [("FLOAT", 5), ("", 5), ("*", 9), (None, 5)])
def test_a_primitive_stays_when_its_type_is_not_that_of_what_it_feeds(
    made: Json, sent: Json
) -> None:
    inside = Inside("sampler")
    inside.add(5, "KSampler", [1, "fixed", 20])
    outputs: Json = [] if made is None else [{"name": "x", "type": made}]
    inside.add(6, "PrimitiveNode", [5, "fixed"], outputs=outputs)
    inside.join((6, 0), 5, "steps")
    root = hosted([9], properties={"proxyWidgets": [["6", "value"]]})
    assert inputs_of(root.workflow(inside))["9:5"]["steps"] == sent


def test_values_that_an_earlier_load_set_aside_go_to_the_inputs_they_name() -> None:
    kept: Json = [
        {"originalEntry": ["-1", "seed"], "hostValue": 7},
        {"originalEntry": ["-1", "gone"], "hostValue": 8},
        {"originalEntry": ["5", "steps"], "hostValue": 9},
        {"originalEntry": ["-1", "steps"]},
        {"originalEntry": []},
        None,
    ]
    root = hosted([30], properties={"proxyWidgetErrorQuarantine": kept})
    assert steps_and_seed(root) == (30, 7)


def test_a_host_without_a_definition_is_a_node_of_an_unknown_class() -> None:
    root = hosted(mode=MUTED)
    assert list(inputs_of(root.workflow())) == ["1", "2"]


@pytest.mark.parametrize("broken", [7, None, {"id": "sampler"}, {"id": "sampler", "nodes": 7}])
def test_of_definitions_with_one_id_the_last_counts_and_what_is_none_is_left_out(
    broken: Json,
) -> None:
    workflow = hosted([30, 7]).workflow()
    workflow["definitions"] = {"subgraphs": [broken, sampler().definition()]}
    assert inputs_of(workflow)["9:5"]["seed"] == 7


def test_an_empty_subgraph_feeds_nothing() -> None:
    workflow = hosted().workflow()
    workflow["definitions"] = {"subgraphs": [{"id": "sampler"}]}
    assert inputs_of(workflow) == {"1": {"ckpt_name": "a.safetensors"}, "2": {}}


def test_two_inputs_of_one_name_are_one_fed_by_the_last_link() -> None:
    inside = Inside("sub")
    inside.add(5, "EmptyLatentImage", [64, 32, 1])
    inside.takes("size", (5, "width"), kind="INT")
    inside.takes("size", (5, "height"), kind="INT")
    outer = Inside("outer")
    outer.add(6, "sub")
    outer.nodes[6]["inputs"] = [
        {"name": "size", "type": "INT", "link": None},
        {"name": "size", "type": "INT", "link": 1},
    ]
    outer.links.append((1, -10, 0, 6, 1, "INT"))
    outer.inputs.append({"name": "size", "type": "INT", "linkIds": [1]})
    root = Canvas()
    root.add(9, "outer", [256])
    root.add(10, "outer")
    sent = inputs_of(root.workflow(inside, outer))
    assert sent["9:6:5"] == {"width": 256, "height": 256, "batch_size": 1}
    assert (sent["10:6:5"]["width"], sent["10:6:5"]["height"]) == (64, 64)


@pytest.mark.parametrize(("values", "sent"), [([1, 2], (2, 2)), ([], (7, 7)), (None, (7, 7))])
def test_two_widgets_of_one_name_are_one_that_holds_the_last_value(
    values: Json, sent: tuple[int, int]
) -> None:
    inside = Inside("sub")
    inside.add(5, "PrimitiveInt", [7, "fixed"])
    inside.add(6, "PrimitiveInt", [8, "fixed"])
    inside.takes("value")
    inside.takes("value", (5, "value"), kind="INT")
    inside.takes("value", (6, "value"), kind="INT")
    root = Canvas()
    root.add(9, "sub", values)
    made = inputs_of(root.workflow(inside))
    assert (made["9:5"]["value"], made["9:6"]["value"]) == sent


def test_an_old_entry_makes_an_input_with_a_name_of_its_own() -> None:
    inside = Inside("sampler")
    inside.add(5, "PrimitiveInt", [1, "fixed"])
    inside.add(6, "PrimitiveInt", [2, "fixed"])
    inside.add(7, "PrimitiveInt", [3, "fixed"])
    entries: Json = [["5", "value"], ["6", "value"], ["7", "value"]]
    sent = inputs_of(hosted([4, 5, 6], properties={"proxyWidgets": entries}).workflow(inside))
    assert [sent[f"9:{at}"]["value"] for at in (5, 6, 7)] == [4, 5, 6]


def test_an_input_that_feeds_nothing_or_sockets_only_has_no_widget() -> None:
    inside = sampler()
    inside.inputs.insert(0, {"name": "lost", "type": "INT", "linkIds": [77]})
    for at, link in enumerate(inside.links):
        if link[1] == -10:
            inside.links[at] = (link[0], -10, link[2] + 1, *link[3:])
    assert steps_and_seed(hosted([30, 7]), inside) == (30, 7)


def test_the_widget_of_an_input_is_the_first_that_it_feeds_behind_sockets_of_nested_hosts() -> None:
    inner, outer = Inside("inner"), Inside("outer")
    inner.add(4, "PreviewAny")
    inner.takes("any", (4, "source"))
    outer.add(5, "inner")
    outer.add(6, "PrimitiveInt", [1, "fixed"])
    outer.takes("any", (5, "any"), (6, "value"))
    root = Canvas()
    root.add(9, "outer", [7])
    assert inputs_of(root.workflow(inner, outer))["9:6"] == {"value": 7}


def test_a_widget_whose_class_is_unknown_takes_its_place_in_the_hosts_values() -> None:
    inside = sampler()
    inside.add(6, "Unknown", mode=MUTED)
    inside.inputs.insert(0, {"name": "first", "type": "INT", "linkIds": [77]})
    for at, link in enumerate(inside.links):
        if link[1] == -10:
            inside.links[at] = (link[0], -10, link[2] + 1, *link[3:])
    slots = inside.nodes[6]["inputs"]
    assert isinstance(slots, list)
    slots.append({"name": "x", "type": "INT", "link": 77, "widget": {"name": "x"}})
    inside.links.append((77, -10, 0, 6, 0, "INT"))
    assert steps_and_seed(hosted([3, 30, 7]), inside) == (30, 7)
