"""POST /prompt and the queue's routes: what is asked of the one worker. Knows no running."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from gateway.graph.json_value import Json, JsonObject, as_array, as_object
from gateway.simulator.exchange import Asked, Reply, Routes, empty, json_reply
from gateway.simulator.machine import Machine, Orders
from gateway.simulator.missing import failure
from gateway.simulator.queue import Graph, listed
from gateway.simulator.replacing import replaced
from gateway.simulator.validation import validate

__all__ = ["prompt_routes"]

_SENSITIVE = ("auth_token_comfy_org", "api_key_comfy_org")
_ID_DETAILS = (
    "prompt_id must be a UUID string in canonical lowercase hyphenated form; "
    "omit it to let the server generate one"
)


def _refuse(error: JsonObject, node_errors: JsonObject | None = None) -> Reply:
    return json_reply({"error": error, "node_errors": node_errors or {}}, 400)


@dataclass(frozen=True, slots=True)
class _Prompts:
    orders: Orders

    async def post(self, asked: Asked, machine: Machine) -> Reply:
        raw = await asked.json()
        body = as_object(raw) or {}
        number = _number(body, machine)
        if "prompt" not in body:
            return _refuse(failure("no_prompt", "No prompt provided", "No prompt provided"))
        prompt_id = _prompt_id(body, machine.settings.modern)
        if prompt_id is None:
            message = "prompt_id must be a valid UUID"
            return _refuse(failure("invalid_prompt_id", message, _ID_DETAILS))
        if self.orders.ignores_prompt_ids:
            prompt_id = str(uuid.uuid4())
        graph = _graph(body["prompt"])
        if machine.settings.modern:
            graph = replaced(graph, machine.nodes)
        extra = _extra(body)
        verdict = validate(graph, _targets(body), machine)
        if verdict.error is not None:
            return _refuse(verdict.error, verdict.node_errors)
        machine.counters.prompts[prompt_id] += 1
        machine.queue.put((number, prompt_id, graph, extra, verdict.outputs))
        return json_reply(
            {"prompt_id": prompt_id, "number": number, "node_errors": verdict.node_errors}
        )


def _number(body: JsonObject, machine: Machine) -> float:
    if "number" in body:
        return float(cast("float", body["number"]))
    number = machine.next_number
    machine.next_number += 1
    return -number if body.get("front") else number


def _prompt_id(body: JsonObject, is_modern: bool) -> str | None:
    """Return the id to use, a new one when none is given, None when it may not be used."""
    given = body.get("prompt_id")
    if given is None:
        return str(uuid.uuid4())
    if not is_modern:
        return str(given)
    try:
        return given if isinstance(given, str) and str(uuid.UUID(given)) == given else None
    except ValueError:
        return None


def _graph(raw: Json) -> Graph:
    """Return the posted graph; a TypeError for anything else becomes the server's own 500."""
    if not isinstance(raw, dict):
        raise TypeError("the prompt is no object")
    return cast("Graph", raw)


def _targets(body: JsonObject) -> Sequence[str] | None:
    targets = as_array(body.get("partial_execution_targets"))
    return None if targets is None else [str(target) for target in targets]


def _extra(body: JsonObject) -> dict[str, Json]:
    given = body.get("extra_data", {})
    if not isinstance(given, dict):
        raise TypeError("extra_data is no object")
    extra = {name: value for name, value in given.items() if name not in _SENSITIVE}
    if "client_id" in body:
        extra["client_id"] = body["client_id"]
    extra["create_time"] = int(time.time() * 1000)
    return extra


async def _probe(_: Asked, machine: Machine) -> Reply:
    return json_reply(machine.exec_info())


async def _queue(_: Asked, machine: Machine) -> Reply:
    running = machine.queue.running
    return json_reply(
        {
            "queue_running": [listed(running)] if running else [],
            "queue_pending": [listed(item) for item in machine.queue.pending],
        }
    )


async def _change_queue(asked: Asked, machine: Machine) -> Reply:
    body = _object(await asked.json())
    if body.get("clear"):
        machine.queue.clear()
    machine.queue.delete([str(one) for one in as_array(body.get("delete")) or ()])
    return empty()


async def _interrupt(asked: Asked, machine: Machine) -> Reply:
    try:
        raw = await asked.json()
    except ValueError:
        raw = dict[str, Json]()
    prompt_id = _object(raw).get("prompt_id")
    if prompt_id:
        machine.queue.stop_running(str(prompt_id))
    else:
        machine.queue.stop_running()
    return empty()


async def _free(asked: Asked, machine: Machine) -> Reply:
    body = _object(await asked.json())
    if body.get("free_memory"):
        machine.free_memory = machine.queue.running is not None
        if not machine.free_memory:
            machine.cache.clear()
    return empty()


async def _history(asked: Asked, machine: Machine) -> Reply:
    query = asked.query
    count = int(query["max_items"]) if "max_items" in query else None
    offset = int(query["offset"]) if "offset" in query else -1
    return json_reply(machine.history.slice(count, offset))


async def _history_of(asked: Asked, machine: Machine) -> Reply:
    prompt_id = asked.captured[0]
    entry = machine.history.entries.get(prompt_id)
    return json_reply({} if entry is None else {prompt_id: entry})


async def _change_history(asked: Asked, machine: Machine) -> Reply:
    body = _object(await asked.json())
    if body.get("clear"):
        machine.history.entries.clear()
    machine.history.delete([str(one) for one in as_array(body.get("delete")) or ()])
    return empty()


def _object(raw: Json) -> JsonObject:
    """Narrow a body; a TypeError for anything else becomes the server's own 500."""
    body = as_object(raw)
    if body is None:
        raise TypeError("the body is no object")
    return body


def prompt_routes(orders: Orders) -> Routes:
    """Return the routes of this module."""
    return {
        "GET /prompt": _probe,
        "POST /prompt": _Prompts(orders).post,
        "GET /queue": _queue,
        "POST /queue": _change_queue,
        "POST /interrupt": _interrupt,
        "POST /free": _free,
        "GET /history": _history,
        "POST /history": _change_history,
        "GET /history/{}": _history_of,
    }
