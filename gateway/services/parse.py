"""The text of services.yaml → its declaration, or everything that is wrong with it.

Pure: the text and the environment come in as arguments, and no workflow is looked at here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.errors import Finding
from gateway.services.document import read_document
from gateway.services.fields import Fields
from gateway.services.file_keys import (
    BACKENDS,
    FILE,
    GATEWAY_SECTION,
    INPUTS,
    JOBS_SECTION,
    OUTPUTS,
    SERVICES,
)
from gateway.services.findings import Findings
from gateway.services.model import BackendDeclaration, Declaration
from gateway.services.read_backends import implied_backends, read_backends
from gateway.services.read_buckets import read_home
from gateway.services.read_gateway import read_gateway, read_jobs
from gateway.services.read_services import read_services
from gateway.services.reading import read_record
from gateway.services.service_keys import PARAMETERS

__all__ = ["Parsed", "parse_services"]


@dataclass(frozen=True, slots=True)
class Parsed:
    """What became of a file; the declaration is None when there is any error."""

    declaration: Declaration | None
    findings: tuple[Finding, ...]


def parse_services(text: str, file: str, environment: Mapping[str, str]) -> Parsed:
    """Read services.yaml.

    Args:
        text: What stands in it.
        file: Its name, for findings.
        environment: Variable → value, for `${NAME}`.

    Returns:
        The declaration, or None and at least one error; warnings come with either.
    """
    findings = Findings(file)
    root = read_document(text, findings, environment)
    findings.name_owners(SERVICES.name, PARAMETERS.name)
    fields = None if root is None else read_record(FILE, root, findings)
    declaration = None if fields is None else _declaration(file, fields, findings, environment)
    return Parsed(None if findings.has_errors() else declaration, findings.in_order())


def _declaration(
    file: str, fields: Fields, findings: Findings, environment: Mapping[str, str]
) -> Declaration:
    gateway = read_gateway(fields[GATEWAY_SECTION], findings)
    declaration = Declaration(
        file=file,
        services=read_services(fields[SERVICES], gateway, findings),
        backends=_backends(fields, findings, environment),
        gateway=gateway,
        inputs=read_home(fields[INPUTS], findings),
        outputs=read_home(fields[OUTPUTS], findings),
        jobs=read_jobs(fields[JOBS_SECTION], findings),
    )
    if not declaration.services and not findings.has_errors():
        findings.warn(
            fields.at(SERVICES),
            code="services-none",
            message="no service is declared, so nothing is published",
            mend="Add one under `services:`; its workflow is all it needs.",
        )
    _check_kept(declaration, fields, findings)
    return declaration


def _check_kept(declaration: Declaration, fields: Fields, findings: Findings) -> None:
    """Tell of calls that start more jobs than are kept: the first would go before the last has ended."""
    kept = declaration.jobs.keep.count
    for service in declaration.services:
        several = any(each.batch is not None for each in service.parameters)
        if several and service.batch_limit > kept:
            findings.warn(
                fields.at(JOBS_SECTION),
                code="batch-beyond-keep",
                message=f"one call of `{service.name}` may start {service.batch_limit} jobs, and "
                f"{kept} that have ended are kept: the first may go before the last has ended",
                mend="Raise `jobs.keep.count`, or lower the service's `batch_limit`.",
            )


def _backends(
    fields: Fields, findings: Findings, environment: Mapping[str, str]
) -> tuple[BackendDeclaration, ...]:
    if declared := read_backends(fields[BACKENDS], findings):
        return declared
    implied, faults = implied_backends(environment)
    for each in faults:
        findings.add(
            fields.at(BACKENDS),
            code=each.code,
            message=f"no backend is declared, so COMFYUI_URL says where it is: {each.message}",
            found=each.found,
            mend="Set it to something like http://127.0.0.1:8188, or declare `backends`.",
        )
    return implied
