"""The fault desk: what was ordered and is still to come. Knows no server; it asks the app's owner.

Faults on requests are used up one by one; the others last until called off.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from gateway.simulator.faults import DropSockets, RequestFault

__all__ = ["FaultDesk"]


@dataclass(slots=True)
class FaultDesk:
    """What is ordered.

    Attributes:
        cut_sockets: Cuts every WebSocket.
        dropped: Orders to cut sockets that wait for their moment.
    """

    cut_sockets: Callable[[], None]
    requests: list[RequestFault] = field(default_factory=list[RequestFault])
    dropped: list[DropSockets] = field(default_factory=list[DropSockets])
    ignores_prompt_ids: bool = False
    history_delay: float = 0.0

    def calm(self) -> None:
        """Call everything off."""
        self.requests.clear()
        self.dropped.clear()
        self.ignores_prompt_ids = False
        self.history_delay = 0.0

    def for_request(self, path: str) -> RequestFault | None:
        """Return the fault this request meets, and count it as met."""
        for index, fault in enumerate(self.requests):
            if _covers(fault.path, path):
                if fault.times <= 1:
                    del self.requests[index]
                else:
                    self.requests[index] = replace(fault, times=fault.times - 1)
                return fault
        return None

    async def on_run_start(self) -> None:
        """Cut sockets if that was ordered for the start of a run."""
        waiting = [order for order in self.dropped if order.when == "run-start"]
        if waiting:
            self.dropped.remove(waiting[0])
            self.cut_sockets()
            # The cut is carried out by the loop before the run goes on.
            await asyncio.sleep(0)

    def on_sent(self) -> None:
        """Count a frame; cut sockets when the ordered number has gone out."""
        for index, order in enumerate(self.dropped):
            if order.when != "messages":
                continue
            if order.after > 1:
                self.dropped[index] = replace(order, after=order.after - 1)
                return
            del self.dropped[index]
            # Frames that were queued before the cut still go out first.
            loop = asyncio.get_running_loop()
            loop.call_soon(loop.call_soon, self.cut_sockets)
            return


def _covers(pattern: str, path: str) -> bool:
    return path.startswith(pattern[:-1]) if pattern.endswith("*") else path == pattern
