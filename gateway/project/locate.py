"""Where a project's services.yaml is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from gateway.errors import DeclarationError, Finding

__all__ = ["CONFIG_NAME", "CONFIG_VARIABLE", "find_config", "shown_path"]

CONFIG_NAME = "services.yaml"
CONFIG_VARIABLE = "GATEWAY_CONFIG"


def find_config(given: Path | None, environment: Mapping[str, str], start: Path) -> Path:
    """Return the absolute path of services.yaml.

    Args:
        given: `--config`: a file, or the folder it is in; None when not said.
        environment: Where `GATEWAY_CONFIG` may name it.
        start: The folder to look in, then in each of its parents.

    Raises:
        DeclarationError: There is none, with the finding `config-not-found`.
    """
    if given is not None:
        return _named(given, start, "--config")
    if named := environment.get(CONFIG_VARIABLE):
        return _named(Path(named), start, CONFIG_VARIABLE)
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / CONFIG_NAME).is_file():
            return folder / CONFIG_NAME
    raise _not_found(
        f"there is no {CONFIG_NAME} in {start} or in a folder above it",
        "Go to your project's folder, or name the file with --config PATH.",
    )


def shown_path(path: Path) -> str:
    """Return a path as people expect to read it: short when it is below the current folder."""
    current = Path.cwd()
    # Links that go round in circles lead nowhere, and still have a name.
    for each in (path, Path(os.path.realpath(path))):
        if each.is_relative_to(current):
            return each.relative_to(current).as_posix()
    return str(path)


def _named(path: Path, start: Path, by: str) -> Path:
    file = start / path.expanduser()
    if file.is_dir():
        file /= CONFIG_NAME
    if not file.is_file():
        raise _not_found(
            f"{by} names {path}, and there is no such file",
            f"Give the path of a {CONFIG_NAME}, or of the folder it is in.",
        )
    return file.resolve()


def _not_found(message: str, mend: str) -> DeclarationError:
    return DeclarationError([Finding(code="config-not-found", message=message, mend=mend)])
