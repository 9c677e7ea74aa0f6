"""Enlarging a picture without the softness of plain resampling."""

from __future__ import annotations

import cv2
import numpy as np

from retouch.imaging.raster import Raster
from retouch.imaging.resample import resize

WORTH = 1.3
"""An enlargement below that is left to resampling alone."""
SLACK = 2.0
"""Levels that a pixel may go beyond its neighbours: more is ringing."""


def enlarged(picture: Raster, size: tuple[int, int]) -> Raster:
    """``picture`` resampled to ``size`` (width, height), its edges as steep as they can be without ringing."""
    large = resize(picture, size)
    return crisp(large, min(size[0] / picture.width, size[1] / picture.height))


def crisp(picture: Raster, factor: float) -> Raster:
    """``picture``, which was enlarged ``factor`` times by resampling, with its edges made steeper.

    Its luminance is sharpened over the radius that the enlarging has blurred, and kept within the range of the
    pixels around, which also takes out the ringing of the resampling. Less than `WORTH`: as it is.
    """
    if factor < WORTH:
        return picture
    ycc = cv2.cvtColor(picture.rgb, cv2.COLOR_RGB2YCrCb)
    light = np.ascontiguousarray(ycc[..., 0]).astype(np.float32)
    height, width = light.shape
    # Resampling kept the photograph's own pixels where they were; between them it overshoots.
    small = (max(1, round(width / factor)), max(1, round(height / factor)))
    own = cv2.resize(light, small, interpolation=cv2.INTER_LINEAR)
    around = np.ones((3, 3), np.uint8)
    low = cv2.resize(cv2.erode(own, around), (width, height), interpolation=cv2.INTER_LINEAR)
    high = cv2.resize(cv2.dilate(own, around), (width, height), interpolation=cv2.INTER_LINEAR)
    reach = min(4.0, factor) * 0.55
    smooth = cv2.GaussianBlur(light, (0, 0), 0.4 * reach)
    detail = smooth - cv2.GaussianBlur(light, (0, 0), reach)
    sharper = np.clip(smooth + detail * np.float32(2.0), low - np.float32(SLACK), high + np.float32(SLACK))
    ycc[..., 0] = np.rint(np.clip(sharper, 0, 255)).astype(np.uint8)
    return Raster(np.ascontiguousarray(cv2.cvtColor(ycc, cv2.COLOR_YCrCb2RGB), dtype=np.uint8), picture.alpha)
