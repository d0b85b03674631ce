"""Nodes and widgets found, and why others are not."""

from __future__ import annotations

import pytest

from gateway.errors import Finding
from gateway.graph.definitions import (
    Autogrow,
    Combo,
    Definition,
    Definitions,
    DynamicCombo,
    InputDefinition,
    IntegerWidget,
    NumberWidget,
    Socket,
)
from gateway.graph.json_value import Json
from gateway.graph.prompt import Node, Prompt
from gateway.services.bound import BoundWidget
from gateway.services.locate import find_node, find_widget, targets_of
from gateway.services.model import (
    ByClassType,
    ById,
    ByTitle,
    NodeReference,
    NodeTarget,
    Parameter,
    Repeat,
    ShortTarget,
    WidgetTarget,
)
from gateway.services.surroundings import Surroundings
from tests.definitions.recorded import DEFINITIONS
from tests.services.building import PLACE, TEXT_TO_IMAGE, choices, parameter

NESTED: Prompt = {
    "9": Node("A", {"8:5.text": "outer", "x": 1}),
    "9:8": Node("A", {"5.text": "middle"}),
    "9:8:5": Node("A", {"text": "inner"}),
    "12": Node("SaveVideo", {"format": "mp4", "format.codec": "h264", "video": ["9", 0]}),
}


def find(
    path: str, prompt: Prompt = TEXT_TO_IMAGE, definitions: Definitions = DEFINITIONS, *set_by: str
) -> BoundWidget | Finding:
    around = Surroundings(prompt, definitions, (parameter("p", *set_by),))
    return find_widget(ShortTarget(path, PLACE), around)


def refusal(
    path: str, prompt: Prompt = TEXT_TO_IMAGE, definitions: Definitions = DEFINITIONS
) -> Finding:
    found = find(path, prompt, definitions)
    assert isinstance(found, Finding)
    assert found.place == PLACE
    return found


# --- nodes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reference", "node_id"),
    [(ById("9"), "9"), (ByTitle("Positive"), "6"), (ByClassType("KSampler"), "3")],
)
def test_a_node_is_found_by_id_title_or_class_type(reference: NodeReference, node_id: str) -> None:
    assert find_node(reference, TEXT_TO_IMAGE, PLACE) == node_id


ALL_NODES = (
    "3 (KSampler), 4 (CheckpointLoaderSimple), 5 (EmptyLatentImage), "
    '6 (CLIPTextEncode "Positive"), 7 (CLIPTextEncode "Negative"), 8 (VAEDecode), 9 (SaveImage)'
)


@pytest.mark.parametrize(
    ("reference", "finding"),
    [
        (
            ById("33"),
            Finding(
                "binding-node-unknown",
                f"there is no node 33; the graph has {ALL_NODES}",
                PLACE,
                found="33",
                mend="Did you mean 3? Use the id of a node of the workflow, or its title or class_type.",
            ),
        ),
        (
            ByTitle("positiv"),
            Finding(
                "binding-node-unknown",
                f"no node has the title `positiv`; the graph has {ALL_NODES}",
                PLACE,
                found="the title `positiv`",
                mend="Did you mean `Positive`?",
            ),
        ),
        (
            ByClassType("Zebra"),
            Finding(
                "binding-node-unknown",
                f"no node has the class_type `Zebra`; the graph has {ALL_NODES}",
                PLACE,
                found="the class_type `Zebra`",
                mend="Name the node by its id.",
            ),
        ),
        (
            ByClassType("CLIPTextEncode"),
            Finding(
                "binding-node-ambiguous",
                "2 nodes have the class_type `CLIPTextEncode`: "
                '6 (CLIPTextEncode "Positive"), 7 (CLIPTextEncode "Negative")',
                PLACE,
                found="the class_type `CLIPTextEncode`",
                mend="Name the one you mean by its id.",
            ),
        ),
    ],
)
def test_a_node_that_is_not_one_is_told_with_those_there_are(
    reference: NodeReference, finding: Finding
) -> None:
    assert find_node(reference, TEXT_TO_IMAGE, PLACE) == finding


