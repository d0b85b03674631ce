"""Paths in services.yaml, made absolute: they are meant from the folder the file is in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gateway.services.model import Declaration

__all__ = ["anchor_paths"]


def anchor_paths(declaration: Declaration, root: Path) -> Declaration:
    """Return the declaration with its folders and files as absolute paths; URLs stay.

    Args:
        declaration: As parsed.
        root: Absolute path of the project's folder.
    """
    gateway = declaration.gateway
    return replace(
        declaration,
        outputs=_anchor(declaration.outputs, root),
        jobs=replace(declaration.jobs, store=_anchor(declaration.jobs.store, root)),
        gateway=replace(
            gateway, input_folders=tuple(_anchor(each, root) for each in gateway.input_folders)
        ),
        backends=tuple(
            replace(each, tls_ca=_anchor(each.tls_ca, root)) if each.tls_ca else each
            for each in declaration.backends
        ),
    )


def _anchor(path: str, root: Path) -> str:
    return path if "://" in path else str(root / Path(path).expanduser())
