"""How far away things in a photograph may be, guessed from where they stand in it."""

from __future__ import annotations

import cv2
import numpy as np

from retouch.engines.darkroom.filters import guided, shrink
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import F32, U8

_SIDE = 160


def believed_sky(scene: Scene) -> F32:
    """The sky's alpha as far as it can be believed without anybody having spoken of one: 0..1."""
    sure = min(1.0, max(0.0, (scene.sky.confidence - 0.40) / 0.15))
    return scene.sky.alpha * np.float32(sure)


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
    subject = np.asarray(cv2.resize(scene.saliency, (width, height), interpolation=cv2.INTER_AREA), np.float32)
    far = _stand(far, ground, subject)
    far = np.maximum(far, above)
    far = np.asarray(cv2.GaussianBlur(far, (0, 0), max(0.5, 1.2 * max(height, width) / _SIDE)), np.float32)
    return guided(rgb, far, radius=6, eps=1e-2, side=320)


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
