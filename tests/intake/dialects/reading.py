"""The hand-made files, read and rendered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gateway.errors import DeclarationError
from gateway.graph.json_value import Json
from gateway.graph.prompt import Prompt, to_json
from gateway.intake.dialects.detect import DIALECTS, choose
from gateway.intake.dialects.document import NEW_FILE, compose
from gateway.intake.dialects.drafts import Companion, Source
from gateway.intake.dialects.migrate import Migration, migrate
from gateway.intake.dialects.notes import Note
from gateway.project.dialect_files import Aids, open_source

FOLDER = Path(__file__).parent
GOOD: dict[str, tuple[str, ...]] = {
    "arrow-titles": ("workflow.json",),
    "dollar-titles": ("paper_boat.json",),
    "dollar-titles-files": ("invert.json",),
    "node-table": ("settings.json",),
    "node-table-alone": ("nodes.json", "boat.json"),
    "node-table-nested": ("config.json",),
    "placeholders": ("paper-boat.json",),
    "placeholders-mapped": ("plain.meta.json",),
    "primitives": ("boat.json",),
    "primitives-packed": ("packed.json",),
    "services-config": ("config.json",),
    "skill-schema": ("paper_boat/schema.json",),
    "view-comfy": ("view_comfy.json",),
}
"""Case → its file, and the workflow that is named for it."""


def good(case: str) -> Migration:
    """Migrate a good case, as the dialect it looks like."""
    file, *workflow = (FOLDER / "good" / case / each for each in GOOD[case])
    source = open_source(file, Aids(workflow[0] if workflow else None)).source
    return migrate([(source, choose(source))])


def source(raw: Json, file: str = "file.json", **keys: Any) -> Source:
    """Return a file that is in memory only; `beside` and `workflow` as raw JSON."""
    beside = {name: Companion(name, each) for name, each in keys.pop("beside", {}).items()}
    workflow = keys.pop("workflow", None)
    named = None if workflow is None else Companion("named.json", workflow)
    return Source(file, raw, beside=beside, workflow=named, **keys)


def migrated(raw: Json, dialect: str | None = None, **keys: Any) -> Migration:
    """Migrate a file that is in memory only."""
    definitions, taken = keys.pop("known", {}), keys.pop("taken", ())
    given = source(raw, **keys)
    return migrate(
        [(given, choose(given, dialect) if dialect is None else DIALECTS[dialect])],
        definitions,
        taken,
    )


def codes(migration: Migration) -> list[str]:
    """Return the codes of what is told."""
    return [each.code for each in migration.told]


def text_of(migration: Migration) -> str:
    """Return services.yaml, or why there is none."""
    try:
        return compose(NEW_FILE, migration.entries, migration.sections)
    except DeclarationError as error:
        return str(error)


def rendered(migration: Migration) -> str:
    """Return everything that a migration came to, for people to review."""
    text = text_of(migration)
    graphs = [_graph(name, prompt) for name, prompt in migration.workflows.items()]
    return "\n".join((text, *graphs, *map(_note, migration.told), ""))


def _graph(name: str, prompt: Prompt) -> str:
    nodes = (
        f"  {key}: {json.dumps(node, ensure_ascii=False)}" for key, node in to_json(prompt).items()
    )
    return "\n".join((f"--- workflows/{name}", *nodes))


def _note(note: Note) -> str:
    whose = ".".join(each for each in (note.service, note.parameter) if each)
    return (
        f"--- {note.severity} {note.code} {note.file}{note.pointer} {whose}\n  {note.message}\n"
        f"  found: {note.found}\n  mend: {note.mend}"
    )
