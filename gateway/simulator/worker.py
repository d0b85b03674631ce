"""The one worker: takes a prompt, runs it, writes its history, says that it is done.

Knows no HTTP. `executing` with node null is the last word on a prompt, after its history.
"""

from __future__ import annotations

import asyncio

from gateway.simulator.execution import Execution
from gateway.simulator.machine import Machine, Orders
from gateway.simulator.queue import QueueItem, client_of, listed

__all__ = ["work"]


async def work(machine: Machine, orders: Orders) -> None:
    """Run prompts, one at a time, until cancelled."""
    while True:
        item = await machine.queue.take()
        machine.counters.runs += 1
        machine.running_client = client_of(item)
        await orders.on_run_start()
        await _run(item, machine, orders)
        if machine.free_memory:
            machine.free_memory = False
            machine.cache.clear()


async def _run(item: QueueItem, machine: Machine, orders: Orders) -> None:
    outcome = await Execution(item, machine).run()
    if orders.history_delay:
        await asyncio.sleep(orders.history_delay)
    machine.history.add(item[1], listed(item), outcome)
    machine.queue.finish()
    machine.running_client = None
    machine.running_node = None
    client_id = client_of(item)
    if client_id is not None:
        last = {"node": None, "prompt_id": item[1]}
        machine.sockets.send("executing", last, client_id)
