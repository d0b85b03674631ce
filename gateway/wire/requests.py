"""The calls to a ComfyUI as values: paths, queries and bodies.

Source: ComfyUI server.py (routes), https://docs.comfy.org/development/comfyui-server/comms_routes.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from gateway.graph.json_value import Json
from gateway.wire.outputs import FileReference

__all__ = [
    "FEATURE_FLAGS",
    "JOBS_IN_LINE",
    "cancel_path",
    "definition_path",
    "history_path",
    "interrupt_body",
    "is_safe",
    "job_path",
    "prompt_body",
    "queue_delete_body",
    "socket_path",
    "view_path",
]

FEATURE_FLAGS: Mapping[str, Json] = {
    "type": "feature_flags",
    "data": {"supports_preview_metadata": True},
}
"""Must be the first frame on a WebSocket: previews then name their prompt."""

JOBS_IN_LINE = "/api/jobs?status=pending,in_progress"

_TYPES = frozenset({"output", "temp", "input"})


def prompt_body(
    prompt_id: str, client_id: str, prompt: Mapping[str, Json], extra_data: Mapping[str, Json]
) -> dict[str, Json]:
    """Return the body of `POST /prompt`."""
    body: dict[str, Json] = {"prompt": prompt, "prompt_id": prompt_id, "client_id": client_id}
    if extra_data:
        body["extra_data"] = extra_data
    return body


def job_path(prompt_id: str) -> str:
    """Return the path that tells where a prompt is, on servers that have the jobs API."""
    return f"/api/jobs/{quote(prompt_id, safe='')}"


def cancel_path(prompt_id: str) -> str:
    """Return the path to `POST` to for stopping exactly this prompt."""
    return f"{job_path(prompt_id)}/cancel"


def history_path(prompt_id: str) -> str:
    """Return the path of a prompt's history entry."""
    return f"/history/{quote(prompt_id, safe='')}"


def definition_path(class_type: str) -> str:
    """Return the path of one node definition."""
    return f"/object_info/{quote(class_type, safe='')}"


def socket_path(client_id: str) -> str:
    """Return the path of a WebSocket connection."""
    return f"/ws?clientId={quote(client_id, safe='')}"


def queue_delete_body(prompt_id: str) -> dict[str, Json]:
    """Return the body of `POST /queue` that takes a pending prompt out."""
    return {"delete": [prompt_id]}


def interrupt_body(prompt_id: str) -> dict[str, Json]:
    """Return the body of `POST /interrupt` that stops this prompt only, if it is the running one."""
    return {"prompt_id": prompt_id}


def is_safe(file: FileReference) -> bool:
    """Tell whether a file's name and folder stay where files of its type are.

    A node pack says what it likes here; nothing that climbs out of a folder is ever asked for.
    """
    folders = file.subfolder.replace("\\", "/").split("/") if file.subfolder else []
    return (
        file.type in _TYPES
        and _is_plain(file.filename)
        and all(_is_plain(each) for each in folders)
    )


def view_path(file: FileReference) -> str:
    """Return the path and query that `/view` answers a file's bytes to."""
    query = {"filename": file.filename, "subfolder": file.subfolder, "type": file.type}
    return f"/view?{urlencode(query)}"


def _is_plain(part: str) -> bool:
    return (
        part not in {"", ".", ".."}
        and part.isprintable()
        and not any(each in part for each in "/\\")
        and part[1:2] != ":"  # a drive of Windows
    )
