"""An entry → the entry that its workflow takes, and its binding: what cannot be bound is left out."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gateway.errors import DeclarationError, Finding
from gateway.graph.definitions import Definitions
from gateway.graph.prompt import Prompt
from gateway.intake.entry import ServiceEntry, render_entry
from gateway.services.bound import BoundService
from gateway.services.insertion import insert_service
from gateway.services.parse import parse_services
from gateway.services.resolve import resolve_service

__all__ = ["Fitted", "fit"]


@dataclass(frozen=True, slots=True)
class Fitted:
    """An entry without errors.

    Attributes:
        left_out: Names of parameters and outputs that could not be bound, with the reason.
    """

    entry: ServiceEntry
    bound: BoundService
    left_out: tuple[tuple[str, str], ...] = ()


def fit(entry: ServiceEntry, prompt: Prompt, definitions: Definitions) -> Fitted:
    """Return an entry that has no errors, as little changed as can be.

    Args:
        entry: What was suggested.
        prompt: Its workflow.
        definitions: What is known of the nodes.

    Raises:
        DeclarationError: It has an error that no parameter is to blame for.
    """
    left_out: list[tuple[str, str]] = []
    while True:
        bound, findings = _bind(entry, prompt, definitions)
        if bound is not None:
            return Fitted(entry, bound, tuple(left_out))
        faults = {
            each.parameter: each.message
            for each in findings
            if each.severity == "error" and each.parameter
        }
        if not faults:
            raise DeclarationError(findings)
        left_out += [
            (each.name, faults[each.name]) for each in entry.parameters if each.name in faults
        ]
        kept = tuple(each for each in entry.parameters if each.name not in faults)
        entry = replace(entry, parameters=kept)


def _bind(
    entry: ServiceEntry, prompt: Prompt, definitions: Definitions
) -> tuple[BoundService | None, tuple[Finding, ...]]:
    text = insert_service("", entry.name, render_entry(entry))
    parsed = parse_services(text, f"the entry of {entry.name}", {})
    if parsed.declaration is None:
        return None, parsed.findings
    resolved = resolve_service(parsed.declaration.services[0], prompt, definitions)
    return resolved.bound, resolved.findings
