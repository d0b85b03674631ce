"""The keys of the sections `gateway` and `jobs`."""

from __future__ import annotations

from typing import Literal

from gateway.services.fields import NOTHING, Fields, Key
from gateway.services.scalar_shapes import (
    Duration,
    Form,
    Integer,
    OpenDuration,
    Secret,
    Size,
    Text,
    Word,
)
from gateway.services.shape import ListOf, record

__all__ = [
    "ALLOWED_HOSTS",
    "ALLOW_HOSTS",
    "ATTEMPTS",
    "BACKEND_GRACE",
    "BUDGET",
    "CALL_WAIT",
    "DISPATCH",
    "GATEWAY",
    "HOST",
    "HTTP",
    "INPUT_FOLDERS",
    "INPUT_URLS",
    "INSTRUCTIONS",
    "JOBS",
    "KEEP",
    "KEEP_AGE",
    "KEEP_COUNT",
    "LEASE",
    "MAX_BODY",
    "MAX_SIDE",
    "MAX_SIZE",
    "NAME",
    "PATH",
    "PORT",
    "PREVIEW",
    "STORE",
    "URL_TIMEOUT",
    "WEBHOOKS",
    "WEBHOOK_ATTEMPTS",
    "WEBHOOK_HOSTS",
    "WEBHOOK_SECRET",
    "WEBHOOK_TIMEOUT",
]

# --- gateway --------------------------------------------------------------------------------------

HOST: Key[str] = Key("host", Text(), "The address that `gateway serve` listens on.", "127.0.0.1")
PORT: Key[int] = Key("port", Integer(0, 65535), "Its port; 0 takes a free one.", 8080)
PATH: Key[str] = Key(
    "path",
    Text(
        Form(
            r"(/[A-Za-z0-9._~-]+)+",
            "a path such as /mcp",
            code="path-invalid",
            mend="Begin it with /, end it without.",
        )
    ),
    "Where MCP answers.",
    "/mcp",
)
MAX_BODY: Key[int] = Key("max_body", Size(), "The largest request that is read.", 32 * 1024**2)
ALLOWED_HOSTS: Key[tuple[str, ...]] = Key(
    "allowed_hosts", ListOf(Text()), "Host names callers may use besides the loopback's.", ()
)
HTTP: Key[Fields] = Key(
    "http",
    record("http", (HOST, PORT, PATH, MAX_BODY, ALLOWED_HOSTS)),
    "How `gateway serve --transport http` listens.",
    NOTHING,
)

MAX_SIDE: Key[int] = Key(
    "max_side", Integer(16, 4096), "Longest side of a preview, in pixels.", 512
)
BUDGET: Key[int] = Key("budget", Size(), "Most bytes of previews in one answer.", 600 * 1024)
PREVIEW: Key[Fields] = Key(
    "preview",
    record("preview", (MAX_SIDE, BUDGET)),
    "The small pictures that answers carry.",
    NOTHING,
)

ALLOW_HOSTS: Key[tuple[str, ...]] = Key(
    "allow_hosts",
    ListOf(Text()),
    "When not empty, only these are fetched from; a private one, too.",
    (),
)
MAX_SIZE: Key[int] = Key("max_size", Size(), "The largest file that is fetched.", 100 * 1024**2)
URL_TIMEOUT: Key[float] = Key(
    "timeout", Duration(positive=True), "How long fetching a file may take.", 30.0
)
INPUT_URLS: Key[Fields] = Key(
    "input_urls",
    record("input_urls", (ALLOW_HOSTS, MAX_SIZE, URL_TIMEOUT)),
    "What may be fetched when a caller names a URL.",
    NOTHING,
)

WEBHOOK_HOSTS: Key[tuple[str, ...]] = Key(
    "allow_hosts",
    ListOf(Text()),
    "When not empty, webhooks lead to these only; to a private one, too.",
    (),
)
WEBHOOK_TIMEOUT: Key[float] = Key(
    "timeout", Duration(positive=True), "How long a receiver may take to answer.", 10.0
)
WEBHOOK_ATTEMPTS: Key[int] = Key(
    "attempts", Integer(1, 20), "How often the end of a job is told until it is taken.", 8
)
WEBHOOK_SECRET: Key[str | None] = Key(
    "secret", Secret(), "Signs what is told by webhooks that have no secret of their own.", None
)
WEBHOOKS: Key[Fields] = Key(
    "webhooks",
    record("webhooks", (WEBHOOK_HOSTS, WEBHOOK_TIMEOUT, WEBHOOK_ATTEMPTS, WEBHOOK_SECRET)),
    "Where the webhooks of services may lead, and how they are sent.",
    NOTHING,
)

NAME: Key[str] = Key("name", Text(), "What the gateway calls itself.", "comfyui-gateway")
INSTRUCTIONS: Key[str | None] = Key(
    "instructions", Text(), "What assistants are told about these tools as a whole.", None
)
CALL_WAIT: Key[float | None] = Key(
    "call_wait",
    OpenDuration(),
    "How long calls block before they answer with the job's id; `none`: until the end.",
    45.0,
)
INPUT_FOLDERS: Key[tuple[str, ...]] = Key(
    "input_folders", ListOf(Text()), "Callers' paths are read only under these; not over HTTP.", ()
)
BACKEND_GRACE: Key[float] = Key(
    "backend_grace", Duration(), "How long a backend may be away before its jobs fail.", 60.0
)
GATEWAY = record(
    "gateway",
    (
        NAME,
        INSTRUCTIONS,
        HTTP,
        PREVIEW,
        CALL_WAIT,
        INPUT_FOLDERS,
        INPUT_URLS,
        WEBHOOKS,
        BACKEND_GRACE,
    ),
)

# --- jobs -----------------------------------------------------------------------------------------

STORE: Key[str] = Key(
    "store", Text(), "Where jobs are kept: a file, or a postgresql:// URL.", ".gateway/jobs.db"
)
KEEP_AGE: Key[float | None] = Key(
    "age", OpenDuration(), "How long finished jobs and their files are kept.", 24 * 3600.0
)
KEEP_COUNT: Key[int] = Key("count", Integer(1), "How many finished jobs are kept.", 1000)
KEEP: Key[Fields] = Key(
    "keep", record("keep", (KEEP_AGE, KEEP_COUNT)), "What is kept of finished jobs.", NOTHING
)
ATTEMPTS: Key[int] = Key(
    "attempts", Integer(1, 100), "How many backends may lose a job before it fails.", 3
)
DISPATCH: Key[Literal["process", "cluster"]] = Key(
    "dispatch",
    Word(("process", "cluster")),
    "Who runs jobs: each gateway its own, or workers on any machine, over PostgreSQL.",
    "process",
)
LEASE: Key[float] = Key(
    "lease",
    Duration(positive=True),
    "How long a gateway or worker may be silent before others take over its jobs; over PostgreSQL.",
    15.0,
)
JOBS = record("jobs", (STORE, KEEP, ATTEMPTS, DISPATCH, LEASE))
