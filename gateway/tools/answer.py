"""What a call answers, before any protocol: text, pictures, links and structured content."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.graph.json_value import JsonObject

__all__ = ["Answer", "FileLink", "InlineImage"]


@dataclass(frozen=True, slots=True)
class InlineImage:
    """A preview small enough to travel inside the answer; `data` is not base64 yet."""

    data: bytes
    mime_type: str
    name: str


@dataclass(frozen=True, slots=True)
class FileLink:
    """A file to be read on its own: an MCP resource link.

    Attributes:
        uri: `comfyui://jobs/<id>/outputs/<n>`, or an https URL of the file route.
        size: Bytes.
    """

    uri: str
    name: str
    title: str
    mime_type: str
    size: int


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer.

    Attributes:
        text: Short, for people and models.
        structured: The object of DESIGN's shapes; never holds base64.
        failed: MCP's `isError`.
    """

    text: str
    structured: JsonObject
    images: tuple[InlineImage, ...] = ()
    links: tuple[FileLink, ...] = ()
    failed: bool = False
