"""docs/dependencies.md tells every dependency, its lower bound and a reason."""

from __future__ import annotations

import re
import tomllib

from tests.docs.documents import ROOT, table_rows


def _declared() -> dict[str, str]:
    """Return package → lower bound, of those that run it and those that help to work on it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    found: dict[str, str] = {}
    for requirement in wanted:
        match = re.fullmatch(
            r"([a-z0-9-]+)(?:\[[a-z,]+\])?(?:>=|==)([0-9.]+)(?:,<\d+)?", requirement
        )
        assert match, f"{requirement} has no lower bound"
        found[match[1]] = match[2]
    return found


def test_every_dependency_is_told_with_its_lower_bound() -> None:
    rows = list(table_rows("docs/dependencies.md"))
    assert {row[0].strip("`"): row[1] for row in rows} == _declared()


def test_every_dependency_has_a_reason() -> None:
    assert all(len(row[2]) > 8 for row in table_rows("docs/dependencies.md"))
