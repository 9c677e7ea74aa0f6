"""The darkroom's operations, engine alone on one core: medians at 1024² and 2048², and how many times a plain
float32 copy of the same picture that is."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import cv2
import numpy as np

from benchmarks.photos import enlarged
from retouch.engines.darkroom.operations import find, names
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import F32, Raster

RUNS = 5
WANTED = {
    **dict.fromkeys(
        ("vintage", "black_and_white", "sepia", "noir", "cinematic", "faded", "vivid", "golden_hour"), 120
    ),
    **dict.fromkeys(("warmer", "cooler", "brighter", "darker"), 120),
    "sunset": 600,
    "remove_background": 700,
    "watercolour": 1000,
    "oil_painting": 1000,
    "fill": 1500,
}
"""Milliseconds at 1024²; the fill is of a fifth of the picture."""
PHOTOS = {"sunset": "china", "remove_background": "coffee", "fill": "china", "extend": "coffee"}
"""Where a photograph other than the portrait shows more of the work."""


def median(work: Callable[[], object]) -> float:
    """Milliseconds, after one run that is not counted."""
    work()
    times = []
    for _ in range(RUNS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1000


def weight_for(name: str, raster: Raster) -> F32 | None:
    """A fifth of the picture for a fill, a strip of a quarter at the side for an extension."""
    if name not in ("fill", "extend"):
        return None
    weight = np.zeros((raster.height, raster.width), np.float32)
    if name == "extend":
        weight[:, : raster.width // 4] = 1
        return weight
    side = round((0.2 * raster.width * raster.height) ** 0.5)
    top, left = (raster.height - side) // 2, (raster.width - side) // 2
    weight[top : top + side, left : left + side] = 1
    return weight


def main() -> None:
    cv2.setNumThreads(1)
    print(f"{'operation':20}{'1024²':>10}{'copies':>8}{'wanted':>9}{'2048²':>10}")
    for name in names():
        row = f"{name:20}"
        for side in (1024, 2048):
            raster = enlarged(side, PHOTOS.get(name, "astronaut"))
            weight = weight_for(name, raster)
            operation = find(name)
            # A fresh scene each time: what it takes to see the picture belongs to the work.
            took = median(lambda: operation(Scene(raster, weight=weight)))  # noqa: B023 - called at once
            row += f"{took:7.0f} ms"
            if side == 1024:
                copy = median(lambda: raster.rgb.astype(np.float32))  # noqa: B023 - called at once
                row += f"{took / copy:8.0f}{WANTED.get(name, '–'):>6} ms"
        print(row)


if __name__ == "__main__":
    main()
