"""Every YAML block of the documents is a good services.yaml, and every key is told."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from gateway.graph.json_value import Json, as_array, as_object
from gateway.project.load import load_project
from gateway.services.keys import services_schema
from tests.docs.documents import ROOT, Block, all_blocks, blocks, table_rows

YAML = blocks("yaml")


@pytest.mark.parametrize("block", YAML, ids=str)
def test_a_yaml_block_is_a_services_yaml_without_findings(block: Block, tmp_path: Path) -> None:
    text = block.text if "version:" in block.text else f"version: 1\n{block.text}"
    (tmp_path / "services.yaml").write_text(text, encoding="utf-8")
    shutil.copytree(ROOT / "workflows", tmp_path / "workflows")
    # The README's own example stands for a graph of the reader's.
    shutil.copy(ROOT / "workflows/text_to_image.json", tmp_path / "workflows/portrait.json")
    shutil.copytree(ROOT / "schemas", tmp_path / "schemas")
    environment = {"COMFYUI_TOKEN": "secret", "WEBHOOK_SECRET": f"whsec_{'ab12' * 8}"}
    loaded = load_project(tmp_path / "services.yaml", environment)
    # A block that shows the backends alone publishes nothing, and says so.
    told = [each for each in loaded.findings if each.code != "services-none"]
    assert [finding.message for finding in told] == []
    assert loaded.project is not None


def test_blocks_speak_languages_that_tests_know() -> None:
    # nginx's is run by tests/dispatch/test_behind_proxies.py, Python's by test_webhooks_document.py.
    known = {"yaml", "sh", "json", "text", "mermaid", "nginx", "python"}
    assert {
        str(block): block.language for block in all_blocks() if block.language not in known
    } == {}


@pytest.mark.parametrize("block", blocks("json"), ids=str)
def test_a_json_block_is_json(block: Block) -> None:
    assert as_object(json.loads(block.text)) is not None


def _keys(schema: Json, definitions: Json) -> set[str]:
    """Return every key that a schema names anywhere, references followed once."""
    found: set[str] = set()
    waiting: list[Json] = [schema, definitions]
    while waiting:
        node = waiting.pop()
        fields = as_object(node)
        if fields is not None:
            found |= set(as_object(fields.get("properties")) or {})
            waiting += fields.values()
        else:
            waiting += as_array(node) or ()
    return found


def test_every_key_of_the_file_is_told() -> None:
    schema = services_schema()
    text = (ROOT / "docs/services-yaml.md").read_text(encoding="utf-8")
    told = set(re.findall(r"`([^`]+)`", text)) | {
        key.rpartition(".")[2]
        for row in table_rows("docs/services-yaml.md")
        for key in re.findall(r"`([a-z_.]+)`", " ".join(row))
    }
    in_examples = set(re.findall(r"([a-z_]+):", "".join(block.text for block in YAML)))
    assert sorted(_keys(schema, None) - told - in_examples) == []


def test_no_key_is_told_that_the_file_does_not_have() -> None:
    known = _keys(services_schema(), None)
    rows = [row[0] for row in table_rows("docs/services-yaml.md")]
    keys = [key for cell in rows for key in re.findall(r"`([a-z_.]+)`", cell)]
    assert keys
    assert [key for key in keys if key.rpartition(".")[2] not in known] == []
