"""A picture in a few inks: which they are, and where each lies, with clean borders at any size."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.imaging.raster import F32

Labels = NDArray[np.int64]

_SAMPLES = 6000

_STRETCH: F32 = np.array([1, 2.2, 2.2], np.float32)
"""With so few inks a change of hue hurts more than one of lightness: skin must not turn grey."""


def choose(lab: F32, count: int, rng: np.random.Generator) -> F32:
    """``count`` colours, OKLab (count, 3), that stand for those of ``lab`` (height, width, 3): k-means, in which a
    colour counts for more the more it differs from grey, so that small bright things keep theirs."""
    points = lab.reshape(-1, 3) * _STRETCH
    pick = rng.permutation(len(points))[:_SAMPLES]
    points = points[pick]
    weight = np.float32(0.25) + np.minimum(np.hypot(points[:, 1], points[:, 2]) * np.float32(3), 1)
    centres = _spread_out(points, weight, count, rng)
    for _ in range(10):
        nearest = _nearest(points, centres)
        total = np.bincount(nearest, weight, minlength=count)
        for channel in range(3):
            sums = np.bincount(nearest, weight * points[:, channel], minlength=count)
            moved = sums / np.maximum(total, 1e-6)
            centres[:, channel] = np.where(total > 0, moved, centres[:, channel])
    return centres / _STRETCH


def _spread_out(points: F32, weight: F32, count: int, rng: np.random.Generator) -> F32:
    """Where k-means begins: each next centre is drawn far from those before.

    Source: Arthur, Vassilvitskii: k-means++, 2007.
    """
    first = int(np.argmax(weight * rng.random(len(points), dtype=np.float32)))
    centres = [points[first]]
    far = np.full(len(points), np.inf, np.float32)
    for _ in range(count - 1):
        far = np.minimum(far, np.square(points - centres[-1]).sum(1))
        chance = np.cumsum(far * weight, dtype=np.float64)
        drawn = int(np.searchsorted(chance, rng.random() * chance[-1])) if chance[-1] > 0 else 0
        centres.append(points[min(drawn, len(points) - 1)])
    return np.array(centres, np.float32)


def label(lab: F32, centres: F32) -> Labels:
    """Which of ``centres``, OKLab (n, 3), each colour of ``lab`` (..., 3) is nearest to."""
    return _nearest(lab * _STRETCH, centres * _STRETCH)


def _nearest(lab: F32, centres: F32) -> Labels:
    # |p - c|² without p², which is the same for every centre.
    score = lab @ (-2 * centres.T) + np.square(centres).sum(1)
    return np.asarray(score.argmin(-1))


def lay_flat(labels: Labels, colours: F32, size: tuple[int, int], smooth: float) -> F32:
    """The areas ``labels`` (height, width) each in its colour, (n, 3) of any unit, at ``size`` (width, height).

    Borders are rounded by ``smooth`` pixels of the labels' own size and stay crisp, however large the picture:
    each ink's soft mask grows by itself, and at every pixel the strongest wins.
    """
    scale = max(size) / max(labels.shape)
    total = np.zeros((size[1], size[0], 3), np.float32)
    weights = np.zeros((size[1], size[0]), np.float32)
    for index in range(len(colours)):
        mask = np.asarray(labels == index, np.float32)
        if not mask.any():
            continue
        soft = cv2.GaussianBlur(mask, (0, 0), smooth)
        large = np.asarray(cv2.resize(soft, size, interpolation=cv2.INTER_LINEAR), np.float32)
        large += np.float32(1e-4)
        # The power makes the ramp between two inks about one pixel wide.
        for _ in range(4 if smooth * scale > 3 else 3):
            np.multiply(large, large, out=large)
        weights += large
        for channel in range(3):
            total[..., channel] += large * colours[index, channel]
    total /= np.maximum(weights, np.float32(1e-30))[..., None]
    return total
