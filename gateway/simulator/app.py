"""The ASGI app: base path, guard, faults, routes, and the answer to what nobody foresaw.

Knows no route's doing; it is lean on purpose, since benchmarks run against it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from starlette.types import Receive, Scope, Send

from gateway.simulator.answering import respond, trouble, wrong_method
from gateway.simulator.desk import FaultDesk
from gateway.simulator.exchange import Asked, Reply, TooLarge, empty, text_reply
from gateway.simulator.faults import AnswerWith, Drip, Hang, LoseAnswer, RequestFault, Stall
from gateway.simulator.guard import refusal
from gateway.simulator.machine import Machine
from gateway.simulator.router import Found, Router
from gateway.simulator.socket_route import refuse_socket, serve_socket

__all__ = ["App"]

_SOCKET_PATHS = ("/ws", "/api/ws")


@dataclass(slots=True)
class App:
    """What uvicorn's protocols call.

    Attributes:
        cut_peer: Cuts the connection of a peer, for answers that get lost.
    """

    machine: Machine
    desk: FaultDesk
    router: Router
    cut_peer: Callable[[tuple[str, int]], None]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request or serve one WebSocket."""
        path = self._path(scope)
        refused = refusal(scope, self.machine.settings.required_headers)
        if scope["type"] == "websocket":
            await self._socket(path, refused, (scope, receive, send))
            return
        method = scope["method"]
        found = self.router.find(path)
        asked = Asked(method, path, scope, receive, self.machine.settings.max_upload_size)
        reply = refused or await self._reply(asked, found)
        if reply is not None:
            await respond(reply, send, is_head=method == "HEAD")

    def _path(self, scope: Scope) -> str:
        """Return the quoted path below the base path; what is outside it matches no route."""
        path = scope["raw_path"].decode("ascii")
        base = self.machine.settings.base_path.rstrip("/")
        if not base:
            return path
        return path[len(base) :] if path.startswith(base + "/") else ""

    async def _socket(
        self, path: str, refused: Reply | None, ends: tuple[Scope, Receive, Send]
    ) -> None:
        scope, receive, send = ends
        if refused is None and path not in _SOCKET_PATHS:
            refused = empty(404)
        fault = self.desk.for_request("/ws") if self.desk.requests else None
        if refused is None and isinstance(fault, AnswerWith):
            refused = Reply(fault.status, fault.body.encode(), fault.content_type)
        if isinstance(fault, Stall):
            await asyncio.sleep(fault.seconds)
        if isinstance(fault, Hang):
            await asyncio.Event().wait()
        if refused is not None:
            await refuse_socket(refused, receive, send)
        else:
            await serve_socket(self.machine, scope, receive, send)

    async def _reply(self, asked: Asked, found: Found | None) -> Reply | None:
        """Return the answer, or None when none is to be sent."""
        if found is not None:
            asked.path = found.path
        self.machine.counters.requests[f"{asked.method} {asked.path}"] += 1
        fault = self.desk.for_request(asked.path) if self.desk.requests else None
        if fault is None:
            return await self._routed(asked, found)
        return await self._faulty(fault, asked, found)

    async def _routed(self, asked: Asked, found: Found | None) -> Reply:
        if asked.method == "OPTIONS":
            return empty()
        if found is None:
            return Reply(404, b"", "application/octet-stream")
        route = found.methods.get("GET" if asked.method == "HEAD" else asked.method)
        if route is None:
            return wrong_method(found.methods)
        asked.captured = found.captured
        try:
            return await route(asked, self.machine)
        except TooLarge:
            limit = round(self.machine.settings.max_upload_size)
            return text_reply(f"Maximum request body size {limit} exceeded.", 413)
        except Exception:  # noqa: BLE001 - the top of a request; ComfyUI answers just so
            return trouble()

    async def _faulty(self, fault: RequestFault, asked: Asked, found: Found | None) -> Reply | None:
        match fault:
            case AnswerWith():
                await asked.discard()
                return Reply(fault.status, fault.body.encode(), fault.content_type)
            case Hang():
                await asyncio.Event().wait()
            case Stall():
                await asyncio.sleep(fault.seconds)
                return await self._routed(asked, found)
            case Drip():
                reply = await self._routed(asked, found)
                return replace(reply, drip=(fault.size, fault.seconds))
            case LoseAnswer():
                await self._routed(asked, found)
                self.cut_peer(asked.scope["client"])
        return None
