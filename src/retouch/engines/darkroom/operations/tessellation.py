"""Cutting a picture into pieces: stones along its lines, panes, triangles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.darkroom.operations.brush import Flow, grid
from retouch.imaging.raster import F32, U8

Labels = NDArray[np.int32]
Points = NDArray[np.float32]

_STRIP = 32
"""Rows that are looked at together."""

_INSIDE: F32 = np.array(
    [
        [1 / 3, 1 / 3, 1 / 3],
        [2 / 3, 1 / 6, 1 / 6],
        [1 / 6, 2 / 3, 1 / 6],
        [1 / 6, 1 / 6, 2 / 3],
        [3 / 7, 3 / 7, 1 / 7],
        [3 / 7, 1 / 7, 3 / 7],
        [1 / 7, 3 / 7, 3 / 7],
    ],
    np.float32,
)
"""Seven places inside a triangle, as shares of its corners."""


@dataclass(frozen=True, eq=False)
class Cells:
    """Every pixel's piece. ``labels``: int32 (height, width) in 0..``count`` - 1. ``rim``: how many pixels away
    the piece's border is. ``tilt``: where in the piece a pixel lies, about 1 at its upper left, -1 at its lower
    right. Both float32 (height, width)."""

    labels: Labels
    count: int
    rim: F32
    tilt: F32

    def split(self, finer: Cells, which: NDArray[np.bool_]) -> Cells:
        """The same with the pieces that ``which``, bool (count,), names broken along those of ``finer``."""
        broken = which[self.labels]
        numbers = self.labels + np.where(broken, finer.labels * np.int32(self.count) + np.int32(self.count), 0)
        _, inverse = np.unique(numbers.ravel(), return_inverse=True)
        labels: Labels = np.asarray(inverse, np.int32).reshape(self.labels.shape)
        rim = np.where(broken, np.minimum(self.rim, finer.rim), self.rim)
        return Cells(labels, int(labels.max()) + 1, rim, np.where(broken, finer.tilt, self.tilt))

    def means(self, image: F32) -> F32:
        """Each piece's mean colour, (count, 3)."""
        flat = self.labels.ravel()
        total = np.maximum(np.bincount(flat, minlength=self.count), 1)
        sums = [np.bincount(flat, image[..., channel].ravel(), minlength=self.count) for channel in range(3)]
        return (np.stack(sums, axis=-1) / total[:, None]).astype(np.float32)


def stones(image: F32, flow: Flow, side: float, rng: np.random.Generator) -> Cells:
    """Square stones of about ``side`` pixels turned with ``flow``, which keep off the picture's edges."""
    return _grow(image, side, rng, flow=flow, spread=0.30, rounds=3)


def panes(image: F32, side: float, rng: np.random.Generator) -> Cells:
    """Irregular panes of about ``side`` pixels, whose borders lean toward the picture's edges."""
    return _grow(image, side, rng, flow=None, spread=0.9, rounds=1)


def _grow(
    image: F32, side: float, rng: np.random.Generator, *, flow: Flow | None, spread: float, rounds: int
) -> Cells:
    """Voronoi's cells of a jittered grid of seeds, moved ``rounds`` times to the middle of what is theirs; with
    ``flow`` distance is that in a square turned along it."""
    height, width = image.shape[:2]
    rows, columns = max(1, round(height / side)), max(1, round(width / side))
    y = (np.arange(rows, dtype=np.float32) + np.float32(0.5)) * np.float32(height / rows)
    x = (np.arange(columns, dtype=np.float32) + np.float32(0.5)) * np.float32(width / columns)
    seeds = np.stack(np.meshgrid(x, y), axis=-1)
    home = seeds.copy()
    seeds += (rng.random(seeds.shape, dtype=np.float32) - np.float32(0.5)) * np.float32(spread * side)
    gray = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.float32)
    gray = np.asarray(cv2.GaussianBlur(gray, (0, 0), 1.5), np.float32)
    edge = cv2.magnitude(cv2.Sobel(gray, cv2.CV_32F, 1, 0), cv2.Sobel(gray, cv2.CV_32F, 0, 1))
    stay = 1 / (1 + np.square(edge * np.float32(9)))
    step = max(1, int(side / 8))
    for _ in range(rounds):
        labels = _nearest(seeds, (height, width), flow, step)[0]
        weight = np.asarray(stay[::step, ::step], np.float32).ravel()
        px, py = grid(*labels.shape)
        total = np.maximum(np.bincount(labels.ravel(), weight, minlength=rows * columns), 1e-6)
        for axis, at in enumerate((px, py)):
            moved = np.bincount(labels.ravel(), weight * at.ravel() * step, minlength=rows * columns) / total
            seeds[..., axis] = moved.reshape(rows, columns)
        # A seed that left its place by more than a cell would not be looked for where it is.
        np.clip(seeds, home - np.float32(0.9 * side), home + np.float32(0.9 * side), out=seeds)
    labels, rim, tilt = _nearest(seeds, (height, width), flow, 1)
    tilt *= np.float32(1 / (0.5 * side))
    return Cells(labels, rows * columns, rim, tilt)


