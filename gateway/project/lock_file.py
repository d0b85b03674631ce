"""Writing services.lock.json: which node each binding meant when all of them were known to be right.

A project works without one. `gateway validate --fix` writes it, and whatever else writes services.yaml.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gateway.errors import Finding, Place
from gateway.graph.json_value import Json
from gateway.intake.bindings import bindings_of
from gateway.intake.lock import Lock, record_graph, record_service, render_lock
from gateway.project.atomic import replace_file
from gateway.project.definitions_file import DEFINITIONS_FILE, read_definitions
from gateway.project.load import Project
from gateway.project.locate import shown_path
from gateway.project.settling import LOCK_FILE, content_digest, read_lock
from gateway.project.together import write_together
from gateway.project.workflows import Workflow, Workflows
from gateway.services.bound import BoundService
from gateway.services.model import Service

__all__ = ["add_to_lock", "stale_lock", "write_lock"]

_NAMED = 8


def write_lock(project: Project, *, after: Mapping[Path, bytes] | None = None) -> bool:
    """Write a project's lock anew, and tell whether that changed it.

    What a load found moved stays recorded as it was, until services.yaml names it where it is.

    Args:
        project: As loaded.
        after: Files to write before it, so that none is written without the lock: path → content.

    Raises:
        GatewayError: `project-unwritable`; then all is as it was.
    """
    path = project.root / LOCK_FILE
    content = render_lock(_recorded(project)).encode()
    is_new = not path.exists() or path.read_bytes() != content
    write_together({**(after or {}), path: content}, lambda: True)
    return is_new


def add_to_lock(project: Project, names: Sequence[str]) -> bool:
    """Record some services in a project's lock, and tell whether any was; all else in it stays.

    One is not recorded where the lock cannot be read, or tells of another content of its workflow: by
    that other services are judged.

    Args:
        project: As loaded, with the services in it.
        names: Theirs.

    Raises:
        OSError: It cannot be written; then it stays as it was.
    """
    path = project.root / LOCK_FILE
    before = read_lock(project.root).lock if path.exists() else Lock()
    if before is None:
        return False
    files = Workflows(project.root, read_definitions(project.root / DEFINITIONS_FILE))
    records = _Records(dict(before.workflows), dict(before.services))
    for each in project.services:
        workflow, file = files.read(each.service), each.service.workflow
        if each.name not in names or not isinstance(workflow, Workflow):
            continue
        digest = content_digest(workflow.content)
        if before.file_digest(file) in (None, digest):
            records.workflows.setdefault(file, record_graph(digest, workflow.prompt))
            records.services[each.name] = record_service(each.service, workflow.prompt)
    lock = Lock(records.workflows, records.services)
    if lock == before:
        return False
    replace_file(path, render_lock(lock).encode())
    return True


def stale_lock(project: Project) -> tuple[Finding, ...]:
    """Return a warning when there is a lock and `write_lock` would record a service anew."""
    before = read_lock(project.root).lock
    if before is None:
        return ()
    now = _recorded(project)
    stale = [
        each.name
        for each in project.services
        if before.services.get(each.name) != now.services.get(each.name)
        or before.workflows.get(each.service.workflow) != now.workflows.get(each.service.workflow)
    ]
    gone = [each for each in before.services if each not in now.services]
    if not stale and not gone:
        return ()
    named = ", ".join([*stale, *gone][:_NAMED])
    shown = shown_path(project.root / LOCK_FILE)
    return (
        Finding(
            code="lock-stale",
            severity="warning",
            message=f"{shown} does not tell of {named}{' …' if len(stale + gone) > _NAMED else ''} "
            "as they are now, so later edits of their workflows would be judged by what was",
            place=Place(shown, 1, 1),
            mend="Run `gateway validate --fix`.",
        ),
    )


@dataclass(slots=True)
class _Records:
    workflows: dict[str, Json] = field(default_factory=dict[str, Json])
    services: dict[str, Json] = field(default_factory=dict[str, Json])


def _recorded(project: Project) -> Lock:
    """Return the lock as it is to be."""
    before = read_lock(project.root).lock or Lock()
    files = Workflows(project.root, read_definitions(project.root / DEFINITIONS_FILE))
    read = {each.name: files.read(each.service) for each in project.services}
    declared = {each.name: each for each in project.declaration.services}
    unsettled = {
        each.service.workflow
        for each in project.services
        if not _is_settled(each, declared[each.name], read[each.name])
    }
    records = _Records()
    for each in project.services:
        name, workflow = each.service.workflow, read[each.name]
        if name in unsettled or not isinstance(workflow, Workflow):
            _keep(each.name, name, before, records)
            continue
        digest = content_digest(workflow.content)
        if name not in records.workflows:
            records.workflows[name] = (
                before.workflows[name]
                # What an editor workflow comes to depends on the pinned definitions as well.
                if before.file_digest(name) == digest and workflow.conversion is None
                else record_graph(digest, workflow.prompt)
            )
        records.services[each.name] = record_service(each.service, workflow.prompt)
    return Lock(records.workflows, records.services)


def _is_settled(
    bound: BoundService, declared: Service, workflow: Workflow | tuple[Finding, ...]
) -> bool:
    """Tell whether a service's bindings are as they are written, and its file is still as loaded."""
    is_read = isinstance(workflow, Workflow) and workflow.prompt == bound.prompt
    return is_read and list(bindings_of(declared)) == list(bindings_of(bound.service))


def _keep(service: str, workflow: str, before: Lock, records: _Records) -> None:
    if service in before.services:
        records.services[service] = before.services[service]
    if workflow in before.workflows:
        records.workflows[workflow] = before.workflows[workflow]
