"""`gateway test`: the examples of services, run on a simulated ComfyUI."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import PORTRAIT, Ran

Gateway = Callable[..., Ran]


def _graph(project: Path) -> dict[str, dict[str, dict[str, object]]]:
    return json.loads((project / "workflows/text_to_image.json").read_text("utf-8"))


def _keep(project: Path, graph: object) -> None:
    text = json.dumps(graph)
    (project / "workflows/text_to_image.json").write_text(text, encoding="utf-8")


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("version", ["0.33.0", "0.3.64"])
def test_an_example_that_runs_is_told_with_what_it_made(version: str, gateway: Gateway) -> None:
    ran = gateway("test", "--version", version)
    assert ran.status == 0
    first, last = ran.out.splitlines()
    assert re.fullmatch(r"ok   portrait  \d+\.\d s  image \(image/png 512×512\)", first)
    assert last == "1 of 1 examples passed"


@pytest.mark.usefixtures("project")
def test_nothing_is_left_in_the_project(gateway: Gateway, project: Path) -> None:
    before = sorted(project.rglob("*"))
    assert gateway("test").status == 0
    assert sorted(project.rglob("*")) == before


def test_a_clusters_examples_run_in_one_process_and_tell_nobody(
    gateway: Gateway, project: Path
) -> None:
    cluster = "jobs: {store: 'postgresql://127.0.0.1:9/none', dispatch: cluster}\n"
    # A receiver that is not there would be waited for at the end.
    text = PORTRAIT.replace("    outputs:", "    webhook: https://hooks.invalid/jobs\n    outputs:")
    (project / "services.yaml").write_text(cluster + text, encoding="utf-8")
    ran = gateway("test")
    assert (ran.status, ran.out.splitlines()[-1]) == (0, "1 of 1 examples passed")
    assert not (project / ".gateway").exists()


def test_model_files_that_only_the_author_has_are_there(gateway: Gateway, project: Path) -> None:
    graph = _graph(project)
    graph["4"]["inputs"]["ckpt_name"] = "house-style-v7.safetensors"
    _keep(project, graph)
    text = PORTRAIT.replace(
        "    outputs:", "      model: {node: '4', widget: ckpt_name}\n    outputs:"
    ).replace("steps: 2}", "steps: 2, model: other.safetensors}")
    (project / "services.yaml").write_text(text, encoding="utf-8")
    assert gateway("test").status == 0


def test_an_example_that_fails_is_told_with_the_reason(gateway: Gateway, project: Path) -> None:
    graph = _graph(project)
    graph["8"]["class_type"] = "VAEDecodeMine"  # type: ignore[assignment]
    _keep(project, graph)
    ran = gateway("test")
    assert ran.status == 1
    assert ran.out.startswith("FAIL portrait  ")
    assert "VAEDecodeMine" in ran.out
    assert ran.out.endswith("0 of 1 examples passed\n")


def test_a_named_output_that_did_not_come_is_a_failure(gateway: Gateway, project: Path) -> None:
    text = PORTRAIT.replace('image: {node: "9"}', 'film: {node: "9", kind: video}')
    (project / "services.yaml").write_text(text, encoding="utf-8")
    ran = gateway("test")
    assert ran.status == 1
    assert "it left no output film" in ran.out


def test_a_service_without_examples_runs_as_it_is_or_is_skipped(
    gateway: Gateway, project: Path
) -> None:
    text = PORTRAIT.partition("    examples:")[0]
    text += "  as_it_is:\n    workflow: text_to_image.json\n"
    (project / "services.yaml").write_text(text, encoding="utf-8")
    ran = gateway("test")
    assert ran.status == 0
    assert "ok   as_it_is  " in ran.out
    assert "skip portrait: it has no examples, and needs arguments\n" in ran.out


def test_one_service_can_be_chosen(gateway: Gateway, project: Path) -> None:
    text = f"{PORTRAIT}  as_it_is:\n    workflow: text_to_image.json\n"
    (project / "services.yaml").write_text(text, encoding="utf-8")
    assert "portrait" not in gateway("test", "as_it_is").out
    wrong = gateway("test", "as_it_was")
    assert wrong.status == 2
    assert "Did you mean as_it_is?" in wrong.err
