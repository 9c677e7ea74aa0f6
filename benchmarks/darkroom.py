"""The darkroom's operations, engine alone on one thread: medians at 1024² and 2048², how many times a plain
float32 copy of the same picture that is, and the memory that a process of its own takes at 3840 × 2160.

Times are the processor's, not the clock's, so that what else the machine does hardly matters; "over" marks what
takes more than is wanted. Each is asked for by its example, everywhere and as designed.
Usage: python -m benchmarks.darkroom [operation ...]
"""

from __future__ import annotations

import multiprocessing
import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import cv2
import numpy as np

from benchmarks.photos import enlarged, sample
from retouch.engines.base import Never
from retouch.engines.darkroom.framing import framed_size, paint_framed, reframes
from retouch.engines.darkroom.painting import Ground, Manner, paint
from retouch.engines.darkroom.recipe import Recipe, Step
from retouch.engines.darkroom.understanding.instruction import understand
from retouch.engines.darkroom.understanding.vocabulary import Operation, vocabulary
from retouch.errors import TargetNotFound
from retouch.imaging.raster import F32, Raster

RUNS = 3
WANTED = {
    "sky": 600,
    "remove_background": 700,
    "fill": 1500,
    "looks": 120,
    "tone": 120,
    "styles": 1000,
    "weather": 1000,
}
"""Milliseconds at 1024², by operation or by family; the fill is of a fifth of the picture."""
PHOTOS = {"remove_background": "coffee", "extend": "coffee"}
"""Where a photograph other than the first of `TRIED` shows more of the work."""
LARGE, PEAK = 2500, 1200
"""Milliseconds at 2048² and MiB at `UHD` that nothing should exceed."""
TRIED = ("china", "astronaut", "coffee")
UHD = (3840, 2160)


def median(work: Callable[[], object], runs: int) -> float:
    """Milliseconds of processor time. If it is more than one run, another before them is not counted."""
    if runs > 1:
        work()
    times = []
    for _ in range(runs):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return statistics.median(times) * 1000


def recipe_of(operation: Operation) -> Recipe:
    asked = understand(operation.example, has_mask=operation.masked, sources=operation.sources)
    return Recipe(tuple(replace(step, region=None, keep=(), amount=1.0) for step in asked.steps))


def ground_of(operation: Operation, raster: Raster) -> Ground:
    """A fifth of the picture is marked for a fill; an extension adds a quarter at the side."""
    sources = (raster, *map(sample, ("coffee", "astronaut")[: operation.sources - 1]))
    whole = (0, 0, *raster.size)
    if operation.name == "extend":
        return Ground(raster, (raster.width // 4, 0, raster.width - raster.width // 4, raster.height))
    if not operation.masked:
        return Ground(raster, whole, sources=sources)
    weight: F32 = np.zeros((raster.height, raster.width), np.float32)
    side = round((0.2 * raster.width * raster.height) ** 0.5)
    top, left = (raster.height - side) // 2, (raster.width - side) // 2
    weight[top : top + side, left : left + side] = 1
    return Ground(raster, whole, weight, sources)


def work_of(operation: Operation, raster: Raster) -> Callable[[], object]:
    recipe, ground = recipe_of(operation), ground_of(operation, raster)
    if reframes(recipe):
        size = framed_size(recipe, [source.size for source in ground.sources])
        return lambda: paint_framed(ground.sources, recipe, size, Manner(), Never())
    steps: tuple[Step, ...] = () if operation.name == "extend" else recipe.steps
    return lambda: paint(ground, Recipe(steps), Manner(), Never())


def peak(name: str, photo: str) -> float:
    """MiB that a fresh process has resident at most while it does the operation to a picture of `UHD`."""
    cv2.setNumThreads(1)
    raster = enlarged(UHD[0], photo, UHD[1])
    work_of(vocabulary().operations[name], raster)()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(operation: Operation, photo: str) -> str:
    """The operation's row. Raises `TargetNotFound` where the photograph lacks what it needs."""
    # Fresh scenes each time: what it takes to see the picture belongs to the work.
    works = [work_of(operation, enlarged(side, photo)) for side in (1024, 2048)]
    small, large = median(works[0], RUNS), median(works[1], 1)
    copy = median(partial(enlarged(1024, photo).rgb.astype, np.float32), RUNS)
    with multiprocessing.get_context("forkserver").Pool(1) as pool:
        memory = pool.apply(peak, (operation.name, photo))
    most = WANTED.get(operation.name, WANTED.get(operation.family))
    row = (
        f"{operation.name:20}{small:7.0f} ms{small / copy:8.0f}{most or '–':>7} ms{large:7.0f} ms{memory:8.0f} MiB"
    )
    return row + (" over" if small > (most or LARGE) or large > LARGE or memory > PEAK else "")


def row_of(operation: Operation) -> str:
    """With the first photograph that has what the operation needs."""
    for photo in (PHOTOS.get(operation.name, TRIED[0]), *TRIED):
        try:
            return measure(operation, photo)
        except TargetNotFound:
            continue
    return f"{operation.name:20}not in these photographs"


def main(wanted: Sequence[str]) -> None:
    cv2.setNumThreads(1)
    multiprocessing.get_context("forkserver").set_forkserver_preload([__spec__.name])
    print(f"{'operation':20}{'1024²':>10}{'copies':>8}{'wanted':>10}{'2048²':>10}{'3840x2160':>12}")
    for name in wanted or vocabulary().operations:
        print(row_of(vocabulary().operations[name]), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