def _nearest(seeds: Points, shape: tuple[int, int], flow: Flow | None, step: int) -> tuple[Labels, F32, F32]:
    """For every ``step``-th pixel of ``shape`` its seed's number, how far the second seed is behind the first,
    halved, and how far the pixel lies to the upper left of its seed, in pixels."""
    rows, columns = seeds.shape[:2]
    # With a rim of seeds too far away to win, no cell at the border needs to be asked whether it has neighbours.
    edged = np.pad(seeds, ((1, 1), (1, 1), (0, 0)), constant_values=np.float32(1e5)).reshape(-1, 2)
    turn = np.zeros_like(edged)
    if flow is not None:
        # A stone is turned as a whole: by the flow at its seed.
        at_x = np.clip(edged[:, 0], 0, shape[1] - 1).astype(int)
        at_y = np.clip(edged[:, 1], 0, shape[0] - 1).astype(int)
        turn = np.stack([flow.x[at_y, at_x], flow.y[at_y, at_x]], axis=-1)
    names = np.pad(np.arange(rows * columns, dtype=np.int32).reshape(rows, columns), 1).ravel()
    places = tuple(np.ascontiguousarray(values) for values in (*edged.T, *turn.T))
    x = np.arange(0, shape[1], step, dtype=np.float32)
    y = np.arange(0, shape[0], step, dtype=np.float32)
    row = np.minimum(y * np.float32(rows / shape[0]), rows - 1).astype(np.int32)
    column = np.minimum(x * np.float32(columns / shape[1]), columns - 1).astype(np.int32)
    labels = np.empty((len(y), len(x)), np.int32)
    rim, tilt = np.empty(labels.shape, np.float32), np.empty(labels.shape, np.float32)
    # In strips of a size that the processor keeps at hand.
    for top in range(0, len(y), _STRIP):
        part = slice(top, top + _STRIP)
        home = (row[part, None] + 1) * np.int32(columns + 2) + column + 1
        number, best, second = _two_nearest(home, columns + 2, x, y[part, None], places, turned=flow is not None)
        labels[part] = np.take(names, number)
        np.multiply(second - best, np.float32(0.5), out=rim[part])
        away = np.take(places[0], number) - x
        away += np.take(places[1], number) - y[part, None]
        np.multiply(away, np.float32(0.7), out=tilt[part])
    return labels, rim, tilt


def _two_nearest(
    home: Labels, stride: int, x: F32, y: F32, places: tuple[F32, ...], *, turned: bool
) -> tuple[Labels, F32, F32]:
    """Of the seeds in the cell ``home`` and the eight around it the nearest's number, its distance and the next
    one's. ``stride``: cells in a row; ``places``: each seed's x and y, and direction for squares that are
    ``turned``."""
    best = np.full(home.shape, np.inf, np.float32)
    second = best.copy()
    nearest = home.copy()
    for step in (row * stride + column for row in (-1, 0, 1) for column in (-1, 0, 1)):
        number = home + np.int32(step)
        dx, dy = x - np.take(places[0], number), y - np.take(places[1], number)
        if turned:
            ax, ay = np.take(places[2], number), np.take(places[3], number)
            far = np.maximum(np.abs(dx * ax + dy * ay), np.abs(dy * ax - dx * ay))
        else:
            far = np.asarray(cv2.magnitude(dx, dy), np.float32)
        np.copyto(nearest, number, where=far < best)
        np.minimum(second, np.maximum(best, far), out=second)
        np.minimum(best, far, out=best)
    return nearest, best, second


def triangles(rgb: U8, interest: F32, count: int, rng: np.random.Generator) -> list[Points]:
    """Delaunay's triangles, (3, 2) each in pixels of ``rgb``, of ``count`` points that lie where ``interest`` is,
    never close together, and all along the rim."""
    height, width = rgb.shape[:2]
    if min(height, width) < 8:
        return []
    chance = np.cumsum(interest.ravel(), dtype=np.float64)
    drawn = np.searchsorted(chance, rng.random(3 * count) * chance[-1])
    free = np.ones((height, width), np.uint8)
    gap = max(2, round(0.30 * np.sqrt(height * width / count)))
    points: list[tuple[float, float]] = []
    across, down = max(2, round(width / (4 * gap))), max(2, round(height / (4 * gap)))
    for share in np.linspace(0, 1, across):
        points += [(float(share * (width - 1)), 0.0), (float(share * (width - 1)), height - 1.0)]
    for share in np.linspace(0, 1, down)[1:-1]:
        points += [(0.0, float(share * (height - 1))), (width - 1.0, float(share * (height - 1)))]
    for place in drawn:
        row, column = divmod(int(place), width)
        if free[row, column]:
            cv2.circle(free, (column, row), gap, 0, -1)
            points.append((float(column), float(row)))
            if len(points) >= count:
                break
    plane = cv2.Subdiv2D((0, 0, width, height))
    for point in points:
        plane.insert(point)
    found = np.asarray(plane.getTriangleList(), np.float32).reshape(-1, 3, 2)
    inside = ((found >= -0.5) & (found <= (width - 0.5, height - 0.5))).all((1, 2))
    return list(found[inside])


def paint(pieces: Sequence[Points], rgb: U8, size: tuple[int, int]) -> U8:
    """The triangles, each in its colour in ``rgb``, at ``size`` (width, height)."""
    scale = np.array([size[0] / rgb.shape[1], size[1] / rgb.shape[0]], np.float32)
    # What no triangle covers, a hair at the rim, shows the picture.
    result = np.ascontiguousarray(cv2.resize(rgb, size, interpolation=cv2.INTER_LINEAR), dtype=np.uint8)
    rgb = np.asarray(cv2.medianBlur(rgb, 5), np.uint8)
    for piece in pieces:
        # The mean of seven places inside stands for the triangle.
        places = _INSIDE @ piece
        column = np.clip(places[:, 0], 0, rgb.shape[1] - 1).astype(int)
        row = np.clip(places[:, 1], 0, rgb.shape[0] - 1).astype(int)
        red, green, blue = rgb[row, column].mean(0).tolist()
        corners = np.rint(((piece + np.float32(0.5)) * scale - np.float32(0.5)) * 16).astype(np.int32)
        cv2.fillConvexPoly(result, corners, (red, green, blue), cv2.LINE_8, 4)
        cv2.polylines(result, [corners], True, (red, green, blue), 1, cv2.LINE_AA, 4)
    return result
