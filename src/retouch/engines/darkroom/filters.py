"""Edge-aware smoothing that several operations share."""

from __future__ import annotations

import cv2
import numpy as np

from retouch.imaging.raster import F32, U8


def box(image: F32, radius: int) -> F32:
    """The mean over a (2·radius + 1)² window, reflecting at the border. Shape and dtype are kept."""
    side = 2 * radius + 1
    return cv2.blur(image, (side, side), borderType=cv2.BORDER_REFLECT)  # type: ignore[return-value]


def shrink(image: F32 | U8, side: int) -> F32 | U8:
    """``image`` with its longer side brought down to ``side`` pixels by area averaging; never enlarged."""
    height, width = image.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return image
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


def _coefficients(guide: F32, signal: F32, radius: int, eps: float) -> tuple[F32, F32]:
    mean_g, mean_s = box(guide, radius), box(signal, radius)
    cov = box(guide * signal[..., None], radius) - mean_g * mean_s[..., None]
    red, green, blue = guide[..., 0], guide[..., 1], guide[..., 2]
    mr, mg, mb = mean_g[..., 0], mean_g[..., 1], mean_g[..., 2]
    rr = box(red * red, radius) - mr * mr + eps
    gg = box(green * green, radius) - mg * mg + eps
    bb = box(blue * blue, radius) - mb * mb + eps
    rg = box(red * green, radius) - mr * mg
    rb = box(red * blue, radius) - mr * mb
    gb = box(green * blue, radius) - mg * mb
    # The symmetric 3×3 covariance is inverted by its cofactors: a batched solver is ten times slower.
    i11, i12, i13 = gg * bb - gb * gb, gb * rb - rg * bb, rg * gb - gg * rb
    i22, i23, i33 = rr * bb - rb * rb, rb * rg - rr * gb, rr * gg - rg * rg
    det = i11 * rr + i12 * rg + i13 * rb
    c0, c1, c2 = cov[..., 0], cov[..., 1], cov[..., 2]
    slope = np.dstack(
        [
            (i11 * c0 + i12 * c1 + i13 * c2) / det,
            (i12 * c0 + i22 * c1 + i23 * c2) / det,
            (i13 * c0 + i23 * c1 + i33 * c2) / det,
        ]
    )
    return slope, mean_s - (slope * mean_g).sum(2)


def guided(rgb: U8, signal: F32, *, radius: int, eps: float, side: int = 512) -> F32:
    """``signal`` (float32, any size) brought to ``rgb``'s size along its edges; float32 in 0..1.

    The fast guided filter: coefficients at ``side`` pixels, applied at full size.
    Source: He, Sun: Fast Guided Filter, arXiv:1505.00996.
    """
    height, width = rgb.shape[:2]
    small = shrink(rgb, side).astype(np.float32) / np.float32(255)
    low = cv2.resize(signal, (small.shape[1], small.shape[0]), interpolation=cv2.INTER_AREA).astype(np.float32)
    slope, offset = _coefficients(small, low, radius, eps)
    slope = cv2.resize(box(slope, radius), (width, height)).astype(np.float32)
    offset = cv2.resize(box(offset, radius), (width, height)).astype(np.float32)
    out = slope[..., 0] * rgb[..., 0]
    out += slope[..., 1] * rgb[..., 1]
    out += slope[..., 2] * rgb[..., 2]
    out *= np.float32(1 / 255)
    out += offset
    clipped: F32 = np.clip(out, 0, 1)
    return clipped
