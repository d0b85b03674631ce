"""Finding the route of a request: a dictionary for plain paths, patterns for the rest.

Every route is there twice, at `/x` and at `/api/x`; a route declared under `/api` only once more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote

from gateway.simulator.exchange import Route, Routes

__all__ = ["Found", "Router"]

_API = "/api/"


@dataclass(frozen=True, slots=True)
class Found:
    """The routes of one path: method → route, and what stood in its open places."""

    path: str
    methods: dict[str, Route]
    captured: tuple[str, ...] = ()


@dataclass(slots=True)
class Router:
    """Path → routes."""

    exact: dict[str, dict[str, Route]] = field(default_factory=dict[str, dict[str, Route]])
    patterns: dict[tuple[str, ...], dict[str, Route]] = field(
        default_factory=dict[tuple[str, ...], dict[str, Route]]
    )

    def add(self, tables: Iterable[Routes]) -> None:
        """Add routes."""
        for table in tables:
            for key, route in table.items():
                method, _, path = key.partition(" ")
                if "{}" in path:
                    self.patterns.setdefault(tuple(path.split("/")), {})[method] = route
                else:
                    self.exact.setdefault(path, {})[method] = route

    def find(self, path: str) -> Found | None:
        """Return the routes of a raw (still quoted) path, or None."""
        found = self._find(path)
        if found is None and path.startswith(_API):
            found = self._find(path[len(_API) - 1 :])
        return found

    def _find(self, path: str) -> Found | None:
        if (methods := self.exact.get(path)) is not None:
            return Found(path, methods)
        parts = tuple(path.split("/"))
        for pattern, methods in self.patterns.items():
            if len(pattern) == len(parts) and all(
                own in ("{}", given) for own, given in zip(pattern, parts, strict=True)
            ):
                pairs = zip(pattern, parts, strict=True)
                captured = tuple(unquote(given) for own, given in pairs if own == "{}")
                return Found("/".join(pattern), methods, captured)
        return None
