"""`gateway add`, in projects of all kinds, with a simulated ComfyUI where one is asked."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from gateway.graph.json_value import Json
from gateway.project.environment import read_environment
from gateway.project.load import load_project
from gateway.simulator.server import Simulator
from tests.cli.conftest import Ran
from tests.docs.documents import ROOT
from tests.editor.portrait import portrait as editor_portrait

Gateway = Callable[..., Ran]

pytestmark = pytest.mark.timeout(60)  # the first command of a process imports half of the gateway

GRAPH = (ROOT / "workflows/text_to_image.json").read_text("utf-8")


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a workflow and no project, which is the current one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GATEWAY_CONFIG", raising=False)
    (tmp_path / "Fox 2.json").write_text(GRAPH, encoding="utf-8")
    return tmp_path


def _files(folder: Path) -> dict[str, bytes]:
    return {
        each.relative_to(folder).as_posix(): each.read_bytes()
        for each in sorted(folder.rglob("*"))
        if each.is_file() and ".gateway" not in each.parts
    }


def _service_names(folder: Path) -> list[str]:
    loaded = load_project(folder / "services.yaml", read_environment())
    assert loaded.project is not None, loaded.findings
    return [each.name for each in loaded.project.services]


@pytest.mark.usefixtures("simulator")
def test_only_the_new_service_s_warnings_are_told(gateway: Gateway, project: Path) -> None:
    known: Json = {
        "Paid": {"input": {"required": {"text": ["STRING", {}]}}, "output": [], "api_node": True}
    }
    (project / "known.json").write_text(json.dumps(known), encoding="utf-8")
    graph = {"1": {"class_type": "Paid", "inputs": {"text": "a fox"}}}
    for name, content in {"paid": json.dumps(graph), "fox": GRAPH}.items():
        (project / f"{name}.json").write_text(content, encoding="utf-8")
    first = gateway(
        "add", str(project / "paid.json"), "--yes", "--definitions", str(project / "known.json")
    )
    assert "(workflow-paid-node)" in first.err
    second = gateway("add", str(project / "fox.json"), "--yes")
    assert (second.status, second.err) == (0, "")


# --- what it writes -------------------------------------------------------------------------------


def test_a_workflow_becomes_a_service_in_a_project_of_its_own(
    gateway: Gateway, empty: Path
) -> None:
    ran = gateway("add", "Fox 2.json", "--yes")
    assert ran.status == 0
    assert ran.err.startswith("no definition is known of CLIPTextEncode, ")
    assert "gateway definitions pull" in ran.err
    assert ran.out.splitlines()[-4:] == [
        "wrote workflows/fox_2.json",
        "wrote services.yaml",
        "wrote services.lock.json",
        "added the service fox_2; next: gateway call fox_2 prompt=…",
    ]
    assert (empty / "services.yaml").read_text("utf-8") == NEW_FILE
    assert json.loads((empty / "workflows/fox_2.json").read_text("utf-8")) == json.loads(GRAPH)
    assert gateway("validate").out == "services.yaml: 1 service, nothing to mend\n"


NEW_FILE = """\
# Each entry under `services` is a tool.
version: 1

services:
  fox_2:
    # Assistants choose by the description: say what this makes, and when to use it.
    title: Fox 2
    description: Make an image from text.
    workflow: fox_2.json
    parameters:
      prompt:     {node: "6", widget: text, required: true, description: What to make.}
      negative:   {node: "7", widget: text, description: What to leave out.}
      width:      {node: "5", widget: width, minimum: 64, maximum: 2048, description: Width in pixels.}
      height:     {node: "5", widget: height, minimum: 64, maximum: 2048, description: Height in pixels.}
      seed:       {node: "3", widget: seed, default: random, description: Repeats a result.}
      steps:      {node: "3", widget: steps, minimum: 1, maximum: 100, description: More is slower and finer.}
      cfg:        {node: "3", widget: cfg, maximum: 30, description: How closely to follow the prompt.}
      checkpoint: {node: "4", widget: ckpt_name, description: The model file.}
    outputs:
      image: {node: "9"}  # Save image
