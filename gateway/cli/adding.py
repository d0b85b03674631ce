"""Adding a service to a project: what is written where, all of it or nothing."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gateway.cli.opening import config_path
from gateway.errors import DeclarationError, Finding, GatewayError
from gateway.graph.json_value import Json, JsonObject, as_object
from gateway.intake.entry import render_entry
from gateway.intake.fit import Fitted, fit
from gateway.intake.names import Names, service_name
from gateway.intake.suggest import Material, suggest
from gateway.project.definitions_file import (
    DEFINITIONS_FILE,
    definitions_text,
    read_definitions,
)
from gateway.project.environment import read_environment
from gateway.project.json_file import FileFault, read_json
from gateway.project.load import Loaded, load_project
from gateway.project.locate import CONFIG_NAME, CONFIG_VARIABLE, shown_path
from gateway.project.lock_file import add_to_lock
from gateway.project.pinning import is_complete
from gateway.project.settling import LOCK_FILE
from gateway.project.together import refuse_outside, write_together
from gateway.project.workflows import FOLDER
from gateway.services.insertion import indent_of_services, insert_service
from gateway.services.model import Declaration
from gateway.services.names import SERVICE_NAME
from gateway.services.parse import parse_services

__all__ = [
    "Added",
    "Plan",
    "Target",
    "carry_out",
    "fitted_entry",
    "name_for",
    "plan_of",
    "target_of",
]

_MOST = 32 << 20
_NEW_FILE = """\
# Each entry under `services` is a tool.
version: 1

