"""Routes no ComfyUI has: faults are ordered and counters read over HTTP from a subprocess."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from gateway.graph.json_value import Json, as_object
from gateway.simulator.exchange import Asked, Reply, Routes, empty, json_reply
from gateway.simulator.faults import Die, Fault, Forget, Refuse, fault_from_json
from gateway.simulator.machine import Machine

__all__ = ["control_routes"]

_ANSWER_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class _Control:
    order: Callable[[Fault], None]
    counters: Callable[[], dict[str, Json]]

    async def take_order(self, asked: Asked, machine: Machine) -> Reply:  # noqa: ARG002 - a route
        body = as_object(await asked.json()) or {}
        try:
            fault = fault_from_json(body)
        except ValueError as error:
            return json_reply({"error": str(error)}, 400)
        if isinstance(fault, Die | Forget | Refuse):
            # These cut every connection, this one too; who orders them is answered first.
            asyncio.get_running_loop().call_later(_ANSWER_SECONDS, self.order, fault)
        else:
            self.order(fault)
        return empty()

    async def count(self, asked: Asked, machine: Machine) -> Reply:  # noqa: ARG002 - a route
        return json_reply(self.counters())


def control_routes(
    order: Callable[[Fault], None], counters: Callable[[], dict[str, Json]]
) -> Routes:
    """Return the routes of this module."""
    control = _Control(order, counters)
    return {"POST /simulator/faults": control.take_order, "GET /simulator/counters": control.count}
