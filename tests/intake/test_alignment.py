"""Which node is which after an edit, by hand-made cases."""

from __future__ import annotations

from typing import Any

from gateway.graph.prompt import link_of, parse_prompt
from gateway.intake.alignment import Alignment, align
from gateway.intake.colours import graph_hash
from gateway.intake.skeleton import skeleton_of
from tests.intake.edits import Graph, begin

EDITORS_TITLE = "CLIP Text Encode (Prompt)"


def _node(class_type: str, title: str = "", **inputs: Any) -> dict[str, Any]:
    return {"class_type": class_type, "inputs": inputs, "_meta": {"title": title}}


def _graph() -> Graph:
    """Return the editor's first graph: two text nodes that only their use tells apart."""
    return {
        "3": _node("KSampler", "KSampler", seed=5, model=["4", 0], positive=["6", 0],
                   negative=["7", 0], latent_image=["5", 0]),
        "4": _node("CheckpointLoaderSimple", "Load", ckpt_name="a.safetensors"),
        "5": _node("EmptyLatentImage", "Size", width=512, height=512),
        "6": _node("CLIPTextEncode", EDITORS_TITLE, text="a lighthouse", clip=["4", 1]),
        "7": _node("CLIPTextEncode", EDITORS_TITLE, text="blurry", clip=["4", 1]),
        "8": _node("VAEDecode", "VAE Decode", samples=["3", 0], vae=["4", 2]),
        "9": _node("SaveImage", "Save", images=["8", 0], filename_prefix="x"),
    }  # fmt: skip


def _renumbered(graph: Graph, **ids: str) -> Graph:
    names = {key[1:]: value for key, value in ids.items()}
    return {
        names.get(key, key): {
            **node,
            "inputs": {
                name: [names.get(link.node_id, link.node_id), link.slot]
                if (link := link_of(value))
                else value
                for name, value in node["inputs"].items()
            },
        }
        for key, node in graph.items()
    }


def _found(old: Graph, new: Graph) -> Alignment:
    return align(skeleton_of(parse_prompt(old)), skeleton_of(parse_prompt(new)))


def _with_lora(graph: Graph) -> Graph:
    edited = begin(graph).graph
    lora = _node("LoraLoader", "", model=["4", 0], clip=["4", 1], lora_name="b")
    for name in ("6", "7"):
        edited[name]["inputs"]["clip"] = ["20", 1]
    edited["3"]["inputs"]["model"] = ["20", 0]
    return {**edited, "20": lora}


def test_a_graph_that_was_only_reordered_is_the_same() -> None:
    graph = _graph()
    assert _found(graph, dict(reversed(graph.items()))).pairs == {each: each for each in graph}


def test_text_nodes_whose_ids_were_exchanged_are_told_by_what_they_feed() -> None:
    found = _found(_graph(), _renumbered(_graph(), _6="7", _7="6"))
    assert (found.pairs["6"], found.pairs["7"]) == ("7", "6")
    assert graph_hash(skeleton_of(parse_prompt(_graph()))) == graph_hash(
        skeleton_of(parse_prompt(_renumbered(_graph(), _6="7", _7="6")))
    )


def test_a_lora_that_came_between_moves_nobody() -> None:
    found = _found(_graph(), _with_lora(_graph()))
    assert found.pairs == {each: each for each in _graph()}


def test_exchanged_ids_are_seen_through_a_lora_that_came_between() -> None:
    found = _found(_graph(), _renumbered(_with_lora(_graph()), _6="7", _7="6"))
    assert (found.pairs["6"], found.pairs["7"]) == ("7", "6")


def test_a_lora_that_went_moves_nobody() -> None:
    found = _found(_with_lora(_graph()), _graph())
    assert found.pairs == {each: each for each in _graph()}


def test_an_image_that_is_resized_first_is_the_same_image() -> None:
    old = {
        "1": _node("LoadImage", "", image="a.png"),
        "2": _node("LoadImage", "", image="b.png"),
        "3": _node("ImageBatch", "", image1=["1", 0], image2=["2", 0]),
    }
    new = begin(old).graph
    new["3"]["inputs"]["image1"] = ["4", 0]
    new["4"] = _node("ImageScale", "", image=["1", 0], width=64)
    assert _found(old, new).pairs == {"1": "1", "2": "2", "3": "3"}
    assert _found(new, old).pairs == {"1": "1", "2": "2", "3": "3"}


def test_a_new_title_and_new_text_at_once_move_nobody() -> None:
    new = _graph()
    new["6"] = _node("CLIPTextEncode", "Positive", text="a fox", clip=["4", 1])
    assert _found(_graph(), new).pairs["6"] == "6"


