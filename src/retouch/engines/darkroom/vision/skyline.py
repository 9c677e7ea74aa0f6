"""Where a sky that was found too short really ends."""

from __future__ import annotations

import cv2
import numpy as np

from retouch.engines.darkroom.filters import guided, shrink
from retouch.imaging.raster import F32, U8

_SIDE = 320
_EDGE = 18.0
"""The step from row to row, in CIE Lab over a Sobel window, from which on something ends there."""

_AGREE = 0.6
"""The share of columns that must end at the same height for it to be a horizon."""


def lower_to_horizon(rgb: U8, alpha: F32) -> F32:
    """``alpha``, a sky's (height, width), brought down to the horizon where it stops in the middle of nothing.

    A clear evening fades through so many colours that what finds skies takes the lowest for the land. Where
    most of the border lies on no edge, and most columns have their next edge at one height, the sky goes down
    to that.
    """
    small = np.ascontiguousarray(shrink(rgb, _SIDE), dtype=np.uint8)
    height, width = small.shape[:2]
    if min(height, width) < 16:
        return alpha
    lab = cv2.cvtColor(small.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2LAB)
    lab = cv2.GaussianBlur(lab, (0, 0), 1.2)
    step = np.abs(cv2.Sobel(lab, cv2.CV_32F, 0, 1)).sum(2)
    mask = cv2.resize(alpha, (width, height), interpolation=cv2.INTER_AREA) > 0.5
    # The border in each column: where the sky that hangs from the top ends.
    border = np.where(mask.all(0), height, np.argmin(mask, axis=0))
    rows = np.arange(height)[:, None]
    near = np.where(np.abs(rows - border) <= 3, step, 0).max(0)
    loose = (border > 0) & (border < height - 4) & (near < _EDGE)
    if loose.mean() < 0.5:
        return alpha
    below = (rows > border + 3) & (step > _EDGE)
    ends = np.where(below.any(0), below.argmax(0), height)
    horizon = int(np.median(ends[loose]))
    agree = np.abs(ends - horizon) <= max(2, round(0.02 * height))
    if horizon > 0.9 * height or (agree & loose).sum() < _AGREE * loose.sum():
        return alpha
    grown = mask | (loose & (rows > border - 4) & (rows < np.minimum(ends, horizon + 2)))
    sharp = guided(rgb, grown.astype(np.float32), radius=5, eps=3e-4)
    lowered = np.clip((sharp - np.float32(0.08)) / np.float32(0.84), 0, 1)
    return np.asarray(np.maximum(alpha, lowered), dtype=np.float32)
