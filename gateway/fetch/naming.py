"""A name and a type for a file on its way in. Pure text; knows no sockets and no files."""

from __future__ import annotations

import re
from email.message import Message
from urllib.parse import unquote

from gateway.jobs.mime import UNKNOWN, extension_of, guess_mime, mime_of_name, sniff

__all__ = ["file_name", "mime_type", "name_in_disposition", "name_in_path"]

_GENERIC = frozenset({"", UNKNOWN, "binary/octet-stream", "application/x-download", "text/plain"})


def mime_type(filename: str, told: str, head: bytes) -> str:
    """Return a file's type: by its first bytes, else as told (a Content-Type), else by its name."""
    plain = told.partition(";")[0].strip().lower()
    found = guess_mime(filename, head)
    vague = sniff(head) in {None, "text/plain", "application/zip"}
    return plain if vague and found in _GENERIC and plain not in _GENERIC else found


def file_name(given: str, mime: str) -> str:
    """Return a name without folders whose extension fits the type; made up when none was given."""
    name = re.split(r"[\\/]", given)[-1].strip()
    extension = extension_of(mime)
    if not name.strip("."):
        return f"file.{extension}" if extension else "file"
    if not extension or mime_of_name(name) == mime:
        return name
    stem = name.rpartition(".")[0] if mime_of_name(name) is not None else name
    return f"{stem}.{extension}"


def name_in_path(path: str) -> str:
    """Return the last part of a URL's path, decoded; empty when it ends in a slash."""
    return unquote(path.rpartition("/")[2])


def name_in_disposition(header: str) -> str:
    """Return the file name in a Content-Disposition header, or an empty text."""
    message = Message()
    message["content-disposition"] = header.replace("\r", " ").replace("\n", " ")
    return message.get_filename() or ""
