"""What previews cost and how early the first one comes, engine alone on one core: every ability of the darkroom,
asked for by its example, at 1024².

For each: the time without previews from the plan to the picture, when the first of three previews comes as a share
of the time with them, and how many times as long all of it takes with them. Times are the processor's. Wanted, of
an edit of half a second or more: a first share of at most 40 %, a cost of at most 1.25.
Usage: python -m benchmarks.previews [operation ...]
"""

from __future__ import annotations

import statistics
import sys
import time

import cv2
import numpy as np

from benchmarks.photos import enlarged
from retouch.engines.base import Canvas, EditJob, Never, Preview
from retouch.engines.darkroom.engine import DarkroomEngine
from retouch.engines.darkroom.understanding.vocabulary import Operation, vocabulary
from retouch.errors import UserError
from retouch.imaging.canvas import lay_out
from retouch.imaging.raster import F32, Raster

RUNS = 3
LONG = 0.5
"""Seconds; a shorter edit needs no previews."""
EARLY, DEAR = 0.4, 1.25
SIDE = 1024


def mask(raster: Raster) -> F32:
    """The middle of the picture: a fifth of it."""
    weight = np.zeros((raster.height, raster.width), np.float32)
    inset = round(0.276 * raster.height)
    weight[inset:-inset, inset:-inset] = 1
    return weight


def timed(engine: DarkroomEngine, job: EditJob) -> tuple[float, float]:
    """Seconds until the first thing comes, and until all has come."""
    started = time.process_time()
    plan = engine.plan(job)
    laid = lay_out(job.sources[0], job.mask, plan.size or job.sources[0].size)
    first = 0.0
    for result in engine.edit(job, plan, Canvas(laid.base, laid.weight, laid.box), Never()):
        if not first and isinstance(result, Preview):
            first = time.process_time() - started
    return first, time.process_time() - started


def measure(operation: Operation) -> tuple[float, float, float] | None:
    """Seconds without previews, the first one's share, the cost of three; None where the photograph lacks what it
    takes."""
    engine = DarkroomEngine()
    for name in ("astronaut", "china", "coffee"):
        sources = (enlarged(SIDE, name), *[enlarged(SIDE, "coffee")] * (operation.sources - 1))
        where = mask(sources[0]) if operation.masked else None
        bare = EditJob(sources=sources, prompt=operation.example, mask=where)
        watched = EditJob(sources=sources, prompt=operation.example, mask=where, previews=3)
        try:
            timed(engine, watched)
        except UserError:
            continue
        alone: list[float] = []
        shares: list[float] = []
        costs: list[float] = []
        # In pairs, so that what else the machine does weighs on both sides alike.
        for _ in range(RUNS):
            total = timed(engine, bare)[1]
            first, all_ = timed(engine, watched)
            alone.append(total)
            shares.append(first / all_)
            costs.append(all_ / total)
        return statistics.median(alone), statistics.median(shares), statistics.median(costs)
    return None


def main() -> None:
    cv2.setNumThreads(1)
    chosen = sys.argv[1:] or list(vocabulary().operations)
    print(f"{'operation':22}{'alone':>9}{'first at':>10}{'cost':>8}")
    for name in chosen:
        found = measure(vocabulary().operations[name])
        if found is None:
            print(f"{name:22}{'not in these pictures':>27}")
            continue
        alone, share, cost = found
        late = " late" if alone >= LONG and share > EARLY else ""
        dear = " dear" if alone >= LONG and cost > DEAR else ""
        print(f"{name:22}{alone * 1000:6.0f} ms{share:10.0%}{cost:8.2f}{late}{dear}")


if __name__ == "__main__":
    main()
