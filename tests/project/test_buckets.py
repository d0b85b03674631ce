"""Buckets get what services.yaml does not say from the environment, or from each other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.project.buckets import with_credentials
from gateway.services.bucket import Bucket
from gateway.services.model import Declaration
from gateway.services.settings import GatewaySettings

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "name",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_SESSION_TOKEN": "token",
    "AWS_DEFAULT_REGION": "eu-2",
    "AWS_REGION": "eu-1",
    "AWS_ENDPOINT_URL": "https://storage.example.com",
    "AZURE_STORAGE_ACCOUNT_NAME": "account",
    "AZURE_STORAGE_ACCOUNT_KEY": "azure",
}


def filled(bucket: Bucket, environment: dict[str, str] = ENVIRONMENT) -> Bucket:
    declaration = Declaration("services.yaml", (), (), outputs=bucket)
    outputs = with_credentials(declaration, environment).outputs
    assert isinstance(outputs, Bucket)
    return outputs


def test_a_bucket_that_says_its_url_alone_gets_all_from_the_environment() -> None:
    assert filled(Bucket("s3://b")) == Bucket(
        "s3://b",
        endpoint="https://storage.example.com",
        region="eu-1",
        access_key="name",
        secret_key="secret",  # noqa: S106
        session_token="token",  # noqa: S106
    )


def test_what_is_written_is_kept_and_no_key_is_mixed_with_another() -> None:
    written = Bucket("s3://b", "http://127.0.0.1:9", "here", access_key="a", secret_key="b")  # noqa: S106
    assert filled(written) == written


def test_an_empty_environment_adds_nothing() -> None:
    assert filled(Bucket("s3://b"), {}) == Bucket("s3://b")


def test_an_endpoint_without_tls_is_not_taken_from_the_environment() -> None:
    assert filled(Bucket("s3://b"), {"AWS_ENDPOINT_URL_S3": "http://storage"}).endpoint == ""


@pytest.mark.parametrize(("url", "key"), [("az://box", "account"), ("gs://b", "")])
def test_other_providers_have_variables_of_their_own(url: str, key: str) -> None:
    bucket = filled(Bucket(url))
    assert (bucket.access_key, bucket.region, bucket.endpoint) == (key, "", "")


def test_a_bucket_of_callers_is_reached_as_the_same_one_of_outputs() -> None:
    outputs = Bucket("s3://b/out", "https://here", access_key="a", secret_key="b")  # noqa: S106
    other = Bucket("s3://b/in", "https://elsewhere")
    declaration = Declaration(
        "services.yaml",
        (),
        (),
        GatewaySettings(input_buckets=(Bucket("s3://b/in"), Bucket("s3://c"), other)),
        outputs=outputs,
        inputs="folder",
    )
    got = with_credentials(declaration, {"AWS_ACCESS_KEY_ID": "name"})
    assert got.gateway.input_buckets == (
        replace(outputs, url="s3://b/in"),
        Bucket("s3://c", access_key="name"),
        replace(other, access_key="name"),
    )
    assert got.inputs == "folder"


def test_no_key_is_in_what_is_printed_of_a_bucket() -> None:
    shown = repr(filled(Bucket("s3://b")))
    assert not any(secret in shown for secret in ("name", "secret'", "token"))
