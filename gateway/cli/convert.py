"""`gateway convert`."""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.converting import Converted, Converting, convert_file
from gateway.cli.definitions_at_hand import definitions_at_hand
from gateway.cli.opening import Config
from gateway.cli.options import command_of
from gateway.cli.report import as_text, is_coloured
from gateway.errors import GatewayError

__all__ = ["register"]


@dataclass(frozen=True, slots=True)
class _Options:
    """What `gateway convert` was told."""

    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="Workflows as ComfyUI's editor saves them."),
    ]
    config: Config = None
    definitions: Annotated[
        Path | None,
        typer.Option(
            "--definitions",
            metavar="FILE",
            help="Node definitions: what GET /object_info answered, as .json or .gz.  "
            "[default: schemas/definitions.json, then the backends]",
            show_default=False,
        ),
    ] = None
    now: Annotated[
        str | None,
        typer.Option(
            "--now",
            metavar="TIME",
            help="What %date:…% shows, such as 2026-01-02T03:04:05Z: as written there.  "
            "[default: the local time]",
            show_default=False,
        ),
    ] = None
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            help="A file to write, or a folder for several.  [default: standard output]",
            show_default=False,
        ),
    ] = None
    jsonl: Annotated[
        bool,
        typer.Option("--jsonl", help="One line for each file: its name, the graph, the error."),
    ] = False


def register(app: typer.Typer, sentence: str) -> None:
    """Add the command."""
    app.command("convert", help=sentence)(command_of(_Options, _convert))


def _convert(told: _Options) -> None:
    targets = _targets(told.files, told.output) if not told.jsonl else []
    converting = Converting(
        definitions=definitions_at_hand(told.definitions, told.config),
        choose=random.SystemRandom().randrange,
        now=_time(told.now),
    )
    indent = None if told.jsonl else 2
    converted = (convert_file(file, converting, indent=indent) for file in told.files)
    saved = _print_lines(converted, told.output) if told.jsonl else _save_each(converted, targets)
    if not saved:
        raise typer.Exit(1)


def _time(told: str | None) -> datetime:
    """Return the time to show; one that is told is shown as it is written, whatever its zone."""
    if told is None:
        return datetime.now().astimezone()
    try:
        return datetime.fromisoformat(told)
    except ValueError as error:
        raise _wrong(
            f"--now: {told!r} is no time", "Write it as 2026-01-02T03:04:05, with Z for UTC."
        ) from error


def _targets(files: Sequence[Path], output: Path | None) -> list[Path | None]:
    """Return where each file's graph goes, None for standard output."""
    if len(files) == 1:
        inside = output is not None and output.is_dir()
        targets: list[Path | None] = [
            output / files[0].name if output is not None and inside else output
        ]
    elif output is None or output.is_file():
        raise _wrong(
            f"{len(files)} graphs do not go into one file",
            "Name a folder with -o, or print a line for each with --jsonl.",
        )
    else:
        twice = [name for name, count in Counter(each.name for each in files).items() if count > 1]
        if twice:
            raise _wrong(f"several files are named {twice[0]}", "Convert them one after the other.")
        targets = [output / each.name for each in files]
        _make(output)
    for file, target in zip(files, targets, strict=True):
        if target is not None and target.exists() and file.exists() and target.samefile(file):
            raise _wrong(f"{file} would be overwritten", "Name another file or folder with -o.")
    return targets


def _save_each(converted: Iterable[Converted], targets: Sequence[Path | None]) -> bool:
    """Write each graph where it goes, and tell whether all were converted."""
    complete = True
    for each, target in zip(converted, targets, strict=True):
        _tell(each)
        if each.text is None:
            complete = False
        elif target is None:
            sys.stdout.write(f"{each.text}\n")
        else:
            _write(target, f"{each.text}\n")
    return complete


def _print_lines(converted: Iterable[Converted], output: Path | None) -> bool:
    """Print a line for each file, and tell whether all were converted."""
    complete = True
    lines: list[str] = []
    for each in converted:
        complete = complete and each.text is not None
        if output is None:
            sys.stdout.write(each.as_line())
        else:
            lines.append(each.as_line())
    if output is not None:
        _write(output, "".join(lines))
    return complete


def _tell(converted: Converted) -> None:
    sys.stderr.write(as_text(converted.findings, coloured=is_coloured(sys.stderr)))


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from error


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> GatewayError:
    reason = (error.strerror or type(error).__name__).lower()
    return _wrong(f"{path} cannot be written: {reason}", "Name another file or folder with -o.")


def _wrong(message: str, mend: str) -> GatewayError:
    return GatewayError(message, code="wrong-use", mend=mend)
