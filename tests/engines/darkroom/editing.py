"""How the darkroom's tests have a picture edited, and compare what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from retouch.engines.base import Canvas, EditJob, Never, Picture, Plan, Preview
from retouch.engines.darkroom.engine import DarkroomEngine
from retouch.imaging.canvas import lay_out
from retouch.imaging.raster import F32, Raster

Photo = Callable[..., Raster]


def left_half(raster: Raster) -> F32:
    mask = np.zeros((raster.height, raster.width), np.float32)
    mask[:, : raster.width // 2] = 1
    return mask


def canvas_for(job: EditJob, plan: Plan) -> Canvas:
    laid = lay_out(job.sources[0], job.mask, job.size or plan.size or job.sources[0].size)
    return Canvas(laid.base, laid.weight, laid.box)


def run(job: EditJob, engine: DarkroomEngine | None = None) -> list[Preview | Picture]:
    engine = engine or DarkroomEngine()
    plan = engine.plan(job)
    return list(engine.edit(job, plan, canvas_for(job, plan), Never()))


def edited(prompt: str, source: Raster, **job: Any) -> Raster:
    (picture,) = run(EditJob(sources=(source,), prompt=prompt, **job))
    assert isinstance(picture, Picture)
    return picture.raster


def difference(one: Raster, other: Raster) -> float:
    return float(np.abs(one.rgb.astype(np.int16) - other.rgb).mean())


def is_grey(rgb: np.ndarray) -> bool:
    return bool((np.ptp(rgb.astype(np.int16), axis=-1) <= 3).mean() > 0.99)
