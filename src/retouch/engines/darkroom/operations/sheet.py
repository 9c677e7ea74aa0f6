"""One sheet of several pictures, laid out like the contact page of a magazine.

The pictures keep their order, are never stretched or cropped, and stand in rows with the same gutter between all
of them. Pictures of one shape make a plain grid whose last row is centred; pictures of different shapes make rows
that all reach from margin to margin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log, sqrt

import cv2
import numpy as np

from retouch.imaging.raster import F32, U8, Raster

Size = tuple[int, int]
Colour = tuple[int, int, int]
Rows = list[range]
"""Which pictures stand in each row."""

_MARGIN, _GUTTER = 0.040, 0.014
"""Shares of the sheet's mean side."""
_SAME = 1.03
"""Aspects whose largest is at most this many times the smallest count as one shape."""
_KEYLINE = 0.10
"""How much darker than the paper the hairline around each picture is: it shows where a picture is white."""


@dataclass(frozen=True)
class Place:
    """Where a picture stands on its sheet, in pixels (not yet rounded)."""

    x: float
    y: float
    width: float
    height: float


def natural_size(pictures: Sequence[Size], *, pixels: int = 1_500_000) -> Size:
    """The size (width, height) of a sheet of about ``pixels`` that suits pictures of these sizes: near 5:4, and
    such that the margins come out even. Raises ValueError for no picture."""
    aspects = _aspects(pictures)
    side = sqrt(pixels)
    margin, gutter = _MARGIN * side, _GUTTER * side
    best = (float("inf"), side)
    for rows in _arrangements(aspects):
        # The block's width is found for which block and margins together have the wished area.
        low, high = 1.0, 40 * side
        for _ in range(50):
            width = (low + high) / 2
            height = _block_height(rows, aspects, width, gutter)
            low, high = (low, width) if (width + 2 * margin) * (height + 2 * margin) > pixels else (width, high)
        full_width, full_height = width + 2 * margin, height + 2 * margin
        heights = _row_heights(rows, aspects, width, gutter)
        uneven = log(max(heights) / min(heights)) if min(heights) > 0 else 9.0
        wide = log(full_width / full_height / 1.25)
        score = abs(wide) + 0.6 * uneven + (0.6 * _gap(rows) if _alike(aspects) else 0)
        if score < best[0]:
            best = (score, full_width)
    width = round(best[1])
    return width, max(1, round(pixels / width))


def sheet(pictures: Sequence[Raster], size: Size, *, background: Colour = (255, 255, 255)) -> Raster:
    """The pictures on one opaque sheet of ``size`` (width, height), as large as they fit; what is transparent in
    them shows ``background``. Raises ValueError for no picture."""
    places = lay_out([picture.size for picture in pictures], size)
    paper = np.empty((size[1], size[0], 3), np.uint8)
    paper[:] = background
    line = np.rint(np.asarray(background, np.float32) * np.float32(1 - _KEYLINE)).astype(np.uint8)
    for picture, place in zip(pictures, places, strict=True):
        left, top = round(place.x), round(place.y)
        right, bottom = max(left + 1, round(place.x + place.width)), max(top + 1, round(place.y + place.height))
        paper[max(0, top - 1) : bottom + 1, max(0, left - 1) : right + 1] = line
        paper[top:bottom, left:right] = _print(picture, (right - left, bottom - top), background)
    return Raster(paper)


def lay_out(pictures: Sequence[Size], size: Size) -> list[Place]:
    """Where each picture goes on a sheet of ``size``; the arrangement that makes them largest wins, unless its
    rows are very uneven. Raises ValueError for no picture."""
    aspects = _aspects(pictures)
    side = sqrt(size[0] * size[1])
    margin, gutter = _MARGIN * side, _GUTTER * side
    room_x, room_y = max(1.0, size[0] - 2 * margin), max(1.0, size[1] - 2 * margin)
    best: tuple[float, list[Place]] = (-1.0, [])
    for rows in _arrangements(aspects):
        width = _fit(rows, aspects, gutter, room_x, room_y)
        heights = _row_heights(rows, aspects, width, gutter)
        places = _place(rows, aspects, heights, gutter, size)
        area = sum(place.width * place.height for place in places)
        score = area * (min(heights) / max(heights)) ** 0.35
        if score > best[0]:
            best = (score, places)
    return best[1]


