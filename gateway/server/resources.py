"""Jobs and their outputs as MCP resources.

Knows nothing of transports. `comfyui://jobs/<id>` is a job's answer as JSON,
`comfyui://jobs/<id>/outputs/<n>` one of its outputs, `n` counting from 0; `comfyui://jobs/recent` and
`comfyui://jobs/statistics` are what the tools of that kind answer. Each caller sees their own jobs.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from mcp import MCPError
from mcp.types import (
    INTERNAL_ERROR,
    BlobResourceContents,
    ListResourcesResult,
    ListResourceTemplatesResult,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    ReadResourceResult,
    Resource,
    ResourceTemplate,
    TextResourceContents,
)

from gateway.errors import GatewayError, JobNotFound
from gateway.graph.json_value import Json, JsonObject, as_array, as_object
from gateway.jobs.job import OutputFile
from gateway.server.departures import RequestContext, http_request
from gateway.server.failure import resource_not_found
from gateway.server.visitor import Visitor, Visitors
from gateway.tools.running import Published, Running

__all__ = ["RESOURCE_LIMIT", "RESOURCE_TOO_LARGE", "Resources"]

RESOURCE_LIMIT = 16 * 1024 * 1024
"""Bytes of a file that are sent as one resource; base64 makes a third more of them."""

RESOURCE_TOO_LARGE = -31001
"""JSON-RPC code of our own; the specification keeps -32768…-32000 for itself."""

JOB_URI = re.compile(r"comfyui://jobs/([A-Za-z0-9_-]{1,128})(?:/outputs/(0|[1-9][0-9]{0,8}))?")

RECENT = 50
"""Jobs in `comfyui://jobs/recent`."""


@dataclass(frozen=True, slots=True)
class _Overview:
    """A resource that a built-in tool answers."""

    resource: Resource
    tool: str
    arguments: JsonObject


_OVERVIEWS = {
    each.resource.uri: each
    for each in (
        _Overview(
            Resource(
                uri="comfyui://jobs/recent",
                name="recent_jobs",
                title="Recent jobs",
                description=f"Your newest {RECENT} jobs, newest first.",
                mime_type="application/json",
            ),
            "list_jobs",
            {"limit": RECENT},
        ),
        _Overview(
            Resource(
                uri="comfyui://jobs/statistics",
                name="job_statistics",
                title="Job statistics",
                description="Your jobs by status and service, how long they ran and waited.",
                mime_type="application/json",
            ),
            "get_job_statistics",
            {},
        ),
    )
}

TEMPLATES = (
    ResourceTemplate(
        name="job",
        title="A job",
        uri_template="comfyui://jobs/{job_id}",
        description="What a job answers: status, outputs, seeds, timings.",
        mime_type="application/json",
    ),
    ResourceTemplate(
        name="job_output",
        title="An output of a job",
        uri_template="comfyui://jobs/{job_id}/outputs/{index}",
        description="A file or text that a job left; index counts from 0.",
    ),
)


class Resources:
    """Answers resources/list, resources/templates/list and resources/read."""

    def __init__(
        self, published: Published, visitors: Visitors, limit: int = RESOURCE_LIMIT
    ) -> None:
        self._published = published
        self._visitors = visitors
        self._limit = limit

    async def list_resources(
        self,
        ctx: RequestContext,  # noqa: ARG002 - the shape of a handler
        params: PaginatedRequestParams | None,  # noqa: ARG002
    ) -> ListResourcesResult:
        """Answer resources/list: jobs come and go, so for each of them there are only templates."""
        return ListResourcesResult(resources=[each.resource for each in _OVERVIEWS.values()])

    async def list_templates(
        self,
        ctx: RequestContext,  # noqa: ARG002 - the shape of a handler
        params: PaginatedRequestParams | None,  # noqa: ARG002
    ) -> ListResourceTemplatesResult:
        """Answer resources/templates/list."""
        return ListResourceTemplatesResult(resource_templates=list(TEMPLATES))

    async def read(
        self, ctx: RequestContext, params: ReadResourceRequestParams
    ) -> ReadResourceResult:
        """Answer resources/read.

        Raises:
            MCPError: There is no such resource of this caller, or it is too large to send.
        """
        overview = _OVERVIEWS.get(params.uri)
        if overview is not None:
            return ReadResourceResult(contents=[await self._read_overview(ctx, overview)])
        match = JOB_URI.fullmatch(params.uri)
        if match is None:
            raise resource_not_found(
                params.uri,
                "resources are comfyui://jobs/recent, …/statistics and …/<id>[/outputs/<n>]",
            )
        job_id, index = match.group(1), match.group(2)
        running = await self._published.running()
        visitor = self._visitors(http_request(ctx))
        try:
            if index is None:
                contents = await _read_job(running, job_id, visitor)
            else:
                contents = await self._read_output(running, (job_id, int(index)), visitor)
        except JobNotFound as error:
            raise resource_not_found(params.uri, error.faults[0].message) from error
        return ReadResourceResult(contents=[contents])

    async def _read_overview(
        self, ctx: RequestContext, overview: _Overview
    ) -> TextResourceContents:
        running = await self._published.running()
        asking = self._visitors(http_request(ctx)).asking()
        answer = await running.call(overview.tool, overview.arguments, asking)
        if answer.failed:
            raise MCPError(INTERNAL_ERROR, answer.text, dict(answer.structured))
        return _json(overview.resource.uri, answer.structured)

    async def _read_output(
        self, running: Running, place: tuple[str, int], visitor: Visitor
    ) -> TextResourceContents | BlobResourceContents:
        uri = f"comfyui://jobs/{place[0]}/outputs/{place[1]}"
        output = await running.output(*place, visitor.caller)
        if isinstance(output, str):
            return TextResourceContents(uri=uri, mime_type="text/plain", text=output)
        if output.size_bytes > self._limit:
            raise await self._too_large(running, place, visitor, output)
        opened = await running.open(output)
        data = b"".join([chunk async for chunk in opened.chunks])
        if (text := _text(output.mime_type, data)) is not None:
            return TextResourceContents(uri=uri, mime_type=output.mime_type, text=text)
        blob = base64.b64encode(data).decode("ascii")
        return BlobResourceContents(uri=uri, mime_type=output.mime_type, blob=blob)

    async def _too_large(
        self, running: Running, place: tuple[str, int], visitor: Visitor, file: OutputFile
    ) -> MCPError:
        told = await _whereabouts(running, place, visitor)
        where = told.get("url") or told.get("path") or "asking where the gateway runs"
        size, most = file.size_bytes / 2**20, self._limit / 2**20
        error = GatewayError(
            f"{file.filename} is {size:,.1f} MiB; at most {most:g} MiB are sent as a resource.",
            code="resource-too-large",
            mend=f"Fetch it at {where}.",
        )
        uri = f"comfyui://jobs/{place[0]}/outputs/{place[1]}"
        data = {"uri": uri, "code": error.code, "size_bytes": file.size_bytes, **told}
        return MCPError(RESOURCE_TOO_LARGE, str(error), data)


async def _read_job(running: Running, job_id: str, visitor: Visitor) -> TextResourceContents:
    job = await running.job(job_id, visitor.caller)
    answer = await running.answer(job, visitor.asking())
    return _json(f"comfyui://jobs/{job_id}", answer.structured)


def _json(uri: str, record: JsonObject) -> TextResourceContents:
    text = json.dumps(record, ensure_ascii=False)
    return TextResourceContents(uri=uri, mime_type="application/json", text=text)


async def _whereabouts(
    running: Running, place: tuple[str, int], visitor: Visitor
) -> Mapping[str, Json]:
    """Return `url` or `path` of an output, as a call's answer shows them to this caller."""
    job = await running.job(place[0], visitor.caller)
    answer = await running.answer(job, visitor.asking())
    outputs = as_array(answer.structured.get("outputs")) or ()
    entry = (as_object(outputs[place[1]]) if place[1] < len(outputs) else None) or {}
    return {key: entry[key] for key in ("url", "path") if isinstance(entry.get(key), str)}


def _text(mime_type: str, data: bytes) -> str | None:
    """Return the text of a file that is one, and None for any other."""
    if not mime_type.startswith("text/") and mime_type != "application/json":
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None
