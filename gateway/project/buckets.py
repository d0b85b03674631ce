"""What buckets are not told in services.yaml: keys, region and server from the environment's usual variables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from gateway.services.bucket import Bucket
from gateway.services.model import Declaration

__all__ = ["with_credentials"]

# Each from the first of its variables that is set.
_S3_KEYS = {
    "access_key": ("AWS_ACCESS_KEY_ID",),
    "secret_key": ("AWS_SECRET_ACCESS_KEY",),
    "session_token": ("AWS_SESSION_TOKEN",),
}
_S3_PLACE = {
    "region": ("AWS_REGION", "AWS_DEFAULT_REGION"),
    "endpoint": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
}
_AZURE_KEYS = {
    "access_key": ("AZURE_STORAGE_ACCOUNT_NAME",),
    "secret_key": ("AZURE_STORAGE_ACCOUNT_KEY",),
}


def with_credentials(declaration: Declaration, environment: Mapping[str, str]) -> Declaration:
    """Return the declaration with what its buckets lack.

    A bucket that callers name files in is reached as the same bucket of `outputs` or `inputs` is.
    """
    inputs, outputs, gateway = declaration.inputs, declaration.outputs, declaration.gateway
    known = [each for each in (outputs, inputs) if isinstance(each, Bucket)]
    return replace(
        declaration,
        inputs=_filled(inputs, environment) if isinstance(inputs, Bucket) else inputs,
        outputs=_filled(outputs, environment) if isinstance(outputs, Bucket) else outputs,
        gateway=replace(
            gateway,
            input_buckets=tuple(
                _filled(_like(each, known), environment) for each in gateway.input_buckets
            ),
        ),
    )


def _like(bucket: Bucket, known: Sequence[Bucket]) -> Bucket:
    """Return a bucket that says only its URL as one that says more of the same bucket."""
    plain = bucket == Bucket(bucket.url)
    for each in known if plain else ():
        if (each.scheme, each.name) == (bucket.scheme, bucket.name):
            return replace(each, url=bucket.url)
    return bucket


def _filled(bucket: Bucket, environment: Mapping[str, str]) -> Bucket:
    match bucket.scheme:
        case "s3":
            keys, place = _S3_KEYS, _S3_PLACE
        case "az":
            keys, place = _AZURE_KEYS, {}
        case _:
            return bucket
    wanted = place if bucket.access_key else {**place, **keys}
    found = {
        name: value
        for name, variables in wanted.items()
        if not getattr(bucket, name)
        and (value := _first(variables, environment))
        # Keys and files go unencrypted only where services.yaml itself says so.
        and not value.startswith("http://")
    }
    return replace(bucket, **found)


def _first(variables: Sequence[str], environment: Mapping[str, str]) -> str:
    return next((value for each in variables if (value := environment.get(each, ""))), "")
