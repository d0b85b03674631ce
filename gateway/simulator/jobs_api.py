"""/api/jobs: the one place that tells pending, running, done and gone apart (0.4 and later).

Knows the queue and the history, and nothing of running.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping

from gateway.graph.json_value import Json, JsonObject, as_array, as_object
from gateway.simulator.exchange import Asked, Reply, Routes, json_reply
from gateway.simulator.machine import Machine
from gateway.simulator.queue import QueueItem

__all__ = ["jobs_routes"]

_STATUSES = ("pending", "in_progress", "completed", "failed", "cancelled")
_NOT_PREVIEWED = ("latents",)
_MESH_SUFFIXES = (".glb", ".gltf", ".obj", ".fbx", ".stl", ".ply", ".usdz", ".splat")


class _BadQuestion(Exception):
    """A parameter of the list is wrong."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said


def _queued(item: QueueItem, status: str) -> dict[str, Json]:
    return {
        "id": item[1],
        "status": status,
        "priority": item[0],
        "create_time": item[3].get("create_time"),
        "outputs_count": 0,
        "previewable_outputs_count": 0,
        **_workflow_id(item[3]),
    }


def _workflow_id(extra: JsonObject) -> dict[str, Json]:
    info = as_object(extra.get("extra_pnginfo")) or {}
    workflow = as_object(info.get("workflow")) or {}
    return {"workflow_id": workflow["id"]} if "id" in workflow else {}


def _finished(prompt_id: str, entry: JsonObject) -> dict[str, Json]:
    number, _, _, extra, _ = as_array(entry["prompt"]) or [0, "", {}, {}, []]
    extra_data = as_object(extra) or {}
    messages = _messages(entry)
    outputs = as_object(entry["outputs"]) or {}
    job: dict[str, Json] = {
        "id": prompt_id,
        "status": _status(entry, messages),
        "priority": number,
        "create_time": extra_data.get("create_time"),
        "execution_start_time": messages["execution_start"].get("timestamp"),
        "execution_end_time": next(reversed(messages.values())).get("timestamp"),
        **_workflow_id(extra_data),
    }
    if "execution_error" in messages:
        job["execution_error"] = messages["execution_error"]
    found = list(_items(outputs))
    shown = [item for item in found if item["mediaType"] not in _NOT_PREVIEWED]
    job["outputs_count"] = len(found)
    job["previewable_outputs_count"] = len(shown)
    if shown:
        job["preview_output"] = next(
            (one for one in shown if one.get("type") == "output"), shown[0]
        )
    return job


def _messages(entry: JsonObject) -> dict[str, JsonObject]:
    status = as_object(entry["status"]) or {}
    pairs = (as_array(pair) or ["", None] for pair in as_array(status["messages"]) or ())
    return {str(event): as_object(data) or {} for event, data in pairs}


def _status(entry: JsonObject, messages: Mapping[str, JsonObject]) -> str:
    if "execution_interrupted" in messages:
        return "cancelled"
    status = as_object(entry["status"]) or {}
    return "completed" if status.get("status_str") == "success" else "failed"


def _items(outputs: JsonObject) -> Iterator[dict[str, Json]]:
    """Every file in the outputs, with where it was found."""
    for node_id, shown in outputs.items():
        for key, values in (as_object(shown) or {}).items():
            for value in as_array(values) or ():
                item = as_object(_normal(value))
                if item is not None and "filename" in item:
                    yield {"mediaType": key, **item, "nodeId": node_id}


def _normal(value: Json) -> Json:
    """A bare path of a 3D file becomes an item, as the jobs API makes it one."""
    if isinstance(value, str) and value.lower().endswith(_MESH_SUFFIXES):
        return {"filename": value, "type": "output", "subfolder": "", "mediaType": "3d"}
    return value


def _normal_outputs(outputs: JsonObject) -> dict[str, Json]:
    return {
        node_id: {key: _normal_list(values) for key, values in (as_object(shown) or {}).items()}
        for node_id, shown in outputs.items()
    }


def _normal_list(values: Json) -> Json:
    listed = as_array(values)
    if listed is None:
        return values
    changed = [_normal(value) for value in listed]
    return [one for one in changed if one is not None] if changed != list(listed) else changed


def _all(machine: Machine) -> list[dict[str, Json]]:
    queue = machine.queue
    running = [_queued(queue.running, "in_progress")] if queue.running else []
    pending = [_queued(item, "pending") for item in queue.pending]
    finished = [_finished(key, entry) for key, entry in machine.history.entries.items()]
    return [*pending, *running, *reversed(finished)]


