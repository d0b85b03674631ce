"""What is tried out of a graph's shapes at load, beside what the invalid files show."""

from __future__ import annotations

from gateway.errors import Finding
from gateway.services.parse import parse_services
from gateway.services.resolve import resolve_service
from tests.definitions.recorded import DEFINITIONS
from tests.services.test_arrange import HEAD, service
from tests.services.test_binding_files import workflow


def found(parameters: str, *outputs: str, graph: str = "switches.json") -> tuple[Finding, ...]:
    """Return what is said of a service of these lines of YAML."""
    lines = "".join(f"      {line}\n" for line in parameters.strip().splitlines())
    named = "".join(f"      {line}\n" for line in outputs)
    text = HEAD + lines + (f"    outputs:\n{named}" if named else "")
    declaration = parse_services(text, "services.yaml", {}).declaration
    assert declaration is not None
    (declared,) = declaration.services
    return resolve_service(declared, workflow(graph), DEFINITIONS).findings


def codes(*findings: Finding) -> list[tuple[str, str | None]]:
    return [(each.code, each.parameter) for each in findings]


SAVED = 'saved: {choices: {yes: {}, no: {mute: ["9", "14"]}}, default: yes}'


def test_a_named_output_that_a_label_takes_out_is_warned_of_and_others_are_not() -> None:
    (warning,) = found(SAVED, 'image: {node: "9"}', 'shown: {node: "16"}')
    assert (warning.code, warning.severity) == ("edit-output-gone", "warning")
    assert warning.message == (
        "when `saved` is no, there is no output `image`: node 9 (SaveImage) is taken out"
    )
    assert found(SAVED, 'shown: {node: "16"}') == ()


def test_what_a_fixed_label_takes_out_is_not_told_of_the_others_again() -> None:
    lines = (
        SAVED.replace("default: yes", "value: no")
        + '\nlook: {choices: {a: {}, b: {bypass: ["12"]}}}'
    )
    told = found(lines, 'image: {node: "9"}')
    assert codes(*told) == [("edit-output-gone", "saved")]


def test_a_class_that_is_not_known_is_told_where_it_matters() -> None:
    lines = 'soft: {choices: {a: {bypass: ["12"]}}, required: true}\n' + SAVED
    told = found(lines, 'image: {node: "9"}', graph="switches_custom.json")
    assert codes(*told) == [
        ("edit-definition-missing", "soft"),
        ("edit-definition-missing", "saved"),
        ("edit-output-gone", "saved"),
    ]


def test_a_label_that_a_caller_must_choose_is_tried_and_nothing_else() -> None:
    lines = 'look: {choices: {a: {mute: ["9"]}, b: {mute: ["16"]}}, required: true}'
    assert found(lines) == ()
    both = lines + '\nsaved: {choices: {a: {mute: ["9"]}, b: {mute: ["16"]}}, required: true}'
    nothing = "the graph cannot run: no output node is left, so that there is nothing to run"
    assert [each.message for each in found(both)] == [
        f"when `look` is b and `saved` is a, {nothing}",
        f"when `look` is a and `saved` is b, {nothing}",
    ]


def test_a_list_that_is_required_is_never_left_out_and_a_fixed_one_never_empty() -> None:
    # Bypassed, the node passes nothing on that the sampler takes.
    assert found('stack: {repeat: "10", items: lora_name, required: true}') == ()
    assert found('stack: {repeat: "10", items: lora_name, value: [a, b]}') == ()
    assert found('stack: {repeat: "10", items: lora_name, default: [a, b], max_items: 2}') == ()


def test_of_all_that_is_wrong_together_one_is_told() -> None:
    lines = (
        'saved: {choices: {yes: {}, no: {mute: ["9", "14"]}}, default: yes}\n'
        'shown: {choices: {yes: {}, no: {mute: ["16"]}}, default: yes}\n'
        'look: {choices: {a: {}, b: {bypass: ["12"]}}, default: a}'
    )
    (told,) = found(lines)
    assert told.message.startswith("when `saved` is no and `shown` is no, the graph cannot run")
    assert told.parameter is not None


def test_a_node_is_repeated_by_one_list_whatever_stands_between() -> None:
    lines = (
        'image: {node: "11", widget: image, when_absent: bypass}\n'
        'one: {repeat: "10", items: lora_name}\n'
        'blurs: {repeat: "13", items: {radius: blur_radius}}\n'
        'two: {repeat: "10", items: strength_model}'
    )
    assert [each.parameter for each in found(lines) if each.severity == "error"] == ["two"]
    assert found(lines.replace('two: {repeat: "10", items: strength_model}', "")) == ()


def test_a_repeated_node_may_have_any_number_of_items_that_is_allowed() -> None:
    one = service('loras: {repeat: "10", items: lora_name, max_items: 1}')
    assert one.parameters[0].repeat is not None
    assert one.parameters[0].repeat.max_items == 1