def test_an_id_like_no_other_gets_no_suggestion() -> None:
    found = find_node(ById("zebra"), TEXT_TO_IMAGE, PLACE)
    assert isinstance(found, Finding)
    assert found.mend == "Use the id of a node of the workflow, or its title or class_type."


@pytest.mark.parametrize(
    ("count", "ending"),
    [(12, ", 11 (A)"), (13, ", 11 (A) and 1 more"), (20, ", 11 (A) and 8 more")],
)
def test_the_nodes_of_a_large_graph_are_cut(count: int, ending: str) -> None:
    large = {str(n): Node("A", {}) for n in range(count)}
    found = find_node(ById("x"), large, PLACE)
    assert isinstance(found, Finding)
    assert found.message.endswith(ending)


# --- widgets --------------------------------------------------------------------------------------


def test_a_widget_is_found_with_its_value_and_its_definition() -> None:
    assert find("3.steps") == BoundWidget(
        "3", "steps", "KSampler", 20, DEFINITIONS["KSampler"].inputs["steps"]
    )


def test_a_widget_is_found_by_node_and_name() -> None:
    target = WidgetTarget(ByTitle("Positive"), "text", PLACE)
    found = find_widget(target, Surroundings(TEXT_TO_IMAGE, {}))
    assert found == BoundWidget("6", "text", "CLIPTextEncode", "a lighthouse")


def test_a_node_that_is_not_found_has_no_widget() -> None:
    target = WidgetTarget(ByTitle("Nobody"), "text", PLACE)
    found = find_widget(target, Surroundings(TEXT_TO_IMAGE, {}))
    assert isinstance(found, Finding)
    assert found.code == "binding-node-unknown"


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("9:8:5.text", ("9:8:5", "text")),
        ("9:8.5.text", ("9:8", "5.text")),
        ("9.8:5.text", ("9", "8:5.text")),
        ("9.x", ("9", "x")),
        ("12.format.codec", ("12", "format.codec")),
    ],
)
def test_the_longest_node_id_wins(path: str, key: tuple[str, str]) -> None:
    found = find(path, NESTED, {})
    assert isinstance(found, BoundWidget)
    assert found.key == key


def test_a_dotted_node_id_is_longer_than_a_widget() -> None:
    prompt: Prompt = {"1": Node("A", {"2.x": 0}), "1.2": Node("A", {"x": 1})}
    found = find("1.2.x", prompt, {})
    assert isinstance(found, BoundWidget)
    assert found.key == ("1.2", "x")


def test_every_node_id_that_begins_a_path_is_tried_from_the_longest() -> None:
    prompt: Prompt = {"1": Node("A", {"2.format.codec": 0}), "1.2": Node("A", {"format.codec": 1})}
    found = find("1.2.format.codec", prompt, {})
    assert isinstance(found, BoundWidget)
    assert found.key == ("1.2", "format.codec")


@pytest.mark.parametrize("path", ["33.steps", "33.format.codec", "steps", ".steps"])
def test_a_path_without_a_node_is_told(path: str) -> None:
    found = refusal(path)
    assert found.code == "binding-node-unknown"
    assert found.message.startswith(f"no node id is the beginning of `{path}`; the graph has 3 (KS")
    assert found.found == path.partition(".")[0]


def test_an_optional_input_that_the_graph_lacks_can_be_set() -> None:
    prompt: Prompt = {"1": Node("SaveVideo", {"video": ["2", 0]}), "2": Node("X", {})}
    found = find("1.codec", prompt)
    assert isinstance(found, BoundWidget)
    assert found.current is None
    assert found.definition == DEFINITIONS["SaveVideo"].inputs["codec"]


def test_a_wrapped_list_is_seen_as_the_list() -> None:
    prompt: Prompt = {"1": Node("X", {"tags": {"__value__": ["a", "b"]}})}
    assert find("1.tags", prompt) == BoundWidget("1", "tags", "X", ["a", "b"])


