"""What stands before the sky and is too thin, or too much like it, for a search at a small size: masts, wires."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.darkroom.filters import shrink
from retouch.imaging.raster import F32, U8

SIDE, FIT = 1024, 96
"""The longer sides, in pixels, at which thin things are looked for and at which the sky's fading is measured."""

THIN = 13
"""Pixels of the first size; what is dark and narrower than this is no cloud."""

SHARP = (14.0, 26.0)
"""By how many levels it is darker than what surrounds it: perhaps, and surely."""

CLEAR = 5.0
"""A sky that differs from an even fading by less, in levels, is clear: nothing in it is a cloud."""


def before_the_sky(rgb: U8, alpha: F32) -> F32:
    """How much of each pixel that ``alpha`` (float32, the size of ``rgb``) takes for sky something stands before:
    float32 of its size, 0..1."""
    view = np.ascontiguousarray(shrink(rgb, SIDE), dtype=np.uint8)
    height, width = view.shape[:2]
    grey = cv2.cvtColor(view, cv2.COLOR_RGB2GRAY)
    sky = cv2.resize(alpha, (width, height), interpolation=cv2.INTER_AREA) > 0.5
    if sky.sum() < 400:
        return np.zeros_like(alpha)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (THIN, THIN))
    dark = cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, disc).astype(np.float32)
    # What many leaves and blades do to a sky behind them is the matte's own affair.
    grain = float(np.quantile(dark[sky][::7], 0.75))
    low, high = SHARP
    found = np.clip((dark - max(low, 3 * grain)) * np.float32(1 / (high - low)), 0, 1)
    # Between bright clouds there is something dark and thin too: the sky itself.
    floor = float(np.quantile(grey[sky][::7], 0.03))
    found *= np.clip((floor + 4 - grey.astype(np.float32)) * np.float32(1 / 10), 0, 1)
    away = _unlike(view, sky)
    if away is not None:
        np.maximum(found, away, out=found)
    found = np.minimum(1, 1.3 * cv2.GaussianBlur(found, (0, 0), 0.7)).astype(np.float32)
    size = (alpha.shape[1], alpha.shape[0])
    return np.asarray(cv2.resize(found, size, interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def _unlike(view: U8, sky: NDArray[np.bool_]) -> F32 | None:
    """How surely each pixel is none of a clear sky that only fades across the picture; None where the sky is not
    clear."""
    small = cv2.cvtColor(shrink(view, FIT).astype(np.uint8), cv2.COLOR_RGB2LAB).astype(np.float32)
    height, width = small.shape[:2]
    inside = cv2.resize(sky.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA) > 0.95
    if inside.sum() < 60:
        return None
    powers = _powers(height, width)
    seen, colours = powers[inside], small[inside]
    for _ in range(3):
        # A narrow strip of sky says little about how it fades across: what it leaves open stays small.
        fit = np.linalg.solve(seen.T @ seen + 1e-6 * np.eye(seen.shape[1]), seen.T @ colours)
        rest = np.abs(colours - seen @ fit).max(1)
        spread = 1.48 * float(np.median(rest))
        kept = rest < max(4.0, 2.5 * spread)
        seen, colours = seen[kept], colours[kept]
    if spread > CLEAR:
        return None
    height, width = view.shape[:2]
    fading = np.clip(np.rint(powers @ fit), 0, 255).astype(np.uint8).reshape(small.shape)
    expected = cv2.resize(fading, (width, height), interpolation=cv2.INTER_CUBIC)
    apart = cv2.absdiff(cv2.cvtColor(view, cv2.COLOR_RGB2LAB), expected)
    rest = cv2.max(cv2.max(apart[..., 0], apart[..., 1]), apart[..., 2])
    low = max(12.0, 5 * spread)
    shares = np.clip((np.arange(256, dtype=np.float32) - low) * np.float32(1 / low), 0, 1)
    return np.asarray(cv2.LUT(rest, shares), dtype=np.float32)


def _powers(height: int, width: int) -> NDArray[np.float64]:
    """Float64 (height, width, 9): the terms of a surface that bends once across and twice down."""
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    terms = [x**i * y**j for i in range(3) for j in range(4) if i + j < 4]
    return np.stack(terms, -1)
