"""The sky between leaves: what a search at a small size takes for part of the tree."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.darkroom.filters import shrink
from retouch.imaging.raster import F32, U8

SIDE, FIELD = 1024, 256
"""The longer sides, in pixels, at which gaps are looked for and at which the colours around them are averaged."""

NEAR = 25
"""Pixels of the first size: how far from the open sky gaps are believed in."""

GAP = (15, 31)
"""Pixels of the first size; what is of a grey sky's colours and wider than the first is a wall. Of a blue one's
hardly anything is but the sky: there the second counts."""

BLUE = (12.0, 40.0)
"""By how many levels of RGB a sky is bluer than it is red: grey, and blue."""

PURE, RIM = 0.93, 8
"""From this share on it is all sky; how many pixels of the first size wide what is less may be."""

BESIDE = 23
"""How many pixels of the first size around what is too broad are left alone with it."""

APART = (45.0, 80.0)
"""By how many levels of RGB the sky must differ from what stands before it: just, and clearly."""


def between_leaves(rgb: U8, alpha: F32) -> F32:
    """How much sky shows at each pixel that ``alpha`` (float32, the size of ``rgb``) takes for land, near the sky:
    float32 of its size, 0..1.

    Each pixel there is taken for a mixture of the sky and of the land, both of the colours that they have near by.
    Only what is finely divided is believed: a white wall under a white sky stays.
    """
    view = np.ascontiguousarray(shrink(rgb, SIDE), dtype=np.uint8)
    height, width = view.shape[:2]
    sky = np.asarray(cv2.resize(alpha, (width, height), interpolation=cv2.INTER_AREA), np.float32)
    reach = 2 * NEAR + 1
    near = cv2.blur(cv2.dilate((sky > 0.5).astype(np.float32), np.ones((reach, reach), np.uint8)), (15, 15))
    open_sky, land = _around(view, sky)
    share = np.zeros((height, width), np.float32)
    at = np.flatnonzero((near > 0) & (sky < 0.98))
    here, theirs, ours = (layer.reshape(-1, 3)[at].astype(np.float32) for layer in (view, open_sky, land))
    way = theirs - ours
    far = np.einsum("ij,ij->i", way, way)
    mixed = np.einsum("ij,ij->i", here - ours, way) / np.maximum(far, 1)
    low, high = APART
    sure = np.clip((np.sqrt(far) - np.float32(low)) * np.float32(1 / (high - low)), 0, 1)
    share.reshape(-1)[at] = np.clip(mixed * np.float32(1.25) - np.float32(0.2), 0, 1) * sure * near.reshape(-1)[at]
    red, _, blue = np.median(view[sky > 0.5][::7], axis=0) if (sky > 0.5).any() else (0.0, 0.0, 0.0)
    gap = float(np.interp(blue - red, BLUE, GAP))
    hidden = (share > 0.35) & (sky < 0.5)
    # Only at its rim is a gap of another colour than the sky; haze before a far shore is so all over.
    broad = _broad(hidden, gap) | _broad(hidden & (share < PURE), RIM)
    share *= cv2.blur(1 - broad.astype(np.float32), (9, 9))
    size = (alpha.shape[1], alpha.shape[0])
    return np.asarray(cv2.resize(share, size, interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def _around(view: U8, sky: F32) -> tuple[U8, U8]:
    """The colours of the sky and of the land near each pixel of ``view``, uint8 of its size: the sky's for both
    where no land is near."""
    size = (view.shape[1], view.shape[0])
    small = np.asarray(shrink(view, SIDE // 2), np.uint8)
    above = np.asarray(cv2.resize(sky, small.shape[1::-1], interpolation=cv2.INTER_AREA), np.float32)
    open_sky = _mean(small, above, small)
    red, green, blue = cv2.split(cv2.absdiff(small, open_sky))
    unlike = cv2.max(cv2.max(red, green), blue).astype(np.float32)
    # What has the sky's colours is most likely sky, so it says nothing about the land.
    surely = np.clip((unlike - np.float32(24)) * np.float32(1 / 24), 0, 1)
    land = _mean(small, np.asarray((1 - above) * surely, np.float32), open_sky)
    wide, near = (cv2.resize(field, size, interpolation=cv2.INTER_LINEAR) for field in (open_sky, land))
    return np.asarray(wide, np.uint8), np.asarray(near, np.uint8)


def _mean(view: U8, weight: F32, otherwise: U8) -> U8:
    """The colours of ``view`` around each pixel, as far as ``weight`` lets them count, or those of ``otherwise``
    where it lets none: uint8 of its size."""
    height, width = view.shape[:2]
    seen = cv2.merge([weight, weight, weight])
    sums = np.asarray(shrink(np.multiply(view, seen, dtype=np.float32), FIELD), np.float32)
    weights = np.asarray(shrink(weight, FIELD), np.float32)
    total = shrink(otherwise, FIELD) * np.float32(1e-6)
    count = np.full_like(weights, 1e-6)
    # Near by as far as there is anything near by, or else from farther off.
    for sigma, part in ((4, 1.0), (12, 1e-2), (36, 1e-4)):
        total += cv2.GaussianBlur(sums, (0, 0), sigma) * np.float32(part)
        count += cv2.GaussianBlur(weights, (0, 0), sigma) * np.float32(part)
    mean = np.clip(total / count[..., None], 0, 255).astype(np.uint8)
    return np.asarray(cv2.resize(mean, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def _broad(found: NDArray[np.bool_], gap: float) -> NDArray[np.bool_]:
    """The pieces of ``found`` that are anywhere wider than ``gap`` pixels, whole and with what lies beside them:
    half a piece would show where it was cut. What hangs together by a thread is not one piece."""
    solid = cv2.morphologyEx(found.view(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    inner = cv2.distanceTransform(solid, cv2.DIST_L2, 3) > gap / 2
    if not inner.any():
        return inner
    count, labels = cv2.connectedComponents(solid, connectivity=4)
    wide = np.zeros(count, np.uint8)
    wide[labels[inner]] = 1
    return np.asarray(cv2.dilate(wide[labels], np.ones((BESIDE, BESIDE), np.uint8)) > 0)