"""


@pytest.mark.usefixtures("simulator")
def test_a_project_s_own_file_is_added_to_and_the_rest_of_it_stays(
    gateway: Gateway, project: Path
) -> None:
    before = (project / "services.yaml").read_bytes()
    ran = gateway("add", "workflows/text_to_image.json", "--yes", "--name", "sketch")
    assert ran.status == 0, ran.err
    after = (project / "services.yaml").read_bytes()
    assert after.startswith(before)
    assert _service_names(project) == ["portrait", "sketch"]
    pinned = json.loads((project / "schemas/definitions.json").read_text("utf-8"))
    assert "KSampler" in pinned
    # With the backend's definitions the table tells what they allow.
    assert "1 … 100" in ran.out
    assert "a file of the backend" in ran.out


def test_a_name_that_is_taken_is_never_given_twice_unless_it_was_asked_for(
    gateway: Gateway, project: Path
) -> None:
    (project / "portrait.json").write_text(GRAPH, encoding="utf-8")
    assert gateway("add", "portrait.json", "--yes").status == 0
    assert gateway("add", "portrait.json", "--yes").status == 0
    assert _service_names(project) == ["portrait", "portrait_2", "portrait_3"]
    before = _files(project)
    ran = gateway("add", "portrait.json", "--yes", "--name", "portrait")
    assert (ran.status, _files(project)) == (1, before)
    assert "there is a service `portrait` already (service-exists)" in ran.err


def test_a_workflow_file_is_never_overwritten(gateway: Gateway, project: Path) -> None:
    (project / "workflows/fox.json").write_text("{}", encoding="utf-8")
    (project / "fox.json").write_text(GRAPH, encoding="utf-8")
    assert gateway("add", "fox.json", "--yes").status == 0
    assert (project / "workflows/fox.json").read_text("utf-8") == "{}"
    assert (project / "workflows/fox_2.json").is_file()
    # The same workflow once more needs no second file.
    again = gateway("add", "fox.json", "--yes", "--name", "fox_2")
    assert "wrote workflows/" not in again.out
    assert "workflow: fox_2.json" in (project / "services.yaml").read_text("utf-8")


def test_no_value_of_a_file_moves_the_terminal(gateway: Gateway, empty: Path) -> None:
    graph = GRAPH.replace("v1-5-pruned-emaonly-fp16.safetensors", r"a\u2028b\u009b2J\u202e")
    assert graph != GRAPH
    (empty / "evil.json").write_text(graph, encoding="utf-8")
    ran = gateway("add", "evil.json", "--yes", "--definitions", str(DEFINITIONS))
    assert ran.status == 0, ran.err
    assert (ran.out + ran.err).replace("\n", "").isprintable()


def test_a_dry_run_shows_what_would_be_written_and_writes_nothing(
    gateway: Gateway, empty: Path
) -> None:
    before = _files(empty)
    ran = gateway("add", "Fox 2.json", "--dry-run")
    assert ran.status == 0
    assert "would write workflows/fox_2.json" in ran.out
    assert '\n      prompt:     {node: "6"' not in ran.out
    assert '\n    prompt:     {node: "6"' in ran.out
    assert _files(empty) == before


def test_what_would_break_the_project_is_undone_and_told(gateway: Gateway, project: Path) -> None:
    (project / "fox.json").write_text(GRAPH, encoding="utf-8")
    # A file stands where the pinned definitions' folder would be.
    (project / "schemas").write_text("", encoding="utf-8")
    before = _files(project)
    ran = gateway("add", "fox.json", "--yes", "--definitions", str(DEFINITIONS))
    assert ran.status == 1
    assert "cannot be written" in ran.err
    assert _files(project) == before


def test_pinned_definitions_that_cannot_be_read_are_left_alone(
    gateway: Gateway, project: Path
) -> None:
    (project / "fox.json").write_text(GRAPH, encoding="utf-8")
    (project / "schemas").mkdir()
    (project / "schemas/definitions.json").write_text("<<<<<<< mine\n{}\n", encoding="utf-8")
    before = _files(project)
    ran = gateway("add", "fox.json", "--yes", "--definitions", str(DEFINITIONS))
    assert ran.status == 1
    assert "(definitions-invalid)" in ran.err
    assert _files(project) == before


@pytest.mark.parametrize(
    ("link", "to"),
    [
        ("workflows", "elsewhere"),
        ("schemas", "elsewhere"),
        ("schemas/definitions.json", "elsewhere/there.json"),
        ("schemas/definitions.json", "elsewhere/new.json"),
        ("services.yaml", "elsewhere/new.yaml"),
    ],
)
def test_no_link_leads_what_is_written_out_of_the_project(
    gateway: Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, link: str, to: str
) -> None:
    monkeypatch.delenv("GATEWAY_CONFIG", raising=False)
    folder = tmp_path / "mine"
    (folder / link).parent.mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/there.json").write_text("{}", encoding="utf-8")
    (folder / link).symlink_to(tmp_path / to)
    (folder / "fox.json").write_text(GRAPH, encoding="utf-8")
    monkeypatch.chdir(folder)
    before = _files(tmp_path)
    ran = gateway("add", "fox.json", "--yes", "--definitions", str(DEFINITIONS))
    assert ran.status == 1
    assert "(project-unwritable)" in ran.err or "(config-unreadable)" in ran.err
    assert _files(tmp_path) == before


def test_a_file_that_is_a_link_to_itself_is_in_nobody_s_way(gateway: Gateway, empty: Path) -> None:
    (empty / "workflows").mkdir()
    (empty / "workflows/fox_2.json").symlink_to("fox_2.json")
    ran = gateway("add", "Fox 2.json", "--yes")
    assert ran.status == 0, ran.err
    assert (empty / "workflows/fox_2_2.json").is_file()


def test_what_somebody_else_wrote_meanwhile_is_not_overwritten(
    gateway: Gateway, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "fox.json").write_text(GRAPH, encoding="utf-8")

    class Slow(_Terminal):
        def readline(self, size: int | None = -1, /) -> str:
            config = project / "services.yaml"
            config.write_text(config.read_text("utf-8") + "# mine\n", encoding="utf-8")
            return super().readline(-1 if size is None else size)

    monkeypatch.setattr("sys.stdin", Slow("\n"))
    ran = gateway("add", "fox.json")
    assert ran.status == 1
    assert "changed by somebody else" in ran.err
    assert (project / "services.yaml").read_text("utf-8").endswith("# mine\n")
    assert not (project / "workflows/fox.json").exists()


# --- the lock -------------------------------------------------------------------------------------


def _renumbered(path: Path) -> None:
    """Exchange the ids of a graph's two texts, as an editor may."""
    text = path.read_text("utf-8").replace('"6"', '"x"').replace('"7"', '"6"').replace('"x"', '"7"')
    path.write_text(text, encoding="utf-8")


