"""Blocks of a page of Markdown that programs write: between `<!-- NAME -->` and `<!-- /NAME -->`."""

from __future__ import annotations

__all__ = ["block_of", "with_block"]


def with_block(page: str, name: str, text: str) -> str:
    """Return the page with this text in the place of what the block says.

    Raises:
        ValueError: The page has no such block.
    """
    before, _, after = _parts(page, name)
    return f"{before}\n\n{text}\n\n{after}"


def block_of(page: str, name: str) -> str:
    """Return what a block says.

    Raises:
        ValueError: The page has no such block.
    """
    return _parts(page, name)[1].strip()


def _parts(page: str, name: str) -> tuple[str, str, str]:
    start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, started, rest = page.partition(start)
    inside, ended, after = rest.partition(end)
    if not started or not ended:
        raise ValueError(f"the page has no {start} … {end}")
    return before + start, inside, end + after
