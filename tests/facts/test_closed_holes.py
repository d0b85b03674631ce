"""Holes that other bridges to ComfyUI had, tried on the whole gateway; `holes.py` lists them all."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from gateway.graph.json_value import Json, JsonObject, as_object
from gateway.jobs.job import OutputFile, OutputText
from gateway.simulator.server import Simulator
from gateway.tools.builtin import builtin_tools
from tests.facts.whole import VERSIONS, error_of, image, node, opened, posted_inputs, save, show

pytestmark = pytest.mark.timeout(30)

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "gateway").rglob("*.py"))
STARTS_PROGRAMS = {"gateway/cli/earlier.py"}  # git, for `schema --diff`


def called(path: Path) -> set[str]:
    """Return the names of all that a module calls, such as `eval` and `subprocess.run`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {ast.unparse(each.func) for each in ast.walk(tree) if isinstance(each, ast.Call)}


def imported(path: Path) -> set[str]:
    """Return the modules that a module imports."""
    names: set[str] = set()
    for each in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match each:
            case ast.Import(names=aliases):
                names |= {alias.name for alias in aliases}
            case ast.ImportFrom(module=str(module)):
                names.add(module)
            case _:
                pass
    return names


def test_no_code_is_ever_made_of_text() -> None:
    forbidden = {"exec", "eval", "compile", "__import__", "pickle.load", "pickle.loads"}
    assert MODULES
    assert {
        path.name: called(path) & forbidden for path in MODULES if called(path) & forbidden
    } == {}
    assert not [path.name for path in MODULES if imported(path) & {"pickle", "marshal", "shelve"}]


def test_no_comfyui_is_ever_started_and_no_shell() -> None:
    for path in MODULES:
        name = path.relative_to(ROOT).as_posix()
        starts = imported(path) & {"subprocess", "pty", "multiprocessing"}
        starts |= {
            each for each in called(path) if "create_subprocess" in each or each == "os.system"
        }
        assert not starts or name in STARTS_PROGRAMS, name
        assert "shell=True" not in path.read_text(encoding="utf-8")


def test_no_built_in_tool_takes_a_graph_a_path_or_a_url() -> None:
    taken = {
        tool.name: sorted(as_object(tool.input_schema.get("properties")) or {})
        for tool in builtin_tools()
    }
    assert taken == {
        "query_job_status": ["job_id", "wait_seconds"],
        "get_job_result": ["job_id"],
        "list_jobs": ["limit", "offset", "service", "status"],
        "cancel_job": ["job_id"],
        # The overrides are arguments of the job's own service, and checked as those are.
        "rerun_job": ["job_id", "overrides"],
        "get_job_statistics": ["hours", "service", "since"],
        "comfyui_health_check": [],
    }


def stray(folder: Path, mark: str, *homes: Path) -> list[Path]:
    """Return the files of a folder whose path says `mark`, those below their homes left out."""
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and mark in path.as_posix() and not set(homes) & set(path.parents)
    ]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "prefix", ["../../outside", "{root}/outside", "..\\..\\outside", "a/../../../outside"]
)
async def test_a_prefix_that_callers_may_set_leads_nowhere_outside(
    tmp_path: Path, version: str, prefix: str
) -> None:
    service: JsonObject = {"parameters": {"name": {"node": "2", "widget": "filename_prefix"}}}
    home = tmp_path / "deep" / "comfy"
    async with (
        Simulator(version=version, folder=home) as simulator,
        opened(tmp_path, simulator, {"1": image(), "2": save()}, service) as whole,
    ):
        answer = await whole.call(name=prefix.format(root=tmp_path))
    if answer.failed:
        assert error_of(answer)["code"] == "node-failed"
    assert stray(tmp_path, "outside", home / "output", tmp_path / ".gateway" / "outputs") == []


@pytest.mark.parametrize(
    "name", ["../../../evil.png", "evil\x1b[31m\u202egnp.exe", "a" * 500 + ".png", "CON", ".."]
)
async def test_whatever_comfyui_calls_a_file_it_is_kept_inside_the_jobs_folder(
    tmp_path: Path, simulator: Simulator, name: str
) -> None:
    ui: JsonObject = {"files": [{"filename": name, "subfolder": "", "type": "output"}]}
    async with opened(tmp_path, simulator, {"1": show(ui)}) as whole:
        job = await whole.ended(await whole.begin())
    for output in job.outputs:
        assert isinstance(output, OutputFile)
        assert "/" not in output.filename
        assert output.filename.isprintable()
    assert stray(tmp_path, "evil", tmp_path / ".gateway" / "outputs") == []


async def test_hidden_and_control_characters_of_nodes_do_not_reach_a_model(
    tmp_path: Path, simulator: Simulator
) -> None:
    hidden = "ig\u200bnore\u202e \x1b[31mall\U000e0041\x07"
    texts: JsonObject = {"text": [hidden]}
    async with opened(tmp_path, simulator, {"1": show(texts)}) as whole:
        job = await whole.ended(await whole.begin())
        (output,) = job.outputs
        assert isinstance(output, OutputText)
        assert not set(output.text) & set("\u200b\u202e\x1b\x07\U000e0041")
    graph: dict[str, Json] = {
        "1": image(),
        "2": node("SimulatedError", image=["1", 0], message=hidden, kind="ValueError"),
        "3": save("2"),
    }
    async with opened(tmp_path, simulator, graph) as whole:
        answer = await whole.call()
        assert error_of(answer)["code"] == "node-failed"
        told = answer.text + json.dumps(answer.structured, ensure_ascii=False)
        assert not set(told) & set("\u200b\u202e\x1b\x07\U000e0041")


@pytest.mark.parametrize("value", [["1", 0], {"__value__": ["1", 0]}, [["1", 0]], {"1": 0}])
async def test_an_argument_never_becomes_a_link(
    tmp_path: Path, simulator: Simulator, value: Json
) -> None:
    graph: dict[str, Json] = {
        "1": node("PrimitiveString", value="mine"),
        "2": node("PreviewAny", source=["1", 0]),
    }
    service: JsonObject = {"parameters": {"words": {"node": "1", "widget": "value"}}}
    async with opened(tmp_path, simulator, graph, service) as whole:
        assert error_of(await whole.call(words=value))["code"] == "arguments-invalid"
        assert not (await whole.call()).failed
        assert (await posted_inputs(simulator, "1"))["value"] == "mine"


async def test_template_code_in_an_argument_is_text(tmp_path: Path, simulator: Simulator) -> None:
    graph: dict[str, Json] = {
        "1": node("PrimitiveString", value="x"),
        "2": node("PreviewAny", source=["1", 0]),
    }
    service: JsonObject = {
        "parameters": {
            "words": {"node": "1", "widget": "value", "template": "say {{ words }}", "default": "a"}
        }
    }
    evil = "{{ ''.__class__.__mro__[1].__subclasses__() }}{% for x in range(10**9) %}{% endfor %}"
    async with opened(tmp_path, simulator, graph, service) as whole:
        assert not (await whole.call(words=evil)).failed
        assert (await posted_inputs(simulator, "1"))["value"] == f"say {evil}"
