"""Doing a recipe's steps to one picture."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from retouch.engines.base import CancelToken, check
from retouch.engines.darkroom import regions
from retouch.engines.darkroom.enlarging import WORTH, crisp
from retouch.engines.darkroom.operations import find
from retouch.engines.darkroom.recipe import Recipe, Step
from retouch.engines.darkroom.scene import Scene
from retouch.engines.darkroom.understanding.vocabulary import vocabulary
from retouch.imaging.composite import composite
from retouch.imaging.raster import F32, U8, Raster

FACE_RESTRAINT = 0.6
"""With high fidelity, how much of a look or a style shows on a face."""

RIM = 8
"""Pixels on each side; a size rounded to multiples of 16 leaves at most that."""


def photograph(box: tuple[int, int, int, int], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Where a photograph laid into ``box`` counts as lying on a canvas of ``size``. A rim that only rounding has
    left around it already repeats the photograph's edge, which nobody can tell from a fill that takes a second."""
    x, y, width, height = box
    rims = (x, y, size[0] - x - width, size[1] - y - height)
    return (0, 0, *size) if max(rims) <= RIM else box


@dataclass(frozen=True, eq=False)
class Ground:
    """What is painted on: ``base``; ``box`` (x, y, width, height) is where the photograph lies on it, the rest
    is new area to be filled; ``mask``: float32 (height, width), 1 where it may change, None where all may.
    ``sources``: the pictures that came with the instruction, for steps that speak of another one. ``enlarged``:
    how many times as large as it was sent the photograph lies here."""

    base: Raster
    box: tuple[int, int, int, int]
    mask: F32 | None = None
    sources: tuple[Raster, ...] = ()
    enlarged: float = 1.0

    @property
    def extends(self) -> bool:
        return self.box != (0, 0, *self.base.size)

    def new_area(self) -> F32:
        """1 in new area, 0 on the photograph: float32 (height, width)."""
        weight = np.ones((self.base.height, self.base.width), np.float32)
        x, y, width, height = self.box
        weight[y : y + height, x : x + width] = 0
        return weight

    def shrunk(self, side: int) -> Ground:
        """The same with its longer side brought down to ``side`` pixels."""
        scale = side / max(self.base.size)
        width, height = (max(1, round(length * scale)) for length in self.base.size)
        x, y, right, bottom = self.box[0], self.box[1], self.box[0] + self.box[2], self.box[1] + self.box[3]
        left, top = round(x * scale), round(y * scale)
        right, bottom = min(width, round(right * scale)), min(height, round(bottom * scale))
        mask = self.mask
        if mask is not None:
            mask = cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
        return Ground(
            rescale(self.base, (width, height)), (left, top, right - left, bottom - top), mask, self.sources
        )


@dataclass(frozen=True)
class Manner:
    """How it is painted: ``seed`` and ``variation`` as in `Scene`, ``quality`` likewise; ``restraint``: whether
    looks and styles hold back on faces."""

    seed: int = 0
    variation: float = 0.0
    quality: str = "medium"
    restraint: bool = False


def paint(
    ground: Ground,
    recipe: Recipe,
    manner: Manner,
    cancel: CancelToken,
    known: Scene | None = None,
    *,
    hasty: bool = False,
) -> Raster:
    """The recipe done to ``ground``; `check` is called before every step.

    New area is filled first, so that the steps see a whole picture. With a mask it then stays as it is, like
    the rest of what the mask protects. ``known``: a scene of the same photograph, whose analyses are used and
    which learns those made here if it has the same size; ``hasty`` as in `Scene.share_with`. Raises
    `TargetNotFound`.
    """
    picture = ground.base
    check(cancel)
    if ground.enlarged >= WORTH:
        # Only where it may change: elsewhere it is the resampled photograph to the last bit.
        clear = crisp(picture, ground.enlarged)
        picture = clear if ground.mask is None else composite(picture, clear, ground.mask)
    if ground.extends:
        hole = _scene(ground, picture, manner, ground.new_area())
        picture = composite(picture, _keep_alpha(picture, find("extend")(hole)), ground.new_area())
    scene = _scene(ground, picture, manner, _editable(ground))
    if known is not None and not ground.extends:
        scene.share_with(known, hasty=hasty)
    for step in recipe.steps:
        check(cancel)
        if step.op == "extend":
            continue
        _do(scene, step, restraint=manner.restraint)
    # What a smaller pass saw is too coarse to be passed on.
    if known is not None and not ground.extends and known.original.size == scene.original.size:
        known.learn_from(scene)
    return scene.picture


def rescale(raster: Raster, size: tuple[int, int]) -> Raster:
    """``raster`` at ``size`` (width, height): by area averaging when it shrinks, bicubic when it grows."""
    shrinks = size[0] <= raster.width
    how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    rgb: U8 = np.ascontiguousarray(cv2.resize(raster.rgb, size, interpolation=how), dtype=np.uint8)
    if raster.alpha is None:
        return Raster(rgb)
    return Raster(rgb, np.ascontiguousarray(cv2.resize(raster.alpha, size, interpolation=how), dtype=np.uint8))


def _scene(ground: Ground, picture: Raster, manner: Manner, weight: F32 | None) -> Scene:
    return Scene(
        picture,
        weight=weight,
        seed=manner.seed,
        variation=manner.variation,
        quality=manner.quality if manner.quality in ("low", "medium") else "high",
        sources=ground.sources,
    )


def _editable(ground: Ground) -> F32 | None:
    if ground.mask is None:
        return None
    return ground.mask * (1 - ground.new_area()) if ground.extends else ground.mask


def _do(scene: Scene, step: Step, *, restraint: bool) -> None:
    """Do one step to the scene's picture, where it applies."""
    mask = scene.weight
    weight = _place(scene, step, mask)
    scene.weight = weight  # What paints an edge or a sun of its own should know that it paints a part only.
    try:
        painted = _keep_alpha(scene.picture, find(step.op)(scene, amount=step.amount, **step.params))
    finally:
        scene.weight = mask
    operation = vocabulary().operations[step.op]
    if restraint and not (operation.steady or operation.even) and scene.faces:
        held = 1 - np.float32(1 - FACE_RESTRAINT) * regions.faces(scene)
        weight = held if weight is None else weight * held
    scene.picture = painted if weight is None else composite(scene.picture, painted, weight)


def _keep_alpha(before: Raster, after: Raster) -> Raster:
    """A look or a style paints colours: what was transparent stays so."""
    if after.alpha is None and before.alpha is not None:
        return Raster(after.rgb, before.alpha)
    return after


def _place(scene: Scene, step: Step, mask: F32 | None) -> F32 | None:
    """Where the step applies: its region, without what it must leave alone, inside the mask. None: everywhere."""
    parts = [] if mask is None else [mask]
    if step.region is not None:
        parts.append(regions.weigh(scene, step.region))
    parts += [1 - regions.weigh(scene, region) for region in step.keep]
    if not parts:
        return None
    product = parts[0]
    for part in parts[1:]:
        product = product * part
    return np.ascontiguousarray(product, dtype=np.float32)
