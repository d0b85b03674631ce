"""Which edits of services.yaml have no effect on a gateway that runs."""

from __future__ import annotations

from gateway.errors import Finding, Place
from gateway.project.load import Project

__all__ = ["restart_needed"]


def restart_needed(started: Project, edited: Project | None) -> tuple[Finding, ...]:
    """Tell which edits only count from the next start on."""
    if edited is None:
        return ()
    old, new = started.declaration, edited.declaration
    sections = {
        "backends": old.backends != new.backends,
        "gateway": old.gateway != new.gateway,
        "inputs": old.inputs != new.inputs,
        "outputs": old.outputs != new.outputs,
        "jobs": old.jobs != new.jobs,
    }
    changed = ", ".join(name for name, differs in sections.items() if differs)
    if not changed:
        return ()
    return (
        Finding(
            code="restart-needed",
            message=f"the new {changed} section counts from the next start on; services count now",
            place=Place(new.file, 1, 1),
            severity="warning",
            mend="Restart `gateway serve`.",
        ),
    )
