"""What a recipe takes for granted, looked for before anything is promised."""

from __future__ import annotations

from retouch.engines.darkroom import regions
from retouch.engines.darkroom.operations import needs
from retouch.engines.darkroom.recipe import Recipe, Step
from retouch.engines.darkroom.scene import Scene
from retouch.engines.darkroom.understanding.vocabulary import vocabulary
from retouch.errors import TargetNotFound
from retouch.imaging.raster import F32

LOOK_SIDE = 1024
"""The longer side, in pixels, of what is looked at before anything is promised."""

WORN = "props"
"""The family of operations that put something on a face."""


def seek(scene: Scene, recipe: Recipe, mask: F32 | None) -> None:
    """Raise `TargetNotFound` where a step asks for something that is not in the picture, nor in the one that it
    speaks of. ``mask``: of the source's size, what may change. Raises `UnsupportedInstruction` for a picture that
    was not sent."""
    for step in recipe.steps:
        if step.op == "take":
            # What comes after is done to that picture, to which no mask belongs.
            scene, mask = scene.source(int(step.params["image"]), side=LOOK_SIDE), None
            continue
        regions.seek(scene, [*([step.region] if step.region else []), *step.keep])
        _seek_of_its_own(scene, step, mask)


def _seek_of_its_own(scene: Scene, step: Step, mask: F32 | None) -> None:
    look = needs(step.op)
    if look is not None:
        look(scene, mask, **step.params)
    elif vocabulary().operations[step.op].family == WORN:
        regions.seek(scene, ["face"])
        if mask is not None and not any(_marked(scene, face.box, mask) for face in scene.faces):
            raise TargetNotFound("There is no face inside the marked area.")


def _marked(scene: Scene, box: tuple[float, float, float, float], mask: F32) -> bool:
    """Whether the mask (of the source's size) lets any of a face's ``box`` change."""
    scale = mask.shape[1] / scene.original.width
    left, top, right, bottom = (max(0, round(edge * scale)) for edge in box)
    return bool((mask[top : bottom + 1, left : right + 1] > 0).any())
