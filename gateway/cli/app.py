"""The command line as a whole: its help, and the one command that is to run."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Sequence
from typing import Annotated, cast

import typer

from gateway import __version__
from gateway.cli.commands import COMMANDS
from gateway.cli.loading import load
from gateway.cli.report import print_error
from gateway.errors import DeclarationError, GatewayError

__all__ = ["build", "run"]


def run(words: Sequence[str]) -> int:
    """Run the command that `words` name and return its exit status."""
    chosen = next((word for word in words if not word.startswith("-")), "")
    app = build(frozenset({chosen}))
    gc.enable()
    try:
        app(list(words), prog_name="gateway")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except GatewayError as error:
        print_error(error)
        return 2 if _is_wrong_use(error) else 1
    except BrokenPipeError:  # whoever read our output has seen enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def build(loaded: frozenset[str]) -> typer.Typer:
    """Return the command line; of the commands not `loaded`, only name and sentence are known."""
    app = typer.Typer(
        name="gateway",
        help="Any ComfyUI workflow, published as a typed MCP tool by a few lines of YAML.",
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["--help", "-h"]},
    )
    app.callback(no_args_is_help=True)(_root)
    for name, sentence in COMMANDS.items():
        if name in loaded:
            register = cast(
                "Callable[[typer.Typer, str], None]", load(f"gateway.cli.{name}", "register")
            )
            register(app, sentence)
        else:
            app.command(name, help=sentence)(_not_loaded)
    return app


def _show_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"{__version__}\n")
        raise typer.Exit


def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Show the version and exit.", is_eager=True, callback=_show_version
        ),
    ] = False,
) -> None:
    del version  # its callback has answered already


def _not_loaded() -> None:
    """Stand in for a command in the list of all commands; `build` loads the one that runs."""
    raise AssertionError


def _is_wrong_use(error: GatewayError) -> bool:
    if error.code == "wrong-use":
        return True
    return isinstance(error, DeclarationError) and any(
        each.code == "config-not-found" for each in error.findings
    )