def _aspects(pictures: Sequence[Size]) -> list[float]:
    if not pictures:
        raise ValueError("a sheet needs at least one picture")
    return [width / height for width, height in pictures]


def _alike(aspects: Sequence[float]) -> bool:
    return max(aspects) <= _SAME * min(aspects)


def _gap(rows: Rows) -> float:
    """What share of a grid's places stays empty."""
    columns = max(len(row) for row in rows)
    return 1 - sum(len(row) for row in rows) / (columns * len(rows))


def _arrangements(aspects: Sequence[float]) -> list[Rows]:
    """For each number of rows the best way of breaking the pictures, in order, into them."""
    count = len(aspects)
    if _alike(aspects):
        grids = {columns: -(-count // columns) for columns in range(1, count + 1)}
        return [
            [range(start, min(start + columns, count)) for start in range(0, count, columns)]
            for columns, rows in grids.items()
            # Of two grids with as many rows the narrower one wastes less.
            if columns == 1 or grids[columns - 1] != rows
        ]
    return [_break(aspects, rows) for rows in range(1, count + 1)]


def _break(aspects: Sequence[float], rows: int) -> Rows:
    """Rows whose summed aspects are as equal as can be, by dynamic programming over the last row's start."""
    count, ideal = len(aspects), sum(aspects) / rows
    reach = [0.0]
    for aspect in aspects:
        reach.append(reach[-1] + aspect)
    never: tuple[float, Rows] = (float("inf"), [])
    costs = [never] * (count + 1)
    costs[0] = (0.0, [])
    for _ in range(rows):
        following = [never] * (count + 1)
        for end in range(1, count + 1):
            for start in range(end):
                cost = costs[start][0] + log((reach[end] - reach[start]) / ideal) ** 2
                if cost < following[end][0]:
                    following[end] = (cost, [*costs[start][1], range(start, end)])
        costs = following
    return costs[count][1]


def _row_heights(rows: Rows, aspects: Sequence[float], width: float, gutter: float) -> list[float]:
    """The height of each row of a block of ``width``; in a grid all are those of the fullest row."""
    heights = [(width - gutter * (len(row) - 1)) / sum(aspects[index] for index in row) for row in rows]
    return [min(heights)] * len(rows) if _alike(aspects) else heights


def _block_height(rows: Rows, aspects: Sequence[float], width: float, gutter: float) -> float:
    return sum(_row_heights(rows, aspects, width, gutter)) + gutter * (len(rows) - 1)


def _fit(rows: Rows, aspects: Sequence[float], gutter: float, room_x: float, room_y: float) -> float:
    """The greatest width of a block that fits; its height grows with its width along a straight line."""
    height = _block_height(rows, aspects, room_x, gutter)
    if height <= room_y:
        return room_x
    slope = height - _block_height(rows, aspects, room_x - 1, gutter)
    return max(gutter * max(len(row) for row in rows), room_x - (height - room_y) / slope)


def _place(
    rows: Rows, aspects: Sequence[float], heights: Sequence[float], gutter: float, size: Size
) -> list[Place]:
    """The block in the middle of the sheet, each row in the middle of the block."""
    y = (size[1] - sum(heights) - gutter * (len(rows) - 1)) / 2
    places: list[Place] = []
    for row, height in zip(rows, heights, strict=True):
        widths = [aspects[index] * height for index in row]
        x = (size[0] - sum(widths) - gutter * (len(row) - 1)) / 2
        for width in widths:
            places.append(Place(x, y, width, height))
            x += width + gutter
        y += height + gutter
    return places


def _print(picture: Raster, size: Size, background: Colour) -> U8:
    """A picture at ``size`` on the sheet's paper."""
    smaller = size[0] < picture.width
    how = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    if picture.alpha is None:
        return np.asarray(cv2.resize(picture.rgb, size, interpolation=how), dtype=np.uint8)
    # Colour is laid on paper before it is scaled: the hidden colours of transparent pixels must not bleed.
    alpha: F32 = picture.alpha.astype(np.float32)[..., None] / np.float32(255)
    ground = np.asarray(background, np.float32)
    laid = np.rint(ground + alpha * (picture.rgb - ground)).astype(np.uint8)
    return np.asarray(cv2.resize(laid, size, interpolation=how), dtype=np.uint8)
