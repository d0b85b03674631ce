"""`make conversion-report`, on cases made by hand."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from gateway.editor.convert import convert
from gateway.editor.texts import resolve_texts
from gateway.graph.json_value import Json
from gateway.graph.prompt import to_json
from tests.docs.documents import ROOT
from tests.editor.portrait import OBJECT_INFO, PORTRAIT

pytestmark = [pytest.mark.servers, pytest.mark.timeout(30)]
CLOCK = datetime.fromisoformat("2026-01-02T03:04:05Z")


def _report(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "scripts/conversion_report.py", *words],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=20,
    )


def _case(folder: Path, name: str, api: Json, **more: Json) -> dict[str, Json]:
    """Write a case and return its features; `more` are fields of either."""
    case: dict[str, Json] = {"ui": PORTRAIT, "api": api, "server": "small"}
    case |= {"volatile_inputs": [], "nondeterministic": [], **more}
    (folder / "cases" / name).write_text(json.dumps(case), encoding="utf-8")
    features: dict[str, Json] = {"file": name, "server": "small", "nested_depth": 2}
    return {**features, "has_mute": True, "unknown_types": more.get("unknown_types", [])}


@pytest.fixture
def api() -> dict[str, dict[str, dict[str, Json]]]:
    """Return what the hand-made workflow comes to, in a copy of the test's own."""
    found = convert(PORTRAIT, OBJECT_INFO)
    prompt = resolve_texts(found.texts, found.prompt, lambda _: 0, CLOCK)
    return json.loads(json.dumps(to_json(prompt)))


def test_cases_are_scored_by_feature_and_misses_are_listed(
    tmp_path: Path, api: dict[str, dict[str, dict[str, Json]]]
) -> None:
    (tmp_path / "cases").mkdir()
    index = [_case(tmp_path, "1-same.json", json.loads(json.dumps(api)))]
    api["3"]["inputs"] |= {"cfg": 7.5, "steps": 2.0, "seed": 2**64}  # as the editor's doubles
    index += [_case(tmp_path, "2-numbers.json", json.loads(json.dumps(api)))]
    api["3"]["inputs"]["undeclared"] = "ignored"
    index += [_case(tmp_path, "3-relevant.json", json.loads(json.dumps(api)))]
    volatile: Json = [["3", "undeclared"]]
    index += [
        _case(tmp_path, "4-volatile.json", json.loads(json.dumps(api)), volatile_inputs=volatile)
    ]
    api["3"]["inputs"]["steps"] = True
    index += [
        _case(tmp_path, "5-wrong.json", json.loads(json.dumps(api))),
        _case(tmp_path, "6-chance.json", {}, nondeterministic=[["6", "text"]]),
        _case(tmp_path, "7-refused.json", {}, ui={"nodes": [{"id": 1, "type": "Odd"}]}),
        _case(tmp_path, "8-unknown.json", {}, unknown_types=["Odd"]),
    ]
    (tmp_path / "index.json").write_text(json.dumps(index), encoding="utf-8")
    packed = gzip.compress(json.dumps(OBJECT_INFO).encode())
    (tmp_path / "definitions.small.json.gz").write_bytes(packed)
    ran = _report(str(tmp_path))
    assert (ran.returncode, ran.stderr) == (0, "")
    rows = {line[:24].strip(): line[24:].split() for line in ran.stdout.splitlines()[1:7]}
    assert rows["all"] == ["3", "of", "7", "42.9%", "4", "of", "7", "57.1%"]
    assert rows["unknown types"][:3] == ["0", "of", "1"]
    for group in ("known types", "has_mute", "depth >= 2"):
        assert rows[group] == ["3", "of", "6", "50.0%", "4", "of", "6", "66.7%"]
    assert "misses with known types: 3\n" in ran.stdout
    assert "  3-relevant.json: missing input\n" in ran.stdout
    assert "  5-wrong.json: missing input, wrong input\n" in ran.stdout
    assert "  7-refused.json: " in ran.stdout
    assert "slowest: " in ran.stdout


@pytest.mark.parametrize("words", [[], [""], ["nowhere"]])
def test_without_cases_it_says_what_is_needed(words: list[str]) -> None:
    ran = _report(*words)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "make conversion-report CASES=folder" in ran.stderr
