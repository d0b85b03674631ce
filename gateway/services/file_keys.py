"""The top level of services.yaml."""

from __future__ import annotations

from gateway.services.backend_keys import BACKEND
from gateway.services.bucket_keys import folder_or_bucket
from gateway.services.fields import NOTHING, Fields, Group, Key
from gateway.services.gateway_keys import GATEWAY, JOBS
from gateway.services.names import NAME, SERVICE_NAME
from gateway.services.scalar_shapes import Integer
from gateway.services.service_keys import SERVICE
from gateway.services.shape import MapOf, record

__all__ = [
    "BACKENDS",
    "FILE",
    "GATEWAY_SECTION",
    "INPUTS",
    "JOBS_SECTION",
    "OUTPUTS",
    "SERVICES",
    "VERSION",
]

VERSION: Key[int] = Key(
    "version", Integer(1, 1), "The version of this file's format.", 1, sample="1"
)
BACKENDS: Key[Group[Fields]] = Key(
    "backends",
    MapOf(BACKEND, names=NAME),
    "The ComfyUIs, by name; none declared: one, `local`, where COMFYUI_URL says, or at "
    "http://127.0.0.1:8188.",
    Group(),
)
SERVICES: Key[Group[Fields]] = Key(
    "services",
    MapOf(SERVICE, names=SERVICE_NAME, subject="service"),
    "The tools, by name.",
    Group(),
)
GATEWAY_SECTION: Key[Fields] = Key("gateway", GATEWAY, "The gateway itself.", NOTHING)
INPUTS: Key[str | Fields] = folder_or_bucket(
    "inputs", "Where callers' files are kept: a folder, or a bucket by its URL.", ".gateway/inputs"
)
OUTPUTS: Key[str | Fields] = folder_or_bucket(
    "outputs", "Where outputs go: a folder, or a bucket by its URL.", ".gateway/outputs"
)
JOBS_SECTION: Key[Fields] = Key("jobs", JOBS, "How jobs are kept.", NOTHING)

FILE = record(
    "services.yaml",
    (VERSION, BACKENDS, SERVICES, GATEWAY_SECTION, INPUTS, OUTPUTS, JOBS_SECTION),
)
