"""`gateway add --yes` with real editor workflows, where the folder with them lies beside the project.

Each is added end to end: file, entry, pinned definitions. What the service would send is then put to the
simulator's validation with the same definitions, and must not do worse than the official graph.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

import pytest

from gateway.graph.json_value import Json, JsonObject, as_array, as_object
from gateway.graph.prompt import to_json
from gateway.project.load import load_project
from gateway.simulator.folders import Folders
from gateway.simulator.machine import Machine
from gateway.simulator.node import Call, NodeClass, Result
from gateway.simulator.settings import Settings
from gateway.simulator.spec import Face
from gateway.simulator.validation import validate
from tests.cli.conftest import Ran

Gateway = Callable[..., Ran]

EDITOR = Path(__file__).parents[3] / "shared" / "editor"
_HOW_MANY = 50
# What cannot be converted faithfully is refused; of fifty taken evenly, a few name unknown classes.
_MOST_REFUSED = 6


def _sample() -> list[Path]:
    cases = sorted((EDITOR / "cases").glob("*.json"))
    return cases[:: max(len(cases) // _HOW_MANY, 1)][:_HOW_MANY]


def _run(call: Call) -> Result:
    raise AssertionError(call.node_id)


def _machine(definitions: JsonObject, folder: Path) -> Machine:
    nodes: dict[str, NodeClass] = {}
    documents: dict[str, JsonObject] = {}
    for class_type, entry in definitions.items():
        fields = as_object(entry) or {}
        outputs = [str(each) for each in as_array(fields.get("output")) or ()]
        is_end = fields.get("output_node") is True
        face = Face(class_type, {}, tuple(outputs), output_node=is_end)
        nodes[class_type] = NodeClass(face, _run)
        documents[class_type] = {**fields, "input": fields.get("input") or {}}
    machine = Machine(Settings(), Folders(folder), nodes)
    machine.documents.update(documents)
    return machine


def _faults(prompt: Mapping[str, Json], machine: Machine) -> set[tuple[str, str]]:
    """Return (node id, kind of fault) of everything that validation refuses."""
    graph = cast("dict[str, dict[str, Json]]", json.loads(json.dumps(prompt)))
    verdict = validate(graph, None, machine)
    found = {("", str(verdict.error["type"]))} if verdict.error else set[tuple[str, str]]()
    for node_id, entry in verdict.node_errors.items():
        for each in as_array((as_object(entry) or {}).get("errors")) or ():
            found.add((node_id, str((as_object(each) or {}).get("type"))))
    return found


@pytest.mark.skipif(not EDITOR.is_dir(), reason="needs the folder shared/editor")
@pytest.mark.timeout(600)
def test_fifty_real_workflows_become_services_or_are_honestly_refused(
    gateway: Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GATEWAY_CONFIG", raising=False)
    counts: Counter[str] = Counter()
    for number, case in enumerate(_sample()):
        told = json.loads(case.read_text("utf-8"))
        folder = tmp_path / str(number)
        folder.mkdir()
        monkeypatch.chdir(folder)
        (folder / "it.json").write_text(json.dumps(told["ui"]), encoding="utf-8")
        packed = EDITOR / f"definitions.{told['server']}.json.gz"
        ran = gateway("add", "it.json", "--yes", "--name", "it", "--definitions", str(packed))
        counts["added" if ran.status == 0 else "refused"] += 1
        if ran.status != 0:
            assert "(workflow-" in ran.err or "(definitions-needed)" in ran.err, (
                case.name,
                ran.err,
            )
            assert not (folder / "services.yaml").exists()
            continue
        loaded = load_project(folder / "services.yaml", {})
        assert loaded.project is not None, (case.name, loaded.findings)
        definitions = json.loads(gzip.decompress(packed.read_bytes()))
        machine = _machine(definitions, folder)
        (service,) = loaded.project.services
        faults = _faults(to_json(service.prompt), machine)
        # Nobody has the models and pictures that these name.
        counts["accepted"] += all(kind == "value_not_in_list" for _, kind in faults)
        assert faults <= _faults(told["api"], machine), case.name
    assert sum(counts[each] for each in ("added", "refused")) == _HOW_MANY
    assert counts["refused"] <= _MOST_REFUSED, counts
    print(dict(counts))  # noqa: T201 - the figure, for whoever runs it with -s
