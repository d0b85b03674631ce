"""Whatever stands in a file, it comes to services that load, or to notes that say why not."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.graph.json_value import Json
from gateway.intake.dialects.detect import DIALECTS, detect, wanted_by
from gateway.intake.dialects.drafts import Companion, Source
from gateway.intake.dialects.migrate import Migration, migrate
from gateway.project.dialect_files import open_source
from gateway.services.parse import parse_services
from gateway.services.resolve import resolve_service
from tests.intake.dialects.reading import FOLDER, GOOD, text_of

WORDS = [
    "services",
    "nodes",
    "parameters",
    "PARAM_INT_X",
    "$a.b!:c",
    "=>x",
    "==x==",
    "random",
    "-1",
]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(WORDS),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


def check(migration: Migration) -> None:
    for note in migration.told:
        assert note.message
        assert note.mend
    if not migration.is_whole:
        return
    parsed = parse_services(text_of(migration), "services.yaml", {})
    assert parsed.findings == ()
    assert parsed.declaration is not None
    for service in parsed.declaration.services:
        found = resolve_service(service, migration.workflows[service.workflow], {}).findings
        assert [each for each in found if each.severity == "error"] == []


@pytest.mark.timeout(60)
@pytest.mark.parametrize("dialect", DIALECTS)
@given(raw=JSON)
@settings(deadline=None, max_examples=25)
def test_any_json_is_read_or_refused(dialect: str, raw: Json) -> None:
    source = Source("x.json", raw)
    detect(source)
    wanted_by(source)
    check(migrate([(source, DIALECTS[dialect])]))


def spots(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    keys: list[Any] = []
    if isinstance(value, dict):
        keys = list(cast("dict[str, Any]", value))
    elif isinstance(value, list):
        keys = list(range(len(cast("list[Any]", value))))
    for key in keys:
        yield from spots(value[key], (*path, key))


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    value = copy.copy(value)
    value[path[0]] = changed(value[path[0]], path[1:], new)
    return value


@pytest.mark.timeout(60)
@pytest.mark.parametrize("case", [case for case in GOOD if case in DIALECTS])
@given(data=st.data())
@settings(deadline=None, max_examples=25)
def test_a_good_file_with_anything_in_one_place_is_read_or_refused(
    case: str, data: st.DataObject
) -> None:
    good = open_source(FOLDER / "good" / case / GOOD[case][0]).source
    files = {"": good.raw} | {
        name: each.raw for name, each in good.beside.items() if isinstance(each, Companion)
    }
    name = data.draw(st.sampled_from(sorted(files)))
    path = data.draw(st.sampled_from(list(spots(json.loads(json.dumps(files[name]))))))
    files[name] = changed(files[name], path, data.draw(JSON))
    beside = {key: Companion(key, raw) for key, raw in files.items() if key}
    source = Source(good.file, files[""], good.folder, beside)
    detect(source)
    check(migrate([(source, DIALECTS[case])]))
