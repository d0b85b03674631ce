"""Names of kept files: that every disk and object store takes, as near to the original as that allows.

Pure text: knows no folders and no stores. A safe name holds no separator, no control or invisible
character, nothing Windows or a shell treats in its own way, and is short enough for any
file system with room for a suffix. A name that is safe already stays exactly as it is; one that
had to change carries a few digits of the original's hash, so that two never become one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container
from hashlib import sha256

__all__ = ["safe_key", "safe_name", "unique_name"]

MAX_BYTES = 150
"""Longest safe name, in bytes of UTF-8: eCryptfs takes 143 characters, ext4 255 bytes."""

_MAX_EXTENSION = 16
_MARK = 8

# Separators and wildcards of some system; `%` and `#` mean something in URLs, and `#1` at the end
# is how obstore calls a file that is still being written.
_REFUSED = frozenset('<>:"/\\|?*%#')

# Names of devices on Windows, whatever follows the first dot.
_DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])(\.|$)", re.IGNORECASE)


# Nearly every name: letters, digits and what else no system minds, no dot or space at its ends.
_PLAIN = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_ ().,+=-]{0,120}[A-Za-z0-9_)])?")


def safe_name(name: str) -> str:
    """Return a name for one file or folder; never empty, never a way out of its folder."""
    if _PLAIN.fullmatch(name) and not _DEVICES.match(name):
        return name
    plain = _without_traps(unicodedata.normalize("NFC", _mended(name)))
    if plain == name and len(plain.encode()) <= MAX_BYTES:
        return name
    mark = sha256(name.encode(errors="surrogatepass")).hexdigest()[:_MARK]
    stem, extension = _parted(plain)
    room = MAX_BYTES - len(extension.encode()) - len(mark) - 1
    return f"{_cut(stem, room).rstrip(' .')}-{mark}{extension}"


def safe_key(key: str) -> str:
    """Return a `/`-separated key whose every part is a safe name; empty parts are left out."""
    return "/".join(safe_name(part) for part in key.split("/") if part)


def unique_name(filename: str, taken: Container[str]) -> str:
    """Return the name, or with ` (2)`, ` (3)`… before its extension when it is taken."""
    if filename not in taken:
        return filename
    stem, dot, extension = filename.rpartition(".")
    if not dot:
        stem, extension = filename, ""
    number = 2
    while (name := f"{stem} ({number}){dot}{extension}") in taken:
        number += 1
    return name


def _mended(name: str) -> str:
    return "".join("_" if _refused(sign) else sign for sign in name)


def _refused(sign: str) -> bool:
    """Whether it is refused: control, format, surrogate, unassigned, or a line separator."""
    return sign in _REFUSED or unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"}


def _without_traps(name: str) -> str:
    """Return it not hidden, not `..`, not ending as Windows cuts off, and no device."""
    trimmed = name.strip(" ").rstrip(" .")
    shown = re.sub(r"^\.+", "_", trimmed) or "_"
    return f"_{shown}" if _DEVICES.match(shown) else shown


def _parted(name: str) -> tuple[str, str]:
    """Return stem and extension with its dot; a long last part is no extension."""
    stem, dot, extension = name.rpartition(".")
    if not dot or not stem or len(extension.encode()) > _MAX_EXTENSION:
        return name, ""
    return stem, f".{extension}"


def _cut(text: str, room: int) -> str:
    """Return as much of it as fits in so many bytes of UTF-8."""
    return text.encode()[:room].decode(errors="ignore")
