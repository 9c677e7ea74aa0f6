"""Carrying an edge on without inventing anything: what lies there, ever softer the farther out."""

from __future__ import annotations

import cv2
import numpy as np

from retouch.imaging.raster import F32

REACH = 0.12
"""How far into the photograph the continuation looks back at most, as a share of it."""

SOFTEN = 0.3
"""The blur's deviation as a share of the distance from the edge: a feature is gone before it is recognised."""

GRAIN = 4.0
"""The most grain that is put back, in levels of 0..255."""


def _soften(image: F32, level: F32) -> F32:
    """``image`` blurred by about 0.7 · 2^``level`` pixels where ``level`` (height, width) is above 0.

    Source: Burt, Adelson: The Laplacian Pyramid as a Compact Image Code, 1983.
    """
    if min(image.shape[:2]) < 4 or float(level.max()) <= 0:
        return image
    height, width = level.shape
    small = cv2.pyrDown(image).reshape((height + 1) // 2, (width + 1) // 2, -1).astype(np.float32, copy=False)
    lower = cv2.resize(level, (small.shape[1], small.shape[0]), interpolation=cv2.INTER_AREA) - np.float32(1)
    above = cv2.pyrUp(_soften(small, lower.astype(np.float32, copy=False)), dstsize=(width, height))
    share = np.clip(level, 0, 1)[..., None]
    result: F32 = image + (above.reshape(image.shape) - image) * share
    return result


def carry_on(photograph: F32, thickness: int, rng: np.random.Generator) -> F32:
    """What ``photograph`` (height, width, channels; 0..255) may go on with left of itself: ``thickness`` columns.

    It is mirrored, ever more drawn out and ever softer, so that it meets the edge without a step and shows
    nothing twice. The edge's grain is laid over what was softened.
    """
    height, width, channels = photograph.shape
    depth = np.arange(thickness, 0, -1, dtype=np.float32) - np.float32(0.5)
    reach = max(1.0, REACH * width)
    back = np.minimum(reach * (1 - np.exp(-(depth - np.float32(0.5)) / reach)), width - 1).astype(np.float32)
    seen = min(width, max(32, thickness))
    x = np.repeat(back[None, :], height, 0)
    y = np.repeat(np.arange(height, dtype=np.float32)[:, None], thickness, 1)
    mirrored = cv2.remap(photograph, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    joined = np.concatenate([mirrored.reshape(height, thickness, channels), photograph[:, :seen]], 1)
    level = np.zeros((height, thickness + seen), np.float32)
    level[:, :thickness] = np.maximum(0, np.log2(np.maximum(SOFTEN * depth, 0.7) / 0.7))
    result = _soften(np.ascontiguousarray(joined, dtype=np.float32), level)[:, :thickness].copy()
    if channels == 3:
        result += _grain(photograph[:, :seen], thickness, rng) * np.clip(level[:, :thickness, None] / 2, 0, 1)
    return result


def _grain(near: F32, thickness: int, rng: np.random.Generator) -> F32:
    """Noise (height, ``thickness``, 1) as strong as that of the rows of ``near``."""
    gray = cv2.cvtColor(np.ascontiguousarray(near), cv2.COLOR_RGB2GRAY)
    fine = np.abs(gray - cv2.GaussianBlur(gray, (0, 0), 1.2))
    strength = np.median(fine, axis=1).astype(np.float32)[:, None]
    strength = cv2.blur(strength, (1, 2 * (len(strength) // 40) + 1))
    noise = rng.standard_normal((len(near), thickness), dtype=np.float32)
    cv2.GaussianBlur(noise, (0, 0), 0.6, dst=noise)
    # Blurred by 0.6 pixels noise keeps under half of its deviation; a median is two thirds of one.
    result: F32 = noise * np.minimum(strength * np.float32(3), np.float32(2 * GRAIN))
    return result[..., None]