def test_a_title_of_its_own_tells_a_renumbered_node_with_new_text() -> None:
    old, new = _graph(), _graph()
    old["6"]["_meta"] = new["6"]["_meta"] = {"title": "Positive"}
    new["6"]["inputs"]["text"] = "a fox"
    assert _found(old, _renumbered(new, _6="60")).pairs["6"] == "60"


def test_texts_that_were_exchanged_make_it_unsure_which_node_is_which() -> None:
    new = _graph()
    new["6"]["inputs"]["text"], new["7"]["inputs"]["text"] = "blurry", "a lighthouse"
    found = _found(_graph(), new)
    assert "6" not in found.pairs
    assert set(found.likely["6"]) == {"6", "7"}


def test_a_deleted_node_is_not_replaced_by_the_one_that_took_its_place() -> None:
    new = _graph()
    del new["6"]
    new["3"]["inputs"]["positive"] = ["7", 0]
    assert "6" not in _found(_graph(), new).pairs
    assert "6" not in _found(_graph(), _renumbered(new, _7="6")).pairs


def test_another_node_with_the_same_id_is_not_it() -> None:
    new = _graph()
    del new["6"]
    new["3"]["inputs"]["positive"] = ["30", 0]
    new["30"] = _node("T5Encode", "", clip=["4", 1])
    new["6"] = _node("LoadImage", "", image="a.png")
    found = _found(_graph(), new)
    assert "6" not in found.pairs
    assert found.likely["6"] == []


def test_a_sampler_of_another_class_leaves_its_texts_where_they_are() -> None:
    new = _graph()
    new["3"] = {**new["3"], "class_type": "KSamplerAdvanced"}
    found = _found(_graph(), new).pairs
    assert "3" not in found
    assert {"6", "7", "5", "8"} <= {was for was, now in found.items() if was == now}


def _twins() -> Graph:
    return {
        "1": _node("LoadImage", "", image="a.png"),
        "2": _node("SaveImage", "", images=["1", 0], filename_prefix="x"),
        "11": _node("LoadImage", "", image="a.png"),
        "12": _node("SaveImage", "", images=["11", 0], filename_prefix="x"),
    }


def test_twins_stay_what_they_are_while_the_file_says_the_same_of_them() -> None:
    new = {**_twins(), "20": _node("PreviewImage", "", images=["11", 0])}
    assert _found(_twins(), new).pairs == {each: each for each in _twins()}


def test_renumbered_twins_are_unsure() -> None:
    found = _found(_twins(), _renumbered(_twins(), _1="31", _11="41"))
    assert found.pairs.keys().isdisjoint({"1", "11"})
    assert set(found.likely["1"]) == {"31", "41"}


def test_a_copy_of_an_edited_original_makes_it_unsure() -> None:
    new = _graph()
    new["10"] = begin(new).graph["9"]
    new["9"]["inputs"]["filename_prefix"] = "y"
    assert "9" not in _found(_graph(), new).pairs


def test_a_copy_beside_its_untouched_original_changes_nothing() -> None:
    new = _graph()
    new["10"] = begin(new).graph["9"]
    assert _found(_graph(), new).pairs["9"] == "9"


def test_an_input_from_another_output_counts_less() -> None:
    new = _graph()
    new["8"]["inputs"]["samples"] = ["3", 1]
    assert _found(_graph(), new).pairs["8"] == "8"


def test_a_node_that_nothing_is_linked_to_is_told_by_its_values() -> None:
    old = {"1": _node("Note", "", text="a"), "2": _node("Note", "", text="b")}
    assert _found(old, {"7": old["2"], "8": old["1"], "9": _node("X")}).pairs == {
        "1": "8",
        "2": "7",
    }


def test_a_crowd_of_one_class_stays_unknown_rather_than_slow() -> None:
    old = {str(number): _node("Note", "", text=f"{number}") for number in range(1, 200)}
    new = {**{key: _node("Note", "", text="new") for key in old}, "999": _node("X")}
    found = _found(old, new)
    assert found.pairs == {}
    assert found.likely["1"] == []


def test_an_edit_changes_the_hash_of_the_graph() -> None:
    new = _graph()
    new["6"]["inputs"]["text"] = "z"
    assert graph_hash(skeleton_of(parse_prompt(_graph()))) != graph_hash(
        skeleton_of(parse_prompt(new))
    )


def _pasted(graph: Graph, first: int = 100) -> Graph:
    """Return copies of all nodes, linked among themselves, beside a graph."""
    copies = _renumbered(
        begin(graph).graph, **{f"_{each}": f"{first + int(each)}" for each in graph}
    )
    return {**begin(graph).graph, **copies}


