"""`gateway convert`."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.graph.json_value import Json
from tests.cli.conftest import Ran
from tests.editor.portrait import OBJECT_INFO, PORTRAIT, portrait

Gateway = Callable[..., Ran]
API: Json = {"1": {"class_type": "SaveImage", "inputs": {"filename_prefix": "x"}}}
PINNED = Path("schemas/definitions.json")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder: no project, a workflow and definitions."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GATEWAY_CONFIG", raising=False)
    _write("portrait.json", PORTRAIT)
    _write("info.json", OBJECT_INFO)
    return tmp_path


def _write(name: str, content: Json) -> None:
    Path(name).write_text(json.dumps(content), encoding="utf-8")


@pytest.mark.usefixtures("folder")
def test_one_file_is_printed_with_its_texts_resolved_and_integers_exact(gateway: Gateway) -> None:
    _write("p.json", portrait("a {red|red} fox // soft", "%date:yyyy-MM-dd hh%_%Positive.text%"))
    ran = gateway(
        *("convert", "p.json", "--definitions", "info.json", "--now", "2026-01-02T03:04:05Z")
    )
    assert (ran.status, ran.err) == (0, "")
    api = json.loads(ran.out)
    assert api["6"] == {
        "class_type": "CLIPTextEncode",
        "inputs": {"text": "a red fox ", "clip": ["4", 1]},
        "_meta": {"title": "Positive"},
    }
    assert api["9"]["inputs"]["filename_prefix"].startswith("2026-01-02 03_a")
    assert '"seed": 18446744073709551615,' in ran.out
    assert ran.out.endswith("}\n")


@pytest.mark.usefixtures("folder")
def test_a_time_is_shown_as_it_is_written_whatever_its_zone(gateway: Gateway) -> None:
    _write("p.json", portrait(prefix="%date:hh:mm%"))
    for told in ("2026-01-02T23:59:05Z", "2026-01-02T23:59:05+09:00", "2026-01-02T23:59:05"):
        ran = gateway("convert", "p.json", "--definitions", "info.json", "--now", told)
        assert json.loads(ran.out)["9"]["inputs"]["filename_prefix"] == "23:59"
    ran = gateway("convert", "p.json", "--definitions", "info.json")
    assert len(json.loads(ran.out)["9"]["inputs"]["filename_prefix"]) == len("23:59")


@pytest.mark.usefixtures("folder")
def test_one_of_the_options_of_a_dynamic_prompt_is_drawn(gateway: Gateway) -> None:
    _write("p.json", portrait("{a|b}"))
    ran = gateway("convert", "p.json", "--definitions", "info.json")
    assert json.loads(ran.out)["6"]["inputs"]["text"] in ("a", "b")


@pytest.mark.usefixtures("folder")
def test_packed_definitions_are_read(gateway: Gateway) -> None:
    Path("info.gz").write_bytes(gzip.compress(json.dumps(OBJECT_INFO).encode()))
    assert gateway("convert", "portrait.json", "--definitions", "info.gz").status == 0


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{}", "bad.json holds no node definitions"),
        (b"[]", "bad.json holds no node definitions"),
        (b'{"A": 1}', "bad.json holds no node definitions"),
        (b"nonsense", "bad.json:1:1 is not valid JSON"),
        (b"\x1f\x8bnonsense", "bad.json is not a whole gzip file"),
        (gzip.compress(b"{}" * 999, mtime=0)[:-9], "bad.json is not a whole gzip file"),
        (gzip.compress(b" " * (129 << 20), 1, mtime=0), "bad.json unpacks to more than 128 MiB"),
        (gzip.compress(b"\xff", mtime=0), "bad.json is not UTF-8 text"),
    ],
    ids=["no-classes", "list", "numbers", "no-json", "no-gzip", "cut", "huge", "no-utf-8"],
)
@pytest.mark.usefixtures("folder")
def test_definitions_that_cannot_be_used_are_wrong_use(
    gateway: Gateway, content: bytes, said: str
) -> None:
    Path("bad.json").write_bytes(content)
    ran = gateway("convert", "portrait.json", "--definitions", "bad.json")
    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err


@pytest.mark.usefixtures("folder")
def test_each_file_has_its_line_and_the_broken_ones_say_what_is_wrong(gateway: Gateway) -> None:
    _write("case.json", {"ui": PORTRAIT, "api": {}})
    _write("api.json", API)
    _write("list.json", [])
    _write("unknown.json", {"nodes": [{"id": 1, "type": "Odd"}], "version": 0.4})
    Path("broken.json").write_text('{"nodes": [}', encoding="utf-8")
    Path("deep.json").write_text("[" * 100_000, encoding="utf-8")
    _write("half.json", portrait("\ud800"))
    names = ("portrait", "case", "api", "list", "unknown", "broken", "deep", "half", "gone")
    files = [f"{each}.json" for each in names]
    ran = gateway("convert", *files, "--definitions", "info.json", "--jsonl")
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert ran.status == 1
    assert [each["file"] for each in lines] == files
    of = dict(zip(names, lines, strict=True))
    assert [name for name in names if of[name]["error"] is None] == [
        *("portrait", "case", "api", "half")
    ]
    assert of["case"]["api"]["3"] == of["portrait"]["api"]["3"]
    assert of["api"]["api"] == API
    assert of["half"]["api"]["6"]["inputs"]["text"] == "\ud800"
    assert "not an object of nodes (workflow-not-api-format)" in of["list"]["error"]
    assert "Odd" in of["unknown"]["error"]
    assert "broken.json:1:12 is not valid JSON" in of["broken"]["error"]
    assert "nested too deeply" in of["deep"]["error"]
    assert "gone.json: no such file" in of["gone"]["error"]


@pytest.mark.usefixtures("folder")
def test_all_converted_is_success_and_lines_can_go_into_a_file(gateway: Gateway) -> None:
    ran = gateway(
        *("convert", "portrait.json", "portrait.json", "--definitions", "info.json"),
        *("--jsonl", "-o", "out.jsonl"),
    )
    assert ran == Ran(0, "", "")
    first, second = Path("out.jsonl").read_text("utf-8").splitlines()
    assert json.loads(first) == json.loads(second)


@pytest.mark.usefixtures("folder")
def test_a_broken_file_is_told_with_its_place_and_the_others_are_written(gateway: Gateway) -> None:
    Path("broken.json").write_text('{"nodes": [}', encoding="utf-8")
    _write("unknown.json", {"nodes": [{"id": 1, "type": "Odd"}], "version": 0.4})
    ran = gateway(
        *("convert", "broken.json", "unknown.json", "portrait.json"),
        *("--definitions", "info.json", "-o", "out/api"),
    )
    assert (ran.status, ran.out) == (1, "")
    assert "broken.json:1:12: error: " in ran.err
    assert "unknown.json:1:1: error: " in ran.err
    assert [each.name for each in Path("out/api").iterdir()] == ["portrait.json"]
    assert json.loads(Path("out/api/portrait.json").read_text("utf-8"))["3"]


@pytest.mark.usefixtures("folder")
def test_an_api_workflow_stays_as_it_is_and_that_is_told(gateway: Gateway) -> None:
    _write("api.json", API)
    ran = gateway("convert", "api.json", "--definitions", "info.json", "-o", "out.json")
    assert (ran.status, ran.out) == (0, "")
    assert "api.json:1:1: warning: it is in API format already" in ran.err
    assert json.loads(Path("out.json").read_text("utf-8")) == API


@pytest.mark.usefixtures("folder")
def test_text_that_is_half_a_character_is_written_as_an_escape(gateway: Gateway) -> None:
    _write("half.json", portrait("\ud800é"))
    gateway("convert", "half.json", "--definitions", "info.json", "-o", "out.json")
    text = Path("out.json").read_text("utf-8")
    assert json.loads(text)["6"]["inputs"]["text"] == "\ud800é"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["portrait.json", "info.json"], "2 graphs do not go into one file"),
        (["portrait.json", "x.json", "-o", "info.json"], "2 graphs do not go into one file"),
        (
            ["portrait.json", "a/portrait.json", "-o", "out"],
            "several files are named portrait.json",
        ),
        (["portrait.json", "-o", "."], "portrait.json would be overwritten"),
        (["portrait.json", "info.json", "-o", "."], "portrait.json would be overwritten"),
        (["portrait.json", "-o", "portrait.json"], "portrait.json would be overwritten"),
        (["portrait.json", "x.json", "-o", "info.json/a"], "info.json/a cannot be written"),
        (["portrait.json", "-o", "gone/a.json"], "gone/a.json cannot be written"),
        (["portrait.json", "--now", "soon"], "--now: 'soon' is no time"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_wrong_use_is_told_and_nothing_is_overwritten(
    gateway: Gateway, words: list[str], said: str
) -> None:
    ran = gateway("convert", *words, "--definitions", "info.json")
    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err
    assert json.loads(Path("portrait.json").read_text("utf-8")) == PORTRAIT


@pytest.mark.usefixtures("simulator")
def test_in_a_project_pinned_definitions_serve_and_the_backends_for_what_is_not_pinned(
    gateway: Gateway, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write("portrait.json", PORTRAIT)
    asked = gateway("convert", "portrait.json")
    assert (asked.status, asked.err) == (0, "")
    assert gateway("definitions", "pull").status == 0
    monkeypatch.setenv("COMFYUI_URL", "http://127.0.0.1:1")
    assert gateway("convert", "portrait.json") == asked
    pinned = json.loads((project / PINNED).read_text("utf-8"))
    del pinned["KSampler"]["input_order"]
    _write(str(PINNED), pinned)
    ran = gateway("convert", "portrait.json")
    assert ran.status == 1
    assert "Nothing answers" in ran.err or "studio" in ran.err
    assert "KSampler" in ran.err


@pytest.mark.usefixtures("project")
def test_a_project_with_errors_or_none_where_it_is_said_to_be_is_told(
    gateway: Gateway, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write("portrait.json", PORTRAIT)
    (project / "services.yaml").write_text("version: 7\n", encoding="utf-8")
    assert "services.yaml:1:" in gateway("convert", "portrait.json").err
    monkeypatch.setenv("GATEWAY_CONFIG", "gone.yaml")
    assert "there is no such file" in gateway("convert", "portrait.json").err


@pytest.mark.usefixtures("folder")
def test_without_a_project_the_local_comfyui_is_asked(gateway: Gateway) -> None:
    ran = gateway("convert", "portrait.json", "--jsonl")
    assert "Backend local: " in ran.err or ran.status == 0


@pytest.mark.usefixtures("folder")
def test_without_any_definitions_it_says_once_how_to_get_some(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMFYUI_URL", "http://127.0.0.1:1")
    ran = gateway("convert", "portrait.json")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.count("(definitions-needed)") == 1
    assert "workflow-node-unknown" not in ran.err