def test_an_input_that_only_the_graph_knows_is_found_without_a_definition() -> None:
    prompt: Prompt = {"1": Node("KSampler", {"lora_1": {"on": True}})}
    assert find("1.lora_1", prompt) == BoundWidget("1", "lora_1", "KSampler", {"on": True})


def test_an_unknown_widget_is_told_with_the_nearest_and_all_others() -> None:
    assert refusal("3.step") == Finding(
        "binding-widget-unknown",
        "node 3 (KSampler) has no widget `step`; it has `seed`, `steps`, `cfg`, `sampler_name`, "
        "`scheduler`, `denoise`",
        PLACE,
        found="step",
        mend="Did you mean `steps`?",
    )


def test_widgets_that_only_the_definition_knows_are_offered_too() -> None:
    prompt: Prompt = {"5": Node("EmptyLatentImage", {"width": 64})}
    assert "it has `width`, `batch_size`, `height`" in refusal("5.zzz", prompt).message


def test_a_node_without_widgets_says_so() -> None:
    found = refusal("8.zzz", definitions={})
    assert found.message == "node 8 (VAEDecode) has no widget `zzz`; it has none at all"
    assert found.mend == "Use one of the node's widgets."


def test_a_link_is_shown_with_what_to_bind_instead() -> None:
    assert refusal("3.positive") == Finding(
        "binding-widget-is-link",
        "`positive` of node 3 (KSampler) is a link: it comes from output 0 of node "
        '6 (CLIPTextEncode "Positive")',
        PLACE,
        found='["6", 0]',
        mend="Disconnect it in ComfyUI and export the workflow again, or bind a widget of that node: "
        "`6.text`.",
    )


def test_a_link_from_a_node_without_widgets_offers_none() -> None:
    found = refusal("9.images", definitions={})
    assert found.mend == "Disconnect it in ComfyUI and export the workflow again."


def test_a_hidden_input_is_refused() -> None:
    assert refusal("9.prompt") == Finding(
        "binding-hidden-input",
        "`prompt` of node 9 (SaveImage) is a hidden input: ComfyUI fills it in itself",
        PLACE,
        found="prompt",
        mend="Remove the parameter.",
    )


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (Socket("IMAGE"), "takes a link of type IMAGE, no value"),
        (
            Autogrow(InputDefinition("i", Socket("IMAGE")), prefix="image"),
            "takes any number of inputs: `x.image0` and so on",
        ),
        (
            Autogrow(InputDefinition("i", IntegerWidget()), names=("a", "b")),
            "takes any number of inputs: `x.a` and so on",
        ),
    ],
)
def test_what_takes_no_value_is_refused(kind: Socket | Autogrow, words: str) -> None:
    definitions = {"X": Definition("X", {"x": InputDefinition("x", kind)})}
    found = refusal("1.x", {"1": Node("X", {})}, definitions)
    assert found.code == "binding-widget-is-socket"
    assert found.message == f"`x` of node 1 (X) {words}"


# --- dynamic combos -------------------------------------------------------------------------------


def audio(**inputs: Json) -> Prompt:
    return {"1": Node("SaveAudioAdvanced", {"audio": ["2", 0], **inputs}), "2": Node("A", {})}


def test_a_child_of_the_chosen_option_is_found() -> None:
    found = find("1.format.quality", audio(format="opus"))
    assert isinstance(found, BoundWidget)
    assert found.definition is not None
    assert found.definition.kind == Combo(("64k", "96k", "128k", "192k", "320k"))


def test_a_child_of_another_option_is_explained() -> None:
    assert refusal("1.format.quality", audio(format="flac")) == Finding(
        "binding-option-not-chosen",
        "`format.quality` of node 1 (SaveAudioAdvanced) exists only while `format` is `mp3` or "
        "`opus`; the graph has `flac`",
        PLACE,
        found="flac",
        mend="Choose it in ComfyUI and export the workflow again, or add a parameter that sets "
        "`1.format`.",
    )
    assert "the graph has no `format`" in refusal("1.format.quality", audio()).message


