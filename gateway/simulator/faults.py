"""Faults that can be ordered from a simulator, as values, and their JSON form.

Knows no server. Paths are given without base path and without `/api`, such as `/prompt`; a path
ending in `*` covers everything that begins so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import TypeAlias

from gateway.graph.json_value import Json, JsonObject

__all__ = [
    "HTML_BODY",
    "AnswerWith",
    "Calm",
    "DeletePending",
    "Die",
    "Drip",
    "DropSockets",
    "Fault",
    "Forget",
    "ForgetHistory",
    "Hang",
    "IgnorePromptIds",
    "Interrupt",
    "LateHistory",
    "LoseAnswer",
    "LoseOutputs",
    "Refuse",
    "RepeatMessages",
    "RequestFault",
    "Stall",
    "fault_from_json",
    "fault_to_json",
]

HTML_BODY = "<!doctype html><html><body><h1>Bad gateway</h1></body></html>"
_TROUBLE = "500 Internal Server Error\n\nServer got itself in trouble"


@dataclass(frozen=True, slots=True)
class DropSockets:
    """Cut every WebSocket without a close frame (1006).

    Attributes:
        when: `now`, or `run-start` of the next prompt, or `messages`.
        after: For `messages`: how many more frames go out first.
    """

    when: str = "now"
    after: int = 0


@dataclass(frozen=True, slots=True)
class AnswerWith:
    """Answer requests on a path with this, whatever they ask; the default is aiohttp's own 500.

    HTML with 200 or 502, broken JSON, a 413 or a full disk's 500 are all of this kind; on `/ws`
    it refuses the handshake.
    """

    path: str
    status: int = 500
    body: str = _TROUBLE
    content_type: str = "text/plain; charset=utf-8"
    times: int = 1


@dataclass(frozen=True, slots=True)
class Stall:
    """Wait before requests on a path are looked at."""

    path: str
    seconds: float
    times: int = 1


@dataclass(frozen=True, slots=True)
class Drip:
    """Answer properly, in pieces of `size` bytes with a pause of `seconds` before each."""

    path: str
    seconds: float
    size: int = 64
    times: int = 1


@dataclass(frozen=True, slots=True)
class Hang:
    """Take requests on a path and never answer."""

    path: str
    times: int = 1


@dataclass(frozen=True, slots=True)
class LoseAnswer:
    """Do what is asked, then cut the connection instead of answering: was it taken or not?"""

    path: str = "/prompt"
    times: int = 1


@dataclass(frozen=True, slots=True)
class Refuse:
    """Close the port and cut every connection; queue, run and history go on unseen."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Die:
    """Crash: port closed, connections cut, everything in memory lost; back after `seconds`."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Forget:
    """Restart in no time: connections cut, queue, run and history lost, the port stays open."""


@dataclass(frozen=True, slots=True)
class ForgetHistory:
    """Lose the history and nothing else."""


@dataclass(frozen=True, slots=True)
class DeletePending:
    """Take a prompt out of the queue as by hand, or all pending ones."""

    prompt_id: str | None = None


@dataclass(frozen=True, slots=True)
class Interrupt:
    """Interrupt whatever runs, as by hand."""


@dataclass(frozen=True, slots=True)
class LoseOutputs:
    """Delete files that begin with `prefix` from the output folder, folders below included."""

    prefix: str = ""


@dataclass(frozen=True, slots=True)
class IgnorePromptIds:
    """Give prompts ids of the server's own, whatever the client chose (from here on, or not)."""

    on: bool = True


@dataclass(frozen=True, slots=True)
class RepeatMessages:
    """Send every WebSocket frame this often from here on."""

    times: int = 2


@dataclass(frozen=True, slots=True)
class LateHistory:
    """Write history this long after `execution_success` from here on."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Calm:
    """Call off every fault that is still to come."""


RequestFault: TypeAlias = AnswerWith | Stall | Drip | Hang | LoseAnswer
Fault: TypeAlias = (
    RequestFault
    | DropSockets
    | Refuse
    | Die
    | Forget
    | ForgetHistory
    | DeletePending
    | Interrupt
    | LoseOutputs
    | IgnorePromptIds
    | RepeatMessages
    | LateHistory
    | Calm
)

_KINDS: tuple[type[Fault], ...] = (
    AnswerWith,
    Stall,
    Drip,
    Hang,
    LoseAnswer,
    DropSockets,
    Refuse,
    Die,
    Forget,
    ForgetHistory,
    DeletePending,
    Interrupt,
    LoseOutputs,
    IgnorePromptIds,
    RepeatMessages,
    LateHistory,
    Calm,
)
_BY_NAME: Mapping[str, type[Fault]] = {kind.__name__: kind for kind in _KINDS}


def fault_to_json(fault: Fault) -> dict[str, Json]:
    """Return the body of `POST /simulator/faults` that orders this fault."""
    values = {field.name: getattr(fault, field.name) for field in fields(fault)}
    return {"kind": type(fault).__name__, **values}


def fault_from_json(raw: JsonObject) -> Fault:
    """Read a fault; a ValueError says which kind or attribute is wrong, and what would be right."""
    name = raw.get("kind")
    kind = _BY_NAME.get(name) if isinstance(name, str) else None
    if kind is None:
        raise ValueError(f"there is no fault {name!r}; there are {', '.join(_BY_NAME)}")
    known = {field.name: field for field in fields(kind)}
    values = {key: value for key, value in raw.items() if key != "kind"}
    if unknown := sorted(values.keys() - known.keys()):
        raise ValueError(f"{name} has no {', '.join(unknown)}; it has {', '.join(known) or 'none'}")
    needed = [key for key, field in known.items() if field.default is MISSING]
    if missing := [key for key in needed if key not in values]:
        raise ValueError(f"{name} needs {', '.join(missing)}")
    return kind(**values)  # type: ignore[arg-type] # attribute names are checked above
