"""Canvases: where the source lies on the output, and what of it may change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from retouch.imaging.projection import project
from retouch.imaging.raster import F32, U8, Raster
from retouch.imaging.resample import resize


class Box(NamedTuple):
    """A rectangle of pixels; ``x`` and ``y`` are its upper left corner."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, eq=False)
class Laid:
    """A source on its canvas.

    ``base``: the source resampled into its box; new area repeats the nearest edge pixel. ``weight``: float32
    (height, width) in 0..1, how much of an edit shows: exactly 0 where the mask protects, 1 in new area.
    ``box``: (x, y, width, height) of the source on the canvas.
    """

    base: Raster
    weight: F32
    box: tuple[int, int, int, int]


def place(source: tuple[int, int], canvas: tuple[int, int]) -> Box:
    """Where a source of (width, height) lies on a canvas: as large as fits, centred, never stretched, never
    cropped.

    Where the aspects agree but for the rounding to whole pixels, the box is the whole canvas: the source's
    other side would miss it by less than a pixel, or the source itself may be the canvas's aspect rounded (640x427
    is 3:2), as long as that is within one per cent.
    """
    (width, height), (wide, high) = source, canvas
    if min(width, height, wide, high) < 1:
        raise ValueError(f"a picture of {width}x{height} cannot lie on {wide}x{high}")
    # The gap beside or below the source, in pixels, is `spare` divided by its width or height.
    spare = high * width - wide * height
    rounded = 2 * abs(spare) <= max(wide, high) and 100 * abs(spare) <= high * width
    if -height < spare < width or rounded:
        return Box(0, 0, wide, high)
    if spare > 0:
        box_width, box_height = wide, max(1, _divide(height * wide, width))
    else:
        box_width, box_height = max(1, _divide(width * high, height)), high
    return Box((wide - box_width) // 2, (high - box_height) // 2, box_width, box_height)


def lay_out(source: Raster, mask: F32 | None, size: tuple[int, int]) -> Laid:
    """``source`` on a canvas of ``size`` (width, height).

    ``mask``: float32 of the source's shape, 1 = edit; None = everything may change, and the weight is 1
    everywhere. At the source's own size the base is the source itself, and the weight the mask.
    """
    if mask is not None and mask.shape != (source.height, source.width):
        raise ValueError(f"a mask of {mask.shape} does not fit a source of {(source.height, source.width)}")
    width, height = size
    box = place(source.size, size)
    base = _surround(resize(source, (box.width, box.height)), box, size)
    shown = None if mask is None else project(mask, (box.width, box.height))
    if shown is not None and size == (box.width, box.height):
        return Laid(base, shown, box)
    weight = np.ones((height, width), np.float32)
    if shown is not None:
        weight[box.y : box.y + box.height, box.x : box.x + box.width] = shown
    return Laid(base, weight, box)


def _surround(raster: Raster, box: Box, size: tuple[int, int]) -> Raster:
    if raster.size == size:
        return raster
    margins = (box.y, size[1] - box.y - box.height, box.x, size[0] - box.x - box.width)

    def extend(pixels: U8) -> U8:
        return cv2.copyMakeBorder(pixels, *margins, cv2.BORDER_REPLICATE)  # type: ignore[return-value]

    return Raster(extend(raster.rgb), None if raster.alpha is None else extend(raster.alpha))


def _divide(numerator: int, denominator: int) -> int:
    """Rounded to the nearest, halves up."""
    return (2 * numerator + denominator) // (2 * denominator)
