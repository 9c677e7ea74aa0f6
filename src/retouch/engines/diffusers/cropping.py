"""The part of a canvas that is worked at, and the way back into the canvas.

A model sees best at the size that it was trained at. A small mask on a large picture is therefore painted on a
crop with some of its surroundings, enlarged or shrunk to that size, and only what the mask shows of the result
is kept. This also gives editors that know no masks a usable one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.base import Size
from retouch.engines.diffusers.seam import Surroundings
from retouch.imaging.canvas import Box
from retouch.imaging.composite import composite
from retouch.imaging.raster import F32, U8, Raster
from retouch.imaging.resample import resize

CONTEXT, LEAST_CONTEXT = 0.35, 64
"""How much is seen around the mask on each side: a share of the mask's own extent, and pixels at least."""

ENLARGED = 4
"""By how much a crop is enlarged at most: beyond that a model sees nothing but blur."""

NARROW, WIDE = 0.4, 2.5
"""The least and the greatest aspect (width by height) of a crop, as of the pictures that models learn from."""

MOST = 0.7
"""A crop of more than this share of the canvas saves little and hides the rest of the scene."""

FEATHER = 0.008
"""Width of the soft edge, as a share of the geometric mean of the crop's sides."""

NARROWEST, WIDEST = 2.0, 12.0
"""Bounds of the soft edge, in pixels of the canvas."""

RESERVED = 0.25
"""How much of the mask's inner radius the soft edge may take up: a thin stroke shall still show the edit."""


@dataclass(frozen=True)
class Window:
    """``box``: what is worked at, on the canvas. ``size``: (width, height) at which it is painted, in pixels."""

    box: Box
    size: Size


def working_size(size: Size, *, area: int, least: int, multiple: int) -> Size:
    """The (width, height) at which a picture of ``size`` is painted: its own, as long as that is between ``least``
    and ``area`` pixels, and otherwise scaled to the nearer of the two; each side rounded to ``multiple``.

    The area may be exceeded by the rounding. Raises `ValueError` unless all are at least 1.
    """
    if min(*size, area, least, multiple) < 1:
        raise ValueError(f"no working size for {size}, area {area}, least {least}, multiple {multiple}")
    own = size[0] * size[1]
    scale = math.sqrt(min(max(own, min(least, area)), area) / own)
    width, height = (max(multiple, round(side * scale / multiple) * multiple) for side in size)
    return width, height


def open_window(
    weight: F32 | None,
    size: Size,
    *,
    area: int,
    least: int,
    multiple: int,
    crop: bool = True,
) -> Window:
    """Where on a canvas of ``size`` (width, height) to work, and how large.

    ``weight``: float32 (height, width) in 0..1, what may change; None = everything. ``area``, ``least`` and
    ``multiple`` as in `working_size`. Without ``crop``, where everything or nothing may change, and where the
    mask takes up most of the canvas, it is the whole canvas.
    """
    box = _around(weight, size, round(math.sqrt(area) / ENLARGED)) if crop and weight is not None else None
    if box is None or box.width * box.height > MOST * size[0] * size[1]:
        box = Box(0, 0, *size)
    return Window(box, working_size((box.width, box.height), area=area, least=least, multiple=multiple))


def _around(weight: F32, size: Size, shortest: int) -> Box | None:
    """The box round everything that may change, with context; None where nothing may."""
    touched = weight > 0
    columns, rows = np.flatnonzero(touched.any(axis=0)), np.flatnonzero(touched.any(axis=1))
    if not columns.size:
        return None
    sides: list[float] = []
    for at in (columns, rows):
        extent = int(at[-1]) - int(at[0]) + 1
        sides.append(max(extent + 2 * max(LEAST_CONTEXT, CONTEXT * extent), shortest))
    width, height = max(sides[0], NARROW * sides[1]), max(sides[1], sides[0] / WIDE)
    x, wide = _slide(int(columns[0]), int(columns[-1]) + 1, math.ceil(width), size[0])
    y, high = _slide(int(rows[0]), int(rows[-1]) + 1, math.ceil(height), size[1])
    return Box(x, y, wide, high)


