"""Where the subject of a picture is."""

from __future__ import annotations

import cv2
import numpy as np

from retouch.engines.darkroom.vision.networks import parameters, run
from retouch.imaging.raster import F32, U8

NETWORK = "u2netp.onnx"
HALF, SIDE_OUTPUT = "onnx_node!Add_789", "onnx_node!Conv_946"
"""Where the last stage but one ends, and the convolution that makes a map of it. The last stage works at the
input's full size and takes half of all the time; the map before it is half as fine, which costs less of the truth
than a smaller input would: an edge is brought to the picture's own afterwards."""

WHOLE = 320
AGAIN = 208
CROP = 240
GLANCE = 224
"""Input sides of the first pass, of a second one over the whole picture or over a part of it, and of a lone quick
one. The network was trained at the first but takes any multiple of 16; the time goes with the square of the
side."""

DOUBTLESS = 0.05
"""Where a pass doubts less than this share of what it finds, another one would find the same."""

SUREST = 8.0
"""No pass is surer than this, in logits: otherwise one that is wrong could not be outvoted."""

THIN = 3
"""Half the width, in pixels of the first pass's map, of a tripod's leg."""

VIEW = 768
"""The longer side, in pixels, at which the passes' maps are joined: no pass sees anything finer."""

AIR = 0.3
"""How much of what stood out is added to each side of it for the closer look: a handlebar is soon cut off."""

HOLE = 0.02
"""An enclosed hole smaller than this share of the subject is the network's, not the subject's."""

PLAIN, PLAIN_SHARE = 2.2, 0.03
"""A glance decides where it doubts that many times less than it might, and is sure of more than that share."""

MEAN = np.array([0.485, 0.456, 0.406], np.float32)
DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)


def _certainty(rgb: U8, side: int, *, mirrored: bool = False) -> F32:
    """One pass of the network over all of ``rgb``: how sure it is of each place, in logits from `-SUREST` to
    `SUREST`, float32, half of ``side`` square. ``mirrored``: it is shown the picture so, and its answer is turned
    back."""
    small = cv2.resize(rgb, (side, side), interpolation=cv2.INTER_AREA).astype(np.float32)
    small *= np.float32(1 / max(float(small.max()), 1.0))
    shown = (small - MEAN) / DEVIATION
    (features,) = run(NETWORK, shown[:, ::-1] if mirrored else shown, HALF)
    found = np.clip(_side_output(features[0]), -SUREST, SUREST)
    return np.ascontiguousarray(found[:, ::-1]) if mirrored else found


def _resized(certainty: F32, size: tuple[int, int]) -> F32:
    return cv2.resize(certainty, size).astype(np.float32, copy=False)


def _likely(certainty: F32) -> F32:
    return np.asarray(1 / (1 + np.exp(-certainty)), np.float32)


def _doubt(found: F32) -> float:
    """How much of a map is undecided: 0 where all of it is 0 or 1, 1 where all of it is 0.5."""
    return 4 * float((found * (1 - found)).mean())


def _look(rgb: U8, side: int, size: tuple[int, int]) -> F32:
    """What one pass over all of ``rgb`` finds: float32 of ``size`` (width, height), 0..1, never stretched to
    reach 1."""
    return _likely(_resized(_certainty(rgb, side), size))


def _side_output(features: F32) -> F32:
    """The network's second side output of its ``features`` (channels, height, width): its 3×3 convolution to one
    channel, before the sigmoid; float32 (height, width)."""
    weights, bias = parameters(NETWORK, SIDE_OUTPUT)
    channels, height, width = features.shape
    # A product of matrices would be handed out to threads, which costs more than so small a one is.
    taps = np.einsum("cp,ct->tp", features.reshape(channels, -1), weights.reshape(channels, 9))
    total: F32 = np.full((height + 2, width + 2), bias.item(), np.float32)
    for place, tap in enumerate(taps.reshape(9, height, width)):
        top, left = 2 - place // 3, 2 - place % 3
        total[top : top + height, left : left + width] += tap
    return np.ascontiguousarray(total[1:-1, 1:-1])


