"""The keys of a service."""

from __future__ import annotations

from typing import Literal

from gateway.graph.json_value import Json
from gateway.services.fields import Fields, Group, Key
from gateway.services.model import Kind, ShortTarget
from gateway.services.names import NAME
from gateway.services.parameter_keys import NODE_REFERENCE, PARAMETER
from gateway.services.scalar_shapes import (
    AnyJson,
    Boolean,
    Form,
    Integer,
    OpenDuration,
    Secret,
    Text,
    Word,
)
from gateway.services.shape import EitherOf, ListOf, MapOf, record
from gateway.services.webhook import JobEnd

__all__ = [
    "BACKEND",
    "BATCH_LIMIT",
    "DESCRIPTION",
    "EXAMPLES",
    "INDEX",
    "KIND",
    "LABELS",
    "OUTPUTS",
    "OUTPUT_NODE",
    "PARAMETERS",
    "PREFIX",
    "PRIORITY",
    "QUEUE_TIMEOUT",
    "RETRY_PAID",
    "SERVICE",
    "TIMEOUT",
    "TITLE",
    "WAIT",
    "WEBHOOK",
    "WEBHOOK_EVENTS",
    "WEBHOOK_SECRET",
    "WEBHOOK_URL",
    "WHEN_CLIENT_LEAVES",
    "WORKFLOW",
]

_WORKFLOW = Form(
    r"(?!.*(^|/)\.{1,2}(/|$))[^\\/:]+(/[^\\/:]+)*\.json",
    "the name of a .json file in the folder workflows/",
    code="workflow-outside",
    mend="Put the file under workflows/ and write its name there, such as text_to_image.json.",
)

WORKFLOW: Key[str] = Key(
    "workflow",
    Text(_WORKFLOW),
    "The file under workflows/, as ComfyUI's editor saves it or exports it for the API.",
    "",
    sample="text_to_image.json",
)
TITLE: Key[str | None] = Key("title", Text(), "Its name for people; left out, from its name.", None)
DESCRIPTION: Key[str | None] = Key(
    "description", Text(), "What it does: assistants choose tools by this.", None
)
PARAMETERS: Key[Group[Fields | ShortTarget]] = Key(
    "parameters",
    MapOf(PARAMETER, names=NAME, subject="parameter"),
    "What callers may set, by name.",
    Group(),
)

OUTPUT_NODE: Key[str | Fields] = Key(
    "node",
    NODE_REFERENCE,
    'The node whose files these are: its id ("9"), {title: …} or {class_type: …}.',
    "",
    sample='"9"',
)
_KINDS: Word[Kind] = Word(
    ("image", "animation", "video", "audio", "text", "model3d", "latent", "file")
)
KIND: Key[Kind | None] = Key(
    "kind",
    _KINDS,
    "Take only files of this kind.",
    None,
)
INDEX: Key[int | None] = Key("index", Integer(0), "Take only this file of a batch, from 0.", None)
OUTPUTS: Key[Group[Fields]] = Key(
    "outputs",
    MapOf(record("an output", (OUTPUT_NODE, KIND, INDEX)), names=NAME),
    "Names for what the graph makes; what has none is returned, too.",
    Group(),
)
EXAMPLES: Key[tuple[Group[Json], ...]] = Key(
    "examples",
    ListOf(MapOf(AnyJson())),
    "Arguments of calls that work; `gateway test` makes them.",
    (),
)
TIMEOUT: Key[float | None] = Key(
    "timeout", OpenDuration(positive=True), "How long a run may take, from its start.", 600.0
)
QUEUE_TIMEOUT: Key[float | None] = Key(
    "queue_timeout",
    OpenDuration(positive=True),
    "How long a job may wait for its run to start; left out, without end.",
    None,
)
WAIT: Key[float | None] = Key(
    "wait",
    OpenDuration(),
    "How long a call blocks before it answers with the job's id, and the job goes on; `none`: until "
    "the end; left out, the gateway's call_wait.",
    None,
)
PRIORITY: Key[int] = Key("priority", Integer(-100, 100), "Higher goes first.", 0)

LABELS: Key[tuple[str, ...]] = Key(
    "labels",
    ListOf(Text(), filled=True),
    "Every one of these must be on the backend.",
    (),
    sample="[sdxl]",
)
BACKEND: Key[str | Fields | None] = Key(
    "backend",
    EitherOf(scalar=Text(NAME), mapping=record("a choice of backend", (LABELS,))),
    "Where it runs: a backend's name, or {labels: […]}; left out, on any.",
    None,
)
PREFIX: Key[Literal["job", "keep"]] = Key(
    "prefix",
    Word(("job", "keep")),
    "`job` gives each run a folder of its own on ComfyUI, `keep` leaves the graph's filename_prefix.",
    "job",
)
WHEN_CLIENT_LEAVES: Key[Literal["detach", "cancel"]] = Key(
    "when_client_leaves",
    Word(("detach", "cancel")),
    "What becomes of the job when the caller's connection just goes away.",
    "detach",
)
RETRY_PAID: Key[bool] = Key(
    "retry_paid",
    Boolean(),
    "Whether a run that may have reached a paid node is made again when ComfyUI loses it.",
    False,
)
BATCH_LIMIT: Key[int] = Key(
    "batch_limit",
    Integer(1, 256),
    "The most jobs that one call may start, where parameters have `batch`.",
    16,
)

# The host in ASCII letters, so that it is the one that lists of hosts name; no fragment.
_WEBHOOK_URL = Form(
    r'https?://[A-Za-z0-9._:@\[\]-]+([/?][!"$-~]*)?',
    "an http:// or https:// URL",
    code="url-invalid",
    mend="Write it like https://hooks.example/jobs, in plain ASCII.",
)
WEBHOOK_URL: Key[str] = Key(
    "url",
    Text(_WEBHOOK_URL),
    "Where it is told.",
    "",
    sample="https://hooks.example/jobs",
)
WEBHOOK_SECRET: Key[str | None] = Key(
    "secret", Secret(), "Signs what is told; left out, the gateway's own for webhooks.", None
)
_ENDS: Word[JobEnd] = Word(("completed", "failed", "timeout", "cancelled"))
WEBHOOK_EVENTS: Key[tuple[JobEnd, ...]] = Key(
    "events", ListOf(_ENDS, filled=True), "The ends that are told; left out, all of them.", ()
)
WEBHOOK: Key[str | Fields | None] = Key(
    "webhook",
    EitherOf(
        scalar=Text(_WEBHOOK_URL),
        mapping=record("a webhook", (WEBHOOK_URL, WEBHOOK_SECRET, WEBHOOK_EVENTS)),
    ),
    "Who is told when a job of this service has ended: a URL, or {url: …, secret: …, events: […]}.",
    None,
)

SERVICE = record(
    "a service",
    (
        WORKFLOW,
        TITLE,
        DESCRIPTION,
        PARAMETERS,
        OUTPUTS,
        EXAMPLES,
        TIMEOUT,
        QUEUE_TIMEOUT,
        WAIT,
        PRIORITY,
        BACKEND,
        PREFIX,
        WHEN_CLIENT_LEAVES,
        RETRY_PAID,
        BATCH_LIMIT,
        WEBHOOK,
    ),
)
