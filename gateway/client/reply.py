"""What a gateway answers, as values; knows nothing of how it came."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.graph.json_value import Json, JsonObject, as_array, as_object

__all__ = ["RemoteJob", "RemoteOutput", "RemoteTool", "Reply"]

FINISHED = frozenset({"completed", "failed", "timeout", "cancelled"})


@dataclass(frozen=True, slots=True)
class RemoteTool:
    """A tool as a gateway lists it."""

    name: str
    title: str
    description: str
    input_schema: JsonObject


@dataclass(frozen=True, slots=True)
class RemoteOutput:
    """A file or text that a job left.

    Attributes:
        uri: Its name as an MCP resource.
        path: Its place on the gateway's machine, when that is this one; or empty.
        url: Where it can be fetched over HTTP, or empty.
        text: The text itself, when it is one.
        job_id: Of a batch: the job that left it, or the batch itself for its contact sheet; or empty.
    """

    name: str
    index: int
    kind: str
    uri: str
    filename: str = ""
    mime_type: str = ""
    size_bytes: int = 0
    path: str = ""
    url: str = ""
    text: str | None = None
    job_id: str = ""


@dataclass(frozen=True, slots=True)
class RemoteJob:
    """One job of a batch.

    Attributes:
        parameters: What it has otherwise than the others.
        seeds: Those that it has otherwise than the others.
        error: The message of why it did not complete, or empty.
    """

    job_id: str
    status: str
    parameters: JsonObject
    seeds: JsonObject
    error: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of a tool; `previews` are the small pictures in it."""

    text: str
    structured: JsonObject
    previews: tuple[bytes, ...] = ()
    failed: bool = False

    @property
    def job_id(self) -> str:
        """The job's id, or empty."""
        return _text(self.structured, "job_id")

    @property
    def status(self) -> str:
        """The job's status, or empty."""
        return _text(self.structured, "status")

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen to the job."""
        return self.status in FINISHED

    @property
    def jobs(self) -> tuple[RemoteJob, ...]:
        """The jobs of a batch, in their order; of anything else none."""
        is_batch = as_object(self.structured.get("batch")) is not None
        entries = (as_array(self.structured.get("jobs")) or ()) if is_batch else ()
        return tuple(_job(entry) for each in entries if (entry := as_object(each)) is not None)

    @property
    def outputs(self) -> tuple[RemoteOutput, ...]:
        """What the job left, in the gateway's order."""
        entries = as_array(self.structured.get("outputs")) or ()
        return tuple(_output(entry) for each in entries if (entry := as_object(each)) is not None)


def _job(entry: JsonObject) -> RemoteJob:
    return RemoteJob(
        job_id=_text(entry, "job_id"),
        status=_text(entry, "status"),
        parameters=as_object(entry.get("parameters")) or {},
        seeds=as_object(entry.get("seeds")) or {},
        error=_text(as_object(entry.get("error")) or {}, "message"),
    )


def _output(entry: JsonObject) -> RemoteOutput:
    text = entry.get("text")
    return RemoteOutput(
        name=_text(entry, "name"),
        index=_number(entry.get("index")),
        kind=_text(entry, "kind"),
        uri=_text(entry, "uri"),
        filename=_text(entry, "filename"),
        mime_type=_text(entry, "mime_type"),
        size_bytes=_number(entry.get("size_bytes")),
        path=_text(entry, "path"),
        url=_text(entry, "url"),
        text=text if isinstance(text, str) else None,
        job_id=_text(entry, "job_id"),
    )


def _text(entry: JsonObject, key: str) -> str:
    value = entry.get(key)
    return value if isinstance(value, str) else ""


def _number(value: Json) -> int:
    return value if isinstance(value, int) else 0
