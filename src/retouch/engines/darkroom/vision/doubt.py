"""Where the network could not decide: broad grey in its map, which would be a ghost on another ground."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.darkroom.filters import shrink
from retouch.engines.darkroom.vision.faces import glimpsed
from retouch.imaging.raster import F32, U8

SIDE = 208
"""The longer side, in pixels, at which it is decided."""

LOW, HIGH = 0.12, 0.86
"""Below the first the map means background, above the second subject."""

EDGE = 3
"""Half the width, in pixels of that size, of the grey that is merely the map's way to draw an edge."""

MUCH = 0.004
"""Less doubt than this share of the picture is left as it is."""

FACE = 0.1
"""A face of which the map sees no more than this is somebody in the background."""

CERTAIN = 0.65
"""How sure of a face a detector must be."""

PINHOLE = 0.01
"""An enclosed hole smaller than this share of the subject is none."""

Flags = NDArray[np.bool_]


def settled(rgb: U8, saliency: F32) -> F32:
    """``saliency`` (float32, the size of ``rgb``) with its broad doubts settled, one way or the other, by whose
    colours they have: those of the sure subject or those of the sure background. Edges stay as they are. Who has
    a face that the map half sees belongs to the subject.

    Source: Rother et al.: GrabCut, SIGGRAPH 2004.
    """
    small = np.ascontiguousarray(shrink(rgb, SIDE), dtype=np.uint8)
    height, width = small.shape[:2]
    low = cv2.resize(saliency, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
    wide = _wide(low)
    sure = low >= HIGH
    if wide.mean() < MUCH or sure.sum() < 60 or (low <= LOW).sum() < 60:
        return saliency
    labels = np.where(low > 0.5, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    labels[sure] = cv2.GC_FGD
    labels[low <= LOW] = cv2.GC_BGD
    for part in _heads(rgb, width):
        if low[part].size and float(low[part].mean()) > FACE:
            labels[part] = cv2.GC_FGD
            wide[part] = True
    cv2.setRNGSeed(3)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(cv2.cvtColor(small, cv2.COLOR_RGB2BGR), labels, (0, 0, 1, 1), *models, 2, cv2.GC_INIT_WITH_MASK)
    theirs = _tidied((labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD))
    share = cv2.GaussianBlur(cv2.dilate(wide.astype(np.float32), _disc(EDGE)), (0, 0), 1.5)
    after = low + (cv2.GaussianBlur(theirs, (0, 0), 1.0) - low) * share
    change = _anchored(after.astype(np.float32, copy=False)) - low
    size = (rgb.shape[1], rgb.shape[0])
    result: F32 = saliency + cv2.resize(change, size, interpolation=cv2.INTER_LINEAR)
    return np.clip(result, 0, 1, out=result)


def _anchored(after: F32) -> F32:
    """``after`` without what is now cut off from everything sure: a smudge that only doubt held to the subject."""
    _, labels = cv2.connectedComponents((after > 0.3).astype(np.uint8))
    kept = np.zeros(int(labels.max()) + 1, np.bool_)
    kept[np.unique(labels[after >= HIGH])] = True
    kept[0] = True
    return np.asarray(after * kept[labels], dtype=np.float32)


def _wide(low: F32) -> Flags:
    """The doubt that is broader than an edge."""
    doubt = ((low > LOW) & (low < HIGH)).astype(np.uint8)
    return cv2.morphologyEx(doubt, cv2.MORPH_OPEN, _disc(EDGE)) > 0


def _heads(rgb: U8, width: int) -> Iterator[tuple[slice, slice]]:
    """The rows and columns of the faces in a picture ``width`` pixels wide."""
    for one in glimpsed(rgb, CERTAIN):
        x, y = (float(place) * width for place in one.centre)
        reach = 0.45 * one.side * width
        yield (
            slice(max(0, int(y - reach)), max(0, int(y + reach) + 1)),
            slice(max(0, int(x - reach)), max(0, int(x + reach) + 1)),
        )


def _tidied(found: Flags) -> F32:
    """Without specks and pinholes: float32, 0 or 1."""
    calm = cv2.medianBlur(found.astype(np.uint8), 5)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(1 - calm, connectivity=4)
    holes = stats[:, cv2.CC_STAT_AREA] < PINHOLE * int(calm.sum())
    holes[0] = False
    calm[holes[labels]] = 1
    count, labels, stats, _ = cv2.connectedComponentsWithStats(calm)
    area = stats[:, cv2.CC_STAT_AREA]
    kept = area > 0.02 * max(1, int(area[1:].sum()) if count > 1 else 1)
    kept[0] = False
    return np.asarray(kept[labels], dtype=np.float32)


def _disc(radius: int) -> U8:
    side = 2 * radius + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)).astype(np.uint8)
