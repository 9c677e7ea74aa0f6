"""Where a person has drawn on a picture: the places that the strokes mark."""

from __future__ import annotations

import cv2
import numpy as np

from retouch.imaging.raster import F32, U8, Raster

Box = tuple[int, int, int, int]

SIDE = 512
"""The longer side, in pixels, at which strokes are followed: fine enough for what a hand draws."""

DRAWN = 32
"""Alpha from which a pixel counts as drawn on: a highlighter is faint, and an eraser leaves a trace."""

GAP = 0.04
"""Half of the widest gap that a stroke may leave and still be closed, as a share of the longer side."""

SOFTNESS = 0.004
"""The blur of the edge, as a share of the longer side: a hand is no more exact."""


def marked(markup: Raster) -> F32:
    """How much each pixel is marked: float32 (height, width) in 0..1, soft at its edge.

    Strokes mark what they cover, and what they enclose, alone or with the picture's border. A small gap in an
    outline doesn't open it. Of what a stroke from border to border cuts off, only the smaller part is enclosed,
    and only if it reaches no more than two of the four sides: a line across the picture marks itself.
    """
    alpha = np.full(markup.rgb.shape[:2], 255, np.uint8) if markup.alpha is None else markup.alpha
    scale = min(1.0, SIDE / max(markup.size))
    size = (max(1, round(markup.width * scale)), max(1, round(markup.height * scale)))
    drawn = alpha >= DRAWN
    # Set wherever any pixel below was, so that a thin line stays closed.
    strokes = cv2.resize(drawn.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 1e-4
    area = _closed(strokes.astype(np.uint8)).astype(np.float32)
    if size != markup.size:
        area = cv2.resize(area, markup.size, interpolation=cv2.INTER_LINEAR)  # type: ignore[assignment]
    np.maximum(area, drawn, out=area)
    sigma = SOFTNESS * max(markup.size)
    if sigma < 0.3:
        return area
    soft: F32 = cv2.GaussianBlur(area, (0, 0), sigma)  # type: ignore[assignment]
    # What is marked at all is marked wholly: the blur only leads out of it.
    soft[soft < 0.02] = 0
    return np.maximum(np.minimum(2 * soft, 1), area)


def marked_on(markup: Raster, box: Box, size: tuple[int, int]) -> F32:
    """`marked` on a canvas of ``size`` (width, height) whose ``box`` (x, y, width, height) holds the picture; 0
    outside it."""
    x, y, width, height = box
    area = np.zeros((size[1], size[0]), np.float32)
    area[y : y + height, x : x + width] = cv2.resize(
        marked(markup), (width, height), interpolation=cv2.INTER_LINEAR
    )
    return area


def _closed(strokes: U8) -> U8:
    """The strokes and what they enclose: made so thick that small gaps close, filled, and thin again."""
    reach = max(1, round(GAP * max(strokes.shape)))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return cv2.erode(_enclosed(cv2.dilate(strokes, disc)), disc)  # type: ignore[arg-type, return-value]


def _enclosed(strokes: U8) -> U8:
    """The strokes and whatever they enclose."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(1 - strokes, connectivity=4)
    area = strokes.copy()
    if count < 2:
        return area
    outside = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    sides = (labels[0], labels[-1], labels[:, 0], labels[:, -1])
    for label in range(1, count):
        reached = sum(bool((side == label).any()) for side in sides)
        if reached == 0 or (label != outside and reached <= 2):
            area[labels == label] = 1
    return area
