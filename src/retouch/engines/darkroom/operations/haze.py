"""Haze taken out of a picture. Source: He, Sun, Tang: Single Image Haze Removal Using Dark Channel Prior,
CVPR 2009."""

from __future__ import annotations

import cv2
import numpy as np

from retouch.engines.darkroom.filters import box, shrink
from retouch.engines.darkroom.operations.local import SIDE, strips
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import F32, U8, Raster

_THINNEST = 0.38
"""The least share of a pixel that is taken for the thing and not for the air: skies must not turn to noise."""


def _air(small: F32, dark: F32) -> F32:
    """The colour of the air: the mean of what is haziest, not of the brightest lamp."""
    level = np.quantile(dark, 0.99)
    hazy = small[dark >= level]
    air = np.clip(hazy.mean(0), 0.45, 1)
    # A cast of the air itself is taken off by half: haze is whiter than what an evening makes of it.
    return np.asarray((air + air.mean()) / 2, dtype=np.float32)


def _clearness(rgb: U8) -> tuple[F32, F32, F32]:
    """The air's colour, and how much of each pixel is not air, as slope and offset for its grey (0..1)."""
    small: F32 = np.asarray(shrink(rgb, SIDE), dtype=np.float32) / np.float32(255)
    window = max(3, round(max(small.shape[:2]) / 40)) | 1
    kernel = np.ones((window, window), np.uint8)
    air = _air(small, np.asarray(cv2.erode(small.min(2), kernel), dtype=np.float32))
    through: F32 = 1 - np.asarray(cv2.erode((small / air).min(2), kernel), dtype=np.float32)
    grey = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), dtype=np.float32)
    radius = max(2, round(max(grey.shape) / 18))
    mean, mean_t = box(grey, radius), box(through, radius)
    spread = box(grey * grey, radius) - mean * mean + np.float32(1e-3)
    slope = ((box(grey * through, radius) - mean * mean_t) / spread).astype(np.float32)
    offset = (mean_t - slope * mean).astype(np.float32)
    size = (rgb.shape[1], rgb.shape[0])
    wide = [np.asarray(cv2.resize(box(part, radius), size), dtype=np.float32) for part in (slope, offset)]
    return air, wide[0], wide[1]


def dehaze(scene: Scene, *, amount: float = 1.0) -> Raster:
    """The veil that far things lie behind, lifted as far as there is one; the picture's brightness is kept."""
    if amount <= 0:
        return scene.picture
    rgb = scene.picture.rgb
    strength = np.float32(min(0.95, 0.72 * amount * (1 + 0.2 * scene.variation)))
    air, slope, offset = _clearness(rgb)
    out = np.empty_like(rgb)
    before = after = 0.0
    for rows in strips(*rgb.shape[:2]):
        part = rgb[rows].astype(np.float32) * np.float32(1 / 255)
        grey = cv2.cvtColor(part, cv2.COLOR_RGB2GRAY)
        clear = 1 - strength * (1 - np.clip(slope[rows] * grey + offset[rows], 0, 1))
        clear = np.maximum(clear, np.float32(_THINNEST))[..., None]
        seen = np.clip((part - air) / clear + air, 0, 1)
        before, after = before + float(part.sum()), after + float(seen.sum())
        out[rows] = cv2.convertScaleAbs(seen, alpha=255)
    # The veil was light, too: most of it is given back as a brighter exposure, by a gamma.
    mean, darker = before / rgb.size, max(after / rgb.size, 1e-3)
    if not 0 < mean < 1 or darker >= mean:
        return Raster(out, scene.picture.alpha)
    gamma = 1 + 0.75 * (max(0.55, float(np.log(mean) / np.log(darker))) - 1)
    table = np.rint(255 * (np.arange(256) / 255) ** gamma).astype(np.uint8)
    return Raster(np.take(table, out), scene.picture.alpha)
