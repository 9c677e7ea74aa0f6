"""A rainbow as light in the air."""

from __future__ import annotations

import cv2
import numpy as np

from retouch.engines.darkroom.colour import to_linear, to_srgb
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import F32, Raster

SPECTRUM = np.array(
    [
        (0.0, 0.55, 0.0, 0.06), (0.14, 0.9, 0.05, 0.03), (0.30, 0.95, 0.42, 0.02), (0.44, 0.80, 0.80, 0.05),
        (0.58, 0.12, 0.75, 0.16), (0.72, 0.05, 0.45, 0.80), (0.86, 0.12, 0.14, 0.85), (1.0, 0.34, 0.05, 0.60),
    ],
    np.float32,
)  # fmt: skip
"""Across the bow from its outer edge: place, then linear red, green and blue."""

BRIGHT = 0.34
WIDTH = 0.105
"""The bow's width over its radius."""


def rainbow(scene: Scene, sky: F32 | None, amount: float) -> Raster:
    """A bow over the picture: in front of the ``sky`` (alpha) alone if there is one, behind the subject in any
    case. Brighter inside than outside, and fading towards its feet, as real ones are."""
    width, height = scene.picture.size
    scale = min(1.0, 1024 / max(width, height))
    w, h = max(8, round(width * scale)), max(8, round(height * scale))
    if sky is not None:
        behind = cv2.resize(sky, (w, h), interpolation=cv2.INTER_AREA)
        rows = np.flatnonzero(behind.mean(1) > 0.25)
        ground = float(rows[-1]) + 1 if rows.size else 0.6 * h
    else:
        behind = 1 - 0.92 * cv2.resize(scene.saliency, (w, h), interpolation=cv2.INTER_AREA)
        ground = 0.72 * h
    centre = (0.5 + 0.16 * (scene.variation or 0.35)) * w, ground + 0.12 * w
    radius = min(0.60 * w, (centre[1] - 0.07 * h) / 1.06)
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    distance = np.hypot(x - np.float32(centre[0]), y - np.float32(centre[1])) / np.float32(radius)
    across = (1.05 - distance) / np.float32(WIDTH)
    bow = np.stack([np.interp(across, SPECTRUM[:, 0], SPECTRUM[:, k], left=0, right=0) for k in (1, 2, 3)], -1)
    edge = np.clip(np.minimum(across, 1 - across) / 0.22, 0, 1)
    rise = np.clip((ground - y) / max(1.0, 0.75 * ground), 0, 1)
    strength = np.asarray(behind * (0.35 + 0.65 * rise**0.7), np.float32)
    light = bow.astype(np.float32) * (edge * strength)[..., None] * np.float32(BRIGHT * amount)
    glow = np.clip(1 - np.abs(across - 1.0) / 3.0, 0, 1) * (across > 0.6) * strength * np.float32(0.035 * amount)
    light = cv2.GaussianBlur(light + glow[..., None].astype(np.float32), (0, 0), max(1.0, 0.0022 * w))
    light = np.asarray(cv2.resize(light, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    base = to_linear(scene.picture.rgb)
    # On a bright sky light that is only added would vanish: some of what is there gives way to it.
    strongest = light.max(-1, keepdims=True)
    base *= 1 - np.float32(0.75) * strongest
    base += light
    return Raster(to_srgb(base), scene.picture.alpha)
