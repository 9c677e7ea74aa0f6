"""Where a step applies: the parts of a picture that an instruction can name, as weights."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np

from retouch.engines.darkroom.scene import Scene
from retouch.engines.darkroom.understanding.hues import say
from retouch.engines.darkroom.vision.faces import Face, glimpsed
from retouch.engines.darkroom.vision.hues import find_colour
from retouch.engines.darkroom.vision.hues import is_subjects as colour_is_subjects
from retouch.engines.darkroom.vision.saliency import is_clear
from retouch.errors import TargetNotFound
from retouch.imaging.raster import F32

SEAM = 0.06
"""How wide the blend between two halves is, as a share of the picture's side."""

COLOUR = "colour:"
"""What the name of a region begins with that is of a colour."""

FACE_CERTAIN, MOSTLY = 0.7, 0.4
"""How sure of a face a detector must be to keep a colour off it, and what share of the colour on faces is too much
for that not to be meant."""

SKY_CONFIDENCE = 0.35
"""Enough where a person says that there is a sky."""


def seek(scene: Scene, regions: Iterable[str]) -> None:
    """Raise `TargetNotFound` for the first of ``regions`` that the picture doesn't have."""
    for region in regions:
        if region == "sky" and scene.sky.confidence < SKY_CONFIDENCE:
            raise TargetNotFound("There is no sky to be found in this picture.")
        if region in ("subject", "background") and not scene.stands_out:
            raise TargetNotFound(
                f"No clear subject stands out in this picture, so its {region} cannot be told apart. "
                "A mask can mark it."
            )
        if region.startswith(COLOUR) and not of_colour(scene, region.removeprefix(COLOUR)).any():
            raise TargetNotFound(nothing_of(region.removeprefix(COLOUR)))
        if region == "face" and not scene.faces:
            raise TargetNotFound("There is no face to be found in this picture.")


def weigh(scene: Scene, region: str) -> F32:
    """How much each pixel belongs to ``region``, one of `recipe.REGIONS` or "colour:" and a colour of the palette:
    float32 (height, width) in 0..1, soft at its edge. Raises `TargetNotFound` where the picture doesn't have
    it."""
    if region.startswith(COLOUR):
        return _sought(scene, region.removeprefix(COLOUR))
    seek(scene, [region])
    width, height = scene.original.size
    match region:
        case "background":
            return 1 - scene.matte
        case "subject":
            return scene.matte
        case "sky":
            return scene.sky.alpha
        case "face":
            return faces(scene)
        case "left" | "right":
            return np.broadcast_to(_half(width, first=region == "left")[None, :], (height, width))
        case "top" | "bottom":
            return np.broadcast_to(_half(height, first=region == "top")[:, None], (height, width))
    raise ValueError(f"no such region: {region!r}")


def of_colour(scene: Scene, colour: str) -> F32:
    """How much each pixel has ``colour``; on the subject alone if it is the subject's, unless a mask says where.
    0 throughout where there is none."""
    masked = scene.weight is not None and bool((scene.weight <= 0).any())
    subject = scene.saliency if not masked and is_clear(scene.saliency) else None
    found = find_colour(scene.original.rgb, colour, subject)
    return found if masked else _without_faces(scene, found)


def is_subjects(scene: Scene, colour: str) -> bool:
    """Whether it is the subject alone that `of_colour` looks at, where no mask says where."""
    return is_clear(scene.saliency) and colour_is_subjects(scene.original.rgb, colour, scene.saliency)


def _without_faces(scene: Scene, found: F32) -> F32:
    """``found`` without lips and cheeks, where most of it is something else: who names a colour means a dress."""
    if not found.any():
        return found
    width = found.shape[1]
    held = np.zeros_like(found)
    for one in glimpsed(scene.original.rgb, FACE_CERTAIN):
        x, y = (float(place) * width for place in one.centre)
        reach = one.side * width
        axes = (max(1, round(0.5 * reach)), max(1, round(0.62 * reach)))
        cv2.ellipse(held, (round(x), round(y)), axes, 0, 0, 360, 1.0, -1)
    if not held.any() or float((found * held).sum()) > MOSTLY * float(found.sum()):
        return found
    return np.asarray(found * (1 - cv2.blur(held, (5, 5))), dtype=np.float32)


def nothing_of(colour: str) -> str:
    return f"There is nothing {say(colour)} in this picture."


def _sought(scene: Scene, colour: str) -> F32:
    weight = of_colour(scene, colour)
    if not weight.any():
        raise TargetNotFound(nothing_of(colour))
    return weight


def faces(scene: Scene, seen: Sequence[Face] | None = None) -> F32:
    """Every face of the picture, or those ``seen`` alone: the hull of its mesh, grown up the forehead, soft at its
    edge; 0 throughout where there is none."""
    width, height = scene.original.size
    weight = np.zeros((height, width), np.float32)
    for face in scene.faces if seen is None else seen:
        reach = max(3.0, 0.09 * max(face.box[2] - face.box[0], face.box[3] - face.box[1]))
        hull = cv2.convexHull(_grown(face.mesh[:, :2])).astype(np.int32)
        air = int(2 * reach) + 3
        left, top = np.maximum(hull.min((0, 1)) - air, 0)
        right, bottom = hull.max((0, 1)) + air
        near = weight[top:bottom, left:right]
        if near.size:
            one = np.zeros(near.shape, np.float32)
            cv2.fillConvexPoly(one, hull - (left, top), 1.0, lineType=cv2.LINE_AA)
            np.maximum(near, cv2.GaussianBlur(one, (0, 0), reach / 2), out=near)
    return weight


def _grown(points: F32) -> F32:
    """The mesh ends below the hairline and before the ears, so it is made a little larger about its centre."""
    centre = points.mean(0)
    return np.ascontiguousarray(centre + (points - centre) * np.float32(1.08), dtype=np.float32)


def _half(length: int, *, first: bool) -> F32:
    place = (np.arange(length, dtype=np.float32) + np.float32(0.5)) / np.float32(length)
    ramp: F32 = np.clip(np.float32(0.5) + (place - np.float32(0.5)) / np.float32(SEAM), 0, 1)
    return 1 - ramp if first else ramp
