"""What one ComfyUI would refuse of one service: its graph, the YAML's own values, its named outputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from gateway.errors import Place, Severity
from gateway.graph.check import Problem, check_prompt, remarks_on
from gateway.graph.definitions import Combo, Definition, Definitions, InputDefinition
from gateway.graph.literals import refusal_of
from gateway.graph.naming import node_named
from gateway.graph.object_info import choosers_of, input_of
from gateway.graph.packs import CORE
from gateway.graph.reach import running_nodes, upstream_of
from gateway.graph.replacements import Replacement, Replacements
from gateway.services.arrange import always_arranged
from gateway.services.backend_files import lives_on_backend
from gateway.services.bound import BoundParameter, BoundService, BoundWidget, WidgetKey
from gateway.services.model import (
    Fixed,
    GraphFile,
    LeftOut,
    OutputRule,
    Service,
)
from gateway.services.output_shapes import shape_of
from gateway.services.stated import Stated, stated_values
from gateway.services.values import FILE_TYPES

__all__ = ["Objection", "Told", "objections_to"]


@dataclass(frozen=True, slots=True)
class Told:
    """What a ComfyUI told of itself.

    Attributes:
        name: The backend's name.
        definitions: Of every class in question that it has, or of all.
        packs: Class that it lacks → the pack that brings it.
    """

    name: str
    definitions: Definitions
    replacements: Replacements = field(default_factory=dict[str, tuple[Replacement, ...]])
    packs: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Objection:
    """One thing that a ComfyUI would refuse, or that is better known before.

    Attributes:
        about: What tells it from every other one of the same service, on every backend.
        place: Where in services.yaml it comes from.
        avoided: Calls that choose it are placed where it is.
    """

    code: str
    about: tuple[str, ...]
    message: str
    place: Place
    severity: Severity = "error"
    parameter: str | None = None
    found: str | None = None
    mend: str = ""
    avoided: bool = False


def objections_to(bound: BoundService, told: Told) -> tuple[Objection, ...]:
    """Return all that is to be said of a service on one backend; warnings too."""
    bound = always_arranged(bound)
    look = _Look(bound, told, running_nodes(bound.prompt, told.definitions))
    return (*look.of_graph(), *look.of_parameters(), *look.of_outputs())


@dataclass(frozen=True, slots=True)
class _Look:
    bound: BoundService
    told: Told
    running: frozenset[str]

    @property
    def service(self) -> Service:
        return self.bound.service

    # --- the graph --------------------------------------------------------------------------------

    def of_graph(self) -> Iterator[Objection]:
        prompt, definitions = self.bound.prompt, self.told.definitions
        always_set = _always_set(self.bound)
        for each in check_prompt(prompt, definitions, self.told.replacements):
            if (each.node_id, each.input_name) not in always_set:
                yield self._of_problem(each)
        for each in remarks_on(prompt, definitions, self.told.replacements):
            yield self._of_problem(each)
        for node_id, node in prompt.items():
            known = definitions.get(node.class_type)
            if known is not None and known.api_node and node_id not in self.bound.paid:
                yield self._unpinned_price(node_id)

    def _of_problem(self, problem: Problem) -> Objection:
        return Objection(
            problem.code,
            (problem.node_id, problem.input_name),
            problem.message,
            self.service.places.get("workflow", self.service.place),
            severity=problem.severity,
            found=problem.found or None,
            mend=self._mend(problem),
        )

    def _mend(self, problem: Problem) -> str:
        near = " or ".join(repr(each) for each in problem.near)
        change = f"change {self.service.workflow}"
        match problem.code:
            case "node-class-missing":
                return f"{_bringing(self.told, problem.class_type)} or {change}."
            case "node-class-replaced" | "node-deprecated":
                return f"Use {problem.near[0]} in {self.service.workflow}." if near else ""
            case "node-experimental":
                return ""
            case "widget-option-unknown":
                elsewhere = _other_lists(self.told.definitions, problem)
                meant = f"Did you mean {near}? " if near else ""
                mend = (
                    f"Install it there, or {change}."
                    if self._is_file(problem)
                    else _first_large(change)
                )
                return f"{meant}{elsewhere}{mend}"
            case _:
                return f"Correct it in ComfyUI and export {self.service.workflow} again."

    def _is_file(self, problem: Problem) -> bool:
        """Tell whether what is missing is a file, which can be installed."""
        definition = self.told.definitions[problem.class_type]
        inputs = self.bound.prompt[problem.node_id].inputs
        known = input_of(definition, problem.input_name, inputs)
        widget = BoundWidget(
            problem.node_id, problem.input_name, problem.class_type, None, definition=known
        )
        return lives_on_backend(widget)

    def _unpinned_price(self, node_id: str) -> Objection:
        node = self.bound.prompt[node_id]
        return Objection(
            "workflow-paid-node",
            (node_id, "paid"),
            f"node {node_named(node_id, node)} calls a paid partner service: each call costs money",
            self.service.places.get("workflow", self.service.place),
            severity="warning",
            found=node.class_type,
            mend="Run `gateway definitions pull`: only a pinned one keeps lost runs from being paid twice.",
        )

    # --- the YAML's own values --------------------------------------------------------------------

    def of_parameters(self) -> Iterator[Objection]:
        for parameter in self.bound.parameters:
            idle = [each for each in parameter.all_widgets if each.node_id not in self.running]
            if idle and len(idle) == len(parameter.all_widgets):
                yield self._without_effect(parameter, idle)
            for part in parameter.parts:
                for widget in part.widgets:
                    yield from self._of_widget(parameter, part, widget)
            for label, settings in parameter.settings.items():
                for widget, value in settings:
                    said = f"the choice {label!r}"
                    stated = Stated(parameter, said, _key(parameter, label), value)
                    yield from self._of_value(parameter, widget, stated)

    def _without_effect(self, parameter: BoundParameter, idle: list[BoundWidget]) -> Objection:
        nodes = dict.fromkeys(each.node_id for each in idle)
        named = ", ".join(node_named(each, self.bound.prompt[each]) for each in nodes)
        return Objection(
            "parameter-without-effect",
            (parameter.name, "effect"),
            f"it sets node {named}, which no output node needs: ComfyUI never runs it",
            parameter.parameter.place,
            severity="warning",
            parameter=parameter.name,
            found=", ".join(nodes),
            mend="Let it set a node that leads to an output, or remove it.",
        )

    def _of_widget(
        self, parameter: BoundParameter, part: BoundParameter, widget: BoundWidget
    ) -> Iterator[Objection]:
        """Yield what is to be said of a widget that a parameter, or a field of its items, sets."""
        definition = self.told.definitions.get(widget.class_type)
        if definition is None:
            return  # told of the graph already
        known = input_of(definition, widget.widget, self.bound.prompt[widget.node_id].inputs)
        if known is None:
            if not choosers_of(definition, widget.widget):
                yield self._ignored(parameter, widget, definition)
            return
        yield from self._of_limits(parameter, part, widget, known)
        if part.type not in FILE_TYPES and part.parameter.template is None:
            for stated in stated_values(parameter, self.service):
                if stated.of is part:
                    yield from self._of_value(parameter, widget, stated)

    def _ignored(
        self, parameter: BoundParameter, widget: BoundWidget, definition: Definition
    ) -> Objection:
        named = node_named(widget.node_id, self.bound.prompt[widget.node_id])
        listed = ", ".join(list(definition.inputs)[:12]) or "none"
        return Objection(
            "widget-not-there",
            (parameter.name, *widget.key),
            f"node {named} has no input `{widget.widget}`, so what it is set to is ignored; it has: {listed}",
            parameter.parameter.place,
            severity="warning",
            parameter=parameter.name,
            found=widget.widget,
            mend="Update the node's pack there, or bind the parameter to another input.",
        )

    def _of_limits(
        self,
        parameter: BoundParameter,
        part: BoundParameter,
        widget: BoundWidget,
        known: InputDefinition,
    ) -> Iterator[Objection]:
        limits = part.parameter.limits
        ends: tuple[tuple[str, float | int | None], ...] = (
            ("minimum", limits.minimum),
            ("maximum", limits.maximum),
        )
        for key, value in ends:
            refusal = None if value is None else refusal_of(known.kind, value)
            if refusal is not None:
                named = node_named(widget.node_id, self.bound.prompt[widget.node_id])
                yield Objection(
                    "binding-limit-widened",
                    (parameter.name, *widget.key, key),
                    f"`{key}`: `{widget.widget}` of node {named} {refusal.message}",
                    part.parameter.places.get(key, part.parameter.place),
                    parameter=parameter.name,
                    found=str(value),
                    mend="Stay within the node's own limits.",
                )

    def _of_value(
        self, parameter: BoundParameter, widget: BoundWidget, stated: Stated
    ) -> Iterator[Objection]:
        said, value, of = stated.said, stated.value, stated.of
        definition = self.told.definitions.get(widget.class_type)
        inputs = self.bound.prompt[widget.node_id].inputs
        known = None if definition is None else input_of(definition, widget.widget, inputs)
        refusal = None if known is None else refusal_of(known.kind, value)
        if known is None or refusal is None:
            return
        named = node_named(widget.node_id, self.bound.prompt[widget.node_id])
        near = " or ".join(repr(each) for each in refusal.near)
        meant = f"Did you mean {near}? " if near else ""
        yield Objection(
            refusal.code,
            (parameter.name, *widget.key, said),
            f"{said}: `{widget.widget}` of node {named} {refusal.message}",
            stated.place,
            parameter=parameter.name,
            found=value if isinstance(value, str) else repr(value),
            mend=f"{meant}Install it there, or give what is there."
            if of.lives_on_backend
            else f"{meant}Give what the node takes.",
            avoided=of.lives_on_backend and not isinstance(parameter.parameter.supply, Fixed),
        )

    # --- named outputs ----------------------------------------------------------------------------

    def of_outputs(self) -> Iterator[Objection]:
        rules = {each.name: each for each in self.service.outputs}
        for output in self.bound.outputs:
            node = self.bound.prompt.get(output.node_id)  # none: told when the project was loaded
            definition = None if node is None else self.told.definitions.get(node.class_type)
            if definition is not None and output.name in rules:
                yield from self._of_output(output.node_id, definition, rules[output.name])

    def _of_output(
        self, node_id: str, definition: Definition, rule: OutputRule
    ) -> Iterator[Objection]:
        named = f"node {node_named(node_id, self.bound.prompt[node_id])}"
        saves = "Name a node that saves or previews."
        shape = shape_of(definition.class_type)
        if not definition.output_node and not definition.extra.get("has_intermediate_output"):
            said = f"{named} is no output node, so it leaves nothing"
            yield _output(rule, said, code="output-not-output-node", mend=saves)
        elif node_id not in self.running:
            said = f"{named} is needed by no output node, so it never runs"
            yield _output(rule, said, code="output-never-runs", mend=saves)
        elif shape is None:
            return
        elif rule.kind is not None and rule.kind not in shape.kinds:
            said = f"{named} leaves {' or '.join(sorted(shape.kinds))}, never {rule.kind}"
            mend = f"Write `kind: {min(shape.kinds)}`, or leave it out."
            yield _output(rule, said, code="output-kind-impossible", mend=mend)
        elif rule.index and shape.single and not self._runs_often(node_id):
            said = f"{named} leaves one file, so there is none at index {rule.index}"
            mend = "Leave `index` out, or name another node."
            yield _output(rule, said, code="output-index-impossible", mend=mend)

    def _runs_often(self, node_id: str) -> bool:
        """Tell whether a node may run once for each item of a list; one nothing is known of may give one."""
        prompt, definitions = self.bound.prompt, self.told.definitions
        before = (prompt[each].class_type for each in upstream_of(prompt, [node_id]))
        return any((known := definitions.get(each)) is None or known.lists for each in before)


def _first_large(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _output(rule: OutputRule, said: str, *, code: str, mend: str) -> Objection:
    return Objection(
        code,
        (rule.name, "output"),
        f"output `{rule.name}`: {said}",
        rule.place,
        severity="error" if code == "output-not-output-node" else "warning",
        found=rule.name,
        mend=mend,
    )


def _always_set(bound: BoundService) -> frozenset[WidgetKey]:
    """Return the widgets whose value in the graph is replaced at each call that runs their node."""
    return frozenset(
        widget.key
        for parameter in bound.parameters
        if not _may_leave(parameter)
        for part in parameter.parts
        for widget in _set_by(part)
    )


def _may_leave(part: BoundParameter) -> bool:
    """Tell whether a call may leave the graph's own value."""
    plain = part.parameter.template is None
    return plain and isinstance(part.parameter.supply, LeftOut | GraphFile)


def _set_by(part: BoundParameter) -> Iterator[BoundWidget]:
    """Yield what is set whenever a part is given: of labels, what all of them set."""
    if not _may_leave(part):
        yield from part.widgets
    if all(part.settings.values()):
        yield from (widget for settings in part.settings.values() for widget, _ in settings)


def _key(parameter: BoundParameter, label: str) -> Place:
    own = parameter.parameter
    places = (each.place for each in own.choice_map if each.label == label)
    return next(places, own.place)


def _bringing(told: Told, class_type: str) -> str:
    pack = told.packs.get(class_type, "")
    if pack.partition(" ")[0] == CORE:
        return "It comes with ComfyUI itself: update that,"
    return f"Install {pack or 'the pack that brings it'} there,"


def _other_lists(definitions: Definitions, problem: Problem) -> str:
    """Return where else a backend offers a file that one list lacks."""
    if not problem.found:
        return ""
    for class_type, definition in definitions.items():
        for name, known in definition.inputs.items():
            options = known.kind.options if isinstance(known.kind, Combo) else None
            if problem.found in (options or ()) and class_type != problem.class_type:
                return f"It is there as `{name}` of {class_type}. "
    return ""