def test_what_a_project_begins_with_is_protected_from_the_start(
    gateway: Gateway, empty: Path
) -> None:
    assert "wrote services.lock.json" in gateway("add", "Fox 2.json", "--yes").out
    _renumbered(empty / "workflows/fox_2.json")
    ran = gateway("validate")
    assert ran.status == 0
    assert "(binding-moved)" in ran.out + ran.err


def test_a_service_is_recorded_where_others_are_and_they_stay_as_they_were(
    gateway: Gateway, project: Path
) -> None:
    (project / "fox.json").write_text(GRAPH, encoding="utf-8")
    assert "services.lock.json" not in gateway("add", "fox.json", "--yes").out
    assert not (project / "services.lock.json").exists()
    assert gateway("validate", "--fix").status == 0
    _renumbered(project / "workflows/text_to_image.json")
    assert "services.lock.json" in gateway("add", "fox.json", "--yes").out
    lock = json.loads((project / "services.lock.json").read_text("utf-8"))
    assert list(lock["services"]) == ["fox", "fox_2", "portrait"]
    told = gateway("validate")
    assert "(binding-moved)" in told.out + told.err


def test_a_record_that_others_are_judged_by_is_not_replaced(
    gateway: Gateway, project: Path
) -> None:
    assert gateway("validate", "--fix").status == 0
    lock = (project / "services.lock.json").read_bytes()
    graph = project / "workflows/text_to_image.json"
    _renumbered(graph)
    (project / "text_to_image.json").write_bytes(graph.read_bytes())
    ran = gateway("add", "text_to_image.json", "--yes")
    assert ran.status == 0, ran.err
    assert "wrote services.lock.json" not in ran.out
    assert (project / "services.lock.json").read_bytes() == lock


DEFINITIONS = ROOT / "tests/definitions/object_info.json"


# --- what it reads --------------------------------------------------------------------------------


def test_the_editor_s_save_file_is_kept_as_it_is(gateway: Gateway, empty: Path) -> None:
    (empty / "saved.json").write_text(json.dumps(editor_portrait()), encoding="utf-8")
    refused = gateway("add", "saved.json", "--yes")
    assert refused.status == 1
    assert "(definitions-needed)" in refused.err
    ran = gateway("add", "saved.json", "--yes", "--definitions", str(DEFINITIONS))
    assert ran.status == 0, ran.err
    kept = json.loads((empty / "workflows/saved.json").read_text("utf-8"))
    assert kept == editor_portrait()
    api = gateway("add", "saved.json", "--yes", "--format", "api", "--name", "plain")
    assert api.status == 0, api.err
    assert "class_type" in (empty / "workflows/plain.json").read_text("utf-8")
    assert _service_names(empty) == ["saved", "plain"]