services:
"""


@dataclass(frozen=True, slots=True)
class Target:
    """The project that is added to.

    Attributes:
        config: Path of services.yaml, which may not be there yet.
        before: What stands in it; None when it is not there.
        text: The same as text, or what a new one begins with.
    """

    config: Path
    before: bytes | None
    text: str
    declaration: Declaration

    @property
    def root(self) -> Path:
        """The project's folder."""
        return self.config.parent


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be written: path → content, services.yaml last."""

    fitted: Fitted
    entry_text: str
    files: Mapping[Path, bytes]


@dataclass(frozen=True, slots=True)
class Added:
    """What came of it.

    Attributes:
        loaded: The project as it is now.
        is_locked: Whether the service was recorded in the lock.
    """

    loaded: Loaded
    is_locked: bool


def target_of(config: Path | None) -> Target:
    """Return the project here, in a folder above or where `--config` points; else a new one here.

    Raises:
        DeclarationError: Its services.yaml has errors, or `--config` names none.
    """
    environment = read_environment()
    is_told = config is not None or bool(environment.get(CONFIG_VARIABLE))
    try:
        path = config_path(config)
    except DeclarationError:
        if is_told:
            raise
        new = Path.cwd() / CONFIG_NAME
        if os.path.lexists(new):
            raise GatewayError(
                f"{CONFIG_NAME} is there, and is no file",
                code="config-unreadable",
                mend="Take it away, or name another one with --config PATH.",
            ) from None
        parsed = parse_services(f"{_NEW_FILE}  {{}}\n", CONFIG_NAME, environment)
        if parsed.declaration is None:
            raise DeclarationError(parsed.findings) from None
        return Target(new, None, _NEW_FILE, parsed.declaration)
    before, text = _read(path)
    parsed = parse_services(text, shown_path(path), environment)
    declaration = parsed.declaration or _without_services(text, environment)
    if declaration is None:
        raise DeclarationError(parsed.findings)
    return Target(path, before, text, declaration)


def _without_services(text: str, environment: Mapping[str, str]) -> Declaration | None:
    """Return what a file declares that has nothing wrong but that no service is in it yet."""
    try:
        filled = insert_service(text, "x", "x:\n  workflow: x.json\n  description: x\n")
    except DeclarationError:
        return None
    declaration = parse_services(filled, CONFIG_NAME, environment).declaration
    return replace(declaration, services=()) if declaration else None


def fitted_entry(target: Target, material: Material, document: Json, name: str) -> Fitted:
    """Return the entry that is suggested for a workflow.

    Args:
        target: Where it goes.
        material: The workflow.
        document: What its file will hold.
        name: What the service is called.
    """
    workflow = _free_file(target.root, name, document)
    return fit(suggest(material, name, workflow), material.prompt, material.definitions)


def name_for(target: Target, name: str | None, stem: str) -> str:
    """Return what a service is called: as was said, or after its workflow, which is `stem`.

    Raises:
        GatewayError: The name cannot be one.
    """
    if name is None:
        names = Names()
        for each in target.declaration.services:
            names.take(each.name)
        return names.take(service_name(stem))
    if not _is_name(name):
        raise GatewayError(
            f"{name!r} cannot be a service's name: it must be {SERVICE_NAME.says}, and no built-in "
            "tool's",
            code="wrong-use",
            mend=SERVICE_NAME.mend,
        )
    return name


def plan_of(target: Target, fitted: Fitted, document: Json, raw: JsonObject) -> Plan:
    """Return what adding an entry writes.

    Args:
        target: Where it goes.
        fitted: The entry.
        document: What the workflow's file holds.
        raw: Definitions of its nodes, which are pinned where none are yet.

    Raises:
        DeclarationError: The name is taken, services.yaml leaves no place for an entry, or what is
            pinned cannot be read.
        GatewayError: A file would be outside the project.
    """
    entry = fitted.entry
    entry_text = render_entry(entry, indent_of_services(target.text))
    text = insert_service(target.text, entry.name, entry_text, shown_path(target.config))
    files: dict[Path, bytes] = {}
    workflow = target.root / FOLDER / entry.workflow
    if not workflow.exists():
        files[workflow] = _json_text(document).encode("utf-8", "replace")
    definitions = target.root / DEFINITIONS_FILE
    known = read_definitions(definitions)
    if known.findings:
        raise DeclarationError(known.findings)
    pinned = known.raw
    new = {
        name: entry
        for name, entry in raw.items()
        if not is_complete(as_object(pinned.get(name)) or {})
    }
    if new.keys() - pinned.keys() or definitions_text({**pinned, **new}) != definitions_text(
        pinned
    ):
        files[definitions] = definitions_text({**pinned, **new}).encode("utf-8")
    for path in files:
        refuse_outside(path, target.root)
    files[target.config] = text.encode("utf-8", "surrogateescape")
    return Plan(fitted, entry_text, files)


def carry_out(target: Target, plan: Plan) -> Added:
    """Write it all, and undo all of it when that brings the project an error that it did not have.

    A project that has a lock, or that begins with this, gets the service recorded in it.

    Raises:
        DeclarationError: It would; nothing is changed.
        GatewayError: Something cannot be written; nothing is changed.
    """
    if (_read(target.config)[0] if target.config.exists() else None) != target.before:
        raise GatewayError(
            f"{shown_path(target.config)} was changed by somebody else in the meantime",
            code="project-unwritable",
            mend="Run the command again.",
        )
    environment = read_environment()
    before = load_project(target.config, environment) if target.before is not None else None
    known = {_fault(each) for each in before.findings} if before else set[tuple[str, str]]()
    locks = not target.declaration.services or (target.root / LOCK_FILE).exists()
    added: list[Added] = []

    def is_sound() -> bool:
        """Load the project as it is now."""
        loaded = load_project(target.config, environment)
        errors = [each for each in loaded.findings if each.severity == "error"]
        if new := [each for each in errors if _fault(each) not in known]:
            raise DeclarationError(new)
        project = loaded.project if locks else None
        is_locked = project is not None and add_to_lock(project, [plan.fitted.entry.name])
        added.append(Added(loaded, is_locked))
        return True

    write_together(plan.files, is_sound)
    return added[0]


def _fault(finding: Finding) -> tuple[str, str]:
    return finding.code, finding.message


def _is_name(name: str) -> bool:
    is_short = SERVICE_NAME.longest is None or len(name) <= SERVICE_NAME.longest
    is_free = name not in SERVICE_NAME.reserved
    return is_short and is_free and re.fullmatch(SERVICE_NAME.pattern, name) is not None


def _free_file(root: Path, name: str, document: Json) -> str:
    """Return a name for the workflow's file: one that is free, or that holds this very workflow."""
    number = 1
    while True:
        file = f"{name}.json" if number == 1 else f"{name}_{number}.json"
        path = root / FOLDER / file
        if not os.path.lexists(path) or _holds(path, document):
            return file
        number += 1


def _holds(path: Path, document: Json) -> bool:
    try:
        return read_json(path, _MOST) == document
    except FileFault:
        return False


def _json_text(document: Json) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _read(path: Path) -> tuple[bytes, str]:
    """Return a file's content, and as text every byte of it: line ends and byte order mark too."""
    try:
        content = path.read_bytes()
        return content, content.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise GatewayError(
            f"{shown_path(path)} cannot be read: {error}",
            code="config-unreadable",
            mend="Check who may read it, and save it as UTF-8.",
        ) from error
