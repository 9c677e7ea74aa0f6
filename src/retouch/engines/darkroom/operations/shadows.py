"""The shadow of what stands on the ground."""

from __future__ import annotations

import cv2
import numpy as np

from retouch.imaging.raster import F32

SIDE = 384
"""Shadows are soft, so they are made at this many pixels a side."""

FLAT, LEAN = 0.22, 0.55
"""How tall a cast shadow is against its thing, and how far it leans aside."""


def ground_shadow(alpha: F32, size: tuple[int, int], *, strength: float = 0.62, side: float = 0.0) -> F32:
    """How much darker the ground is by what ``alpha`` shows standing on it: float32 of ``size`` (width, height).

    A dark line where it touches, a soft pool around, and with a ``side`` (-1 to the left, 1 to the right) the
    shadow that it casts there, ever softer the farther away. ``strength``: 0..1.
    """
    low = cv2.resize(alpha, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    solid = low > 0.5
    if not solid.any():
        return np.zeros((size[1], size[0]), np.float32)
    rows = np.arange(SIDE, dtype=np.float32)[:, None]
    bottom = np.where(solid.any(0), SIDE - 1 - solid[::-1].argmax(0), -1).astype(np.float32)
    foot = float(bottom.max())
    tall = max(4.0, foot - float(np.flatnonzero(solid.any(1))[0]))
    # A column touches the ground if it comes down nearly as far as the lowest.
    near = np.where(bottom >= 0, np.exp(-(foot - bottom) / max(2.0, 0.10 * tall)), 0)[None, :]
    away = rows - bottom[None, :]
    line = (np.exp(-np.square(away / 3)) * near).astype(np.float32)
    pool = (np.exp(-np.square(away / max(3.0, 0.05 * tall))) * near).astype(np.float32)
    dark = 0.45 * cv2.GaussianBlur(line, (0, 0), 2)
    dark += 0.75 * cv2.GaussianBlur(pool, (0, 0), 9, sigmaY=4.5)
    dark += 0.55 * cv2.GaussianBlur(pool, (0, 0), 26, sigmaY=10)
    if side:
        dark = np.maximum(dark, _cast(low, foot, tall, side))
    shade = np.clip(dark, 0, 1) * np.float32(strength)
    return np.asarray(cv2.resize(shade.astype(np.float32), size, interpolation=cv2.INTER_LINEAR))


def _cast(low: F32, foot: float, tall: float, side: float) -> F32:
    """The thing laid flat on the ground behind its foot and leaning to a ``side``."""
    lean = LEAN * side
    # Rows above the foot are squeezed towards it, and pushed aside by their height.
    laid = np.array([[1, -lean, lean * foot], [0, FLAT, foot * (1 - FLAT)]], np.float32)
    flat = cv2.warpAffine(low, laid, (SIDE, SIDE), flags=cv2.INTER_AREA)
    close, far = cv2.GaussianBlur(flat, (0, 0), 3), cv2.GaussianBlur(flat, (0, 0), 9)
    height = np.clip((np.float32(foot) - np.arange(SIDE, dtype=np.float32)) / np.float32(FLAT * tall), 0, 1)[
        :, None
    ]
    soft = close + (far - close) * height
    return np.asarray(0.62 * soft * (1 - 0.55 * height), dtype=np.float32)
