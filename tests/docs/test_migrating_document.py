"""docs/migrating.md shows of every dialect a file, and what `gateway migrate` makes of it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from gateway.intake.dialects.detect import DIALECTS, choose
from gateway.intake.dialects.document import NEW_FILE, compose
from gateway.intake.dialects.migrate import migrate
from gateway.project.dialect_files import open_source
from tests.docs.documents import ROOT

TEXT = (ROOT / "docs/migrating.md").read_text(encoding="utf-8")
SECTION = re.compile(r"^## `([a-z-]+)`$(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
SECTIONS: dict[str, str] = dict(SECTION.findall(TEXT))
SHOWN = re.compile(r"```json\n(.*?)```.*?```(?:yaml|text)\n(.*?)```", re.DOTALL)
# Under which name a file of a dialect is found; the folder's name is text_to_image.
NAMED = {"services-config": "config.json", "skill-schema": "schema.json"}


def test_every_dialect_has_a_section() -> None:
    assert SECTIONS.keys() == DIALECTS.keys()


@pytest.mark.parametrize("dialect", SECTIONS)
def test_a_file_comes_to_what_stands_under_it(dialect: str, tmp_path: Path) -> None:
    found = SHOWN.search(SECTIONS[dialect])
    assert found
    before, after = found.groups()
    folder = tmp_path / "text_to_image"
    folder.mkdir()
    graph = (ROOT / "workflows/text_to_image.json").read_text(encoding="utf-8")
    for name in ("workflow.json", "text_to_image.json"):
        (folder / name).write_text(graph, encoding="utf-8")
    file = folder / NAMED.get(dialect, "text_to_image.json")
    file.write_text(before, encoding="utf-8")
    source = open_source(file).source
    assert choose(source).name == dialect
    migration = migrate([(source, DIALECTS[dialect])])
    assert migration.is_whole
    assert compose(NEW_FILE, migration.entries, migration.sections) == after
    assert json.loads(before)
