"""Pillow calls whose types its stubs leave partly unknown, each wrapped once. Knows no node."""

from __future__ import annotations

from collections.abc import Callable

from PIL import Image

__all__ = ["levels", "resized"]


def resized(image: Image.Image, size: tuple[int, int], method: int | None = None) -> Image.Image:
    """Return the picture in another size."""
    return image.resize(size, method)  # pyright: ignore[reportUnknownMemberType] - numpy is optional there


def levels(image: Image.Image, change: Callable[[int], float]) -> Image.Image:
    """Return the picture with every channel's level (0 to 255) changed."""
    table = [min(255, max(0, round(change(level)))) for level in range(256)]
    return image.point(table * len(image.getbands()))  # pyright: ignore[reportUnknownMemberType] - as above