def glance(rgb: U8) -> F32:
    """Roughly where the subject is, in one small pass: for what need not know its edge. As `find_saliency`."""
    return _look(rgb, GLANCE, (rgb.shape[1], rgb.shape[0]))


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

    Two passes: the first over the whole picture; the second over the box of what stood out, if that is small,
    otherwise over the whole once more, smaller and mirrored: what the network misses the one way, a dark leg on a
    dark sofa, it often sees the other. Where the first leaves no doubt there is no second.

    Source: Qin et al.: U²-Net: Going Deeper with Nested U-Structure for Salient Object Detection, Pattern
    Recognition 106, 2020.
    """
    height, width = rgb.shape[:2]
    scale = min(1.0, VIEW / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    first = _certainty(rgb, WHOLE)
    coarse = _likely(_resized(first, size))
    box = _crop(coarse)
    if box is not None:
        coarse = _closer(rgb, coarse, box)
    elif _doubt(coarse) > DOUBTLESS * float(coarse.mean()):
        coarse = _likely(_resized(_joined(first, _certainty(rgb, AGAIN, mirrored=True)), size))
    found = _tidied(coarse)
    return found if scale == 1 else np.asarray(cv2.resize(found, (width, height)), np.float32)


def _joined(first: F32, second: F32) -> F32:
    """The certainty of two passes together, of the shape of the ``first``: their mean, each counting the more the
    less it doubts. What is thin is left to the first, which sees it better."""
    own, other = (1 / (_doubt(_likely(one)) + 1e-6) for one in (first, second))
    share = np.float32(own / (own + other))
    both = share * first + (1 - share) * _resized(second, (first.shape[1], first.shape[0]))
    found = _likely(first)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * THIN + 1, 2 * THIN + 1))
    thin = found - cv2.morphologyEx(found, cv2.MORPH_OPEN, disc) > 0.5
    return np.where(thin, np.maximum(first, both), both)


def _closer(rgb: U8, coarse: F32, box: tuple[slice, slice]) -> F32:
    """``coarse``, the map of a view of ``rgb``, with what a second pass over the ``box`` of what stood out adds.
    It is not trusted blindly: where it finds something quite different, only what both saw counts, so that
    `is_clear` can tell."""
    close = _look(_part(rgb, box, coarse.shape), CROP, (coarse[box].shape[1], coarse[box].shape[0]))
    if _spill(close, box, coarse.shape) > 0.2:
        return coarse
    both = np.minimum(coarse[box], close)
    agreement = float(both.sum()) / max(float(np.maximum(coarse[box], close).sum()), 1e-6)
    found = np.zeros_like(coarse)
    # Where they agree on the whole, each sees parts that the other misses.
    found[box] = np.maximum(close, coarse[box]) if agreement > 0.3 else both
    return found


def _part(rgb: U8, box: tuple[slice, slice], shape: tuple[int, ...]) -> U8:
    """What ``rgb`` shows in a ``box`` of its view of ``shape``."""
    rows, columns = (
        slice(side.start * full // seen, -(-side.stop * full // seen))
        for side, full, seen in zip(box, rgb.shape, shape, strict=False)
    )
    return np.ascontiguousarray(rgb[rows, columns])


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
    sure = float((glimpse > 0.8).mean())
    return sure > PLAIN_SHARE and share < 0.8 and _doubt(glimpse) * PLAIN < min(1.3 * share, 0.33)


def is_clear(saliency: F32) -> bool:
    """Whether the map (as `find_saliency` gives it) shows a subject: some of it sure, most of it decided, and
    not the whole picture."""
    share = float(saliency.mean())
    sure = float((saliency > 0.8).mean())
    if sure < 0.0002 or share > 0.93:
        return False
    return _doubt(saliency) < min(1.3 * share, 0.33)