def _cut(graph: Graph, *ids: str) -> Graph:
    """Return a graph without some nodes; what took their outputs has nothing there any more."""
    rest = {key: node for key, node in begin(graph).graph.items() if key not in ids}
    for node in rest.values():
        inputs = node["inputs"].items()
        node["inputs"] = {
            name: value
            for name, value in inputs
            if (link := link_of(value)) is None or link.node_id not in ids
        }
    return rest


def test_a_copy_of_the_whole_graph_beside_it_is_not_it_whatever_is_edited() -> None:
    graph = _graph()
    for gone in graph:
        pairs = _found(graph, _cut(_pasted(graph), gone)).pairs
        assert pairs == {each: each for each in graph if each != gone}
    edited = _pasted(graph)
    for each in graph:
        edited[each]["inputs"] |= {
            name: "new" for name, value in graph[each]["inputs"].items() if link_of(value) is None
        }
    assert _found(graph, edited).pairs == {each: each for each in graph}


def test_a_branch_that_is_gone_is_not_its_copy_beside_what_stayed() -> None:
    graph = _graph()
    found = _found(graph, _cut(_pasted(graph), "3", "5", "8", "9"))
    assert found.pairs == {"4": "4", "6": "6", "7": "7"}


def test_nodes_whose_neighbours_were_deleted_are_what_they_were() -> None:
    graph = _graph()
    for gone in graph:
        assert _found(graph, _cut(graph, gone)).pairs == {
            each: each for each in graph if each != gone
        }
    assert _found(graph, _cut(graph, "3", "8")).pairs.keys() == {"4", "5", "6", "7", "9"}


def test_a_node_that_another_one_like_it_has_displaced_is_unsure() -> None:
    new = _graph()
    new["20"] = begin(new).graph["6"]
    new["3"]["inputs"]["positive"] = ["20", 0]
    found = _found(_graph(), new)
    assert "6" not in found.pairs
    assert set(found.likely["6"]) == {"6", "20"}


def test_settings_that_two_samplers_exchanged_move_nothing_behind_them() -> None:
    old = _graph()
    old["13"] = _node("KSampler", "KSampler", seed=8, model=["4", 0], positive=["6", 0],
                      negative=["7", 0], latent_image=["3", 0])  # fmt: skip
    old["18"] = _node("VAEDecode", "VAE Decode", samples=["13", 0], vae=["4", 2])
    old["19"] = _node("SaveImage", "Save", images=["18", 0], filename_prefix="x")
    new = begin(old).graph
    new["3"]["inputs"]["seed"], new["13"]["inputs"]["seed"] = 8, 5
    pairs = _found(old, new).pairs
    assert {was: now for was, now in pairs.items() if was != now} == {}
    assert {"8", "9", "18", "19"} <= set(pairs)


def test_titles_that_were_exchanged_with_a_link_do_not_hide_exchanged_ids() -> None:
    old = {
        "1": _node("Float", "Tint", value=0.0),
        "2": _node("Float", "Vibrance", value=0.0),
        "3": _node("Shader", "", a=["1", 0], b=["2", 0]),
    }
    new = _renumbered(old, _1="2", _2="1")
    new["3"]["inputs"]["a"] = ["1", 0]
    assert _found(old, new).pairs.get("1") != "1"


def test_the_only_node_of_its_class_is_told_by_standing_where_it_stood() -> None:
    new = _renumbered(_graph(), **{f"_{each}": f"5{each}" for each in _graph()})
    new["58"]["_meta"] = {"title": "Enlarge"}
    assert _found(_graph(), new).pairs == {each: f"5{each}" for each in _graph()}


def test_the_only_node_of_its_class_with_other_values_may_be_another() -> None:
    new = _renumbered(_graph(), **{f"_{each}": f"5{each}" for each in _graph()})
    new["59"] = _node("SaveImage", "Keep", images=["58", 0], filename_prefix="y")
    assert "9" not in _found(_graph(), new).pairs


def test_one_of_two_of_a_class_is_not_told_by_its_place_alone() -> None:
    new = _renumbered(_graph(), **{f"_{each}": f"5{each}" for each in _graph()})
    new["56"]["inputs"]["text"], new["56"]["_meta"] = "new", {"title": "New"}
    assert "6" not in _found(_graph(), new).pairs


def test_a_new_node_with_the_id_of_one_that_moved_behind_it_is_not_it() -> None:
    new = _renumbered(_graph(), _9="6", _6="9")
    new["20"] = new.pop("6")
    new["20"]["inputs"]["images"] = ["9", 0]
    new = _renumbered(new, _9="30")
    new["9"] = _node("SaveImage", "", images=["8", 0])
    new["20"]["inputs"]["images"] = ["9", 0]
    assert _found(_graph(), new).pairs.get("9") != "9"
