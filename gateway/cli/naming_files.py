"""Files that a person names on the command line: those may be read, wherever they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gateway.cli.given import FILE_TYPES
from gateway.project.load import Project

__all__ = ["allowing", "file_parameters"]


def file_parameters(project: Project, name: str) -> frozenset[str]:
    """Return the names of a service's parameters that take a file."""
    bound = [each for each in project.services if each.name == name]
    parameters = bound[0].parameters if bound else ()
    return frozenset(each.name for each in parameters if each.type in FILE_TYPES)


def allowing(project: Project, files: tuple[Path, ...]) -> Project:
    """Return the project with the files' folders among those that may be read: a person named them."""
    gateway = project.declaration.gateway
    folders = (*gateway.input_folders, *(str(each.parent) for each in files))
    return replace(
        project,
        declaration=replace(project.declaration, gateway=replace(gateway, input_folders=folders)),
    )
