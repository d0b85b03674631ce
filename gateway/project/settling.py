"""services.lock.json as a load uses it: bindings of edited workflows are found again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from gateway.errors import Finding, Place
from gateway.intake.alignment import align
from gateway.intake.lock import Lock, LockFault
from gateway.intake.settle import Edit, Settled, settle
from gateway.intake.skeleton import skeleton_of
from gateway.project.json_file import FileFault, read_json
from gateway.project.locate import shown_path
from gateway.project.workflows import Workflow
from gateway.services.model import Service

__all__ = ["LOCK_FILE", "LockFile", "Settling", "content_digest", "read_lock"]

LOCK_FILE = "services.lock.json"
_LIMIT = 256 << 20


@dataclass(frozen=True, slots=True)
class LockFile:
    """What is in a project's lock: None when there is none, or when it cannot be used."""

    lock: Lock | None = None
    findings: tuple[Finding, ...] = ()


def read_lock(root: Path | None) -> LockFile:
    """Read the lock of the project in a folder; that there is none is no fault."""
    if root is None or not (path := root / LOCK_FILE).exists():
        return LockFile()
    try:
        return LockFile(Lock.read(read_json(path, _LIMIT)))
    except FileFault as fault:
        return LockFile(findings=(_broken(path, fault.message, fault.place),))
    except LockFault as fault:
        return LockFile(findings=(_broken(path, str(fault)),))


def content_digest(content: bytes) -> str:
    """Return what a lock knows a workflow's file by."""
    return sha256(content).hexdigest()


class Settling:
    """The bindings of one load; a workflow that several services name is compared once.

    Args:
        root: The project's folder.
        file: Its lock; without one every service is left as it is declared.
    """

    def __init__(self, root: Path, file: LockFile) -> None:
        self._path = root / LOCK_FILE
        self._lock = file.lock
        self._edits: dict[str, Edit | Finding | None] = {}

    def settle(self, service: Service, workflow: Workflow) -> Settled:
        """Return a service, as it is declared, with its bindings at their nodes."""
        if self._lock is None:
            return Settled(service)
        if service.workflow not in self._edits:
            self._edits[service.workflow] = self._edit(self._lock, service.workflow, workflow)
        edit = self._edits[service.workflow]
        if isinstance(edit, Finding):
            return Settled(service, findings=(replace(edit, service=service.name),))
        return (
            Settled(service) if edit is None else settle(service, self._lock.nodes(service), edit)
        )

    def _edit(self, lock: Lock, name: str, workflow: Workflow) -> Edit | Finding | None:
        """Return what became of a workflow; None when it is as it was, or was not recorded."""
        digest = lock.file_digest(name)
        if digest is None or digest == content_digest(workflow.content):
            return None
        try:
            before = lock.graph(name)
        except LockFault as fault:
            return _broken(self._path, str(fault))
        return Edit(before, workflow.prompt, align(before, skeleton_of(workflow.prompt)))


def _broken(path: Path, why: str, place: Place | None = None) -> Finding:
    shown = shown_path(path)
    return Finding(
        code="lock-invalid",
        message=why if why.startswith(shown) else f"{shown} cannot be used: {why}",
        place=place or Place(shown, 1, 1),
        mend="Take it from your version control; or, if services.yaml is right as it is, write it "
        "anew: gateway validate --accept.",
    )
