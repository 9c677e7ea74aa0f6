"""How far away things in a photograph may be, guessed from where they stand in it."""

from __future__ import annotations

import cv2
import numpy as np

from retouch.engines.darkroom.filters import guided, shrink
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import F32, U8

_SIDE = 160

_NEARER = 0.6
"""How much nearer the darkest of things are than the lightest at their height."""


def believed_sky(scene: Scene) -> F32:
    """The sky's alpha as far as it can be believed without anybody having spoken of one: 0..1."""
    sure = min(1.0, max(0.0, (scene.sky.confidence - 0.40) / 0.15))
    return scene.sky.alpha * np.float32(sure)


def is_close(scene: Scene) -> bool:
    """Whether faces fill so much of the picture that what looks like a sky or the ground is a wall or a seat."""
    boxes = [face.box for face in scene.portraits]
    filled = sum((right - left) * (bottom - top) for left, top, right, bottom in boxes)
    return filled > 0.022 * scene.original.width * scene.original.height


def find_distance(scene: Scene, sky: F32) -> F32:
    """0 before the camera to 1 in the sky, float32 (height, width).

    Ground rises toward the horizon, so what is higher up is farther off; a subject stands upright and is all as
    far as its feet. ``sky`` as `believed_sky` gives it. No measurement: enough for haze.
    """
    rgb = scene.original.rgb
    small = np.ascontiguousarray(shrink(rgb, _SIDE), dtype=np.uint8)
    height, width = small.shape[:2]
    above = np.asarray(cv2.resize(sky, (width, height), interpolation=cv2.INTER_AREA), np.float32)
    rows = np.nonzero((above > 0.5).mean(1) > 0.15)[0]
    horizon = (int(rows[-1]) + 1) / height if len(rows) else 0.08
    y = (np.arange(height, dtype=np.float32) + np.float32(0.5)) / np.float32(height)
    ground = np.clip((1 - y) / np.float32(max(0.05, 1 - horizon)), 0, 1) ** np.float32(1.3) * np.float32(0.85)
    far = np.repeat(ground[:, None], width, axis=1)
    subject = np.asarray(cv2.resize(scene.glimpse, (width, height), interpolation=cv2.INTER_AREA), np.float32)
    far = _stand(far, ground, subject)
    far = np.maximum(far, above)
    far = np.asarray(cv2.GaussianBlur(far, (0, 0), max(0.5, 1.2 * max(height, width) / _SIDE)), np.float32)
    return _stagger(guided(rgb, far, radius=6, eps=1e-2, side=320), scene, sky)


def _stagger(far: F32, scene: Scene, sky: F32) -> F32:
    """``far`` with what stands dark before something lighter brought nearer: air adds light to all that is behind
    it, so of things at one height the darker are the nearer, as trunks are before the gaps between them.

    Source: He, Sun, Tang: Single Image Haze Removal Using Dark Channel Prior, 2009.
    """
    small = np.ascontiguousarray(shrink(scene.original.rgb, 2 * _SIDE), dtype=np.uint8)
    height, width = small.shape[:2]
    least = cv2.GaussianBlur(np.sqrt(small.max(2).astype(np.float32)), (0, 0), 0.8)
    brightest = cv2.dilate(least, np.ones((max(3, height // 12), max(3, width // 6)), np.uint8))
    brightest = cv2.GaussianBlur(brightest, (0, 0), max(1.0, 0.03 * max(height, width)))
    dark = np.clip(np.float32(1.25) - np.float32(1.5) * least / np.maximum(brightest, np.float32(1)), 0, 1)
    wide = np.asarray(cv2.resize(dark, (far.shape[1], far.shape[0]), interpolation=cv2.INTER_LINEAR), np.float32)
    wide *= np.float32(_NEARER)
    wide *= 1 - sky
    return far - far * wide


def _stand(far: F32, ground: F32, subject: F32) -> F32:
    """``far`` with every piece of the subject as far off as the ground at its feet."""
    mask: U8 = (subject > 0.5).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    for index in range(1, count):
        feet = min(len(ground) - 1, int(stats[index, cv2.CC_STAT_TOP] + stats[index, cv2.CC_STAT_HEIGHT]) - 1)
        # One that the lower rim cuts stands right before the camera.
        away = np.float32(0.03) if feet >= len(ground) - 3 else ground[feet] * np.float32(0.8)
        piece = (labels == index) * subject
        far = far + piece * (away - far)
    return np.asarray(far, np.float32)
