"""Pictures for tests."""

from __future__ import annotations

import io
import random

from PIL import Image

__all__ = ["noise"]


def noise(width: int, height: int) -> bytes:
    """Return a PNG that does not compress well."""
    picture = Image.frombytes(
        "RGB", (width, height), random.Random(1).randbytes(width * height * 3)
    )
    target = io.BytesIO()
    picture.save(target, "PNG")
    return target.getvalue()
