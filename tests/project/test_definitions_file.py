"""schemas/definitions.json written and read."""

from __future__ import annotations

from pathlib import Path

from gateway.graph.definitions import IntegerWidget
from gateway.project.definitions_file import (
    class_types_of,
    read_definitions,
    read_raw,
    write_definitions,
)
from gateway.project.load import load_project
from tests.project.small import write_project

ENTRY = {"input": {"required": {"steps": ["INT", {"min": 1, "default": 20}]}}, "output": ["LATENT"]}


def test_what_is_written_is_read_again_with_its_defaults(tmp_path: Path) -> None:
    path = tmp_path / "schemas" / "definitions.json"
    write_definitions(path, {"KSampler": ENTRY, "Broken": "odd"})
    assert read_raw(path) == {"KSampler": ENTRY}
    read = read_definitions(path)
    assert read.findings == ()
    assert read.definitions["KSampler"].inputs["steps"].kind == IntegerWidget(minimum=1)


def test_writing_is_the_same_whatever_the_order(tmp_path: Path) -> None:
    write_definitions(tmp_path / "a.json", {"A": ENTRY, "B": ENTRY})
    write_definitions(tmp_path / "b.json", {"B": ENTRY, "A": ENTRY})
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_no_file_means_no_definitions(tmp_path: Path) -> None:
    read = read_definitions(tmp_path / "definitions.json")
    assert (read.definitions, read.findings) == ({}, ())
    assert read_raw(tmp_path / "definitions.json") == {}


def test_the_classes_in_use_are_those_of_all_workflows(tmp_path: Path) -> None:
    project = load_project(write_project(tmp_path), {}).project
    assert project is not None
    expected = {"KSampler", "EmptyLatentImage", "SaveImage"}
    assert class_types_of(project.services) == expected
