"""Every valid file with the declaration that it means."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from syrupy.assertion import SnapshotAssertion

from gateway.errors import Place
from gateway.services.document import read_document
from gateway.services.findings import Findings
from gateway.services.model import Declaration
from gateway.services.parse import parse_services
from tests.services.text_snapshot import TextSnapshot

ENVIRONMENT = {
    "SET": "a text",
    "NUMBER": "2",
    "EMPTY": "",
    "WEBHOOK_SECRET": "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX",
}
FILES = sorted((Path(__file__).parent / "valid").glob("*.yaml"))


def plain(value: object) -> object:
    """Return what JSON can show of a value: classes by name, places as line:column."""
    if isinstance(value, Place):
        return f"{value.line}:{value.column}"
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value)]
        return {type(value).__name__: {name: plain(getattr(value, name)) for name in names}}
    if isinstance(value, Mapping):
        entries = cast("Mapping[str, object]", value)
        return {name: plain(each) for name, each in entries.items()}
    if isinstance(value, frozenset):
        return sorted(cast("frozenset[str]", value))
    if isinstance(value, tuple | list):
        return [plain(each) for each in cast("tuple[object, ...]", value)]
    return value


def declared(path: Path) -> Declaration:
    parsed = parse_services(path.read_text("utf-8"), "services.yaml", ENVIRONMENT)
    assert [each for each in parsed.findings if each.severity == "error"] == []
    assert parsed.declaration is not None
    return parsed.declaration


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_valid_file_means_this(path: Path, snapshot: SnapshotAssertion) -> None:
    text = json.dumps(plain(declared(path)), indent=1, ensure_ascii=False)
    assert text + "\n" == snapshot.use_extension(TextSnapshot)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_both_yaml_parsers_read_the_same(path: Path) -> None:
    loaders: list[Any] = [yaml.CSafeLoader, yaml.SafeLoader]
    text = path.read_text("utf-8")
    one, other = (
        read_document(text, Findings("services.yaml"), ENVIRONMENT, each) for each in loaders
    )
    assert one == other


def test_headers_do_not_show_in_the_repr_of_a_backend() -> None:
    (studio, _) = declared(Path(__file__).parent / "valid" / "every-key.yaml").backends
    assert studio.headers["Authorization"] == "Bearer abc"
    assert "abc" not in repr(studio)


def test_the_secret_of_webhooks_is_shown_by_nothing_that_holds_it() -> None:
    declaration = declared(Path(__file__).parent / "valid" / "webhooks.yaml")
    secret = ENVIRONMENT["WEBHOOK_SECRET"]
    hooks = [service.webhook for service in declaration.services]
    assert [hook.secret for hook in hooks if hook is not None] == [secret] * 3
    for holder in (declaration, declaration.gateway, declaration.gateway.webhooks, *hooks):
        assert secret not in repr(holder)
        assert "hooks.example/" not in repr(holder).lower()
