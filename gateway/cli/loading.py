"""The one place where a module is imported by its name, so that a command costs only what it needs."""

from __future__ import annotations

from importlib import import_module

__all__ = ["load"]


def load(module: str, name: str) -> object:
    """Return a name of a module, importing it now."""
    return getattr(import_module(module), name)
