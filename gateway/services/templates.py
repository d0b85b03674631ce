"""Jinja2 templates of string widgets: parsed when a service is bound, compiled when first rendered.

They run in a sandbox without attribute access to internals, without randomness, and with limits on
what they may write; arguments are values there and never compiled.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, TypeGuard, cast

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from gateway.errors import Finding
from gateway.graph.json_value import Json
from gateway.services.closest import closest

__all__ = ["LONGEST_TEXT", "TemplateFailed", "check_template", "render"]

LONGEST_TEXT = 100_000
"""Characters that a template may write."""

_LARGEST_POWER = 10_000
_LEFT_OUT_GLOBALS = (
    "lipsum",
)  # random, as the filter of that name: seeds are drawn by the gateway
# These build texts of any width out of a number that a caller may have given.
_WIDENING = frozenset(
    {"center", "expandtabs", "format", "format_map", "ljust", "rjust", "to_bytes", "zfill"}
)
_LEFT_OUT_FILTERS = (
    "random",
    *("batch", "center", "format", "indent", "slice", "wordwrap"),  # as wide as a number says
)
# What reads other templates, of which there are none.
_READERS = (nodes.Extends, nodes.FromImport, nodes.Import, nodes.Include)
# What an expression raises when a value is not what it expects.
_FAULTS = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
_OWN_NAMES = frozenset(
    {"caller", "kwargs", "loop", "self", "varargs"}
)  # Jinja2's, where they mean something


class TemplateFailed(ValueError):
    """A template could not be rendered with these values; the text says why."""


class _Sandbox(ImmutableSandboxedEnvironment):
    """The sandbox, with a limit on what one operation may build."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        widens = isinstance(obj, str | bytes | int) and attr in _WIDENING
        return not widens and super().is_safe_attribute(obj, attr, value)

    def wrap_str_format(self, value: Any) -> None:
        """Wrap nothing: Jinja2 would offer its own `format` before it asks what is safe."""

    def call(self, context: Any, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        owner = getattr(obj, "__self__", None)
        match getattr(obj, "__name__", ""):
            case "replace" if isinstance(owner, str | bytes) and len(args) >= 2:
                _refuse_long(_replaced(owner, args[0], args[1]), "replace")
            case "join" if isinstance(owner, str | bytes) and args:
                args = (list(args[0]), *args[1:])
                _refuse_long(_joined(args[0], owner), "join")
            case _:
                pass
        return super().call(context, obj, *args, **kwargs)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if not _small_enough(operator, left, right):
            raise TemplateError(f"the result of `{operator}` is too large")
        return super().call_binop(context, operator, left, right)


def check_template(source: str, names: Collection[str]) -> tuple[Finding, ...]:
    """Return what is wrong with a template, without compiling it.

    Args:
        source: Jinja2.
        names: The parameters it may speak of.

    Returns:
        Findings without a place; () when it can be rendered.
    """
    environment = _environment()
    try:
        tree = environment.parse(source)
    except TemplateSyntaxError as error:
        return (
            Finding(
                code="template-syntax",
                message=f"the template cannot be read: {error.message} (line {error.lineno} of it)",
                found=source,
                mend="Write variables as {{ name }}; see Jinja2's template documentation.",
            ),
        )
    parts = list(tree.find_all(nodes.Node))
    return (
        *_unknown_variables(parts, names),
        *(fault for part in parts for fault in _forbidden(part)),
        *(fault for part in parts for fault in _unknown_word(part)),
    )


def render(source: str, values: Mapping[str, Json]) -> str:
    """Render a template.

    Args:
        source: Jinja2 that `check_template` found nothing wrong with.
        values: Parameter → raw argument or default; None for one left out, which prints as nothing.

    Returns:
        The text for the widget.

    Raises:
        TemplateFailed: It asks for what a value does not have, or writes too much.
    """
    try:
        return "".join(_limited(_compiled(source).generate(values)))
    except TemplateFailed:
        raise
    except (TemplateError, *_FAULTS) as error:
        raise TemplateFailed(f"its template cannot be rendered: {error}") from error


def _limited(pieces: Iterator[str]) -> Iterator[str]:
    length = 0
    for piece in pieces:
        length += len(piece)
        if length > LONGEST_TEXT:
            raise TemplateFailed(f"its template writes more than {LONGEST_TEXT} characters")
        yield piece


@cache
def _environment() -> _Sandbox:
    environment = _Sandbox(
        undefined=StrictUndefined, finalize=_finalize, keep_trailing_newline=True, cache_size=0
    )
    for name in _LEFT_OUT_GLOBALS:
        del environment.globals[name]
    for name in _LEFT_OUT_FILTERS:
        del environment.filters[name]
    filters = cast("dict[str, Any]", environment.filters)
    filters.update({"replace": _replace, "join": _join, "tojson": _to_json})
    return environment


@lru_cache(maxsize=1024)
def _compiled(source: str) -> Template:
    return _environment().from_string(source)


def _finalize(value: Any) -> Any:
    return "" if value is None else value


def _small_enough(operator: str, left: Any, right: Any) -> bool:
    if operator == "*":
        return all(
            _repeats(one, other) <= LONGEST_TEXT for one, other in ((left, right), (right, left))
        )
    if operator == "**":
        return all(
            isinstance(each, int | float) and abs(each) <= _LARGEST_POWER for each in (left, right)
        )
    return not isinstance(left, str)  # `%` on text formats, to any width


def _repeats(one: Any, other: Any) -> int:
    if not isinstance(other, int):
        return 0
    if isinstance(one, str | bytes):
        return len(one) * other
    # A list of long texts is as long as it prints.
    return len(str(cast("object", one))) * other if isinstance(one, list | tuple) else 0


def _refuse_long(length: int, what: str) -> None:
    """Two texts of a caller's can make one as long as their product."""
    if length > LONGEST_TEXT:
        raise TemplateError(f"the result of `{what}` is too large")


def _replaced(text: Any, old: Any, new: Any) -> int:
    return len(text) + text.count(old) * max(len(new) - len(old), 0)


def _joined(items: Sequence[Any], separator: Any) -> int:
    return sum(len(str(each)) for each in items) + len(items) * len(separator)


def _replace(text: Any, old: Any, new: Any, count: int = -1) -> str:
    """Do as Jinja2's filter, within limits."""
    whole, before, after = str(text), str(old), str(new)
    _refuse_long(_replaced(whole, before, after), "replace")
    return whole.replace(before, after, count)


def _join(items: Iterable[Any], separator: Any = "") -> str:
    """Do as Jinja2's filter, within limits."""
    parts = [str(each) for each in items]
    _refuse_long(_joined(parts, str(separator)), "join")
    return str(separator).join(parts)


def _to_json(value: Any) -> str:
    """Return a value as JSON on one line; a prompt is no HTML, so nothing is escaped for that."""
    return json.dumps(value, ensure_ascii=False)


def _unknown_variables(parts: Sequence[nodes.Node], names: Collection[str]) -> Iterator[Finding]:
    read = dict.fromkeys(each.name for each in parts if _reads(each))
    written = {each.name for each in parts if _writes(each)}
    known = {*names, *written, *_environment().globals, *_OWN_NAMES}
    for name in read:
        if name not in known:
            near = closest(name, names)
            yield Finding(
                code="template-unknown-variable",
                message=f"the template speaks of `{name}`, and no parameter is named so; "
                f"there are {', '.join(f'`{each}`' for each in names)}",
                found=name,
                mend=f"Did you mean `{near}`?" if near else f"Declare a parameter `{name}`.",
            )


def _reads(part: nodes.Node) -> TypeGuard[nodes.Name]:
    return isinstance(part, nodes.Name) and part.ctx == "load"


def _writes(part: nodes.Node) -> TypeGuard[nodes.Name | nodes.Macro]:
    return isinstance(part, nodes.Macro) or (isinstance(part, nodes.Name) and part.ctx != "load")


def _forbidden(part: nodes.Node) -> Iterator[Finding]:
    if isinstance(part, nodes.Getattr) and part.attr.startswith("_"):
        yield _not_allowed(f"the attribute `{part.attr}`")
    elif isinstance(part, nodes.Getitem) and isinstance(part.arg, nodes.Const):
        if str(part.arg.value).startswith("_"):
            yield _not_allowed(f"the attribute `{part.arg.value}`")
    elif isinstance(part, _READERS):
        yield _not_allowed(f"`{type(part).__name__.lower()}`")


def _not_allowed(what: str) -> Finding:
    return Finding(
        code="template-forbidden",
        message=f"the template uses {what}, which templates may not",
        found=what,
        mend="Use parameters, filters and plain expressions only.",
    )


def _unknown_word(part: nodes.Node) -> Iterator[Finding]:
    if not isinstance(part, nodes.Filter | nodes.Test):
        return
    what = "filter" if isinstance(part, nodes.Filter) else "test"
    environment = _environment()
    known = environment.filters if isinstance(part, nodes.Filter) else environment.tests
    if part.name not in known:
        near = closest(part.name, known)
        yield Finding(
            code="template-syntax",
            message=f"the template uses a {what} `{part.name}`, which there is none of",
            found=part.name,
            mend=f"Did you mean `{near}`?" if near else "Remove it.",
        )
