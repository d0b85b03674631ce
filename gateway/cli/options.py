"""A command with more options than a function should have parameters: they come as one value."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["command_of"]

T = TypeVar("T", bound="DataclassInstance")


def command_of(options: type[T], run: Callable[[T], None]) -> Callable[..., None]:
    """Return the function that typer makes a command of.

    Args:
        options: A dataclass; each field is annotated as a parameter of a command would be.
        run: What the command does.
    """
    hints = get_type_hints(options, include_extras=True)

    def command(**given: Any) -> None:
        """Put the options together."""
        run(options(**given))

    command.__annotations__ = {each.name: hints[each.name] for each in fields(options)}
    signature = inspect.Signature(
        [
            inspect.Parameter(
                each.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=inspect.Parameter.empty if each.default is MISSING else each.default,
                annotation=hints[each.name],
            )
            for each in fields(options)
        ]
    )
    setattr(command, "__signature__", signature)  # noqa: B010 - no type has this attribute
    return command
