"""A declared service and its graph → a service ready to be called, or all that keeps it from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gateway.errors import Finding, Place
from gateway.graph.definitions import Definition, Definitions, InputDefinition, TextWidget
from gateway.graph.naming import node_named
from gateway.graph.prompt import Node, Prompt
from gateway.services.backend_files import names_model
from gateway.services.batch_rules import batch_faults
from gateway.services.bind_parameters import bind_parameter
from gateway.services.bound import (
    BoundOutput,
    BoundParameter,
    BoundService,
    BoundWidget,
    WidgetKey,
)
from gateway.services.check_edits import check_edits
from gateway.services.closest import closest
from gateway.services.editor_nodes import explained
from gateway.services.example_faults import example_faults
from gateway.services.locate import find_node
from gateway.services.model import (
    Declaration,
    LabelledBackend,
    NamedBackend,
    OutputRule,
    Service,
)
from gateway.services.parameter_faults import parameter_faults
from gateway.services.surroundings import Surroundings, nodes_named

if TYPE_CHECKING:
    from gateway.editor.convert import Conversion

__all__ = ["Resolved", "check_backends", "check_dispatch", "resolve_service"]


@dataclass(frozen=True, slots=True)
class Resolved:
    """A bound service, None when any finding is an error, and the findings."""

    bound: BoundService | None
    findings: tuple[Finding, ...]


def resolve_service(
    service: Service,
    prompt: Prompt,
    definitions: Definitions,
    conversion: Conversion | None = None,
) -> Resolved:
    """Find every binding of a service in its graph.

    Args:
        service: As declared.
        prompt: Its workflow.
        definitions: What is known of the node classes; {} when nothing is. With them types, limits
            and options are the definitions', without them the graph's own values speak.
        conversion: How the prompt came to be, when the workflow is an editor's.

    Returns:
        The bound service and all that was found; warnings do not keep it from being bound.
    """
    around = Surroundings(prompt, definitions, service.parameters)
    parameters, findings = _bind_parameters(service, around)
    outputs = [_bind_output(rule, around) for rule in service.outputs]
    findings.extend(each for each in outputs if isinstance(each, Finding))
    findings.extend(_repeated_outputs(service, outputs))
    findings.extend(_spending(service, around))
    findings.extend(batch_faults(service, parameters))
    complete = len(parameters) == len(service.parameters)
    if complete and not _has_errors(findings):
        findings.extend(example_faults(service, parameters))
    if conversion is not None:
        findings = [explained(each, conversion) for each in findings]
    found = _named(findings, service)
    if _has_errors(found):
        return Resolved(None, found)
    keys = _set_keys(parameters)
    bound = BoundService(
        service=service,
        prompt=prompt,
        parameters=tuple(parameters),
        outputs=tuple(each for each in outputs if isinstance(each, BoundOutput)),
        prefixes=_prefixes(service, around, keys),
        dynamic_texts=_dynamic_texts(around, parameters) if conversion is None else frozenset(),
        texts=conversion.texts if conversion is not None else None,
        models=_models(around),
        paid=_paid_nodes(around),
        editing=_known_in(prompt, definitions) if any(each.edits for each in parameters) else None,
    )
    found = (*found, *_named(check_edits(bound), service))
    return Resolved(None if _has_errors(found) else bound, found)


def check_backends(declaration: Declaration) -> tuple[Finding, ...]:
    """Return which services could run nowhere: a backend or labels that no backend has."""
    found = (_backend_fault(service, declaration) for service in declaration.services)
    return tuple(each for each in found if each is not None)


def check_dispatch(declaration: Declaration) -> tuple[Finding, ...]:
    """Return what a cluster lacks, once it is known where jobs are kept."""
    jobs = declaration.jobs
    if jobs.dispatch != "cluster" or "://" in jobs.store:
        return ()
    return (
        Finding(
            code="cluster-needs-postgresql",
            message="`jobs.dispatch: cluster` needs a PostgreSQL that all its machines reach",
            place=Place(declaration.file, 1, 1),
            found=jobs.store,
            mend="Write `jobs.store: postgresql://…`, set GATEWAY_DATABASE_URL, or leave `dispatch` out.",
        ),
    )


def _named(findings: Iterable[Finding], service: Service) -> tuple[Finding, ...]:
    return tuple(replace(each, service=service.name) for each in findings)


def _known_in(prompt: Prompt, definitions: Definitions) -> Definitions:
    class_types = {node.class_type for node in prompt.values()}
    return {name: definitions[name] for name in class_types if name in definitions}


def _has_errors(findings: Sequence[Finding]) -> bool:
    return any(each.severity == "error" for each in findings)


def _bind_parameters(
    service: Service, around: Surroundings
) -> tuple[list[BoundParameter], list[Finding]]:
    names = [each.name for each in service.parameters]
    bound: list[BoundParameter] = []
    findings: list[Finding] = []
    for parameter in service.parameters:
        each, faults = bind_parameter(parameter, around)
        if each is not None:
            bound.append(each)
            faults.extend(parameter_faults(each, names))
        findings.extend(replace(fault, parameter=parameter.name) for fault in faults)
    findings.extend(_shared_widgets(bound))
    return bound, findings


def _shared_widgets(parameters: Sequence[BoundParameter]) -> Iterator[Finding]:
    owners: dict[WidgetKey, str] = {}
    for bound in parameters:
        for widget in bound.all_widgets:
            owner = owners.setdefault(widget.key, bound.name)
            if owner != bound.name:
                yield Finding(
                    code="binding-widget-shared",
                    message=f"`{widget.node_id}.{widget.widget}` is set by the parameter `{owner}` "
                    "already",
                    place=bound.parameter.place,
                    parameter=bound.name,
                    found=f"{widget.node_id}.{widget.widget}",
                    mend="Let one parameter set it; a template can put several arguments together.",
                )


def _set_keys(parameters: Sequence[BoundParameter]) -> frozenset[WidgetKey]:
    return frozenset(widget.key for each in parameters for widget in each.all_widgets)


def _prefixes(
    service: Service, around: Surroundings, keys: frozenset[WidgetKey]
) -> Mapping[WidgetKey, str]:
    if service.prefix == "keep":
        return {}
    found: dict[WidgetKey, str] = {}
    for node_id, node in around.prompt.items():
        prefix = node.inputs.get("filename_prefix")
        definition = around.definitions.get(node.class_type)
        saves = definition is None or definition.output_node
        if isinstance(prefix, str) and saves and (node_id, "filename_prefix") not in keys:
            found[node_id, "filename_prefix"] = prefix
    return found


def _dynamic_texts(
    around: Surroundings, parameters: Sequence[BoundParameter]
) -> frozenset[WidgetKey]:
    if not around.definitions:
        return frozenset()
    in_graph = (
        (node_id, name)
        for node_id, node in around.prompt.items()
        if (definition := around.definitions.get(node.class_type)) is not None
        for name, value in node.inputs.items()
        if isinstance(value, str) and _is_dynamic(definition, name)
    )
    bound = (
        widget.key
        for each in parameters
        for widget in each.widgets
        if widget.definition is not None
        and isinstance(widget.definition.kind, TextWidget)
        and widget.definition.kind.dynamic_prompts
    )
    return frozenset([*in_graph, *bound])


def _is_dynamic(definition: Definition, name: str) -> bool:
    known = definition.inputs.get(name)
    return known is not None and isinstance(known.kind, TextWidget) and known.kind.dynamic_prompts


def _models(around: Surroundings) -> frozenset[WidgetKey]:
    widgets = (
        BoundWidget(node_id, name, node.class_type, value, _definition_of(around, node, name))
        for node_id, node in around.prompt.items()
        for name, value in node.inputs.items()
        if isinstance(value, str)
    )
    return frozenset(each.key for each in widgets if names_model(each))


def _definition_of(around: Surroundings, node: Node, name: str) -> InputDefinition | None:
    known = around.definitions.get(node.class_type)
    return known.inputs.get(name) if known is not None else None


# --- outputs, backends ----------------------------------------------------------------------------


def _bind_output(rule: OutputRule, around: Surroundings) -> BoundOutput | Finding:
    found = find_node(rule.node, around.prompt, rule.place)
    if isinstance(found, Finding):
        return found
    definition = around.definitions.get(around.prompt[found].class_type)
    # A class nothing is known of is believed: what it leaves is seen when it has run.
    if definition is None or _leaves_outputs(definition):
        return BoundOutput(rule.name, found, rule.kind, rule.index)
    others = [
        node_id
        for node_id, node in around.prompt.items()
        if (known := around.definitions.get(node.class_type)) is None or _leaves_outputs(known)
    ]
    return Finding(
        code="output-not-output-node",
        message=f"output `{rule.name}`: node {node_named(found, around.prompt[found])} is no output "
        f"node, so it leaves nothing; {_there_are(others, around.prompt)}",
        place=rule.place,
        found=found,
        mend="Name a node that saves or previews.",
    )


def _repeated_outputs(
    service: Service, outputs: Sequence[BoundOutput | Finding]
) -> Iterator[Finding]:
    earlier: list[BoundOutput] = []
    for rule, output in zip(service.outputs, outputs, strict=True):
        if isinstance(output, Finding):
            continue
        covering = next((each for each in earlier if _covers(each, output)), None)
        if covering is not None:
            yield Finding(
                code="output-repeated",
                message=f"output `{rule.name}` would stay empty: `{covering.name}` takes the same "
                f"of node {output.node_id}",
                place=rule.place,
                found=rule.name,
                mend="Remove one of them, or tell them apart by `kind` or `index`.",
            )
        earlier.append(output)


def _covers(one: BoundOutput, other: BoundOutput) -> bool:
    return (
        one.node_id == other.node_id
        and one.kind in (None, other.kind)
        and one.index in (None, other.index)
    )


def _there_are(ids: Sequence[str], prompt: Prompt) -> str:
    return f"there are {nodes_named(ids, prompt)}" if ids else "the workflow has none"


def _leaves_outputs(definition: Definition) -> bool:
    return definition.output_node or definition.extra.get("has_intermediate_output") is True


def _paid_nodes(around: Surroundings) -> frozenset[str]:
    return frozenset(
        node_id
        for node_id, node in around.prompt.items()
        if (known := around.definitions.get(node.class_type)) is not None and known.api_node
    )


def _spending(service: Service, around: Surroundings) -> Iterator[Finding]:
    paid = _paid_nodes(around)
    for node_id, node in around.prompt.items():
        if node_id in paid:
            yield Finding(
                code="workflow-paid-node",
                severity="warning",
                message=f"node {node_named(node_id, node)} calls a paid service outside",
                place=service.places.get("workflow", service.place),
                found=node.class_type,
                mend="Publish it only to callers who may spend money.",
            )


def _backend_fault(service: Service, declaration: Declaration) -> Finding | None:
    backends = declaration.backends
    match service.backend:
        case NamedBackend(name, place) if name not in (names := [each.name for each in backends]):
            near = closest(name, names)
            return Finding(
                code="backend-unknown",
                message=f"there is no backend `{name}`; there are {', '.join(names)}",
                place=place,
                service=service.name,
                found=name,
                mend=f"Did you mean `{near}`?" if near else "Name a declared backend.",
            )
        case LabelledBackend(labels, place) if not any(labels <= each.labels for each in backends):
            has = "; ".join(
                f"{each.name}: {', '.join(sorted(each.labels)) or 'none'}" for each in backends
            )
            return Finding(
                code="backend-labels-unmet",
                message=f"no backend has every label of {', '.join(sorted(labels))}; labels are {has}",
                place=place,
                service=service.name,
                found=", ".join(sorted(labels)),
                mend="Give a backend these labels, or ask for fewer.",
            )
        case _:
            return None
