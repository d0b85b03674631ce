"""Texts from ComfyUI made fit for people and models: no hidden characters, no server paths, not endless.

Node packs and files decide what these texts say, so they are data to be shown, never trusted.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["clean_line", "clean_text", "without_paths"]

_LONGEST_LINE = 200
_JOINERS = "\u200c\u200d"  # Persian, Hindi and many emoji need them
_TRACEBACK = "Traceback (most recent call last):"
_QUOTED_PATH = re.compile(
    r"""(?P<quote>['"`])(?:[A-Za-z]:[\\/]|\\\\|/)[^'"`\n]*?(?P<last>[^\\/'"`\n]*)(?P=quote)"""
)
# A folder may hold spaces, so everything up to the last slash of a run of folders goes.
_PATH = re.compile(
    r"""(?<![\w/\\:.])(?:[A-Za-z]:[\\/]|\\\\|/)(?:[^\\/\n'"`<>|:*?]+[\\/])+(?P<last>[^\s\\/'"`<>|:*?,;)\]]*)"""
)


def clean_text(text: str, longest: int | None) -> str:
    r"""Return `text` without control and invisible characters, cut to `longest` characters if given.

    Line breaks (as `\n`) and tabs stay.
    """
    if longest is not None and len(text) > longest:
        text = text[: longest - 1] + "…"
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.isascii() and text.isprintable():
        return text
    hidden = [each for each in set(text) if each not in "\n\t" and not _visible(each)]
    return text.translate(dict.fromkeys(map(ord, hidden))) if hidden else text


def clean_line(text: str, longest: int = _LONGEST_LINE) -> str:
    """Return `text` cleaned, on one line, without server paths."""
    return " ".join(without_paths(clean_text(text, longest)).split())


def without_paths(text: str) -> str:
    """Return `text` with the folders of absolute paths, and tracebacks, taken out.

    The last part of a path stays: the name of a model or an image is what people look for.
    """
    before, traceback, after = text.partition(_TRACEBACK)
    if traceback:
        # The last line of a traceback says what happened; those above it show the server's insides.
        text = before + after.strip().rpartition("\n")[2].strip()
    text = _QUOTED_PATH.sub(r"\g<quote>…/\g<last>\g<quote>", text)
    return _PATH.sub(r"…/\g<last>", text)


def _visible(character: str) -> bool:
    if character in _JOINERS:
        return True
    # Variation selectors beyond the usual sixteen can carry a hidden text.
    if "\U000e0100" <= character <= "\U000e01ef":
        return False
    return unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
