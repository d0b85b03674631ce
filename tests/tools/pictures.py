"""Pictures for tests."""

from __future__ import annotations

import io
import random

from PIL import Image

__all__ = ["noise"]


def noise(width: int, height: int) -> bytes:
    """Return a PNG that does not compress well."""
    data = random.Random(1).randbytes(width * height * 3)  # noqa: S311 (not for secrets)
    picture = Image.frombytes("RGB", (width, height), data)
    target = io.BytesIO()
    picture.save(target, "PNG")
    return target.getvalue()
