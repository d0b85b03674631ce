"""What a workflow is made of, for people: nodes and links, what goes in and comes out, models, warnings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.graph.check import Problem, check_prompt
from gateway.graph.json_value import Json
from gateway.intake.suggest import Material, suggest
from gateway.intake.wiring import Wiring
from gateway.services.backend_files import lives_on_backend, names_model
from gateway.services.model import ById
from gateway.services.values import FILE_TYPES
from gateway.services.widget_types import derived_type

__all__ = ["Inspection", "Line", "inspect_workflow", "mermaid", "plain"]

_LONGEST = 60


@dataclass(frozen=True, slots=True)
class Line:
    """One thing about a node: of which, and what."""

    node_id: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found; every text is fit for a terminal.

    Attributes:
        nodes: Id, class and title of each.
        links: From node, output slot (from 0), to node, input.
        inputs: The files it reads: input and the graph's own file.
        outputs: Name and class of what it makes.
        models: Input and the file it names.
        warnings: What ComfyUI would refuse, or nobody knows.
    """

    nodes: tuple[Line, ...]
    links: tuple[tuple[str, int, str, str], ...]
    inputs: tuple[Line, ...]
    outputs: tuple[Line, ...]
    models: tuple[Line, ...]
    warnings: tuple[str, ...]

    def as_json(self) -> dict[str, Json]:
        """Return the shape that `gateway inspect --json` prints."""
        return {
            "nodes": [
                {"id": each.node_id, "class_type": each.name, "title": each.value}
                for each in self.nodes
            ],
            "links": [
                {"from": start, "slot": slot, "to": end, "input": name}
                for start, slot, end, name in self.links
            ],
            "inputs": _records(self.inputs, "input", "file"),
            "outputs": _records(self.outputs, "name", "class_type"),
            "models": _records(self.models, "input", "file"),
            "warnings": list(self.warnings),
        }


def inspect_workflow(material: Material) -> Inspection:
    """Return what a workflow is made of."""
    prompt = material.prompt
    wiring = Wiring(prompt, material.definitions)
    widgets = [each for node_id in prompt for each in wiring.widgets(node_id)]
    files = [each for each in widgets if derived_type(each) in FILE_TYPES]
    models = [each for each in widgets if names_model(each) and isinstance(each.current, str)]
    return Inspection(
        nodes=tuple(
            Line(plain(node_id), plain(node.class_type), plain(node.title))
            for node_id, node in prompt.items()
        ),
        links=tuple(
            (plain(link.node_id), link.slot, plain(node_id), plain(name))
            for node_id in prompt
            for name, link in wiring.links(node_id)
        ),
        inputs=tuple(
            Line(plain(each.node_id), plain(each.widget), plain(str(each.current)))
            for each in files
        ),
        outputs=tuple(
            Line(plain(each.node.id), each.name, plain(prompt[each.node.id].class_type))
            for each in suggest(material, "workflow", "workflow.json").outputs
            if isinstance(each.node, ById)
        ),
        models=tuple(
            Line(plain(each.node_id), plain(each.widget), plain(str(each.current)))
            for each in models
        ),
        warnings=tuple(_warnings(material)),
    )


def mermaid(inspection: Inspection) -> str:
    """Return the graph as Mermaid's flowchart; no title can be anything but a label in it."""
    numbers = {each.node_id: f"n{at}" for at, each in enumerate(inspection.nodes)}
    lines = ["flowchart LR"]
    for each in inspection.nodes:
        label = f"{each.node_id} {each.value or each.name}"
        lines.append(f'    {numbers[each.node_id]}["{_label(label)}"]')
    for start, _, end, name in inspection.links:
        lines.append(f'    {numbers[start]} -->|"{_label(name)}"| {numbers[end]}')
    return "".join(f"{line}\n" for line in lines)


def plain(text: str) -> str:
    """Return text from a file on one line, cut, and without what a terminal takes for commands."""
    shown = "".join(each if each.isprintable() else "\ufffd" for each in text[: _LONGEST + 1])
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"


def _label(text: str) -> str:
    """Return a label in which only letters, digits and a few signs stand for themselves."""
    return "".join(
        each if each.isalnum() or each in " _.,:-/" else f"#{ord(each)};" for each in text
    )


def _warnings(material: Material) -> Iterator[str]:
    known = material.definitions
    classes = {node.class_type for node in material.prompt.values()}
    if not known:
        yield "no definitions of its nodes are known, so nothing was checked"
        return
    if unknown := classes - known.keys():
        yield f"no definition is known of {', '.join(plain(each) for each in sorted(unknown))}"
    for class_type in sorted(classes & known.keys()):
        if known[class_type].deprecated:
            yield f"{plain(class_type)} is deprecated"
        if known[class_type].api_node:
            yield f"{plain(class_type)} calls a paid service"
    for problem in check_prompt(material.prompt, known):
        if (
            problem.node_id
            and problem.class_type in known
            and not _is_of_a_machine(problem, material)
        ):
            yield "".join(each if each.isprintable() else "\ufffd" for each in problem.message)


def _is_of_a_machine(problem: Problem, material: Material) -> bool:
    """Tell whether a value names a file that another machine may well have."""
    if problem.input_name not in material.prompt[problem.node_id].inputs:
        return False
    wiring = Wiring(material.prompt, material.definitions)
    return lives_on_backend(wiring.widget((problem.node_id, problem.input_name)))


def _records(lines: tuple[Line, ...], name: str, value: str) -> list[Json]:
    return [{"node": each.node_id, name: each.name, value: each.value} for each in lines]
