"""An answer as MCP's tool result.

Knows nothing of transports or of what the answer is about.
"""

from __future__ import annotations

import base64

from mcp.types import (
    CallToolResult,
    ContentBlock,
    ImageContent,
    ResourceLink,
    TextContent,
)

from gateway.server.budget import fit
from gateway.tools.answer import Answer, FileLink

__all__ = ["tool_result"]

LINKS_SINCE = "2025-06-18"
"""The first revision that knows `resource_link`; revisions sort as their dates."""


def tool_result(answer: Answer, protocol_version: str) -> CallToolResult:
    """Return the result of a tools/call: text first, then previews, then links.

    Args:
        answer: What the call answered; made small enough here.
        protocol_version: The caller's revision; older ones get the links as text.
    """
    answer = fit(answer)
    old = protocol_version < LINKS_SINCE
    text = "\n".join([answer.text, *map(_line, answer.links)]) if old else answer.text
    content: list[ContentBlock] = [TextContent(text=text)]
    content += [
        ImageContent(data=base64.b64encode(image.data).decode("ascii"), mime_type=image.mime_type)
        for image in answer.images
    ]
    if not old:
        content += map(_link, answer.links)
    return CallToolResult(
        content=content, structured_content=dict(answer.structured), is_error=answer.failed
    )


def _link(link: FileLink) -> ResourceLink:
    return ResourceLink(
        uri=link.uri, name=link.name, title=link.title, mime_type=link.mime_type, size=link.size
    )


def _line(link: FileLink) -> str:
    return f"{link.title or link.name}: {link.uri}"
