"""Opening buckets of object stores. Knows no jobs and no files of this machine."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from obstore.store import AzureStore, GCSStore, S3Store

from gateway.errors import GatewayError
from gateway.services.bucket import Bucket
from gateway.storage.place import STORE_FAULTS, Place

if TYPE_CHECKING:
    from obstore.store import AzureConfig, ClientConfig, RetryConfig, S3Config

__all__ = ["SignedStore", "open_bucket"]

SignedStore = S3Store | GCSStore | AzureStore

_PART = 5 * 1024 * 1024
"""The smallest part that S3 takes."""

_PARTS_AT_A_TIME = 3
"""So many are in memory, whatever a file's size: measured, 40 MiB more than before."""

_RETRIES: RetryConfig = {
    "max_retries": 2,
    "backoff": {
        "init_backoff": timedelta(milliseconds=200),
        "max_backoff": timedelta(seconds=2),
        "base": 2,
    },
    "retry_timeout": timedelta(seconds=20),
}


def open_bucket(bucket: Bucket) -> tuple[Place, SignedStore]:
    """Return a bucket as a place for files; nothing is asked of its server yet.

    Raises:
        GatewayError: It lacks something without which it cannot be spoken to.
    """
    try:
        store = _store(bucket)
    except STORE_FAULTS as error:
        # Its own words are not told: they may hold a key.
        raise _incomplete(bucket) from error
    place = Place(store, bucket.url, part_size=_PART, parts_at_a_time=_PARTS_AT_A_TIME)
    return place, store


def _incomplete(bucket: Bucket) -> GatewayError:
    return GatewayError(
        f"The bucket {bucket.url} cannot be used: its account or key is missing or malformed.",
        code="storage-refused",
        where=bucket.url,
        mend="Set `access_key` and `secret_key`, or the variables that docs/services-yaml.md names.",
    )


def _store(bucket: Bucket) -> SignedStore:
    prefix = bucket.prefix or None
    client: ClientConfig = {
        "allow_http": bucket.endpoint.startswith("http://"),
        "connect_timeout": "5s",
        "read_timeout": "60s",
        # For all of a file, however large; what stalls is noticed by the two above.
        "timeout": "12h",
    }
    match bucket.scheme:
        case "gs":
            return GCSStore(
                bucket.name, prefix=prefix, client_options=client, retry_config=_RETRIES
            )
        case "az":
            return AzureStore(
                bucket.name,
                prefix=prefix,
                config=_azure(bucket),
                client_options=client,
                retry_config=_RETRIES,
            )
        case _:
            return S3Store(
                bucket.name,
                prefix=prefix,
                config=_s3(bucket),
                client_options=client,
                retry_config=_RETRIES,
            )


def _s3(bucket: Bucket) -> S3Config:
    config: S3Config = {"virtual_hosted_style_request": not bucket.path_style}
    if bucket.endpoint:
        config["endpoint"] = bucket.endpoint if bucket.path_style else _with_bucket(bucket)
    if bucket.region:
        config["region"] = bucket.region
    if bucket.access_key:
        config["access_key_id"] = bucket.access_key
        config["secret_access_key"] = bucket.secret_key
    if bucket.session_token:
        config["session_token"] = bucket.session_token
    return config


def _azure(bucket: Bucket) -> AzureConfig:
    config: AzureConfig = {}
    if bucket.endpoint:
        config["endpoint"] = bucket.endpoint
    if bucket.access_key:
        config["account_name"] = bucket.access_key
        config["account_key"] = bucket.secret_key
    return config


def _with_bucket(bucket: Bucket) -> str:
    """Return the endpoint with the bucket's name in its host."""
    parts = urlsplit(bucket.endpoint)
    return parts._replace(netloc=f"{bucket.name}.{parts.netloc}").geturl()
