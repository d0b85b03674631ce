"""Folders and buckets as services.yaml names them."""

from __future__ import annotations

import pytest

from gateway.services.bucket import Bucket
from gateway.services.model import Declaration
from gateway.services.parse import parse_services


def declared(written: str, environment: dict[str, str] | None = None) -> Declaration:
    text = f"version: 1\nservices: {{draw: {{workflow: draw.json}}}}\n{written}\n"
    parsed = parse_services(text, "services.yaml", environment or {})
    assert parsed.declaration is not None, parsed.findings
    return parsed.declaration


@pytest.mark.parametrize(
    ("written", "home"),
    [
        ("files", "files"),
        ("C:\\files", "C:\\files"),
        ("file:///srv/my%20files", "/srv/my files"),
        ("s3://bucket/a/b/", Bucket("s3://bucket/a/b")),
        ("gs://bucket", Bucket("gs://bucket")),
        ("az://box/", Bucket("az://box")),
    ],
)
def test_a_place_for_files_is_a_folder_or_a_bucket(written: str, home: str | Bucket) -> None:
    assert declared(f"outputs: '{written}'").outputs == home
    assert declared(f"inputs: '{written}'").inputs == home


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("s3://bucket/a/b", ("s3", "bucket", "a/b")),
        ("gs://bucket", ("gs", "bucket", "")),
    ],
)
def test_a_buckets_url_has_parts(url: str, parts: tuple[str, str, str]) -> None:
    bucket = Bucket(url)
    assert (bucket.scheme, bucket.name, bucket.prefix) == parts


def test_keys_whose_variables_are_empty_are_as_good_as_left_out() -> None:
    written = 'outputs: {url: s3://bucket, access_key: "${A:-}", secret_key: "${B:-}"}'
    assert declared(written).outputs == Bucket("s3://bucket")
    full = declared(written, {"A": "name", "B": "123"}).outputs
    assert full == Bucket("s3://bucket", access_key="name", secret_key="123")  # noqa: S106
    assert "123" not in repr(full)
