"""Projecting a mask onto another size without losing a protected pixel."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.imaging.raster import F32


def project(mask: F32, size: tuple[int, int]) -> F32:
    """``mask`` (float32, 1 = edit, 0 = protect) at ``size`` (width, height), float32 in 0..1.

    The promise, at any scale: an output pixel whose footprint in the mask is 0 throughout is exactly 0, and
    one whose footprint is 1 throughout is exactly 1. Between, the value is the footprint's mean when
    shrinking and a linear interpolation when enlarging.

    The argument. Along an axis of ``n`` mask pixels and ``m`` output pixels, measure lengths in units of 1/m of
    a mask pixel: mask pixel i covers [i·m, (i+1)·m) and output pixel X covers [X·n, (X+1)·n), all integers. So
    X's footprint meets, with more than an edge, exactly the mask pixels from ⌊X·n / m⌋ to ⌈(X+1)·n / m⌉ - 1: no
    rounding is involved. The footprint in two dimensions is the product of two such ranges, a rectangle of whole
    mask pixels, and the number of mask pixels in it that differ from 0 is a sum of four entries of the
    integral image of ``mask != 0``, whose int32 counts are exact. That count is 0 if and only if the footprint
    is wholly protected, and there the result is set to 0; likewise with ``mask != 1`` and 1. What any
    interpolation made of those pixels doesn't matter.
    """
    width, height = size
    rows, columns = mask.shape
    if (width, height) == (columns, rows):
        return mask
    enlarges = width >= columns and height >= rows
    interpolation = cv2.INTER_LINEAR if enlarges else cv2.INTER_AREA
    result: F32 = np.clip(cv2.resize(mask, size, interpolation=interpolation), 0.0, 1.0)
    ranges = (_footprints(rows, height), _footprints(columns, width))
    ranges = (_footprints(rows, height), _footprints(columns, width))
    np.copyto(result, 0.0, where=_empty(mask != 0, *ranges))
    np.copyto(result, 1.0, where=_empty(mask != 1, *ranges))
    return result


Ranges = tuple[NDArray[np.int64], NDArray[np.int64]]

_BAND = 64


def _footprints(pixels: int, outputs: int) -> Ranges:
    """The first mask pixel of each output pixel's footprint along one axis, and the one after its last."""
    edges = np.arange(outputs + 1, dtype=np.int64) * pixels
    return edges[:-1] // outputs, -(-edges[1:] // outputs)


def _empty(marks: NDArray[np.bool_], rows: Ranges, columns: Ranges) -> NDArray[np.bool_]:
    """Which footprints hold no mark: the two halves of the four-entry sum are then the same."""
    sums = cv2.integral(marks.view(np.uint8), sdepth=cv2.CV_32S)
    wide = sums.take(columns[1], axis=1) - sums.take(columns[0], axis=1)
    empty = np.empty((len(rows[0]), wide.shape[1]), np.bool_)
    # A band at a time stays in the processor's cache, which halves the time.
    for start in range(0, len(empty), _BAND):
        band = slice(start, start + _BAND)
        np.equal(wide[rows[1][band]], wide[rows[0][band]], out=empty[band])
    return empty
