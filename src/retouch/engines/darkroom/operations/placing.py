"""Where a thing finds its place in a picture."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from retouch.engines.darkroom.filters import shrink
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import F32

SIDE = 192
"""Places are compared at this many pixels on the longer side."""

SURE_OF_SKY = 0.35

GROUND = 0.9
"""Where the feet of what stands on the ground are at the highest, as a share of the height: what is above it in a
photograph may as well be a treetop."""

SIZES = {"small": 0.55, "medium": 1.0, "large": 1.6}
"""How a size that was asked for compares with the usual one."""

USUAL = {"heavens": 0.24, "air": 0.24, "small": 0.19, "medium": 0.30, "large": 0.42}
"""The longer side of a thing as a share of the picture's shorter side, by its place or its own size."""

POSITIONS = {
    "top-left": (0.2, 0.2), "top": (0.5, 0.2), "top-right": (0.8, 0.2), "left": (0.2, 0.55), "centre": (0.5, 0.55),
    "right": (0.8, 0.55), "bottom-left": (0.2, 0.8), "bottom": (0.5, 0.8), "bottom-right": (0.8, 0.8),
}  # fmt: skip
"""The middle of each named position, as shares of width and height."""


@dataclass(frozen=True)
class Spot:
    """Where a thing goes: ``left``, ``top``, ``width`` and ``height`` in pixels."""

    left: float
    top: float
    width: float
    height: float

    @property
    def middle(self) -> tuple[float, float]:
        return self.left + self.width / 2, self.top + self.height / 2


def marked_spots(weight: F32, shape: tuple[float, float], count: int, *, stands: bool) -> list[Spot]:
    """Inside what is marked: each thing whole, its ``shape`` (width, height) kept; what ``stands`` stands on the
    lower edge. Empty where nothing is marked."""
    rows, columns = (np.flatnonzero((weight > 0.5).any(axis)) for axis in (1, 0))
    if rows.size == 0 or columns.size == 0:
        return []
    left, top = float(columns[0]), float(rows[0])
    width, height = float(columns[-1] + 1) - left, float(rows[-1] + 1) - top
    across = width >= height * shape[0] / shape[1]
    cells = (count, 1) if across else (1, count)
    cell = (width / cells[0], height / cells[1])
    scale = 0.94 * min(cell[0] / shape[0], cell[1] / shape[1])
    w, h = shape[0] * scale, shape[1] * scale
    spots = []
    for k in range(count):
        x, y = (left + cell[0] * k, top) if across else (left, top + cell[1] * k)
        down = cell[1] * 0.985 - h if stands else (cell[1] - h) / 2
        spots.append(Spot(x + (cell[0] - w) / 2, y + down, w, h))
    return spots


def free_spots(
    scene: Scene,
    shape: tuple[float, float],
    count: int,
    *,
    where: str,
    share: float,
    position: str | None,
    rng: np.random.Generator,
) -> list[Spot]:
    """Places that cover neither the subject nor a face. ``where``: "sky" or "ground"; ``share``: the longer side
    over the picture's shorter one; ``position``: one of `POSITIONS` to keep to. Largest first where several
    vary in size; far ones stand higher on the ground and are smaller."""
    width, height = scene.picture.size
    cost = _cost(scene, where)
    scale = cost.shape[1] / width
    spots: list[Spot] = []
    crowd = 1 / (1 + 0.16 * (count - 1))
    for k in range(count):
        vary = 1.0 if count == 1 else float(rng.uniform(0.78, 1.12))
        longer = share * min(width, height) * vary * crowd
        w, h = (longer * side / max(shape) for side in shape)
        fit = min(1.0, 0.9 * width / w, 0.9 * height / h)
        w, h = w * fit, h * fit
        wished = _wished(cost.shape, position, where, k, count, scene.variation, (w * scale, h * scale))
        spot = _cheapest(
            cost,
            wished,
            (w * scale, h * scale),
            rng,
            steady=position is not None and count == 1,
            grounded=where == "ground" and position is None,
        )
        left = float(np.clip(spot[0] / scale, 0.012 * width, max(0.0, width * 0.988 - w)))
        top = float(np.clip(spot[1] / scale, 0.012 * height, max(0.0, height * 0.985 - h)))
        spots.append(Spot(left, top, w, h))
        x0, y0 = max(0, int((left - 0.12 * w) * scale)), max(0, int((top - 0.1 * h) * scale))
        cost[y0 : int((top + 1.1 * h) * scale) + 1, x0 : int((left + 1.12 * w) * scale) + 1] += np.float32(2.5)
    # Those that stand nearer, lower in the picture, are drawn over those behind.
    return sorted(spots, key=lambda spot: spot.top + spot.height)