def _slide(start: int, stop: int, length: int, room: int) -> tuple[int, int]:
    """Where a stretch of ``length`` around ``start``..``stop`` begins, slid into 0..``room``, and its length."""
    length = min(length, room)
    return min(max((start + stop - length) // 2, 0), room - length), length


def cut(picture: Raster, window: Window) -> Raster:
    """What the window shows of ``picture`` (of the canvas's size), at the working size."""
    return resize(_part(picture, window.box), window.size)


def cut_mask(weight: F32, window: Window, cell: int) -> F32:
    """What of the window may change, at the working size: float32 (height, width) of zeros and ones.

    It never shrinks: every cell of ``cell`` × ``cell`` pixels that anything of the mask touches is 1 throughout,
    so that nothing of it is lost when a pipeline brings it down to its latents by every ``cell``-th pixel.
    """
    touched = _touched(_touched(weight[_slices(window.box)] > 0, window.size[1]).T, window.size[0]).T
    height, width = touched.shape
    rows, columns = -(-height // cell), -(-width // cell)
    padded = np.zeros((rows * cell, columns * cell), np.bool_)
    padded[:height, :width] = touched
    # An axis at a time, the long one first: numpy is slow at many small reductions.
    cells = padded.reshape(rows, cell, -1).any(axis=1).reshape(rows, columns, cell).any(axis=2)
    grown = cells.repeat(cell, axis=0).repeat(cell, axis=1)[:height, :width]
    return np.ascontiguousarray(grown, dtype=np.float32)


def _touched(flags: NDArray[np.bool_], count: int) -> NDArray[np.bool_]:
    """``flags`` with ``count`` rows: each is True where any of the rows that it meets is, be it with a sliver."""
    if len(flags) == count:
        return flags
    edges = np.arange(count + 1, dtype=np.int64) * len(flags)
    starts, stops = edges[:-1] // count, -(-edges[1:] // count)
    sums = np.zeros((len(flags) + 1, flags.shape[1]), np.int32)
    np.cumsum(flags, axis=0, out=sums[1:])
    return np.asarray(sums[stops] > sums[starts], np.bool_)


class Opening:
    """Where what is painted in a window goes back into its canvas: whatever is the same for each of several
    pictures and previews, worked out once.

    ``base``: the canvas. ``weight``: float32 (height, width) of its size, what may change; None = everything.
    """

    def __init__(self, base: Raster, weight: F32 | None, window: Window) -> None:
        self._base = base
        self._box = window.box
        self._below = _part(base, window.box)
        self._shown: F32 | None = None
        if weight is not None:
            near = np.ascontiguousarray(weight[_slices(window.box)])
            self._shown = fade(near)
            # Nothing to paint has no surroundings.
            self._surroundings = Surroundings(self._below, near) if near.any() else None

    def put_back(self, painted: Raster) -> Raster:
        """The canvas with what was ``painted`` in the window, of whatever size: a picture of the canvas's size.

        Where the weight is 0 the result is the canvas, bit for bit. The edit fades in over a few pixels inside
        the mask, never outside of it, in the colours of what is around the mask where the painter let them drift
        (`retouch.engines.diffusers.seam`).
        """
        edited = resize(painted, (self._box.width, self._box.height))
        if self._shown is not None:
            if self._surroundings is not None:
                edited = self._surroundings.match(edited)
            edited = composite(self._below, edited, self._shown)
        return _paste(self._base, edited, self._box)


def fade(weight: F32) -> F32:
    """How much of an edit is mixed in before it is shown by ``weight``: float32 of its shape, 0 where that is 0.

    Multiplied with the weight it is the lesser of the weight and of a ramp from the mask's rim inwards, so that
    a mask that is soft already is not softened again. Where the picture ends there is no rim.
    """
    inside = (weight > 0).view(np.uint8)
    if inside.all() or not inside.any():
        return inside.astype(np.float32)
    far: F32 = cv2.distanceTransform(inside, cv2.DIST_L2, cv2.DIST_MASK_5).astype(np.float32, copy=False)
    width = float(np.clip(FEATHER * math.sqrt(weight.size), NARROWEST, WIDEST))
    width = min(width, max(1.0, RESERVED * float(far.max())))
    share = inside.astype(np.float32)
    # Farther inside the ramp is at its top, and most of a mask is.
    rim = np.flatnonzero((far > 0) & (far < width + 0.5))
    ramp = np.clip((far.ravel()[rim] - np.float32(0.5)) * np.float32(1 / width), 0, 1)
    ramp = ramp * ramp * (3 - 2 * ramp)
    share.ravel()[rim] = np.minimum(ramp / weight.ravel()[rim], np.float32(1))
    return share


def _slices(box: Box) -> tuple[slice, slice]:
    return slice(box.y, box.y + box.height), slice(box.x, box.x + box.width)


def _part(picture: Raster, box: Box) -> Raster:
    if (box.width, box.height) == picture.size:
        return picture
    part = _slices(box)
    alpha = None if picture.alpha is None else np.ascontiguousarray(picture.alpha[part])
    return Raster(np.ascontiguousarray(picture.rgb[part]), alpha)


def _paste(base: Raster, part: Raster, box: Box) -> Raster:
    """``base`` with ``part`` in its ``box``."""
    if part.size == base.size:
        return part
    rgb = base.rgb.copy()
    rgb[_slices(box)] = part.rgb
    if base.alpha is None and part.alpha is None:
        return Raster(rgb)
    alpha = _levels(base).copy()
    alpha[_slices(box)] = _levels(part)
    return Raster(rgb, alpha)


def _levels(picture: Raster) -> U8:
    return np.full((picture.height, picture.width), 255, np.uint8) if picture.alpha is None else picture.alpha
