"""Node definitions for what is not yet a service: as a file has them, as pinned, or from the backends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from gateway.cli.report import print_error
from gateway.comfy.backend import ComfyBackend
from gateway.errors import BackendError, DeclarationError, GatewayError
from gateway.graph.json_value import Json, JsonObject, as_object
from gateway.project.definitions_file import DEFINITIONS_FILE, read_raw
from gateway.project.environment import read_environment
from gateway.project.json_file import FileFault
from gateway.project.load import load_graphs
from gateway.project.locate import CONFIG_VARIABLE, find_config
from gateway.project.object_info_file import read_object_info
from gateway.project.pinning import is_complete
from gateway.services.model import BackendDeclaration
from gateway.services.read_backends import implied_backends

__all__ = ["DefinitionsAtHand", "ask_backends", "definitions_at_hand", "read_definitions"]

_Backends: TypeAlias = Callable[[], Sequence[BackendDeclaration]]


class DefinitionsAtHand:
    """Node definitions, known ones first; the backends are asked once, when a class is not among them.

    Args:
        known: `/object_info` entries by class type.
        backends: Tells whom to ask for what is not known.
    """

    def __init__(self, known: JsonObject, backends: _Backends) -> None:
        self._entries: Mapping[str, Json] = known
        self._backends: _Backends | None = backends

    def covering(self, class_types: frozenset[str]) -> JsonObject:
        """Return the definitions: of these classes, if anybody who can be asked knows them.

        Raises:
            DeclarationError: services.yaml, which says whom to ask, has errors.
        """
        if self._backends is not None and not class_types <= self._entries.keys():
            backends, self._backends = self._backends(), None
            told = asyncio.run(ask_backends(backends, None))
            for each in told:
                if isinstance(each, BackendError):
                    print_error(each)
            for entries in (each for each in told if not isinstance(each, BackendError)):
                self._entries = {**entries, **self._entries}
        return self._entries


def definitions_at_hand(given: Path | None, config: Path | None = None) -> DefinitionsAtHand:
    """Return the definitions of a file; without one, those of the project, its backends behind them.

    Args:
        given: `--definitions`; None where it was not said. Without a project the local backend is asked.
        config: `--config`, the project whose they are; None where it was not said.

    Raises:
        GatewayError: The file cannot be used.
        DeclarationError: There is no services.yaml where `--config` or `GATEWAY_CONFIG` says.
    """
    if given is not None:
        return DefinitionsAtHand(read_definitions(given), tuple)
    environment = read_environment()
    try:
        path = find_config(config, environment, Path.cwd())
    except DeclarationError:
        if config is not None or environment.get(CONFIG_VARIABLE):
            raise
        return DefinitionsAtHand({}, lambda: _implied(environment))
    pinned = read_raw(path.parent / DEFINITIONS_FILE)
    known = {
        class_type: entry
        for class_type, entry in pinned.items()
        if is_complete(as_object(entry) or {})
    }
    return DefinitionsAtHand(known, lambda: _declared(path, environment))


def read_definitions(path: Path) -> JsonObject:
    """Return the definitions that a file holds, named on the command line.

    Raises:
        GatewayError: The file cannot be used.
    """
    try:
        return read_object_info(path)
    except FileFault as fault:
        raise GatewayError(fault.message, code="wrong-use", mend=fault.mend) from fault


async def ask_backends(
    backends: Sequence[BackendDeclaration], class_types: frozenset[str] | None
) -> list[JsonObject | BackendError]:
    """Return what each backend says of some classes, or of all."""
    return await asyncio.gather(*(_ask(each, class_types) for each in backends))


async def _ask(
    backend: BackendDeclaration, class_types: frozenset[str] | None
) -> JsonObject | BackendError:
    asking = ComfyBackend(backend)
    try:
        return await asking.definitions(class_types)
    except BackendError as error:
        return error
    finally:
        await asking.close()


def _implied(environment: Mapping[str, str]) -> Sequence[BackendDeclaration]:
    backends, findings = implied_backends(environment)
    if findings:
        raise DeclarationError(findings)
    return backends


def _declared(config: Path, environment: Mapping[str, str]) -> Sequence[BackendDeclaration]:
    graphs = load_graphs(config, environment)
    if graphs.declaration is None:
        raise DeclarationError(graphs.findings)
    return graphs.declaration.backends
