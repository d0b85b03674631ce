"""Paths in services.yaml, made absolute: they are meant from the folder the file is in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from gateway.services.bucket import Bucket
from gateway.services.model import Declaration

__all__ = ["DATABASE_VARIABLE", "anchor_paths", "with_database"]

DATABASE_VARIABLE = "GATEWAY_DATABASE_URL"


def anchor_paths(declaration: Declaration, root: Path) -> Declaration:
    """Return the declaration with its folders and files as absolute paths; URLs stay.

    Args:
        declaration: As parsed.
        root: Absolute path of the project's folder.
    """
    gateway = declaration.gateway
    return replace(
        declaration,
        inputs=_anchor_home(declaration.inputs, root),
        outputs=_anchor_home(declaration.outputs, root),
        jobs=replace(declaration.jobs, store=_anchor(declaration.jobs.store, root)),
        gateway=replace(
            gateway, input_folders=tuple(_anchor(each, root) for each in gateway.input_folders)
        ),
        backends=tuple(
            replace(each, tls_ca=_anchor(each.tls_ca, root)) if each.tls_ca else each
            for each in declaration.backends
        ),
    )


def with_database(declaration: Declaration, environment: Mapping[str, str]) -> Declaration:
    """Return the declaration with its jobs where `GATEWAY_DATABASE_URL` says, if it is set."""
    url = environment.get(DATABASE_VARIABLE, "")
    return replace(declaration, jobs=replace(declaration.jobs, store=url)) if url else declaration


def _anchor_home(home: str | Bucket, root: Path) -> str | Bucket:
    return home if isinstance(home, Bucket) else _anchor(home, root)


def _anchor(path: str, root: Path) -> str:
    return path if "://" in path else str(root / Path(path).expanduser())
