"""`gateway validate --fix`: what a load found moved is written into services.yaml, and the lock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import DeclarationError, Finding
from gateway.graph.prompt import Prompt
from gateway.intake.settle import Move
from gateway.project.load import Loaded, Project, load_project
from gateway.project.locate import shown_path
from gateway.project.lock_file import write_lock
from gateway.services.bound import BoundParameter
from gateway.services.model import ById, ByTitle, NodeReference, ShortTarget
from gateway.services.replacement import Replaced, Replacement, replace_nodes

__all__ = ["Repaired", "accept", "repair"]

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Repaired:
    """What was repaired: all of it, or nothing when a finding is an error.

    Attributes:
        loaded: The project as it is now.
        replaced: What was written into services.yaml.
        is_locked: Whether the lock was written anew.
    """

    loaded: Loaded
    replaced: tuple[Replaced, ...] = ()
    is_locked: bool = False


def repair(config: Path, environment: Mapping[str, str]) -> Repaired:
    """Write moved bindings to where their nodes are, and the lock.

    services.yaml is loaded as it is to be, and is written only if every binding means what the load
    had found.

    Args:
        config: Path of services.yaml.
        environment: As for a load.

    Raises:
        GatewayError: `project-unwritable`: a file cannot be written; then none is.
        OSError: services.yaml cannot be read.
    """
    loaded = load_project(config, environment)
    if loaded.project is None or not loaded.moves:
        return _locked(loaded)
    content = config.read_bytes()
    wanted = [_replacement(each, loaded.project) for each in loaded.moves]
    try:
        text, replaced = replace_nodes(content.decode("utf-8-sig"), wanted)
    except DeclarationError as error:
        return Repaired(Loaded(None, (*loaded.findings, *error.findings)))
    now = load_project(config, environment, text=text)
    if now.project is None or now.moves or _meant(now.project) != _meant(loaded.project):
        return Repaired(Loaded(None, (*loaded.findings, *now.findings, _unlike(config))))
    written = content[: len(_BOM) * content.startswith(_BOM)] + text.encode()
    is_locked = write_lock(now.project, after={config: written})
    return Repaired(now, replaced, is_locked)


def accept(config: Path, environment: Mapping[str, str]) -> Repaired:
    """Write the lock from services.yaml as it is, whatever was recorded before.

    Args:
        config: Path of services.yaml.
        environment: As for a load.

    Raises:
        GatewayError: `project-unwritable`: the lock cannot be written.
    """
    return _locked(load_project(config, environment, with_lock=False))


def _locked(loaded: Loaded) -> Repaired:
    is_locked = loaded.project is not None and write_lock(loaded.project)
    return Repaired(loaded, is_locked=is_locked)


def _replacement(move: Move, project: Project) -> Replacement:
    section, name, _ = move.binding.key
    prompt = next(each.prompt for each in project.services if each.name == move.service)
    old = move.binding.reference
    new: NodeReference | ShortTarget
    if isinstance(old, ShortTarget):
        new = ShortTarget(f"{move.now}{old.path[len(move.before) :]}", old.place)
    elif isinstance(old, ByTitle) and _is_own_title(move.now, prompt):
        new = ByTitle(prompt[move.now].title)
    else:
        new = ById(move.now)
    return Replacement(move.service, section, name, old, new, move.binding.place)


def _is_own_title(node_id: str, prompt: Prompt) -> bool:
    title = prompt[node_id].title
    return bool(title) and [each.title for each in prompt.values()].count(title) == 1


def _meant(project: Project) -> list[object]:
    """Return which node each binding of a project means."""
    return [
        (bound.name, bound.outputs, [_nodes_of(each) for each in bound.parameters])
        for bound in project.services
    ]


def _nodes_of(bound: BoundParameter) -> list[object]:
    return [
        (
            each.name,
            each.widgets,
            each.settings,
            each.cuts,
            each.absence,
            each.repeat and (each.repeat.node_id, each.repeat.carries),
        )
        for each in bound.parts
    ]


def _unlike(config: Path) -> Finding:
    return Finding(
        code="binding-unwritable",
        message=f"{shown_path(config)} would not mean the same with the new places in it, so nothing "
        "was written",
        mend="Write the new places by hand.",
    )
