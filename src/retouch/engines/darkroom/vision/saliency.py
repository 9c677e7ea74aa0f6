"""Where the subject of a picture is."""

from __future__ import annotations

import cv2
import numpy as np

from retouch.engines.darkroom.vision.networks import run
from retouch.imaging.raster import F32, U8

NETWORK = "u2netp.onnx"
FUSED = "1959"
"""The output that joins the network's six side outputs."""

WHOLE = 288
CROP = 192
GLANCE = 192
"""Input sides of the two passes, and of a lone quick one. The network was trained at 320 but takes any
multiple of 16; the time goes with the square of the side, and the first two together cost about what one
pass at 320 does."""

AIR = 0.3
"""How much of what stood out is added to each side of it for the closer look: a handlebar is soon cut off."""

HOLE = 0.02
"""An enclosed hole smaller than this share of the subject is the network's, not the subject's."""

PLAIN, PLAIN_SHARE = 2.2, 0.03
"""A glance decides where it doubts that many times less than it might, and is sure of more than that share."""

MEAN = np.array([0.485, 0.456, 0.406], np.float32)
DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)


def _look(rgb: U8, side: int) -> F32:
    """One pass of the network over all of ``rgb``: float32 of its size, 0..1, never stretched to reach 1."""
    small = cv2.resize(rgb, (side, side), interpolation=cv2.INTER_AREA).astype(np.float32)
    small *= np.float32(1 / max(float(small.max()), 1.0))
    (out,) = run(NETWORK, (small - MEAN) / DEVIATION, FUSED)
    found: F32 = cv2.resize(out[0, 0], (rgb.shape[1], rgb.shape[0])).astype(np.float32)
    return np.clip(found, 0, 1, out=found)


def glance(rgb: U8) -> F32:
    """Roughly where the subject is, in one small pass: for what need not know its edge. As `find_saliency`."""
    return _look(rgb, GLANCE)


def _crop(coarse: F32) -> tuple[slice, slice] | None:
    """The rows and columns of what stands out, with air around it; None where a closer look shows no more."""
    height, width = coarse.shape
    rows = np.flatnonzero((coarse > 0.35).any(1))
    columns = np.flatnonzero((coarse > 0.35).any(0))
    if not rows.size:
        return None
    air = int(AIR * max(rows[-1] - rows[0], columns[-1] - columns[0])) + 8
    top, bottom = max(0, int(rows[0]) - air), min(height, int(rows[-1]) + 1 + air)
    left, right = max(0, int(columns[0]) - air), min(width, int(columns[-1]) + 1 + air)
    if (bottom - top) * (right - left) > 0.42 * width * height or min(bottom - top, right - left) < 24:
        return None
    return slice(top, bottom), slice(left, right)


def _spill(close: F32, box: tuple[slice, slice], shape: tuple[int, ...]) -> float:
    """How much of the closer look's map lies on a side of its box that is no side of the picture: 0..1."""
    rows, columns = box
    inner = (
        (close[0], rows.start > 0),
        (close[-1], rows.stop < shape[0]),
        (close[:, 0], columns.start > 0),
        (close[:, -1], columns.stop < shape[1]),
    )
    return max((float(side.mean()) for side, inside in inner if inside), default=0.0)


def find_saliency(rgb: U8) -> F32:
    """How much each pixel of ``rgb`` belongs to the subject: float32 (height, width) in 0..1.

    Two passes: over the whole picture, then over the box of what stood out, if that is small. The second is
    not trusted blindly: where it finds something quite different, only what both saw counts, so that
    `is_clear` can tell.

    Source: Qin et al.: U²-Net: Going Deeper with Nested U-Structure for Salient Object Detection, Pattern
    Recognition 106, 2020.
    """
    coarse = _look(rgb, WHOLE)
    box = _crop(coarse)
    if box is None:
        return _tidied(coarse)
    close = _look(np.ascontiguousarray(rgb[box]), CROP)
    if _spill(close, box, rgb.shape) > 0.2:
        return _tidied(coarse)
    both = np.minimum(coarse[box], close)
    agreement = float(both.sum()) / max(float(np.maximum(coarse[box], close).sum()), 1e-6)
    found = np.zeros_like(coarse)
    # Where they agree on the whole, each sees parts that the other misses.
    found[box] = np.maximum(close, coarse[box]) if agreement > 0.3 else both
    return _tidied(found)


def _tidied(found: F32) -> F32:
    """The map with small holes in sure parts closed and small faint parts away from them dropped, in place."""
    sure = (found > 0.5).astype(np.uint8)
    area = int(sure.sum())
    _, labels, stats, _ = cv2.connectedComponentsWithStats(1 - sure, connectivity=4)
    height, width = found.shape
    left, top, wide, high, size = stats.T
    inside = (left > 0) & (top > 0) & (left + wide < width) & (top + high < height)
    holes = inside & (size < HOLE * area)
    holes[0] = False
    if holes.any():
        found[holes[labels]] = 0.95
    count, labels, stats, _ = cv2.connectedComponentsWithStats((found > 0.1).astype(np.uint8))
    kept = np.zeros(count, np.bool_)
    kept[np.unique(labels[sure > 0])] = True
    kept &= stats[:, cv2.CC_STAT_AREA] >= 0.01 * area
    kept[0] = True
    found[~kept[labels]] = 0
    return found


def is_plain(glimpse: F32) -> bool:
    """Whether the map (as `glance` gives it) shows so clear a subject that a closer look is bound to show one."""
    share = float(glimpse.mean())
    doubt = 4 * float((glimpse * (1 - glimpse)).mean())
    sure = float((glimpse > 0.8).mean())
    return sure > PLAIN_SHARE and share < 0.8 and doubt * PLAIN < min(1.3 * share, 0.33)


def is_clear(saliency: F32) -> bool:
    """Whether the map (as `find_saliency` gives it) shows a subject: some of it sure, most of it decided, and
    not the whole picture."""
    share = float(saliency.mean())
    sure = float((saliency > 0.8).mean())
    if sure < 0.0002 or share > 0.93:
        return False
    doubt = 4 * float((saliency * (1 - saliency)).mean())
    return doubt < min(1.3 * share, 0.33)
