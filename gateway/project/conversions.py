"""Editor workflows as they were converted, kept by content while a process reads its project again."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from gateway.errors import Finding
from gateway.graph.json_value import Json

if TYPE_CHECKING:
    from gateway.editor.convert import Conversion
    from gateway.project.definitions_file import PinnedDefinitions

__all__ = ["Conversions"]


class Conversions:
    """The conversions of one project; the next load makes anew only those whose content changed."""

    def __init__(self) -> None:
        self._kept: dict[bytes, Conversion] = {}
        self._used: set[bytes] = set()

    def convert(
        self, content: bytes, raw: Json, pinned: PinnedDefinitions, file: str
    ) -> Conversion | tuple[Finding, ...]:
        """Return what an editor workflow comes to, or why it cannot be converted.

        Args:
            content: Of the file.
            raw: The same as JSON.
            pinned: The node definitions.
            file: What the file is called in findings.
        """
        key = hashlib.sha256(hashlib.sha256(content).digest() + pinned.digest).digest()
        self._used.add(key)
        if key in self._kept:
            return self._kept[key]
        # Loaded by name: starts of projects without editor workflows go without the converter.
        module = importlib.import_module("gateway.project.editor_workflow")
        convert = cast(
            "Callable[[Json, PinnedDefinitions, str], Conversion | tuple[Finding, ...]]",
            module.convert_workflow,
        )
        found = convert(raw, pinned, file)
        if not isinstance(found, tuple):
            self._kept[key] = found
        return found

    def sweep(self) -> None:
        """Forget what was not asked for since the last sweep."""
        self._kept = {key: each for key, each in self._kept.items() if key in self._used}
        self._used = set()
