"""Resampling: the one way that pictures change size here."""

from __future__ import annotations

import cv2
import numpy as np

from retouch.imaging.raster import U8, Raster


def resize(raster: Raster, size: tuple[int, int]) -> Raster:
    """``raster`` at ``size`` (width, height); the same object if it has that size already.

    Shrinking averages the area of each new pixel, enlarging is Lanczos over 8 × 8 pixels; where one side
    shrinks and the other grows, each gets its own. With alpha the colour is averaged premultiplied, so that
    what hides under transparent pixels doesn't bleed out; where nothing shows at all it is kept, resampled
    plainly.
    """
    if raster.size == size:
        return raster
    if min(size) < 1:
        raise ValueError(f"a picture cannot be {size[0]}x{size[1]}")
    rgb: U8 = np.ascontiguousarray(_scale(raster.rgb, size))
    if raster.alpha is None:
        return Raster(rgb)
    alpha = np.ascontiguousarray(_scale(raster.alpha, size))
    # Both in 255ths of a level, which fill 16 bits and take half the memory of single precision.
    light = _scale(raster.rgb * raster.alpha[..., None].astype(np.uint16), size)
    cover = _scale(raster.alpha * np.uint16(255), size)
    # Where the neighbourhood is opaque throughout, premultiplying would change nothing but the rounding.
    partly = (alpha > 0) & (alpha < 255)
    rgb[partly] = np.minimum(light[partly] * np.float32(255) / cover[partly][:, None] + 0.5, 255)
    return Raster(rgb, None if int(alpha.min()) == 255 else alpha)


def _scale(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    width, height = size
    rows, columns = pixels.shape[:2]
    if width <= columns and height <= rows:
        return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    if width >= columns and height >= rows:
        return cv2.resize(pixels, size, interpolation=cv2.INTER_LANCZOS4)
    smaller = (min(width, columns), min(height, rows))
    return _scale(_scale(pixels, smaller), size)
