"""The section `services` → what is published, before any workflow is looked at."""

from __future__ import annotations

from gateway.services.fields import Fields, Group, Named
from gateway.services.findings import Findings
from gateway.services.model import (
    AnyBackend,
    BackendChoice,
    Example,
    LabelledBackend,
    NamedBackend,
    OutputRule,
    Service,
)
from gateway.services.read_parameters import places_of, read_parameters
from gateway.services.read_removals import node_reference
from gateway.services.read_webhooks import read_webhook
from gateway.services.service_keys import (
    BACKEND,
    BATCH_LIMIT,
    DESCRIPTION,
    EXAMPLES,
    INDEX,
    KIND,
    LABELS,
    OUTPUT_NODE,
    OUTPUTS,
    PARAMETERS,
    PREFIX,
    PRIORITY,
    QUEUE_TIMEOUT,
    RETRY_PAID,
    TIMEOUT,
    TITLE,
    WAIT,
    WHEN_CLIENT_LEAVES,
    WORKFLOW,
)
from gateway.services.settings import GatewaySettings

__all__ = ["read_services"]


def read_services(
    section: Group[Fields], gateway: GatewaySettings, findings: Findings
) -> tuple[Service, ...]:
    """Return the services; one that says nothing of `wait` has the gateway's `call_wait`."""
    return tuple(_service(member, gateway, findings) for member in section.members)


def _service(member: Named[Fields], gateway: GatewaySettings, findings: Findings) -> Service:
    fields, place = member.value, findings.place(member)
    before = len(findings)
    parameters = read_parameters(fields[PARAMETERS], findings)
    webhook = read_webhook(fields, gateway.webhooks, findings)
    findings.attribute(before, service=member.name)
    title = fields[TITLE] or member.name.replace("_", " ").strip().capitalize()
    return Service(
        name=member.name,
        place=place,
        workflow=fields[WORKFLOW],
        title=title,
        description=fields[DESCRIPTION] or f"{title}.",
        parameters=parameters,
        outputs=_outputs(fields[OUTPUTS], findings),
        examples=_examples(fields, findings),
        timeout=fields[TIMEOUT],
        queue_timeout=fields[QUEUE_TIMEOUT],
        wait=fields.get(WAIT, gateway.call_wait),
        priority=fields[PRIORITY],
        backend=_backend(fields, findings),
        prefix=fields[PREFIX],
        when_client_leaves=fields[WHEN_CLIENT_LEAVES],
        retry_paid=fields[RETRY_PAID],
        batch_limit=fields[BATCH_LIMIT],
        webhook=webhook,
        places=places_of(fields, place),
    )


def _outputs(section: Group[Fields], findings: Findings) -> tuple[OutputRule, ...]:
    return tuple(
        OutputRule(
            name=member.name,
            node=node_reference(member.value[OUTPUT_NODE]),
            place=findings.place(member),
            kind=member.value[KIND],
            index=member.value[INDEX],
        )
        for member in section.members
    )


def _examples(fields: Fields, findings: Findings) -> tuple[Example, ...]:
    return tuple(
        Example({each.name: each.value for each in example.members}, findings.place(example))
        for example in fields[EXAMPLES]
    )


def _backend(fields: Fields, findings: Findings) -> BackendChoice:
    place = findings.place(fields.at(BACKEND))
    match fields[BACKEND]:
        case None:
            return AnyBackend()
        case str() as name:
            return NamedBackend(name, place)
        case choice:
            return LabelledBackend(frozenset(choice[LABELS]), place)
