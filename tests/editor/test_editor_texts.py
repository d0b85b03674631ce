"""Text that the editor resolves just before it sends: `{a|b}`, `%date:…%`, `%Node.widget%`."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.editor.convert import Conversion, convert
from gateway.editor.texts import Texts, resolve_texts
from gateway.graph.json_value import Json
from gateway.graph.patch import patch
from gateway.graph.prompt import Prompt
from tests.editor.building import BYPASSED, MUTED, Canvas, Inside
from tests.editor.classes import CLASSES

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def resolved(canvas: Canvas, *inside: Inside, option: int = 0) -> Prompt:
    """Convert a workflow and resolve its texts, with one option of each choice."""
    return sent(convert(canvas.workflow(*inside), CLASSES), option=option)


def sent(conversion: Conversion, prompt: Prompt | None = None, option: int = 0) -> Prompt:
    """Resolve the texts of a conversion, or of its prompt with other values."""
    return resolve_texts(conversion.texts, prompt or conversion.prompt, lambda _: option, NOW)


def saving(prefix: str, kind: str = "SaveImage") -> Canvas:
    """Return a sampler (5), a latent image (6) and a save node (7) with a prefix."""
    canvas = Canvas()
    canvas.add(5, "KSampler", [42, "fixed", 20, 7.5, "euler", "normal", 1])
    canvas.add(6, "EmptyLatentImage", [64, 32, 1])
    canvas.add(7, kind, [prefix])
    return canvas


def prefix_of(prompt: Prompt, node_id: str = "7") -> Json:
    """Return what a save node is sent."""
    return prompt[node_id].inputs["filename_prefix"]


@pytest.mark.parametrize(
    ("text", "came_to"),
    [
        ("a {cat|dog}", "a dog"),
        ("a cat // or a dog\nblue", "a cat \nblue"),
        ("a /* fat */ cat", "a  cat"),
        (r"\{cat\}", "{cat}"),
        ("http://x", "http:"),
        ("%date:yyyy%", "%date:yyyy%"),
    ],
)
def test_a_text_with_dynamic_prompts_is_resolved(text: str, came_to: str) -> None:
    canvas = Canvas()
    canvas.add(1, "CLIPTextEncode", [text])
    assert resolved(canvas, option=1)["1"].inputs["text"] == came_to


def test_a_dynamic_prompt_is_drawn_anew_at_each_call() -> None:
    canvas = Canvas()
    canvas.add(1, "CLIPTextEncode", ["{a|b}"])
    conversion = convert(canvas.workflow(), CLASSES)
    assert conversion.prompt["1"].inputs["text"] == "{a|b}"
    assert [sent(conversion, option=at)["1"].inputs["text"] for at in (0, 1)] == ["a", "b"]


def test_other_texts_are_sent_as_they_are() -> None:
    canvas = Canvas()
    canvas.add(1, "PrimitiveString", ["{a|b} // c %date:yyyy%"])
    assert resolved(canvas)["1"].inputs["value"] == "{a|b} // c %date:yyyy%"


def test_a_widget_with_dynamic_prompts_that_holds_no_text_is_left_alone() -> None:
    canvas = Canvas()
    canvas.add(1, "CLIPTextEncode", [7])
    assert resolved(canvas)["1"].inputs["text"] == 7


def test_a_text_that_a_link_brings_is_left_alone() -> None:
    canvas = Canvas()
    canvas.add(1, "PrimitiveString", ["{a|b}"])
    canvas.add(2, "CLIPTextEncode", ["{c|d}"])
    canvas.join((1, 0), 2, "text")
    prompt = resolved(canvas)
    assert (prompt["1"].inputs, prompt["2"].inputs) == ({"value": "{a|b}"}, {"text": ["1", 0]})


def test_a_text_below_a_dynamic_combo_is_resolved() -> None:
    canvas = Canvas()
    canvas.add(1, "Encode", ["none", "{a|b}"])
    assert resolved(canvas)["1"].inputs["name"] == "a"


def encoder() -> Inside:
    """Return a subgraph with a text (5) and a save node (7), both inputs."""
    inside = Inside("texts")
    inside.add(5, "CLIPTextEncode", ["{own|other}"])
    inside.add(7, "SaveImage", ["%date:yyyy%"])
    inside.takes("text", (5, "text"), kind="STRING")
    inside.takes("prefix", (7, "filename_prefix"), kind="STRING")
    return inside


@pytest.mark.parametrize(
    "properties", [{}, {"proxyWidgets": [["5", "text"], ["7", "filename_prefix"]]}]
)
def test_a_text_from_a_hosts_widget_stays_raw(properties: Json) -> None:
    canvas = Canvas()
    canvas.add(9, "texts", ["{a|b}", "%date:yyyy%"], properties=properties)
    prompt = resolved(canvas, encoder())
    assert prompt["9:5"].inputs["text"] == "{a|b}"
    assert prefix_of(prompt, "9:7") == "%date:yyyy%"


def test_a_text_that_an_old_host_sets_inside_stays_raw() -> None:
    inside = Inside("texts")
    inside.add(5, "CLIPTextEncode", ["{own|other}"])
    canvas = Canvas()
    canvas.add(9, "texts", ["{a|b}"], properties={"proxyWidgets": [["5", "text"]]})
    assert resolved(canvas, inside)["9:5"].inputs["text"] == "{a|b}"


@pytest.mark.parametrize("kind", ["SaveImage", "SaveGLB"])
def test_dates_in_the_prefix_of_a_save_node_are_written(kind: str) -> None:
    prompt = resolved(saving("%date:yyyy-MM-dd%/%date:hh-mm-ss%", kind))
    assert prefix_of(prompt) == "2026-01-02/03-04-05"


@pytest.mark.parametrize(
    "text",
    [
        "%width%",
        "%year%",
        "%date%",
        "%time:hh%",
        "100%",
        "%gone.seed%",
        "%KSampler.gone%",
        "%KSampler.a.b%",
    ],
)
def test_every_other_mark_stays(text: str) -> None:
    assert prefix_of(resolved(saving(text))) == text


def test_a_dot_in_a_date_is_read_as_the_editor_reads_it() -> None:
    # one dot: the widget of a node, which there is not; more: the format ends at the first
    assert prefix_of(resolved(saving("%date:hh.mm%"))) == "%date:hh.mm%"
    assert prefix_of(resolved(saving("%date:hh.mm.ss%"))) == "03"


def test_the_prefix_of_another_class_stays() -> None:
    canvas = Canvas()
    canvas.add(7, "OwnSave", ["%date:yyyy%"])
    classes = {**CLASSES, "OwnSave": CLASSES["SaveImage"]}
    assert prefix_of(sent(convert(canvas.workflow(), classes))) == "%date:yyyy%"


def test_a_prefix_without_marks_and_one_that_is_no_text_stay() -> None:
    assert prefix_of(resolved(saving("plain"))) == "plain"
    canvas = Canvas()
    canvas.add(7, "SaveImage", [7])
    assert prefix_of(resolved(canvas)) == 7


def test_a_mark_names_a_node_by_its_search_name_first_and_then_by_its_title() -> None:
    canvas = saving("%Size.width%-%Latent.width%")
    canvas.nodes[6]["title"] = "Latent"
    canvas.add(8, "EmptyLatentImage", [1, 1, 1], properties={"Node name for S&R": "Latent"})
    canvas.add(10, "EmptyLatentImage", [2, 2, 1], title="Size")
    assert prefix_of(resolved(canvas)) == "2-1"


def test_of_nodes_with_one_name_the_first_is_meant() -> None:
    canvas = saving("%EmptyLatentImage.width%")
    canvas.add(8, "EmptyLatentImage", [1, 1, 1])
    assert prefix_of(resolved(canvas)) == "64"


def test_a_class_with_a_title_of_its_own_is_named_by_it() -> None:
    canvas = saving("%Load Image.image%")
    canvas.add(8, "LoadImage", ["a.png"])
    assert prefix_of(resolved(canvas)) == "a.png"


def test_nodes_inside_subgraphs_may_be_named() -> None:
    inside = Inside("sub")
    inside.add(2, "PrimitiveInt", [7, "fixed"], title="Count")
    canvas = saving("%Count.value%")
    canvas.add(9, "sub")
    assert prefix_of(resolved(canvas, inside)) == "7"


@pytest.mark.parametrize("mode", [MUTED, BYPASSED])
def test_muted_and_bypassed_nodes_may_be_named(mode: int) -> None:
    canvas = saving("%EmptyLatentImage.width%")
    canvas.nodes[6]["mode"] = mode
    assert prefix_of(resolved(canvas)) == "64"


def test_the_widget_of_a_linked_input_may_be_named() -> None:
    canvas = saving("%EmptyLatentImage.width%")
    canvas.add(1, "PrimitiveInt", [9, "fixed"])
    canvas.join((1, 0), 6, "width")
    assert prefix_of(resolved(canvas)) == "64"


def test_a_call_that_sets_the_named_widget_is_read() -> None:
    conversion = convert(saving("%KSampler.seed%").workflow(), CLASSES)
    changed = patch(conversion.prompt, {("5", "seed"): 7})
    assert prefix_of(sent(conversion, changed)) == "7"
    assert prefix_of(sent(conversion)) == "42"


def test_a_call_that_sets_the_text_itself_is_resolved_too() -> None:
    conversion = convert(saving("x").workflow(), CLASSES)
    changed = patch(conversion.prompt, {("7", "filename_prefix"): "%KSampler.cfg%"})
    assert prefix_of(sent(conversion, changed)) == "7.5"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ('a/b?c<d>e\\f:g*h|i"j\x00k\x7f', "a_b_c_d_e_f_g_h_i_j_k_"),
        (None, ""),
        (True, "true"),
        (False, "false"),
        (8.0, "8"),
        ("é", "é"),
    ],
)
def test_a_value_becomes_text_that_is_fit_for_file_names(value: Json, text: str) -> None:
    canvas = saving("%Text.value%")
    canvas.add(8, "PrimitiveString", [value], title="Text")
    assert prefix_of(resolved(canvas)) == text


def test_marks_of_a_prompt_that_lost_the_node_stay_as_it_was_saved() -> None:
    conversion = convert(saving("%KSampler.seed%").workflow(), CLASSES)
    rest = {"7": conversion.prompt["7"]}
    assert prefix_of(sent(conversion, rest)) == "42"
    assert resolve_texts(conversion.texts, {"5": conversion.prompt["5"]}, lambda _: 0, NOW) == {
        "5": conversion.prompt["5"]
    }


def test_a_workflow_without_such_texts_is_sent_as_it_is() -> None:
    canvas = Canvas()
    canvas.add(6, "EmptyLatentImage", [64, 32, 1])
    conversion = convert(canvas.workflow(), CLASSES)
    assert conversion.texts == Texts()
    assert sent(conversion) is conversion.prompt


def replacing(
    text: str, property_value: Json = True, kind: str = "CLIPTextEncode", name: str = "text"
) -> Canvas:
    """Return a primitive (8) that writes a text into a node (9)."""
    canvas = saving("x")
    canvas.add(
        8, "PrimitiveNode", [text], properties={"Run widget replace on values": property_value}
    )
    canvas.add(9, kind)
    canvas.join((8, 0), 9, name)
    return canvas


def test_a_primitive_that_says_so_replaces_marks_in_what_it_writes() -> None:
    canvas = replacing("%KSampler.seed%_%date:yyyy%", kind="PrimitiveString", name="value")
    conversion = convert(canvas.workflow(), CLASSES)
    assert conversion.prompt["9"].inputs["value"] == "%KSampler.seed%_%date:yyyy%"
    changed = patch(conversion.prompt, {("5", "seed"): 7})
    assert sent(conversion)["9"].inputs["value"] == "42_2026"
    assert sent(conversion, changed)["9"].inputs["value"] == "7_2026"


def test_the_marks_are_replaced_before_a_dynamic_prompt_is_drawn() -> None:
    canvas = replacing("{%KSampler.seed%|b} // %date:yyyy%")
    assert resolved(canvas)["9"].inputs["text"] == "42 "


@pytest.mark.parametrize("said", [False, None, "", 0])
def test_a_primitive_that_does_not_say_so_replaces_nothing(said: Json) -> None:
    canvas = replacing("%KSampler.seed%", said)
    assert resolved(canvas)["9"].inputs["text"] == "%KSampler.seed%"


def test_a_primitive_that_says_so_and_writes_a_number_replaces_nothing() -> None:
    canvas = replacing("x", kind="PrimitiveInt", name="value")
    canvas.nodes[8]["widgets_values"] = [5]
    assert resolved(canvas)["9"].inputs == {"value": 5}


def test_a_text_from_a_primitive_is_a_dynamic_prompt() -> None:
    assert resolved(replacing("{a|b}", False))["9"].inputs["text"] == "a"