def _cost(scene: Scene, where: str) -> F32:
    """How bad it is to cover each place: float32, reduced."""
    saliency = np.asarray(shrink(scene.saliency, SIDE), np.float32)
    cost = 3.0 * saliency
    height, width = cost.shape
    scale = width / scene.original.width
    for face in scene.faces:
        left, top, right, bottom = (edge * scale for edge in face.box)
        rise = 0.5 * (bottom - top)
        cost[max(0, int(top - rise)) : int(bottom + 0.2 * rise) + 1, max(0, int(left)) : int(right) + 1] += 8
    if where == "sky" and scene.sky.confidence >= SURE_OF_SKY:
        sky = np.asarray(shrink(scene.sky.alpha, SIDE), np.float32)
        if sky.shape != cost.shape:
            sky = cv2.resize(sky, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
        cost += 4 * (1 - sky)
    small = np.asarray(shrink(scene.original.rgb, SIDE), np.uint8)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    busy = np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 3)) / 40
    if busy.shape != cost.shape:
        busy = cv2.resize(busy, (width, height))
    cost += np.clip(busy, 0, 1).astype(np.float32) * np.float32(0.5)
    return cost.astype(np.float32)


def _wished(
    shape: tuple[int, ...],
    position: str | None,
    where: str,
    index: int,
    count: int,
    variation: float,
    size: tuple[float, float],
) -> tuple[float, float, float]:
    """The middle of the place that would be best if nothing were in the way, in reduced pixels, and how much it
    is wished for."""
    height, width = shape[:2]
    if position is not None:
        x, y = POSITIONS[position]
        spread = (index - (count - 1) / 2) * 1.1 * size[0]
        return x * width + spread, y * height, 45.0
    # Off the middle, on the side that a variation chooses.
    x = 0.70 if variation >= 0 else 0.30
    x += 0.12 * abs(variation)
    if count > 1:
        x = 0.14 + 0.72 * ((index * 0.618 + 0.2 + 0.3 * abs(variation)) % 1.0)
    if where == "sky":
        return x * width, 0.26 * height, 1.2
    return x * width, 0.90 * height - size[1] / 2, 2.4


def _cheapest(
    cost: F32,
    wished: tuple[float, float, float],
    size: tuple[float, float],
    rng: np.random.Generator,
    *,
    steady: bool,
    grounded: bool,
) -> tuple[float, float]:
    """The left and top of the best window of ``size`` (width, height), in reduced pixels. ``grounded``: its foot
    is near the lower edge, where the ground is nearest and a thing stands in front of all others."""
    height, width = cost.shape
    w, h = min(width, max(1, round(size[0]))), min(height, max(1, round(size[1])))
    summed = cv2.integral(cost)
    total = summed[h:, w:] - summed[:-h, w:] - summed[h:, :-w] + summed[:-h, :-w]
    mean = (total / (w * h)).astype(np.float32)
    y, x = np.mgrid[0 : mean.shape[0], 0 : mean.shape[1]].astype(np.float32)
    across = (x + w / 2 - wished[0]) / width
    down = (y + h / 2 - wished[1]) / height
    mean += np.float32(wished[2]) * (across * across * (3 if steady else 1) + 2.0 * down * down)
    if grounded:
        mean += 400 * np.clip(GROUND - (y + h) / height, 0, 1) ** 2
    if not steady:
        mean += rng.uniform(0, 0.05, mean.shape).astype(np.float32)
    at = int(np.argmin(mean))
    return float(at % mean.shape[1]), float(at // mean.shape[1])
