"""What rain leaves on things: they turn darker and glisten, and smooth ground mirrors what stands above it."""

from __future__ import annotations

import cv2
import numpy as np

from retouch.engines.darkroom.colour import luminance
from retouch.engines.darkroom.filters import shrink
from retouch.engines.darkroom.operations import brush, light
from retouch.engines.darkroom.operations.distance import is_close
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import F32

_SIDE = 512

_GLINT = 11
"""Pixels of a picture of `_SIDE`: what glistens is smaller."""

_DARKER = 0.22
"""How much less light wet things give back. Source: Lekner, Dorf: Why some things are darker when wet, 1988."""


def wet(image: F32, scene: Scene, sky: F32, strength: float) -> None:
    """Wet everything but the ``sky`` in ``image`` (linear, in place); ``strength`` 0..1."""
    size = (image.shape[1], image.shape[0])
    small = np.asarray(shrink(image, _SIDE), np.float32)
    height, width = small.shape[:2]
    above = np.asarray(cv2.resize(sky, (width, height), interpolation=cv2.INTER_AREA), np.float32)
    subject = np.asarray(cv2.resize(scene.glimpse, (width, height), interpolation=cv2.INTER_AREA), np.float32)
    bright = luminance(small)
    level = np.float32(max(1e-3, float(np.percentile(bright, 95))))
    # What is brighter than all around it; a pale wall beside dark hair is not, and must get no rim.
    spot = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_GLINT, _GLINT))
    lit = np.clip(cv2.morphologyEx(bright, cv2.MORPH_TOPHAT, spot) / level * np.float32(1.6), 0, 1)
    # People get wet as well, but nobody wants their faces to glisten.
    bare = (1 - above) * (1 - np.float32(0.7) * subject)
    gain = 1 + np.float32(strength) * bare * (lit - np.float32(_DARKER))
    cv2.multiply(image, light.spread(gain.astype(np.float32), size), dst=image)
    if is_close(scene):
        return
    share = _smooth_ground(bright / level, above, subject) * _pools(scene, (height, width)) * np.float32(strength)
    if float(share.max()) < 0.02:
        return
    mirrored = _mirrored(small)
    wide = light.spread(np.asarray(share, np.float32), size)
    image += (np.asarray(cv2.resize(mirrored, size, interpolation=cv2.INTER_LINEAR), np.float32) - image) * wide


def _smooth_ground(tone: F32, sky: F32, subject: F32) -> F32:
    """Where water can stand: low in the picture, plain, neither sky nor subject; 0..1."""
    height, width = tone.shape
    rows = np.nonzero((sky > 0.5).mean(1) > 0.15)[0]
    horizon = max(0.45, (int(rows[-1]) + 1) / height if len(rows) else 0.0)
    y = (np.arange(height, dtype=np.float32)[:, None] + np.float32(0.5)) / np.float32(height)
    low = np.clip((y - np.float32(horizon)) * 5, 0, 1)
    root = np.sqrt(np.clip(tone, 0, 1.5))
    reach = max(1.0, 0.008 * max(height, width))
    mean = cv2.GaussianBlur(root, (0, 0), reach)
    rough = np.sqrt(np.maximum(cv2.GaussianBlur(root * root, (0, 0), reach) - mean * mean, 0))
    plain = cv2.GaussianBlur(np.exp(-np.square(rough / np.float32(0.05))), (0, 0), 2 * reach)
    return np.asarray(low * plain * (1 - sky) * (1 - subject), np.float32)


def _pools(scene: Scene, shape: tuple[int, int]) -> F32:
    """Where more water stands and where less, wider across than down; 0.25..0.8."""
    patches = brush.clouds((96, 32), 3, 4, scene.rng(76)).T
    patches = np.clip(np.float32(0.5) + patches * np.float32(2.2), 0.25, 0.8)
    return np.asarray(cv2.resize(patches, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC), np.float32)


def _mirrored(small: F32) -> F32:
    """What the ground shows of things above it: a picture drawn out downwards, as ripples do."""
    length = max(3, round(0.30 * small.shape[0]))
    drawn = cv2.blur(small, (3, length), anchor=(1, length - 1), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.GaussianBlur(drawn, (0, 0), 1.5), np.float32)
