"""What the client of one prompt is told of its run. Knows no node.

Without a client id nothing is told but what everyone hears: progress, and interruption.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from gateway.graph.json_value import Json, JsonObject
from gateway.simulator.sockets import Sockets

__all__ = ["Teller", "shown_input"]


@dataclass(slots=True)
class Teller:
    """One prompt's line to its client.

    Attributes:
        messages: The `execution_*` messages that history keeps.
    """

    prompt_id: str
    client_id: str | None
    sockets: Sockets
    messages: list[tuple[str, JsonObject]] = field(default_factory=list[tuple[str, JsonObject]])

    def tell(self, event: str, data: JsonObject) -> None:
        """Send a message that history does not keep."""
        if self.client_id is not None:
            self.sockets.send(event, {**data, "prompt_id": self.prompt_id}, self.client_id)

    def note(self, event: str, data: JsonObject, to_all: bool = False) -> None:
        """Send a message with its time, and keep it; `to_all` when nobody owns the prompt."""
        now = int(time.time() * 1000)
        stamped: JsonObject = {**data, "prompt_id": self.prompt_id, "timestamp": now}
        self.messages.append((event, stamped))
        if self.client_id is not None or to_all:
            self.sockets.send(event, stamped, self.client_id)


def shown_input(value: object) -> Json:
    """Return an input as `current_inputs` of an error shows it: text, never a picture."""
    if isinstance(value, bool | int | float | str) or value is None:
        return str(value)
    return f"<{type(value).__name__}>"
