"""Every face in a picture, the small and the half hidden ones too."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

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
from retouch.imaging.raster import U8

LIKELY, CERTAIN = 0.9, 0.9
"""How sure the mesh network must be of what a detector saw well, and a detector of what the mesh does not fit, as
a face from the side."""
WELL = 0.7
"""How sure a detector is of what it saw well."""
SIDE, PARTS, SMALLEST = 1600, (0.2, 0.1), 96
"""The longer side of the view in which small faces are looked for, its parts as shares of that, and the side of a
part, in pixels, that is worth a look."""
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
    counts without the mesh.
    """
    view: U8 = np.asarray(shrink(rgb, SIDE), dtype=np.uint8)
    height, width = view.shape[:2]
    found = sightings(view)
    for left, top, side in (square for share in PARTS for square in squares(width, height, share)):
        if side >= SMALLEST:
            corner = np.array([left, top], np.float32)
            found += [
                replace(one, centre=one.centre + corner)
                for detector in (FAR, NEAR)
                for one in sight(view[top : top + side, left : left + side], detector, 0.5)
            ]
    faces = [one for one in distinct(found) if one.side >= FEWEST and _is_face(view, one)]
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


def _is_face(view: U8, one: Sighting) -> bool:
    if one.score >= CERTAIN:
        return True
    return _presence(view, one) >= (LIKELY if one.score >= WELL else SURE)


def _presence(view: U8, one: Sighting) -> float:
    """How sure the mesh network is that a face is there: 0..1."""
    return max(fit(view, one, room)[1] for room in ROOM)
