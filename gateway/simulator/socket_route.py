"""`/ws`: one WebSocket from handshake to close. Knows the machine's sockets and no route.

Source: ComfyUI server.py, websocket_handler.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from urllib.parse import parse_qsl

from starlette.types import Message, Receive, Scope, Send

from gateway.graph.json_value import as_object
from gateway.simulator.exchange import Reply
from gateway.simulator.machine import Machine
from gateway.simulator.sockets import Socket

__all__ = ["refuse_socket", "serve_socket"]


async def refuse_socket(reply: Reply, receive: Receive, send: Send) -> None:
    """Answer a handshake with an HTTP status instead."""
    await receive()
    kind = (reply.content_type or "text/plain; charset=utf-8").encode()
    start = {"type": "websocket.http.response.start", "status": reply.status}
    await send({**start, "headers": [(b"content-type", kind)]})
    await send({"type": "websocket.http.response.body", "body": reply.body})


async def serve_socket(machine: Machine, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one WebSocket."""
    await receive()
    await send({"type": "websocket.accept"})
    query = dict(parse_qsl(scope["query_string"].decode()))
    socket = Socket(query.get("clientId") or uuid.uuid4().hex, scope["client"])
    machine.sockets.join(socket)
    _greet(socket, machine)
    sending = asyncio.create_task(_drain(socket, send))
    try:
        await _listen(socket, machine, receive)
    finally:
        sending.cancel()
        machine.sockets.leave(socket)


def _greet(socket: Socket, machine: Machine) -> None:
    socket.put("status", {"status": machine.exec_info(), "sid": socket.client_id})
    if machine.running_client == socket.client_id and machine.running_node is not None:
        socket.put("executing", {"node": machine.running_node})


async def _listen(socket: Socket, machine: Machine, receive: Receive) -> None:
    """Read until the socket closes; only the first frame is looked at."""
    message = await receive()
    _negotiate(message, socket, machine)
    while message["type"] != "websocket.disconnect":
        message = await receive()


def _negotiate(message: Message, socket: Socket, machine: Machine) -> None:
    try:
        said = as_object(json.loads(message.get("text") or "null"))
    except ValueError:
        return
    if said is not None and said.get("type") == "feature_flags":
        socket.features = as_object(said.get("data")) or {}
        socket.put("feature_flags", machine.features())


async def _drain(socket: Socket, send: Send) -> None:
    while True:
        frame = await socket.outbox.get()
        if isinstance(frame, str):
            await send({"type": "websocket.send", "text": frame})
        else:
            await send({"type": "websocket.send", "bytes": frame})
