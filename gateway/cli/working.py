"""Which backends `--backends` means."""

from __future__ import annotations

from gateway.errors import GatewayError
from gateway.project.load import Project
from gateway.services.closest import closest

__all__ = ["named_backends"]


def named_backends(project: Project, given: str) -> frozenset[str]:
    """Return the backends that `a,b` or `all` names.

    Raises:
        GatewayError: The project has no such backend, or it is no cluster.
    """
    if project.declaration.jobs.dispatch != "cluster":
        raise GatewayError(
            "this project's gateways run their own jobs: there is nothing for a worker to take",
            code="wrong-use",
            mend="Write `jobs: {dispatch: cluster}` with a postgresql:// store first.",
        )
    declared = [each.name for each in project.declaration.backends]
    if given == "all":
        return frozenset(declared)
    names = [each.strip() for each in given.split(",")]
    for name in names:
        if name not in declared:
            near = closest(name, declared)
            raise GatewayError(
                f"there is no backend {name!r}",
                code="wrong-use",
                found=name,
                mend=f"Did you mean {near}?" if near else f"There are: {', '.join(declared)}.",
            )
    return frozenset(names)
