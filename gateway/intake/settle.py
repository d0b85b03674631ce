"""A service whose graph was edited → the service with every binding at its node, or why not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.errors import Finding
from gateway.graph.prompt import Node, Prompt
from gateway.intake.alignment import Alignment
from gateway.intake.bindings import Binding, BindingKey, bindings_of, nodes_meant, rebound
from gateway.intake.skeleton import Skeleton
from gateway.services.model import ByClassType, ByTitle, Service
from gateway.services.surroundings import node_named, nodes_named

__all__ = ["Edit", "Move", "Settled", "settle"]

_ACCEPT = "if it is right as it is written, run `gateway validate --accept`"


@dataclass(frozen=True, slots=True)
class Edit:
    """What became of a graph since it was recorded."""

    before: Skeleton
    now: Prompt
    alignment: Alignment


@dataclass(frozen=True, slots=True)
class Move:
    """A binding whose node has to be named otherwise: by the id `now` instead of `before`."""

    service: str
    binding: Binding
    before: str
    now: str


@dataclass(frozen=True, slots=True)
class Settled:
    """A service after an edit of its graph; with any error it must not be used."""

    service: Service
    moves: tuple[Move, ...] = ()
    findings: tuple[Finding, ...] = ()


def settle(service: Service, nodes: Mapping[BindingKey, str], edit: Edit) -> Settled:
    """Find the bindings of a service again.

    Args:
        service: As declared.
        nodes: Binding → the id of its node, as recorded. One that has no record is left as it is
            written: its author has set it since.
        edit: What became of the graph.

    Returns:
        The service, its moved bindings at their nodes, and a finding for each that is not as it was.
    """
    moves: list[Move] = []
    findings: list[Finding] = []
    for binding in bindings_of(service):
        before = nodes.get(binding.key)
        if before is None or before not in edit.before:
            continue
        found = _find(binding, before, edit)
        if isinstance(found, Finding):
            findings.append(_owned(found, service, binding))
        elif found is not None:
            moves.append(Move(service.name, binding, before, found))
            findings.append(_owned(_moved(binding, before, found, edit), service, binding))
    settled = rebound(service, {each.binding.key: (each.before, each.now) for each in moves})
    return Settled(settled if moves else service, tuple(moves), tuple(findings))


def _find(binding: Binding, before: str, edit: Edit) -> str | Finding | None:
    """Return where a binding's node is now, None when what is written means it, or what is wrong."""
    meant = nodes_meant(binding.reference, edit.now)
    now = edit.alignment.pairs.get(before)
    if now is not None and meant == (now,):
        return None
    reference = binding.reference
    if isinstance(reference, ByTitle | ByClassType) and len(meant) == 1:
        # A name is its author's own word: the node that has it now is the one.
        # (Of a class, the node that was meant cannot be there as well.)
        if now is None or isinstance(reference, ByClassType):
            return None
        return _renamed(binding, reference.title, (before, meant[0], now), edit)
    return now if now is not None else _lost(binding, before, edit)


def _owned(finding: Finding, service: Service, binding: Binding) -> Finding:
    section, name, _ = binding.key
    return Finding(
        code=finding.code,
        message=finding.message,
        place=binding.place,
        severity=finding.severity,
        service=service.name,
        parameter=name if section == "parameters" else None,
        found=binding.key[2],
        mend=finding.mend,
    )


def _moved(binding: Binding, before: str, now: str, edit: Edit) -> Finding:
    return Finding(
        code="binding-moved",
        severity="warning",
        message=f"{_what(binding)}: {_was(before, edit)} is now node "
        f"{node_named(now, edit.now[now])}",
        mend="Run `gateway validate --fix`: it writes the new place into services.yaml.",
    )


def _renamed(binding: Binding, title: str, nodes: tuple[str, str, str], edit: Edit) -> Finding:
    before, means, was = nodes
    return Finding(
        code="binding-renamed",
        severity="warning",
        message=f"{_what(binding)}: the title `{title}` means node "
        f"{node_named(means, edit.now[means])} now, which is used; {_was(before, edit)} is now node "
        f"{node_named(was, edit.now[was])}",
        mend=f"If you mean node {was}, name it by its id; else run `gateway validate --fix`.",
    )


def _lost(binding: Binding, before: str, edit: Edit) -> Finding:
    likely = edit.alignment.likely.get(before, ())
    now = edit.now.get(before)
    other = f"; node {before} is {_described(now)} now" if now is not None else ""
    if not likely:
        rest = _same_class(before, edit)
        there = f"; others of its class are {nodes_named(rest, edit.now)}" if rest else ""
        return Finding(
            code="binding-gone",
            message=f"{_what(binding)}: {_was(before, edit)} is no longer in the graph{other}{there}",
            mend=f"Name another node, or remove it from services.yaml; {_ACCEPT}.",
        )
    return Finding(
        code="binding-unsure",
        message=f"{_what(binding)}: it is not clear which node {_was(before, edit)} is now{other}; "
        f"it may be {nodes_named(likely, edit.now)}",
        mend=f"Name the one you mean by its id; {_ACCEPT}.",
    )


def _same_class(before: str, edit: Edit) -> Sequence[str]:
    class_type = edit.before[before].class_type
    return [each for each, node in edit.now.items() if node.class_type == class_type]


def _what(binding: Binding) -> str:
    section, name, text = binding.key
    return f"`{text}`" if section == "parameters" else f"output `{name}`"


def _was(node_id: str, edit: Edit) -> str:
    record = edit.before[node_id]
    return f"what was node {node_named(node_id, Node(record.class_type, {}, record.title))}"


def _described(node: Node) -> str:
    title = f' "{node.title}"' if node.title and node.title != node.class_type else ""
    return f"{node.class_type}{title}"
