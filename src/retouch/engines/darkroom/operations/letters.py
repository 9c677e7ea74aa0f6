"""Letters on a picture: their ink, and what lifts it off any ground."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import cv2
import numpy as np
from PIL import Image

from retouch.engines.darkroom import palette
from retouch.engines.darkroom.colour import luminance, to_linear
from retouch.engines.darkroom.typeface import Typeface
from retouch.imaging.raster import F32, Raster

LEADING = 1.2
LEGIBLE = 3.0
"""The contrast that large letters need."""
WHITE, BLACK = (255, 255, 255), (22, 22, 26)


@dataclass(frozen=True)
class Block:
    """Lines of text in one font."""

    lines: tuple[str, ...]
    face: Typeface

    @property
    def width(self) -> float:
        return max(self.face.width(line) for line in self.lines)

    @property
    def height(self) -> float:
        return self.face.ascent + self.face.descent + (len(self.lines) - 1) * LEADING * self.face.size


def write(
    picture: Raster, block: Block, corner: tuple[float, float], align: float, colour: str | None, opacity: float
) -> Raster:
    """The block written on ``picture``, its upper left corner there; ``align``: 0 left, 0.5 centred, 1 right.
    ``colour``: by name or "#rrggbb", None for white or black, whichever reads."""
    size = block.face.size
    rim = round(0.5 * size) + 2
    left, top = max(0, int(corner[0]) - rim), max(0, int(corner[1]) - rim)
    right = min(picture.width, ceil(corner[0] + block.width) + rim)
    bottom = min(picture.height, ceil(corner[1] + block.height) + rim)
    sheet = Image.new("L", (right - left, bottom - top))
    for number, line in enumerate(block.lines):
        x = corner[0] - left + align * (block.width - block.face.width(line))
        block.face.draw(sheet, line, x, corner[1] - top + block.face.ascent + number * LEADING * size)
    ink = np.asarray(sheet).astype(np.float32) / np.float32(255)
    part = np.s_[top:bottom, left:right]
    there = picture.rgb[part]
    tone, halo = _colours(there, picture.alpha[part] if picture.alpha is not None else None, colour)
    shade = _shade(ink, size, strong=halo == BLACK)
    if colour is not None and _contrast(there, tone) < LEGIBLE:
        shade = np.maximum(shade, _outline(ink, size))
    ink, shade = ink * np.float32(opacity), shade * np.float32(opacity)
    area: F32 = there.astype(np.float32)
    area += (np.asarray(halo, np.float32) - area) * shade[..., None]
    area += (np.asarray(tone, np.float32) - area) * ink[..., None]
    rgb = picture.rgb.copy()
    rgb[part] = np.rint(area).astype(np.uint8)
    if picture.alpha is None:
        return Raster(rgb)
    alpha = picture.alpha.copy()
    alpha[part] = np.maximum(alpha[part], np.rint(ink * 255).astype(np.uint8))
    return Raster(rgb, alpha)


def _colours(
    there: np.ndarray, alpha: np.ndarray | None, colour: str | None
) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """The letters' colour and that of the soft halo which lifts them off the ground."""
    if colour is None:
        shown = there if alpha is None else there[alpha > 127]
        grounds = luminance(to_linear(np.asarray(shown))) if shown.size else np.ones(1, np.float32)
        # Both must read where the ground is worst for them; black needs more, its halo being paler.
        dark, light = np.quantile(grounds, (0.15, 0.85)) + 0.05
        return (BLACK, WHITE) if dark / 0.06 > 1.5 * 1.05 / light else (WHITE, BLACK)
    tone = palette.rgb(colour)
    level = float(luminance(to_linear(np.array(tone, np.uint8))))
    # The halo from which the letters differ more, by WCAG's contrast.
    return tone, (WHITE if level + 0.05 < (1.05 * 0.06) ** 0.5 else BLACK)


def _contrast(there: np.ndarray, tone: tuple[int, int, int]) -> float:
    """Between the letters and their ground where it is most like them, as WCAG has it: 1 to 21."""
    grounds = luminance(to_linear(there)) + np.float32(0.05)
    level = float(luminance(to_linear(np.array(tone, np.uint8)))) + 0.05
    ratio = np.maximum(grounds, level) / np.minimum(grounds, level)
    return float(np.quantile(ratio, 0.25))


def _outline(ink: F32, size: int) -> F32:
    """A rim around the letters, 0..1, that no ground swallows."""
    reach = 2 * max(1, round(0.035 * size)) + 1
    wide = cv2.dilate(ink, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
    return np.asarray(cv2.GaussianBlur(wide, (0, 0), max(0.6, 0.02 * size)) * np.float32(0.9), dtype=np.float32)


def _shade(ink: F32, size: int, *, strong: bool) -> F32:
    """A wide soft halo and a close shadow a little below, 0..1."""
    wide: F32 = np.asarray(cv2.GaussianBlur(ink, (0, 0), max(0.8, 0.16 * size)), dtype=np.float32)
    drop = max(1, round(0.03 * size))
    close = np.zeros_like(ink)
    close[drop:, drop // 2 :] = ink[:-drop, : ink.shape[1] - drop // 2]
    close = np.asarray(cv2.GaussianBlur(close, (0, 0), max(0.6, 0.03 * size)), dtype=np.float32)
    share = 0.55 if strong else 0.45
    shade: F32 = np.clip(wide * np.float32(share) + close * np.float32(share), 0, np.float32(0.75))
    return shade
