"""Pictures that stand for what a real model would have made, plainly marked as simulated.

The same text, seed, size, steps and model give the same picture. Knows no node.
"""

from __future__ import annotations

import random
import textwrap
from hashlib import blake2b

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont, ImageStat

from gateway.simulator.pixels import levels, resized
from gateway.simulator.values import Control, Latent, Sampled

__all__ = ["draw", "preview_of"]

_LABEL = "SIMULATED"
_MOST_SHAPES = 48


def draw(latent: Latent, index: int) -> Image.Image:
    """Return picture `index` (from 0) of a latent."""
    size = (latent.width, latent.height)
    picture = _start(latent, index)
    for sampled in latent.sampled:
        drawn = _scene(sampled, index, size)
        picture = _laid_over(picture, drawn, sampled, latent, index)
    return _marked(picture, latent.sampled[-1].positive.text if latent.sampled else "")


def preview_of(sampled: Sampled, size: tuple[int, int], share: float) -> Image.Image:
    """Return a small picture of the scene as far as `share` (0 to 1) of the steps would show it."""
    small = (max(8, size[0] // 8), max(8, size[1] // 8))
    return _scene(sampled, 0, small).filter(ImageFilter.GaussianBlur(4 * (1 - share)))


def _start(latent: Latent, index: int) -> Image.Image:
    if latent.images:
        source = latent.images[index % len(latent.images)].convert("RGB")
        return resized(source, (latent.width, latent.height))
    return Image.new("RGB", (latent.width, latent.height), (128, 128, 128))


def _laid_over(
    below: Image.Image, drawn: Image.Image, sampled: Sampled, latent: Latent, index: int
) -> Image.Image:
    mixed = Image.blend(below, drawn, min(1.0, max(0.0, sampled.denoise)))
    if not latent.mask:
        return mixed
    mask = resized(latent.mask[index % len(latent.mask)].convert("L"), below.size)
    return Image.composite(mixed, below, mask)


def _scene(sampled: Sampled, index: int, size: tuple[int, int]) -> Image.Image:
    key = f"{sampled.positive.text}|{sampled.negative}|{sampled.seed}|{index}|{sampled.facts}"
    key += f"|{sampled.model.name}|{sampled.model.loras}|{sampled.steps}"
    chance = random.Random(blake2b(key.encode(), digest_size=8).digest())  # noqa: S311 - a drawing
    picture = _sky(chance, size)
    _shapes(picture, chance, sampled.steps)
    for _ in sampled.model.loras:
        _stripes(picture, chance)
    for control in sampled.positive.controls:
        picture = _controlled(picture, control)
    return picture


def _sky(chance: random.Random, size: tuple[int, int]) -> Image.Image:
    gradient = resized(Image.linear_gradient("L"), size)
    top, bottom = (_colour(chance), _colour(chance))
    return Image.composite(Image.new("RGB", size, bottom), Image.new("RGB", size, top), gradient)


def _shapes(picture: Image.Image, chance: random.Random, steps: int) -> None:
    pen = ImageDraw.Draw(picture)
    width, height = picture.size
    for _ in range(min(_MOST_SHAPES, 3 + steps)):
        left, top = chance.randrange(width), chance.randrange(height)
        reach = chance.randrange(1, max(2, min(width, height) // 3))
        box = (left - reach, top - reach, left + reach, top + reach)
        if chance.random() < 0.5:
            pen.ellipse(box, fill=_colour(chance))
        else:
            pen.rectangle(box, fill=_colour(chance))


def _stripes(picture: Image.Image, chance: random.Random) -> None:
    pen = ImageDraw.Draw(picture)
    gap = chance.randrange(6, 16)
    for start in range(0, picture.width + picture.height, gap * 2):
        pen.line((start, 0, start - picture.height, picture.height), fill=_colour(chance), width=2)


def _controlled(picture: Image.Image, control: Control) -> Image.Image:
    guide = resized(control.image.convert("RGB"), picture.size)
    return ImageChops.screen(
        picture, levels(guide, lambda level: level * min(1.0, control.strength))
    )


def _colour(chance: random.Random) -> tuple[int, int, int]:
    return (chance.randrange(256), chance.randrange(256), chance.randrange(256))


def _marked(picture: Image.Image, said: str) -> Image.Image:
    """Write the mark, and the text where there is room for it."""
    font = ImageFont.load_default_imagefont()
    lines = [_LABEL]
    if picture.width >= 160 and picture.height >= 96:
        lines += textwrap.wrap(said, max(10, picture.width // 7))[:3]
    pen = ImageDraw.Draw(picture)
    top = max(0, picture.height - 12 * len(lines))
    band = picture.crop((0, top, picture.width, picture.height))
    is_dark = ImageStat.Stat(band.convert("L")).mean[0] < 128
    ink, paper = ((255, 255, 255), (0, 0, 0)) if is_dark else ((0, 0, 0), (255, 255, 255))
    for number, line in enumerate(lines):
        spot = (2, top + 12 * number)
        written = line.encode("latin-1", "replace").decode("latin-1")
        pen.rectangle((0, spot[1], 4 + 6 * len(written), spot[1] + 11), fill=paper)
        pen.text(spot, written, fill=ink, font=font)
    return picture
