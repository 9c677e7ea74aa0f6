"""The passes of an edit: coarse ones that previews show, then one for each picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from retouch.engines.base import CancelToken, EditJob, Picture, Preview, Size, check
from retouch.engines.darkroom.framing import framed_size, paint_framed, reframes
from retouch.engines.darkroom.operations.sheet import sheet
from retouch.engines.darkroom.painting import Ground, Manner, paint, rescale
from retouch.engines.darkroom.recipe import Recipe
from retouch.engines.darkroom.scene import Scene
from retouch.errors import TargetNotFound
from retouch.imaging.composite import composite
from retouch.imaging.raster import F32, Raster

PREVIEW_SIDES = (256, 448, 640)
"""The longer side, in pixels, of the coarse passes that previews show."""

LARGEST_PREVIEW = (0.18, 0.28, 0.38)
"""The same as a share of the canvas: three passes at these have together a quarter of its pixels."""

FILLED_PREVIEW_SIDES = (112, 160, 224)
"""The same where something is to be filled in, which takes long at any size."""

FILLING = ("fill", "remove_subject", "extend_frame")


def reduced(source: Raster, side: int) -> Raster:
    """``source`` with its longer side brought down to at most ``side`` pixels."""
    scale = side / max(source.size)
    if scale >= 1:
        return source
    return rescale(source, (max(1, round(source.width * scale)), max(1, round(source.height * scale))))


def coarse_sides(canvas: Size, count: int, sides: tuple[int, int, int] = PREVIEW_SIDES) -> Iterator[int]:
    """The longer sides of ``count`` coarse passes for ``canvas``, the coarsest first."""
    for side, share in list(zip(sides, LARGEST_PREVIEW, strict=True))[:count]:
        yield max(16, min(side, round(max(canvas) * share)))


def pictures(
    job: EditJob, recipe: Recipe, ground: Ground, manners: list[Manner], seen: Scene, cancel: CancelToken
) -> Iterator[Preview | Picture]:
    """Of one picture in its own frame. ``seen``: what was seen of it while planning."""
    fills = ground.extends or _fills(recipe)
    manner = replace(manners[0], quality="low") if fills else manners[0]
    sides = list(coarse_sides(ground.base.size, job.previews, FILLED_PREVIEW_SIDES if fills else PREVIEW_SIDES))
    hole = _hole(ground, recipe)
    for number, side in enumerate(sides[: 2 if hole is not None else 3]):
        try:
            coarse = paint(ground.shrunk(side), recipe, manner, cancel, seen, hasty=number == 0)
        except TargetNotFound:
            if number > 0:
                raise
            continue  # What a glance does not find a closer look may.
        coarse = rescale(coarse, ground.base.size)
        yield Preview(coarse)
        if hole is not None and number == 1 and len(sides) > 2:
            # A third filling would cost as much as it shows; the photograph around the second one costs nothing.
            yield Preview(composite(ground.base, coarse, hole))
    known = Scene(ground.base, sources=job.sources)
    seen.make_sure()
    known.learn_from(seen)
    for index, manner in enumerate(manners):
        yield Picture(paint(ground, recipe, manner, cancel, known), index)


def _fills(recipe: Recipe) -> bool:
    """Whether something that no camera has seen is made up for a place in the picture or beside it."""
    return any(step.op in FILLING for step in recipe.steps)


def _hole(ground: Ground, recipe: Recipe) -> F32 | None:
    """Where a recipe that does nothing but fill changes the canvas; None for any other recipe."""
    if any(step.op not in ("fill", "extend") or step.region or step.keep for step in recipe.steps):
        return None
    if not ground.extends and ground.mask is None:
        return None
    hole = ground.new_area()
    if ground.mask is not None and any(step.op == "fill" for step in recipe.steps):
        hole = np.maximum(hole, ground.mask)
    return hole


def framed(
    job: EditJob, recipe: Recipe, size: Size, manners: list[Manner], seen: Scene, cancel: CancelToken
) -> Iterator[Preview | Picture]:
    """Of a recipe that changes the frame. ``seen`` as in `pictures`."""
    fills = _fills(recipe)
    manner = replace(manners[0], quality="low") if fills else manners[0]
    for side in coarse_sides(size, job.previews, FILLED_PREVIEW_SIDES if fills else PREVIEW_SIDES):
        small = _shrunk(size, side)
        yield Preview(rescale(paint_framed(job.sources, recipe, small, manner, cancel, seen), size))
    for index, manner in enumerate(manners):
        yield Picture(paint_framed(job.sources, recipe, size, manner, cancel, seen), index)


def _shrunk(size: Size, side: int) -> Size:
    """``size`` with its longer side brought down to ``side`` pixels."""
    scale = side / max(size)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def sheets(
    job: EditJob, recipe: Recipe, size: Size, manners: list[Manner], seen: list[Scene], cancel: CancelToken
) -> Iterator[Preview | Picture]:
    """Of a recipe that is done to every source. ``seen``: a scene of each."""

    def lay_out(side: int, size: Size, manner: Manner) -> Raster:
        painted = []
        for source, scene in zip(job.sources, seen, strict=True):
            check(cancel)
            base = reduced(source, side)
            if reframes(recipe):
                painted.append(paint_framed((base,), recipe, framed_size(recipe, [base.size]), manner, cancel))
            else:
                painted.append(paint(Ground(base, (0, 0, *base.size)), recipe, manner, cancel, scene))
        return sheet(painted, size)

    for side in coarse_sides(size, job.previews):
        yield Preview(rescale(lay_out(side, _shrunk(size, side), manners[0]), size))
    for index, manner in enumerate(manners):
        # No picture on the sheet is larger than the sheet.
        yield Picture(lay_out(max(size), size, manner), index)