def _picture(path: Path, **texts: Json) -> None:
    info = PngInfo()
    for name, value in texts.items():
        info.add_text(name, json.dumps(value))
    Image.new("RGB", (8, 8)).save(path, pnginfo=info)


def test_a_picture_brings_its_workflow_along(gateway: Gateway, empty: Path) -> None:
    _picture(empty / "fox.png", prompt=json.loads(GRAPH), workflow=editor_portrait())
    ran = gateway("add", "fox.png", "--yes")
    assert ran.status == 0, ran.err
    assert json.loads((empty / "workflows/fox.json").read_text("utf-8")) == json.loads(GRAPH)


def test_what_comfyui_keeps_is_asked_for_by_name(
    gateway: Gateway, project: Path, simulator: Simulator
) -> None:
    folder = simulator.root / "user/workflows"
    folder.mkdir(parents=True)
    (folder / "my fox.json").write_text(GRAPH, encoding="utf-8")
    ran = gateway("add", "my fox", "--from-backend", "studio", "--yes")
    assert ran.status == 0, ran.err
    assert _service_names(project) == ["portrait", "my_fox"]
    unknown = gateway("add", "my fox", "--from-backend", "studi", "--yes")
    assert (unknown.status, "There are: studio." in unknown.err) == (2, True)


def test_a_url_is_fetched_under_the_rules_of_the_project(
    gateway: Gateway, project: Path, simulator: Simulator
) -> None:
    (simulator.root / "output").mkdir(exist_ok=True)
    _picture(simulator.root / "output/fox.png", prompt=json.loads(GRAPH))
    url = f"{simulator.url}/view?filename=fox.png&type=output"
    private = gateway("add", url, "--yes")
    assert (private.status, "not open to the public" in private.err) == (1, True)
    text = (project / "services.yaml").read_text("utf-8")
    allowed = "gateway: {input_urls: {allow_hosts: [127.0.0.1]}}\n"
    (project / "services.yaml").write_text(text + allowed, encoding="utf-8")
    ran = gateway("add", url, "--yes", "--name", "fetched")
    assert ran.status == 0, ran.err
    assert _service_names(project) == ["portrait", "fetched"]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("x.json", b"{", "workflow-json-invalid"),
        ("x.json", b'{"a": 1}', "workflow-empty"),
        (
            "x.json",
            b'{"1": {"class_type": "A", "inputs": {"a": ["9", 0]}}}',
            "workflow-link-broken",
        ),
        ("x.txt", b"\xff\xfe words", "source-unreadable"),
        ("x.png", b"\x89PNG\r\n\x1a\nbroken", "source-unreadable"),
        ("x.flac", b"fLaC\x80\0\0\0", "workflow-not-embedded"),
        ("folder", None, "source-unreadable"),
        ("gone.json", None, "source-unreadable"),
    ],
)
def test_what_holds_no_workflow_is_refused_with_the_mend(
    gateway: Gateway, empty: Path, name: str, content: bytes | None, code: str
) -> None:
    (empty / "folder").mkdir()
    if content is not None:
        (empty / name).write_bytes(content)
    before = _files(empty)
    ran = gateway("add", name, "--yes")
    assert (ran.status, _files(empty)) == (1, before)
    assert f"({code})" in ran.err
    assert len(ran.err.splitlines()) >= 2


def test_a_file_that_no_workflow_is_as_large_as_is_not_read_to_its_end(
    gateway: Gateway, empty: Path
) -> None:
    with (empty / "huge.json").open("wb") as file:
        file.truncate(1 << 40)
    assert "larger than 32 MiB" in gateway("add", "huge.json", "--yes").err


# --- how it is used -------------------------------------------------------------------------------


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("answers", "kept"),
    [
        ("\n", 8),
        ("9\nx\n3-1\n1, 5-6\n", 3),
        ("0\n", 0),
    ],
)
@pytest.mark.usefixtures("empty")
def test_a_person_is_asked_what_to_keep(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, answers: str, kept: int
) -> None:
    monkeypatch.setattr("sys.stdin", _Terminal(answers))
    ran = gateway("add", "Fox 2.json")
    assert ran.status == 0, ran.err
    loaded = load_project(Path("services.yaml"), {})
    assert loaded.project is not None
    assert len(loaded.project.services[0].parameters) == kept


