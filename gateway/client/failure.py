"""What can go wrong for a client of a gateway.

GatewayError
  ClientError
    GatewayUnreachable   no gateway answers there, or the line broke
    CallRefused          it answered that it will not: an unknown tool, a missing resource
    CallFailed           the call was taken and did not end well; carries the reply
"""

from __future__ import annotations

from gateway.client.reply import Reply
from gateway.errors import GatewayError
from gateway.graph.json_value import as_object

__all__ = ["CallFailed", "CallRefused", "ClientError", "GatewayUnreachable"]


class ClientError(GatewayError):
    """A client did not get what it asked a gateway for."""

    default_code = "client-error"


class GatewayUnreachable(ClientError):
    """No gateway answers there, or the line to it broke."""

    default_code = "gateway-unreachable"


class CallRefused(ClientError):
    """The gateway does not know what was asked for; the message is its own."""

    default_code = "call-refused"


class CallFailed(ClientError):
    """A call did not end well; code, message and mend are those of the gateway's error."""

    default_code = "call-failed"

    def __init__(self, reply: Reply) -> None:
        error = as_object(reply.structured.get("error")) or {}
        told = {key: value for key, value in error.items() if isinstance(value, str)}
        super().__init__(
            told.get("message") or reply.text or "The call failed.",
            code=told.get("code", ""),
            where=told.get("where", ""),
            found=told.get("found", ""),
            mend=told.get("mend", ""),
        )
        self.reply = reply
