"""New canvas around a photograph, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

import cv2
import numpy as np

from retouch.engines.darkroom.operations.calm import carry_on
from retouch.engines.darkroom.operations.guard import Box, bounds
from retouch.engines.darkroom.operations.patchmatch import Flags
from retouch.imaging.raster import F32, U8

Side = Literal["left", "right", "top", "bottom"]

Image = TypeVar("Image", F32, U8)

THICK = 0.3
"""A band thicker than this share of the photograph would have to repeat things to be filled with them."""

REACH = 0.3
"""How far into the photograph a thin band looks for something to copy, at least: a share of it."""

CLOSE = 0.13
"""Where a side cuts the subject, it may go on with what lies this near: a share of the photograph. As far out
the copies fade into the soft continuation."""


@dataclass(frozen=True, eq=False)
class Band:
    """New canvas ``part`` on one ``side`` and the ``box`` it is painted from. ``thickness`` and ``depth``: the
    band's and the photograph's extent across that side, in pixels. ``rim``: the photograph's last line there."""

    part: Flags
    box: Box
    side: Side
    thickness: int
    depth: int
    rim: Box

    @property
    def is_thick(self) -> bool:
        return self.thickness > THICK * self.depth

    @property
    def axis(self) -> int:
        """0 where rows go on from the photograph into the band, 1 where columns do."""
        return 0 if self.side in ("left", "right") else 1

    def away(self) -> F32:
        """How far each pixel lies from the photograph: 0 beside it, 1 where copies have faded: float32
        (height, width), or a shape that broadcasts to that."""
        rows, columns = self.rim
        lines = np.arange(self.part.shape[1 - self.axis], dtype=np.float32)
        beside = columns.start if self.axis == 0 else rows.start
        share: F32 = (np.abs(lines - beside) - 2) / np.float32(max(1.0, CLOSE * self.depth))
        share = np.clip(share, 0, 1).astype(np.float32)
        return share[None, :] if self.axis == 0 else share[:, None]

    def strip(self) -> Band:
        """The new canvas where copies have not faded yet, as a band of its own."""
        part = self.part & (self.away() < 1)
        lines = bounds(part)[1 - self.axis]
        whole = self.box[1 - self.axis]
        inward = int(REACH * self.depth)
        if self.side in ("left", "top"):
            across = slice(lines.start, min(whole.stop, lines.stop + inward))
        else:
            across = slice(max(whole.start, lines.start - inward), lines.stop)
        box = (self.box[0], across) if self.axis == 0 else (across, self.box[1])
        return replace(self, part=part, box=box, thickness=lines.stop - lines.start)

    def close(self) -> Box:
        """The photograph near the side."""
        by = max(1, round(CLOSE * self.depth))
        rows, columns = self.rim
        if self.side == "left":
            return rows, slice(columns.start, columns.start + by)
        if self.side == "right":
            return rows, slice(columns.stop - by, columns.stop)
        if self.side == "top":
            return slice(rows.start, rows.start + by), columns
        return slice(rows.stop - by, rows.stop), columns


def bands(hole: Flags) -> Iterator[Band]:
    """The new canvas left and right of the photograph, then above and below it, and what each is painted
    from: the photograph near that side alone, so that no meadow grows over the sky."""
    height, width = hole.shape
    rows, columns = bounds(~hole)

    def near(thickness: int, length: int) -> int:
        return min(length, max(24, int(1.3 * thickness), int(REACH * length)))

    left, right = columns.start, width - columns.stop
    top, bottom = rows.start, height - rows.stop
    across, down = columns.stop - columns.start, rows.stop - rows.start
    every = slice(0, width)
    first, last = columns.start, columns.stop - 1
    upper, lower = rows.start, rows.stop - 1
    sides: tuple[tuple[Side, int, int, Box, Box, Box], ...] = (
        (
            "left",
            left,
            across,
            (rows, slice(0, left)),
            (rows, slice(0, left + near(left, across))),
            (rows, slice(first, first + 1)),
        ),
        (
            "right",
            right,
            across,
            (rows, slice(columns.stop, width)),
            (rows, slice(columns.stop - near(right, across), width)),
            (rows, slice(last, last + 1)),
        ),
        (
            "top",
            top,
            down,
            (slice(0, top), every),
            (slice(0, top + near(top, down)), every),
            (slice(upper, upper + 1), every),
        ),
        (
            "bottom",
            bottom,
            down,
            (slice(rows.stop, height), every),
            (slice(rows.stop - near(bottom, down), height), every),
            (slice(lower, lower + 1), every),
        ),
    )
    for side, thickness, depth, band, box, rim in sides:
        if thickness:
            part = np.zeros_like(hole)
            part[band] = True
            yield Band(part, box, side, thickness, depth, rim)


def calmed(image: F32, thickness: int, side: Side, rng: np.random.Generator) -> F32:
    """``image`` (height, width, channels) with the ``thickness`` lines on its ``side`` replaced by `carry_on`."""
    result = image.copy()
    turned = turn(result, side)
    turned[:, :thickness] = carry_on(np.ascontiguousarray(turned[:, thickness:]), thickness, rng)
    return result


def meet(painted: F32, line: F32, side: Side) -> None:
    """Draw the new canvas ``painted`` (height, width, channels) on that ``side`` to the photograph's last ``line``
    (one row or column of it), in place: what is left of a seam dies away over a few pixels."""
    turned = turn(painted, side)
    height, width = turned.shape[:2]
    beside = turn(line, side)[:, 0] - turned[:, -1]
    softened = cv2.GaussianBlur(np.ascontiguousarray(beside).reshape(height, 1, -1), (0, 0), 1.0)
    depth = np.arange(width - 1, -1, -1, dtype=np.float32)
    fall = np.exp(-depth / np.float32(3 + 0.012 * height)).astype(np.float32)
    turned += softened.reshape(height, 1, -1) * fall[None, :, None]


def turn(image: Image, side: Side) -> Image:
    """A view of ``image`` whose left side is that ``side``."""
    if side in ("top", "bottom"):
        image = image.swapaxes(0, 1)
    return image[:, ::-1] if side in ("right", "bottom") else image
