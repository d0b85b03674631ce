"""A project's files → its services, ready to be called, or everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gateway.errors import Finding
from gateway.graph.definitions import Definitions
from gateway.intake.settle import Move
from gateway.project.anchor import anchor_paths, with_database
from gateway.project.buckets import with_credentials
from gateway.project.conversions import Conversions
from gateway.project.definitions_file import DEFINITIONS_FILE, read_definitions
from gateway.project.environment import read_keys
from gateway.project.json_file import FileFault, read_text
from gateway.project.locate import shown_path
from gateway.project.settling import Settling, read_lock
from gateway.project.workflows import Workflows
from gateway.services.bound import BoundService
from gateway.services.model import Declaration, Service
from gateway.services.parse import Parsed, parse_services
from gateway.services.resolve import check_backends, check_dispatch, resolve_service

__all__ = ["Graphs", "Loaded", "Project", "load_graphs", "load_project"]

_LIMIT = 16 << 20


@dataclass(frozen=True, slots=True)
class Project:
    """A project without errors.

    Attributes:
        root: Absolute path of the folder that services.yaml is in.
        config: Absolute path of services.yaml.
        declaration: What it says, every path in it absolute.
        services: In the file's order.
        definitions: The pinned node definitions.
        keys: Caller's name → key.
    """

    root: Path
    config: Path
    declaration: Declaration
    services: tuple[BoundService, ...]
    definitions: Definitions
    keys: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load came to; `project` is None when any finding is an error.

    Attributes:
        moves: The bindings that name their nodes otherwise than services.yaml does.
    """

    project: Project | None
    findings: tuple[Finding, ...]
    moves: tuple[Move, ...] = ()


@dataclass(frozen=True, slots=True)
class Graphs:
    """services.yaml and its workflows, before anything is looked for in them.

    Attributes:
        declaration: None when services.yaml itself has errors.
        class_types: Of every node in the workflows that could be read.
        findings: Errors only.
    """

    declaration: Declaration | None
    class_types: frozenset[str]
    findings: tuple[Finding, ...]


def load_graphs(config: Path, environment: Mapping[str, str]) -> Graphs:
    """Load what is needed to know which nodes are in use, whatever is pinned of them."""
    config = config.absolute()
    parsed = _parse(config, environment)
    if parsed.declaration is None:
        return Graphs(None, frozenset(), parsed.findings)
    workflows = Workflows(config.parent)
    read = [workflows.class_types(service) for service in parsed.declaration.services]
    named = [each for each in read if not isinstance(each, Finding)]
    faults = tuple(each for each in read if isinstance(each, Finding))
    declaration = anchor_paths(parsed.declaration, config.parent)
    return Graphs(declaration, frozenset[str]().union(*named), faults)


def load_project(
    config: Path,
    environment: Mapping[str, str],
    conversions: Conversions | None = None,
    *,
    text: str | None = None,
    with_lock: bool = True,
) -> Loaded:
    """Load the project of a services.yaml. Opens no connection; never raises for a fault in a file.

    Args:
        config: Its path.
        environment: Variables for `${NAME}`, `GATEWAY_API_KEYS`, `GATEWAY_DATABASE_URL` and the keys
            of buckets (`AWS_…`, `AZURE_…`).
        conversions: Editor workflows that earlier loads converted.
        text: What is to be read instead of the file's own text.
        with_lock: Whether what services.lock.json tells is heeded.
    """
    config = config.absolute()
    root = config.parent
    parsed = _parse(config, environment, text)
    raw = read_definitions(root / DEFINITIONS_FILE)
    keys = read_keys(environment)
    findings = [*parsed.findings, *raw.findings, *keys.findings]
    services: tuple[BoundService, ...] = ()
    moves: list[Move] = []
    if parsed.declaration is not None:
        lock = read_lock(root if with_lock else None)
        findings += lock.findings
        graphs = _Graphs(Workflows(root, raw, conversions), raw.definitions, Settling(root, lock))
        services, found, moves = _resolve(parsed.declaration.services, graphs)
        findings += [*check_backends(parsed.declaration), *found]
        findings += check_dispatch(with_database(parsed.declaration, environment))
    ordered = _in_order(findings, shown_path(config))
    if parsed.declaration is None or any(each.severity == "error" for each in ordered):
        return Loaded(None, ordered, tuple(moves))
    declaration = with_credentials(with_database(parsed.declaration, environment), environment)
    declaration = anchor_paths(declaration, root)
    project = Project(root, config, declaration, services, raw.definitions, keys.keys)
    return Loaded(project, ordered, tuple(moves))


def _parse(config: Path, environment: Mapping[str, str], text: str | None = None) -> Parsed:
    file = shown_path(config)
    try:
        text = read_text(config, _LIMIT) if text is None else text
        return parse_services(text, file, environment)
    except FileFault as fault:
        finding = Finding(
            code="config-unreadable", message=fault.message, place=fault.place, mend=fault.mend
        )
        return Parsed(None, (finding,))


@dataclass(frozen=True, slots=True)
class _Graphs:
    """What services are resolved with."""

    workflows: Workflows
    definitions: Definitions
    settling: Settling


def _resolve(
    services: Iterable[Service], graphs: _Graphs
) -> tuple[tuple[BoundService, ...], list[Finding], list[Move]]:
    bound: list[BoundService] = []
    findings: list[Finding] = []
    moves: list[Move] = []
    for declared in services:
        workflow = graphs.workflows.read(declared)
        if isinstance(workflow, tuple):
            findings += workflow
            continue
        settled = graphs.settling.settle(declared, workflow)
        findings += settled.findings
        moves += settled.moves
        if any(each.severity == "error" for each in settled.findings):
            continue  # looked up as they are written, bindings may be at other nodes than were meant
        resolved = resolve_service(
            settled.service, workflow.prompt, graphs.definitions, workflow.conversion
        )
        findings += resolved.findings
        if resolved.bound is not None:
            bound.append(resolved.bound)
    return tuple(bound), findings, moves


def _in_order(findings: Iterable[Finding], main: str) -> tuple[Finding, ...]:
    """Sort by place: services.yaml first, then other files by name, then what has no place."""

    def position(finding: Finding) -> tuple[int, str, int, int]:
        place = finding.place
        if place is None:
            return (2, "", 0, 0)
        return (int(place.file != main), place.file, place.line, place.column)

    return tuple(sorted(findings, key=position))
