"""Recipes with steps that change a picture's frame: crop, rotate, add a border, turn to another picture."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from retouch.engines.base import CancelToken, Size, check
from retouch.engines.darkroom.enlarging import crisp, enlarged
from retouch.engines.darkroom.operations import find, size_after
from retouch.engines.darkroom.painting import Ground, Manner, paint, photograph
from retouch.engines.darkroom.recipe import Recipe, Step
from retouch.engines.darkroom.scene import Scene
from retouch.engines.darkroom.understanding.vocabulary import vocabulary
from retouch.imaging.canvas import lay_out
from retouch.imaging.raster import Raster
from retouch.imaging.resample import resize

ENLARGING = "upscale"
"""The operation that makes more pixels of the same picture; it needs as many as there are to begin with."""


def reframes(recipe: Recipe) -> bool:
    """Whether any step moves the picture's pixels or changes its size."""
    return any(_reframes(step) for step in recipe.steps)


def framed_size(recipe: Recipe, sizes: Sequence[Size]) -> Size:
    """The size (width, height) that the recipe makes of the first of pictures of these ``sizes``."""
    size = sizes[0]
    for step in recipe.steps:
        if _reframes(step):
            size = size_after(step.op, size, sizes, **step.params)
    return size


def paint_framed(
    sources: Sequence[Raster],
    recipe: Recipe,
    size: Size,
    manner: Manner,
    cancel: CancelToken,
    known: Scene | None = None,
) -> Raster:
    """The recipe done to the first of ``sources``, brought to ``size``: scaled, never stretched; where the shape
    differs, the rest is new area, which is filled.

    The work is done at the size that it will have in the end, or at the picture's own if that is smaller;
    `check` is called before every step. ``known``: a scene of the first source, whose analyses are used as long as
    its pixels are where they were. Raises `TargetNotFound`.
    """
    sizes = [source.size for source in sources]
    natural = sizes[0]
    wished = framed_size(recipe, sizes)
    final = min(1.0, max(size[0] / wished[0], size[1] / wished[1]))
    growth = _growth(recipe.steps)
    # Before it is enlarged a picture needs no more pixels than it will have afterwards, but no fewer either.
    scale = min(1.0, final * growth)
    picture = _scaled(sources[0], natural, scale)
    run: list[Step] = []
    for step in recipe.steps:
        if not _reframes(step):
            run.append(step)
            continue
        picture = _paint(picture, sources, run, manner, cancel, known)
        run = []
        check(cancel)
        natural = size_after(step.op, natural, sizes, **step.params)
        if step.op == ENLARGING:
            growth /= _growth([step])
            scale = min(1.0, final * growth)
            picture = enlarged(picture, _at(natural, scale))
            continue
        picture = _scaled(_reframe(picture, sources, step, manner, known), natural, scale)
        known = None
    return _fit(_paint(picture, sources, run, manner, cancel, known), size, manner, cancel)


def _reframes(step: Step) -> bool:
    return vocabulary().operations[step.op].reframes


def _reframe(
    picture: Raster, sources: Sequence[Raster], step: Step, manner: Manner, known: Scene | None
) -> Raster:
    scene = Scene(
        picture, seed=manner.seed, variation=manner.variation, quality=manner.quality, sources=tuple(sources)
    )
    if known is not None:
        scene.share_with(known)
    return find(step.op)(scene, amount=step.amount, **step.params)


def _paint(
    picture: Raster,
    sources: Sequence[Raster],
    steps: list[Step],
    manner: Manner,
    cancel: CancelToken,
    known: Scene | None,
) -> Raster:
    if not steps:
        return picture
    ground = Ground(picture, (0, 0, *picture.size), sources=tuple(sources))
    return paint(ground, Recipe(tuple(steps)), manner, cancel, known)


def _fit(picture: Raster, size: Size, manner: Manner, cancel: CancelToken) -> Raster:
    """``picture`` on a canvas of ``size``."""
    laid = lay_out(picture, None, size)
    ground = Ground(laid.base, photograph(laid.box, size), enlarged=laid.box[2] / picture.width)
    if not ground.extends or laid.base.alpha is not None:
        return crisp(laid.base, ground.enlarged)
    return paint(ground, Recipe(()), manner, cancel)


def _scaled(picture: Raster, natural: Size, scale: float) -> Raster:
    return resize(picture, _at(natural, scale))


def _at(natural: Size, scale: float) -> Size:
    return max(1, round(natural[0] * scale)), max(1, round(natural[1] * scale))


def _growth(steps: Sequence[Step]) -> float:
    """How many times as large ``steps`` make each side by enlarging."""
    return prod(
        size_after(step.op, (1000, 1000), (), **step.params)[0] / 1000 for step in steps if step.op == ENLARGING
    )