def test_who_does_not_answer_adds_nothing(
    gateway: Gateway, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _files(empty)
    monkeypatch.setattr("sys.stdin", _Terminal(""))
    assert gateway("add", "Fox 2.json").status == 2
    assert _files(empty) == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["Fox 2.json"], "Add --yes"),
        (["Fox 2.json", "--yes", "--name", "list_jobs"], "cannot be a service's name"),
        (["Fox 2.json", "--yes", "--name", "Fox"], "cannot be a service's name"),
        (["Fox 2.json", "--yes", "prompt=x"], "Add --run"),
        (["Fox 2.json", "--yes", "--format", "editor"], "Leave --format out"),
        (["Fox 2.json", "--yes", "--definitions", "gone.json"], "gone.json"),
        (["Fox 2.json", "--yes", "--config", "gone"], "--config names gone"),
    ],
)
def test_wrong_use_is_told_and_changes_nothing(
    gateway: Gateway, empty: Path, words: list[str], said: str
) -> None:
    before = _files(empty)
    ran = gateway("add", *words)
    assert (ran.status, said in ran.err, _files(empty)) == (2, True, before), ran.err


def test_a_workflow_in_which_nothing_can_be_set_is_a_service_too(
    gateway: Gateway, empty: Path
) -> None:
    graph: Json = {"1": {"class_type": "EmptyThing", "inputs": {}}}
    (empty / "thing.json").write_text(json.dumps(graph), encoding="utf-8")
    ran = gateway("add", "thing.json", "--yes")
    assert ran.status == 0, ran.err
    assert "No parameter was found" in ran.out


def test_a_project_that_has_errors_of_its_own_is_added_to_and_they_are_told(
    gateway: Gateway, project: Path
) -> None:
    (project / "fox.json").write_text(GRAPH, encoding="utf-8")
    (project / "workflows/text_to_image.json").unlink()
    ran = gateway("add", "fox.json", "--yes")
    assert ran.status == 1
    assert "wrote services.yaml" in ran.out
    assert "(workflow-missing)" in ran.err


@pytest.mark.parametrize(
    "text", ["", "# mine\n", "version: 1\n\nservices:\n", "version: 1\nservices: {}\n"]
)
def test_a_file_that_has_no_service_yet_gets_its_first(
    gateway: Gateway, empty: Path, text: str
) -> None:
    (empty / "services.yaml").write_text(text, encoding="utf-8")
    ran = gateway("add", "Fox 2.json", "--yes")
    assert ran.status == 0, ran.err
    assert _service_names(empty) == ["fox_2"]
    assert (empty / "services.lock.json").is_file()


def test_a_services_yaml_that_cannot_be_read_is_left_alone(gateway: Gateway, empty: Path) -> None:
    (empty / "services.yaml").write_bytes(b"\xff\xfe")
    assert "(config-unreadable)" in gateway("add", "Fox 2.json", "--yes").err
    (empty / "services.yaml").write_bytes(b"services: {a: {}}\n")
    assert "(key-missing)" in gateway("add", "Fox 2.json", "--yes").err
    assert (empty / "services.yaml").read_bytes() == b"services: {a: {}}\n"


# --- at once --------------------------------------------------------------------------------------


@pytest.mark.timeout(30)
@pytest.mark.usefixtures("project", "simulator")
def test_it_runs_once_with_the_graph_s_own_text_where_none_is_given(gateway: Gateway) -> None:
    ran = gateway(
        *("add", "workflows/text_to_image.json", "--yes", "--name", "sketch"),
        *("--run", "steps=2", "--output", "made"),
    )
    assert ran.status == 0, ran.err
    assert [each.suffix for each in Path("made").iterdir()] == [".png"]


@pytest.mark.timeout(30)
@pytest.mark.usefixtures("project", "simulator")
def test_a_run_needs_the_files_that_the_service_does(gateway: Gateway, project: Path) -> None:
    graph = json.loads((ROOT / "workflows/image_to_image.json").read_text("utf-8"))
    (project / "redraw.json").write_text(json.dumps(graph), encoding="utf-8")
    ran = gateway("add", "redraw.json", "--yes", "--run")
    assert (ran.status, "image=@path" in ran.err) == (2, True)
    assert "redraw" in _service_names(project)
