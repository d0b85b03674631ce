"""`gateway migrate`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from gateway.cli.migrated import as_table
from gateway.cli.report import as_text, is_coloured
from gateway.errors import DeclarationError, Finding, GatewayError, Place
from gateway.graph.json_value import JsonObject
from gateway.graph.object_info import parse_definitions
from gateway.graph.prompt import to_json
from gateway.intake.dialects.detect import Dialect, choose
from gateway.intake.dialects.document import NEW_FILE, compose
from gateway.intake.dialects.drafts import Source
from gateway.intake.dialects.migrate import Migration, migrate
from gateway.intake.dialects.notes import Note, Unmigratable
from gateway.intake.dialects.places import locate
from gateway.project.definitions_file import DEFINITIONS_FILE, read_raw
from gateway.project.dialect_files import Aids, Opened, open_aids, open_source
from gateway.project.environment import read_environment
from gateway.project.json_file import FileFault
from gateway.project.load import load_project
from gateway.project.locate import CONFIG_NAME, find_config, shown_path
from gateway.project.lock_file import add_to_lock
from gateway.project.migration_writing import Planned, in_the_way, written
from gateway.project.settling import LOCK_FILE
from gateway.project.together import refuse_outside
from gateway.project.workflows import FOLDER
from gateway.services.bound import BoundService
from gateway.services.parse import parse_services
from gateway.services.resolve import resolve_service

__all__ = ["register"]

_Name = Literal[
    "services-config",
    "view-comfy",
    "node-table",
    "skill-schema",
    "dollar-titles",
    "arrow-titles",
    "placeholders",
    "primitives",
]

_Files = Annotated[
    list[Path],
    typer.Argument(metavar="FILE...", help="Configurations, tables, or marked workflows."),
]
_Aids = Annotated[
    list[Path] | None,
    typer.Option(
        "--workflow",
        "--definitions",
        metavar="FILE",
        help="The workflow, where FILE neither holds nor finds it; node definitions (what GET "
        "/object_info answered, .json or .gz) for workflows in the editor's own format.",
        show_default=False,
    ),
]
_Dialect = Annotated[
    _Name | None,
    typer.Option(
        "--dialect", help="What FILE is.  [default: what it looks like]", show_default=False
    ),
]
_Project = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-o",
        metavar="PATH",
        help="The project that the services come into, a new one where there is none: its folder "
        "or services.yaml.  [default: here or in a folder above; GATEWAY_CONFIG]",
        show_default=False,
    ),
]
_DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Show what would be written, and write nothing.")
]
_NOTHING: JsonObject = {}


@dataclass(frozen=True, slots=True)
class _Target:
    """The project that services are put into; `content` is its services.yaml, None for a new one."""

    config: Path
    content: bytes | None
    taken: tuple[str, ...]
    pinned: JsonObject


def register(app: typer.Typer, sentence: str) -> None:
    """Add the command."""
    app.command("migrate", help=sentence)(_migrate)


def _migrate(
    files: _Files,
    aids: _Aids = None,
    dialect: _Dialect = None,
    config: _Project = None,
    dry_run: _DryRun = False,
) -> None:
    target = _target(config)
    opened = _open_all(files, _open_aids(aids or ()))
    migration, findings = _read_all(opened, dialect, target)
    _tell((), [each for each in findings if migration is None or not migration.is_whole])
    if migration is None or not migration.is_whole:
        raise typer.Exit(1)
    text = compose(_text_of(target), migration.entries, migration.sections)
    planned = _planned(migration, target, text)
    for each in planned[:-1]:
        refuse_outside(each.path, target.config.parent)
    blocked = in_the_way(planned)
    _tell(_resolved(migration, target, text), [*_findings(migration, opened), *blocked])
    if blocked:
        raise typer.Exit(1)
    if dry_run:
        sys.stdout.write(text)
    else:
        _write(planned, target, [each.name for each in migration.entries])


# --- where it goes --------------------------------------------------------------------------------


def _target(given: Path | None) -> _Target:
    path = None if given is None else _config_at(given.expanduser().absolute())
    if path is not None and not path.exists():
        return _Target(path, None, (), _NOTHING)
    path = find_config(path, read_environment(), Path.cwd())
    loaded = load_project(path, read_environment())
    if loaded.project is None:
        raise DeclarationError(loaded.findings)
    taken = tuple(each.name for each in loaded.project.services)
    return _Target(path, path.read_bytes(), taken, read_raw(path.parent / DEFINITIONS_FILE))


def _config_at(path: Path) -> Path:
    is_file = path.suffix in (".yaml", ".yml") and not path.is_dir()
    return path if is_file else path / CONFIG_NAME


def _text_of(target: _Target) -> str:
    return NEW_FILE if target.content is None else target.content.decode("utf-8")


# --- what is read ---------------------------------------------------------------------------------


def _open_aids(paths: Sequence[Path]) -> Aids:
    try:
        return open_aids(paths)
    except FileFault as fault:
        raise _wrong(fault.message, fault.mend) from fault


def _open_all(files: Sequence[Path], aids: Aids) -> list[Opened]:
    """Read the files; what stands beside a workflow that is given, too, comes with that one."""
    try:
        opened = [open_source(each, aids) for each in files]
    except FileFault as fault:
        if fault.place is None:
            raise _wrong(fault.message, fault.mend) from fault
        finding = Finding(
            code="migrate-malformed", message=fault.message, place=fault.place, mend=fault.mend
        )
        raise DeclarationError([finding]) from fault
    given = {each.absolute() for each in files}
    return [
        each
        for each, path in zip(opened, files, strict=True)
        if not (
            path.name.endswith(".meta.json")
            and path.absolute().with_name(f"{each.source.stem}.json") in given
        )
    ]


def _read_all(
    opened: Sequence[Opened], forced: str | None, target: _Target
) -> tuple[Migration | None, list[Finding]]:
    """Return what the files say, and what is to be told so far; of an unknown one only that."""
    sources: list[tuple[Source, Dialect]] = []
    findings: list[Finding] = []
    for each in opened:
        try:
            sources.append((each.source, choose(each.source, forced)))
        except Unmigratable as fault:
            findings += [_finding(note, each) for note in fault.notes]
    if findings:
        return None, findings
    migration = migrate(sources, target.pinned, target.taken)
    return migration, _findings(migration, opened)


def _findings(migration: Migration, opened: Sequence[Opened]) -> list[Finding]:
    return [
        _finding(note, each)
        for notes, each in zip(migration.notes, opened, strict=True)
        for note in notes
    ]


def _finding(note: Note, opened: Opened) -> Finding:
    file = note.file if note.file in opened.texts else opened.source.file
    line, column = locate(opened.texts[file], note.pointer if file == note.file else "")
    return Finding(
        code=note.code,
        message=note.message,
        place=Place(opened.shown[file], line, column),
        severity=note.severity,
        service=note.service,
        parameter=note.parameter,
        found=note.found,
        mend=note.mend,
    )


# --- what is written ------------------------------------------------------------------------------


def _planned(migration: Migration, target: _Target, text: str) -> list[Planned]:
    """Return the workflows, then services.yaml, which makes them count."""
    folder = target.config.parent / FOLDER
    graphs = [
        Planned(folder / name, _dumped(to_json(prompt)))
        for name, prompt in migration.workflows.items()
    ]
    return [*graphs, Planned(target.config, text.encode("utf-8"), target.content)]


def _dumped(graph: JsonObject) -> bytes:
    # Half of a surrogate pair is no character: JSON can say it, and no UTF-8 file can hold it.
    return (json.dumps(graph, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "replace")


def _resolved(migration: Migration, target: _Target, text: str) -> list[BoundService]:
    """Return the new services as the file will be read.

    Raises:
        DeclarationError: It would not be read.
    """
    parsed = parse_services(text, shown_path(target.config), read_environment())
    if parsed.declaration is None:
        raise DeclarationError(parsed.findings)
    names = {each.name for each in migration.entries}
    definitions = parse_definitions(target.pinned)
    resolved = (
        resolve_service(each, migration.workflows[each.workflow], definitions).bound
        for each in parsed.declaration.services
        if each.name in names
    )
    return [each for each in resolved if each is not None]


def _write(planned: Sequence[Planned], target: _Target, names: Sequence[str]) -> None:
    config, lock = target.config, target.config.parent / LOCK_FILE
    is_locked = False
    try:
        with written(planned) as before:
            loaded = load_project(config, read_environment())
            if loaded.project is None:
                raise DeclarationError(loaded.findings)
            if not target.taken or lock.exists():
                is_locked = add_to_lock(loaded.project, names)
    except OSError as error:
        reason = (error.strerror or "it cannot be written").lower()
        raise GatewayError(
            f"{error.filename or config}: {reason}",
            code="migrate-unwritable",
            mend="Nothing was changed. Mend the folder's rights or room, and migrate again.",
        ) from error
    for path in (*before, lock) if is_locked else before:
        sys.stdout.write(f"wrote {shown_path(path)}\n")
    sys.stdout.write(as_text(loaded.findings, coloured=is_coloured(sys.stdout)))


def _tell(services: Sequence[BoundService], findings: Sequence[Finding]) -> None:
    sys.stdout.write(as_table(services))
    sys.stdout.write(as_text(findings, coloured=is_coloured(sys.stdout)))


def _wrong(message: str, mend: str) -> GatewayError:
    return GatewayError(message, code="wrong-use", mend=mend)