def test_a_child_is_found_when_a_parameter_chooses_with_the_options_of_every_choice() -> None:
    found = find("1.format.quality", audio(format="flac"), DEFINITIONS, "1.format")
    assert isinstance(found, BoundWidget)
    assert found.definition == InputDefinition(
        "format.quality",
        Combo(("V0", "128k", "320k", "64k", "96k", "192k")),
        required=False,
    )


def test_children_that_are_no_lists_are_taken_from_the_first_choice() -> None:
    prompt: Prompt = {
        "1": Node("ResizeImageMaskNode", {"resize_type": "match size", "input": ["2", 0]}),
        "2": Node("A", {}),
    }
    found = find("1.resize_type.multiplier", prompt, DEFINITIONS, "1.resize_type")
    assert isinstance(found, BoundWidget)
    assert found.definition is not None
    assert isinstance(found.definition.kind, NumberWidget)
    assert (found.definition.name, found.definition.required) == ("resize_type.multiplier", False)


def test_children_of_several_choices_have_the_first_ones_tooltip() -> None:
    def child(*options: Json, tooltip: str) -> dict[str, InputDefinition]:
        return {"b": InputDefinition("b", Combo(options), tooltip=tooltip)}

    inputs = {
        "a": InputDefinition(
            "a", DynamicCombo({"x": child(1, tooltip="of x"), "y": child(2, tooltip="of y")})
        )
    }
    found = find("1.a.b", {"1": Node("X", {"a": "x"})}, {"X": Definition("X", inputs)}, "1.a")
    assert isinstance(found, BoundWidget)
    assert found.definition == InputDefinition("a.b", Combo((1, 2)), required=False, tooltip="of x")


def test_a_child_of_one_option_alone_is_explained() -> None:
    inputs = {
        "a": InputDefinition(
            "a", DynamicCombo({"x": {"b": InputDefinition("b", IntegerWidget())}, "y": {}})
        )
    }
    found = refusal("1.a.b", {"1": Node("X", {"a": "y"})}, {"X": Definition("X", inputs)})
    assert found.message == "`a.b` of node 1 (X) exists only while `a` is `x`; the graph has `y`"


def test_a_choice_made_by_node_reference_counts_and_one_that_finds_no_node_does_not() -> None:
    def setting(node_id: str) -> Surroundings:
        target = WidgetTarget(ById(node_id), "format", PLACE)
        chooser = Parameter("p", PLACE, targets=(target,))
        return Surroundings(audio(format="flac"), DEFINITIONS, (chooser,))

    target = ShortTarget("1.format.quality", PLACE)
    assert isinstance(find_widget(target, setting("1")), BoundWidget)
    assert isinstance(find_widget(target, setting("77")), Finding)


def test_a_choice_made_by_a_map_of_choices_counts() -> None:
    chooser = parameter("p", choice_map=choices(small={"1.format": "mp3"}))
    around = Surroundings(audio(format="flac"), DEFINITIONS, (chooser,))
    found = find_widget(ShortTarget("1.format.quality", PLACE), around)
    assert isinstance(found, BoundWidget)


def test_every_target_of_a_parameter_is_seen() -> None:
    by_choice = parameter("p", choice_map=choices(a={"1.x": 1, "1.y": 2}, b={"1.x": 3}))
    assert [each.path for each in targets_of(by_choice) if isinstance(each, ShortTarget)] == [
        "1.x",
        "1.y",
        "1.x",
    ]
    assert list(targets_of(parameter("p", "1.x"))) == [ShortTarget("1.x", PLACE)]
    field = parameter("name", "10.lora_name")
    stack = Repeat(NodeTarget(ById("10"), PLACE), (), (field,), plain=False, max_items=2)
    assert list(targets_of(parameter("p", repeat=stack))) == [ShortTarget("10.lora_name", PLACE)]