async def _list(asked: Asked, machine: Machine) -> Reply:
    query = asked.query
    try:
        statuses = _wanted_statuses(query.get("status", ""))
        limit, offset = _whole(query, "limit"), _whole(query, "offset") or 0
        jobs = _sorted(_all(machine), query)
    except _BadQuestion as bad:
        return json_reply({"error": bad.said}, 400)
    wanted = query.get("workflow_id")
    jobs = [job for job in jobs if job["status"] in statuses]
    jobs = [job for job in jobs if wanted is None or job.get("workflow_id") == wanted]
    page = jobs[offset:] if limit is None else jobs[offset : offset + limit]
    has_more = offset + len(page) < len(jobs)
    return json_reply(
        {
            "jobs": page,
            "pagination": {
                "offset": offset,
                "limit": limit,
                "total": len(jobs),
                "has_more": has_more,
            },
        }
    )


def _wanted_statuses(given: str) -> tuple[str, ...]:
    wanted = tuple(one.strip() for one in given.split(",") if one.strip())
    bad = [one for one in wanted if one not in _STATUSES]
    if bad:
        valid = ", ".join(_STATUSES)
        raise _BadQuestion(f"Invalid status value(s): {', '.join(bad)}. Valid values: {valid}")
    return wanted or _STATUSES


def _whole(query: Mapping[str, str], name: str) -> int | None:
    if name not in query:
        return None
    try:
        value = int(query[name])
    except ValueError:
        raise _BadQuestion(f"{name} must be an integer") from None
    if name == "limit" and value <= 0:
        raise _BadQuestion("limit must be a positive integer")
    return max(0, value)


def _sorted(jobs: list[dict[str, Json]], query: Mapping[str, str]) -> list[dict[str, Json]]:
    by, order = query.get("sort_by", "created_at"), query.get("sort_order", "desc")
    if by not in ("created_at", "execution_duration"):
        raise _BadQuestion("sort_by must be 'created_at' or 'execution_duration'")
    if order not in ("asc", "desc"):
        raise _BadQuestion("sort_order must be 'asc' or 'desc'")
    measure = _duration if by == "execution_duration" else _created
    return sorted(jobs, key=measure, reverse=order == "desc")


def _created(job: JsonObject) -> int:
    return _int(job.get("create_time"))


def _duration(job: JsonObject) -> int:
    return _int(job.get("execution_end_time")) - _int(job.get("execution_start_time"))


def _int(value: Json) -> int:
    return value if isinstance(value, int) else 0


async def _one(asked: Asked, machine: Machine) -> Reply:
    prompt_id = asked.captured[0]
    queue = machine.queue
    if queue.running is not None and queue.running[1] == prompt_id:
        return json_reply(_queued(queue.running, "in_progress"))
    for item in queue.pending:
        if item[1] == prompt_id:
            return json_reply(_queued(item, "pending"))
    entry = machine.history.entries.get(prompt_id)
    if entry is None:
        return json_reply({"error": "Job not found"}, 404)
    _, _, graph, extra, _ = as_array(entry["prompt"]) or [0, "", {}, {}, []]
    details: dict[str, Json] = {
        "outputs": _normal_outputs(as_object(entry["outputs"]) or {}),
        "execution_status": entry["status"],
        "workflow": {"prompt": graph, "extra_data": extra},
    }
    return json_reply({**_finished(prompt_id, entry), **details})


def _cancel(prompt_id: str, machine: Machine) -> bool:
    return machine.queue.stop_running(prompt_id) or machine.queue.delete([prompt_id]) > 0


async def _cancel_one(asked: Asked, machine: Machine) -> Reply:
    return json_reply({"cancelled": _cancel(asked.captured[0], machine)})


async def _cancel_many(asked: Asked, machine: Machine) -> Reply:
    ids = as_array((as_object(await asked.json()) or {}).get("job_ids"))
    if ids is None:
        return json_reply({"error": "job_ids must be a list"}, 400)
    bad = [one for one in ids if not _is_uuid(one)]
    if bad:
        return json_reply({"error": "job_ids contains invalid id(s)", "invalid_ids": bad}, 400)
    results = [_cancel(str(one), machine) for one in ids]
    return json_reply({"cancelled": any(results)})


def _is_uuid(value: Json) -> bool:
    try:
        return isinstance(value, str) and str(uuid.UUID(value)) == value
    except ValueError:
        return False


def jobs_routes() -> Routes:
    """Return the routes of this module."""
    return {
        "GET /api/jobs": _list,
        "GET /api/jobs/{}": _one,
        "POST /api/jobs/cancel": _cancel_many,
        "POST /api/jobs/{}/cancel": _cancel_one,
    }
