"""What every drawn, painted and printed style begins and ends with.

A style is made at about a thousand pixels, where strokes have their right size against the motif, and brought
back to the picture's size so that its edges stay crisp.
"""

from __future__ import annotations

import cv2
import numpy as np

from retouch.engines.darkroom.filters import shrink
from retouch.engines.darkroom.operations import brush
from retouch.engines.darkroom.operations.light import develop
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import F32, U8, Raster

_SKETCHY = 0.7
"""With low quality, what share of its pixels' side a style is made at."""


_STRIP = 384
"""Rows that are made crisp at once."""


def take(scene: Scene, side: int) -> U8:
    """The scene's picture to work on: its longer side at most ``side`` pixels, fewer with low quality."""
    side = round(side * _SKETCHY) if scene.quality == "low" else side
    return np.ascontiguousarray(shrink(scene.picture.rgb, side), dtype=np.uint8)


def enlarge(painted: U8, picture: Raster) -> F32:
    """A painting brought to its picture's size, float32 in 0..255, its edges crisp again."""
    scale = max(picture.size) / max(painted.shape[:2])
    if scale <= 1:
        return develop(painted)
    large = np.asarray(cv2.resize(painted, picture.size, interpolation=cv2.INTER_CUBIC), np.uint8)
    if scale < 1.3:
        return develop(large)
    radius, height = max(1, round(scale)), picture.height
    result = np.empty(large.shape, np.float32)
    # In strips, each a little wider than what is taken of it: the filter needs room for several pictures.
    for top in range(0, height, _STRIP):
        bottom = min(height, top + _STRIP)
        first, last = max(0, top - 3 * radius), min(height, bottom + 3 * radius)
        strip = brush.sharpen_edges(develop(large[first:last]) * np.float32(1 / 255), radius)
        np.multiply(strip[top - first : bottom - first], np.float32(255), out=result[top:bottom])
    return result


def enlarge_ink(paper: F32, size: tuple[int, int]) -> F32:
    """Line work, 1 paper and 0 ink, brought to ``size`` (width, height): what a half-tone rim was at the small
    size is made as narrow as it was there, so that lines don't blur."""
    scale = max(size) / max(paper.shape)
    if scale <= 1:
        return paper
    large = np.asarray(cv2.resize(paper, size, interpolation=cv2.INTER_CUBIC), np.float32)
    large -= np.float32(0.5)
    large *= np.float32(scale)
    large += np.float32(0.5)
    return np.clip(large, 0, 1, out=large)


def lay_over(scene: Scene, rgb: U8, amount: float) -> Raster:
    """``rgb`` in place of the scene's picture, half-transparent where ``amount`` is below 1."""
    if amount < 1:
        blended = cv2.addWeighted(rgb, amount, scene.picture.rgb, 1 - amount, 0)
        rgb = np.asarray(blended, dtype=np.uint8)
    return Raster(rgb, scene.picture.alpha)
