"""Smooth interpolation across holes."""

from __future__ import annotations

import cv2
import numpy as np

from retouch.imaging.raster import F32


def spread(values: F32, known: F32, *, rounds: int = 0) -> F32:
    """``values`` carried smoothly into where they are not known.

    ``values``: float32 (height, width, channels). ``known``: float32 (height, width) in 0..1, how much each
    pixel is to be believed. Known pixels keep their value. Zeros come back where nothing is known at all.
    With some ``rounds`` of relaxation on every scale it becomes nearly the membrane stretched over the hole,
    which meets its rim everywhere, at so many blurs' cost.

    Source: Gortler et al.: The Lumigraph, SIGGRAPH 1996 (pull-push).
    """
    levels: list[tuple[F32, F32]] = []
    sums, weights = values * known[..., None], known
    while max(weights.shape) > 2:
        levels.append((sums, weights))
        sums, weights = cv2.pyrDown(sums).reshape(*_half(weights), -1), cv2.pyrDown(weights)  # type: ignore[assignment]
    out = sums / np.maximum(weights[..., None], np.float32(1e-9))
    for sums, weights in reversed(levels):
        height, width = weights.shape
        above = cv2.pyrUp(out, dstsize=(width, height)).reshape(height, width, -1)
        share = np.clip(weights, 0, 1)[..., None]
        # sums/weights is the local mean; premultiplied by its share that is sums wherever weights <= 1.
        out = sums + above * (1 - share)
        for _ in range(rounds):
            out = sums + cv2.blur(out, (3, 3)).reshape(out.shape) * (1 - share)
    return out.astype(np.float32, copy=False)


def _half(array: F32) -> tuple[int, int]:
    height, width = array.shape
    return (height + 1) // 2, (width + 1) // 2
