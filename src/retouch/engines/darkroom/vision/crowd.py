"""Every face in a picture, the small and the half hidden ones too."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np

from retouch.engines.darkroom.filters import shrink
from retouch.engines.darkroom.vision.faces import (
    FAR,
    NEAR,
    ROOM,
    SURE,
    Sighting,
    distinct,
    fit,
    lying,
    sight,
    sightings,
    squares,
)
from retouch.imaging.raster import F32, U8

LIKELY, CERTAIN, TELLING = 0.9, 0.9, 0.99
"""How sure the mesh network must be of what a detector saw well, a detector of what the mesh does not fit, as a
face from the side, and the mesh network of what a detector only suspects."""
WELL = 0.7
"""How sure a detector is of what it saw well."""
SIDE = 1600
"""The longer side of the view in which small faces are looked for."""
PART, CLOSE, OVERLAP = 0.2, 0.1, 0.13
"""The side of the parts that the far detector sees, all over the picture and around hints, as shares of the view's
longer side. A face that two parts cut is found in larger ones."""
HINT, MOST, FLAT = 0.08, 32, 5
"""How little the near detector must suspect for a closer look, how many such looks there are, and the contrast, in
levels, below which there is nothing to look at."""
FEWEST = 8
"""Pixels; a smaller face is no face to anybody."""


class Oval(NamedTuple):
    """Where a face is: its middle as shares of the picture's width and height, its size as a share of the width,
    how far it leans in degrees."""

    x: float
    y: float
    side: float
    angle: float


def find_every_face(rgb: U8) -> list[Oval]:
    """Where faces may be, for what had better cover one too many than miss one.

    Unlike `faces.find_faces`, the picture is looked at in smaller parts as well, and what a detector is sure of
    counts without the mesh. The number of looks is bounded, whatever the picture holds.
    """
    view: U8 = np.asarray(shrink(rgb, SIDE), dtype=np.uint8)
    height, width = view.shape[:2]
    faces = [one for one in _suspects(view) if one.side >= FEWEST and _is_face(view, one)]
    # A nose or a mouth alone may look like a face; it is covered with the face that it is in.
    faces = [one for one in faces if not any(other is not one and _holds(other, one) for other in faces)]
    if not faces:
        faces = [one for one in lying(view) if _presence(view, one) >= SURE]
    return [
        Oval(
            float(one.centre[0]) / width,
            float(one.centre[1]) / height,
            one.side / width,
            float(np.degrees(one.angle)),
        )
        for one in faces
    ]


def _suspects(view: U8) -> list[Sighting]:
    """What either detector takes for a face, at every size."""
    height, width = view.shape[:2]
    found: list[Sighting] = []
    # More pixels than there are show no more.
    hints = list(sight(view, NEAR, HINT, min(max(width, height), round(NEAR.side / CLOSE))))
    found += [one for one in hints if one.score > 0.5]
    looked: list[F32] = []
    for left, top, side in squares(width, height, PART, OVERLAP):
        part = view[top : top + side, left : left + side]
        if float(cv2.meanStdDev(cv2.cvtColor(part, cv2.COLOR_RGB2GRAY))[1][0, 0]) >= FLAT:
            found += _look(view, left, top, side)
    side = round(CLOSE * max(width, height))
    for hint in sorted(hints, key=lambda one: -one.score):
        if len(looked) == MOST:
            break
        if hint.side < 0.6 * side and all(np.abs(hint.centre - other).max() >= 0.3 * side for other in looked):
            looked.append(hint.centre)
            left, top = np.clip(hint.centre - side / 2, 0, (max(0, width - side), max(0, height - side)))
            found += _look(view, int(left), int(top), side)
    # Of a large face the views that hold all of it know best where it is.
    whole = sightings(view)
    return whole + [one for one in distinct(found) if all(one.overlap(other) < 0.3 for other in whole)]


def _holds(face: Sighting, part: Sighting) -> bool:
    return bool(np.abs(face.centre - part.centre).max() + part.side / 2 < 0.6 * face.side)


def _look(view: U8, left: int, top: int, side: int) -> list[Sighting]:
    """What the far detector sees in a square of the view."""
    corner = np.array([left, top], np.float32)
    part = view[top : top + side, left : left + side]
    return [replace(one, centre=one.centre + corner) for one in sight(part, FAR, 0.5)]


def _is_face(view: U8, one: Sighting) -> bool:
    if one.score >= CERTAIN:
        return True
    return _presence(view, one) >= (LIKELY if one.score >= WELL else TELLING)


def _presence(view: U8, one: Sighting) -> float:
    """How sure the mesh network is that a face is there: 0..1."""
    return max(fit(view, one, room)[1] for room in ROOM)
