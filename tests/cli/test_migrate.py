"""`gateway migrate`."""

from __future__ import annotations

import gzip
import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from gateway.graph.json_value import Json
from gateway.project.load import load_project
from tests.cli.conftest import PORTRAIT, Ran
from tests.docs.documents import ROOT
from tests.intake.dialects.reading import FOLDER, GOOD

Gateway = Callable[..., Ran]

TITLED = {
    "1": {
        "class_type": "LoadImage",
        "inputs": {"image": "a.png"},
        "_meta": {"title": "$in.image!"},
    },
    "2": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}},
    "3": {"class_type": "SaveImage", "inputs": {"filename_prefix": "x", "images": ["2", 0]}},
}
PICTURE = "picture.png"
CALLS: Mapping[str, Mapping[str, Mapping[str, Json]]] = {
    "arrow-titles": {"paper_boat": {"sampling_steps": 2}},
    "dollar-titles": {"paper_boat": {"prompt": "a boat", "height": 64}},
    "node-table": {
        "generate_image": {"prompt": "a boat"},
        "edit_image": {"image": PICTURE, "image_2": PICTURE},
    },
    "placeholders": {"paper_boat": {"prompt": "a boat", "steps": 2}},
    "primitives": {"boat": {"what_to_fold": "a boat"}},
    "services-config": {"paper_boat": {"prompt": "a boat"}, "list_jobs_2": {"image": PICTURE}},
    "skill-schema": {"paper_boat": {"prompt": "a boat", "sampler": "heun"}},
    "view-comfy": {"paper_boats": {"width": 64}, "paper_boats_2": {"picture": PICTURE}},
}
"""Case → service → the arguments it is called with."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder, which is the current one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GATEWAY_CONFIG", raising=False)
    return tmp_path


def write(path: Path, value: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return path


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(each.relative_to(folder)): each.read_bytes()
        for each in folder.rglob("*")
        if each.is_file()
    }


def migrate_case(gateway: Gateway, case: str) -> Ran:
    file, *workflow = (str(FOLDER / "good" / case / each) for each in GOOD[case])
    given = ("--workflow", workflow[0]) if workflow else ()
    return gateway("migrate", file, *given, "-o", "new")


@pytest.mark.parametrize("case", GOOD)
def test_a_migrated_project_is_loaded_without_a_finding(
    gateway: Gateway, folder: Path, case: str
) -> None:
    ran = migrate_case(gateway, case)
    assert (ran.status, ran.err) == (0, "")
    assert "error" not in ran.out
    assert ran.out.endswith("wrote new/services.yaml\nwrote new/services.lock.json\n")
    loaded = load_project(folder / "new/services.yaml", {})
    assert loaded.findings == ()
    assert loaded.project is not None


@pytest.mark.parametrize("case", CALLS)
@pytest.mark.timeout(30)
def test_a_migrated_project_runs(gateway: Gateway, folder: Path, case: str) -> None:
    assert migrate_case(gateway, case).status == 0
    shutil.copy(ROOT / "examples/inputs/lighthouse.png", folder / "new/picture.png")
    config = folder / "new/services.yaml"
    calls, lines = CALLS[case], config.read_text("utf-8").splitlines()
    for name, arguments in calls.items():
        lines.insert(lines.index(f"  {name}:") + 1, f"    examples: [{json.dumps(arguments)}]")
    write(config, "\n".join((*lines, "")))
    ran = gateway("test", "--config", "new")
    assert ran.out.endswith(f"{len(calls)} of {len(calls)} examples passed\n"), ran
    assert ran.status == 0


def test_the_table_shows_target_type_and_what_holds_otherwise(
    gateway: Gateway, folder: Path
) -> None:
    assert not (folder / "new").exists()
    ran = migrate_case(gateway, "services-config")
    assert ran.out.startswith(
        "paper_boat: workflows/boat.json\n"
        "  prompt           6.text   string   required\n"
        '  negative_prompt  7.text   string   default "creases"\n'
        "  seed             3.seed   integer  default random\n"
        "  steps            3.steps  integer  default 6\n"
        "  cfg              3.cfg    number   default 6.5\n"
        "  width            5.width  integer  else 128\n"
        "  boat             node 9   image    an output\n"
        "list_jobs_2: workflows/invert.json\n"
        "  image  1.image  image  required\n"
    )
    assert "config.json:23:16: warning: paperBoat: `route`" in ran.out


def test_what_is_dry_writes_nothing(gateway: Gateway, folder: Path) -> None:
    write(folder / "in.json", TITLED)
    before = contents(folder)
    ran = gateway("migrate", "in.json", "-o", "new", "--dry-run")
    assert ran.status == 0
    assert 'in: {node: "1", widget: image, required: true}' in ran.out
    assert contents(folder) == before


def test_services_are_put_into_a_project_and_its_bytes_stay(
    gateway: Gateway, project: Path
) -> None:
    write(project / "in/invert.json", TITLED)
    before = (project / "services.yaml").read_bytes()
    ran = gateway("migrate", "in/invert.json")
    assert ran.status == 0, ran
    after = (project / "services.yaml").read_bytes()
    assert after.startswith(before)
    assert (project / "workflows/invert.json").is_file()
    assert gateway("validate").out == "services.yaml: 2 services, nothing to mend\n"
    again = gateway("migrate", "in/invert.json")
    assert again.status == 1
    assert "(migrate-name-taken)" in again.out
    assert (project / "services.yaml").read_bytes() == after


def test_settings_that_the_project_has_stay_its_own(gateway: Gateway, project: Path) -> None:
    config = {
        "comfyui": {"address": "http://10.0.0.9:8188"},
        "jobs": {"max_jobs": 5},
        "services": [{"name": "invert", "comfyui_workflow_api": "invert.json"}],
    }
    write(project / "old/config.json", config)
    write(project / "old/invert.json", TITLED)
    ran = gateway("migrate", "old/config.json", "--config", ".")
    assert ran.status == 0, ran
    assert "services.yaml says `backends` already" in ran.out
    text = (project / "services.yaml").read_text("utf-8")
    assert "10.0.0.9" not in text
    assert "jobs:\n  keep:\n    count: 5\n" in text


def test_another_content_is_never_written_over(gateway: Gateway, project: Path) -> None:
    write(project / "in/text_to_image.json", TITLED)
    before = contents(project)
    ran = gateway("migrate", "in/text_to_image.json")
    assert ran.status == 1
    assert "workflows/text_to_image.json is there already" in ran.out
    assert "(migrate-file-in-way)" in ran.out
    assert contents(project) == before


def test_a_folder_in_the_way_is_told_too(gateway: Gateway, project: Path) -> None:
    write(project / "in/invert.json", TITLED)
    (project / "workflows/invert.json").mkdir()
    ran = gateway("migrate", "in/invert.json")
    assert (ran.status, "(migrate-file-in-way)" in ran.out) == (1, True)


def test_what_cannot_be_written_leaves_everything_as_it_was(
    gateway: Gateway, project: Path
) -> None:
    write(project / "in/invert.json", TITLED)
    # Where the new file would be prepared, there is a folder.
    (project / f".services.yaml.{os.getpid()}").mkdir()
    before = contents(project)
    ran = gateway("migrate", "in/invert.json")
    assert ran.status == 1
    assert "(migrate-unwritable)" in ran.err
    assert contents(project) == before


def test_a_project_with_errors_is_not_added_to(gateway: Gateway, project: Path) -> None:
    write(project / "in/invert.json", TITLED)
    (project / "services.yaml").write_text(PORTRAIT.replace('"6"', '"66"'), encoding="utf-8")
    ran = gateway("migrate", "in/invert.json")
    assert (ran.status, "(binding-node-unknown)" in ran.err) == (1, True)
    assert not (project / "workflows/invert.json").exists()


def test_several_files_come_in_at_once_and_a_meta_file_only_once(
    gateway: Gateway, folder: Path
) -> None:
    shutil.copytree(FOLDER / "good/placeholders", folder / "old")
    write(folder / "old/invert.json", TITLED)
    ran = gateway("migrate", *sorted(str(each) for each in (folder / "old").iterdir()), "-o", "new")
    assert ran.status == 0, ran
    project = load_project(folder / "new/services.yaml", {}).project
    assert project is not None
    assert sorted(each.name for each in project.services) == ["invert", "paper_boat"]


# --- what a file may not reach --------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "../secret.json",
        "/etc/passwd",
        "sub/../../secret.json",
        "..\\secret.json",
        "C:/x.json",
        "a\0b",
    ],
)
def test_a_workflow_is_read_from_inside_the_folder_only(
    gateway: Gateway, folder: Path, name: str
) -> None:
    write(folder / "secret.json", TITLED)
    config = {"services": [{"name": "a", "comfyui_workflow_api": name}]}
    write(folder / "old/config.json", config)
    ran = gateway("migrate", "old/config.json", "-o", "new")
    assert ran.status == 1
    assert "is not inside the folder" in ran.out
    assert "(workflow-outside)" in ran.out
    assert not (folder / "new").exists()


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_link_leads_out_of_the_folder_no_more_than_a_name(
    gateway: Gateway, folder: Path, kind: str
) -> None:
    write(folder / "elsewhere/secret.json", TITLED)
    config = {"services": [{"name": "a", "comfyui_workflow_api": "in/secret.json"}]}
    write(folder / "old/config.json", config)
    if kind == "folder":
        (folder / "old/in").symlink_to(folder / "elsewhere")
    else:
        (folder / "old/in").mkdir()
        (folder / "old/in/secret.json").symlink_to(folder / "elsewhere/secret.json")
    ran = gateway("migrate", "old/config.json", "-o", "new")
    assert (ran.status, "(workflow-outside)" in ran.out) == (1, True)


def test_a_link_that_leads_in_circles_is_told(gateway: Gateway, folder: Path) -> None:
    config = {"services": [{"name": "a", "comfyui_workflow_api": "a.json"}]}
    write(folder / "config.json", config)
    (folder / "a.json").symlink_to("a.json")
    ran = gateway("migrate", "config.json", "-o", "new")
    assert ran.status == 1
    assert not (folder / "new").exists()


def test_nothing_is_written_behind_a_link_out_of_the_project(
    gateway: Gateway, folder: Path
) -> None:
    write(folder / "in/invert.json", TITLED)
    (folder / "elsewhere").mkdir()
    (folder / "new").mkdir()
    (folder / "new/workflows").symlink_to(folder / "elsewhere")
    ran = gateway("migrate", "in/invert.json", "-o", "new")
    assert (ran.status, "(project-unwritable)" in ran.err) == (1, True)
    assert list((folder / "elsewhere").iterdir()) == []


def test_what_is_no_text_in_a_file_neither_breaks_it_nor_moves_the_terminal(
    gateway: Gateway, folder: Path
) -> None:
    saving = {
        "class_type": "SaveImage",
        "inputs": {"filename_prefix": "\ud800\u202e\x9b2J", "images": ["2", 0]},
        "_meta": {"title": "$prefix.filename_prefix"},
    }
    write(folder / "in/invert.json", {**TITLED, "3": saving})
    ran = gateway("migrate", "in/invert.json", "-o", "new")
    assert ran.status == 0, ran
    assert (ran.out + ran.err).replace("\n", "").isprintable()
    assert gateway("validate", "--config", "new").status == 0


def test_services_are_recorded_in_the_lock_where_there_is_one(
    gateway: Gateway, project: Path
) -> None:
    write(project / "in/invert.json", TITLED)
    assert gateway("validate", "--fix").status == 0
    assert "wrote services.lock.json" in gateway("migrate", "in/invert.json").out
    lock = json.loads((project / "services.lock.json").read_text("utf-8"))
    assert list(lock["services"]) == ["invert", "portrait"]


def test_a_pipe_beside_is_not_waited_for(gateway: Gateway, folder: Path) -> None:
    config = {"services": [{"name": "a", "comfyui_workflow_api": "a.json"}]}
    write(folder / "config.json", config)
    os.mkfifo(folder / "a.json")
    ran = gateway("migrate", "config.json", "-o", "new")
    assert (ran.status, "is no file" in ran.out) == (1, True)


# --- wrong use, and files that are none -----------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("gone.json", "-o", "new"), "no such file or directory"),
        ((".", "-o", "new"), "is no file"),
        (("in.json", "-o", "new", "--workflow", "gone.json"), "no such file or directory"),
        (
            ("in.json", "-o", "new", "--workflow", "in.json", "--workflow", "in.json"),
            "second workflow",
        ),
        (("in.json", "--config", "gone/x.yaml", "--dialect", "mine"), "'mine' is not one of"),
        (("in.json",), "there is no services.yaml"),
    ],
)
def test_wrong_use_is_told(
    gateway: Gateway, folder: Path, words: tuple[str, ...], said: str
) -> None:
    write(folder / "in.json", TITLED)
    ran = gateway("migrate", *words)
    assert ran.status == 2, ran
    assert said in ran.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not valid JSON"),
        ('{"a": NaN}', "not a JSON number"),
        ("[" * 100_000, "nested too deeply"),
        ("{}", "(migrate-dialect-unknown)"),
    ],
)
def test_a_file_that_cannot_be_read_has_its_place(
    gateway: Gateway, folder: Path, text: str, said: str
) -> None:
    write(folder / "in.json", text)
    ran = gateway("migrate", "in.json", "-o", "new")
    assert ran.status == 1
    assert said in ran.out + ran.err
    assert "in.json:1:" in ran.out + ran.err
    assert not (folder / "new").exists()


def test_an_editor_s_file_comes_in_with_definitions(gateway: Gateway, folder: Path) -> None:
    node: Json = {
        "id": 1,
        "type": "PrimitiveInt",
        "title": "$count.value:How many",
        "inputs": [],
        "outputs": [{"name": "INT", "type": "INT", "links": None}],
        "mode": 0,
        "widgets_values": [4, "fixed"],
    }
    write(folder / "in.json", {"nodes": [node], "links": [], "version": 0.4})
    without = gateway("migrate", "in.json", "-o", "new")
    assert (without.status, "(workflow-editor-format)" in without.out) == (1, True)
    entry: Json = {
        "input": {"required": {"value": ["INT", {}]}},
        "output": ["INT"],
        "output_name": ["INT"],
    }
    (folder / "nodes.json.gz").write_bytes(
        gzip.compress(json.dumps({"PrimitiveInt": entry}).encode())
    )
    ran = gateway("migrate", "in.json", "-o", "new", "--definitions", "nodes.json.gz")
    assert ran.status == 0, ran
    assert "count  1.value  integer  else 4" in ran.out
    write(folder / "nodes.json", {"PrimitiveInt": entry})
    assert gateway("migrate", "in.json", "-o", "two", "--definitions", "nodes.json").status == 0
