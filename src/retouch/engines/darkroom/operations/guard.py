"""What a filling must not copy: the rest of the subject, and faces."""

from __future__ import annotations

import cv2
import numpy as np

from retouch.engines.darkroom.filters import shrink
from retouch.engines.darkroom.operations.membrane import spread
from retouch.engines.darkroom.operations.patchmatch import Flags
from retouch.engines.darkroom.scene import Scene
from retouch.engines.darkroom.vision.faces import Face, glimpsed
from retouch.engines.darkroom.vision.saliency import glance
from retouch.imaging.raster import U8

Box = tuple[slice, slice]

CERTAIN = 0.6
"""How sure a detector must be of a face that is not to be copied."""


def bounds(flags: Flags, air: int = 0) -> Box:
    """The rows and columns of the box around ``flags``, ``air`` wider on every side, inside the picture."""
    rows, columns = np.flatnonzero(flags.any(1)), np.flatnonzero(flags.any(0))
    height, width = flags.shape
    return (
        slice(max(0, int(rows[0]) - air), min(height, int(rows[-1]) + 1 + air)),
        slice(max(0, int(columns[0]) - air), min(width, int(columns[-1]) + 1 + air)),
    )


def grow(flags: Flags, by: int) -> Flags:
    """``flags`` made wider by ``by`` pixels on every side."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * by + 1, 2 * by + 1))
    return cv2.dilate(flags.astype(np.uint8), disc) > 0


def coarsen(flags: Flags, width: int, height: int) -> Flags:
    """``flags`` made smaller: set wherever any pixel below was."""
    share = cv2.resize(flags.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    return share > 1e-4


def near(flags: Flags, reach: float) -> Flags:
    """What lies within ``reach`` pixels of ``flags``."""
    return cv2.distanceTransform((~flags).astype(np.uint8), cv2.DIST_L2, 3) <= reach


def rest_of_subject(rgb: U8, hole: Flags) -> Flags:
    """The subject outside the hole, with a margin: what a filling should not copy, since a second face is
    worse than a plain patch. Nothing where there is no subject to speak of."""
    photograph = bounds(~hole)
    small: U8 = shrink(np.ascontiguousarray(rgb[photograph]), 320)  # type: ignore[assignment]
    gap = coarsen(hole[photograph], small.shape[1], small.shape[0])
    # What is to go must not be taken for the subject, so it goes before the network looks.
    plain = spread(small.astype(np.float32), (~gap).astype(np.float32))
    plain[~gap] = small[~gap]
    subject = (glance(np.clip(plain, 0, 255).astype(np.uint8)) > 0.4) & ~gap
    result = np.zeros_like(hole)
    if subject.mean() > 0.01:
        rows, columns = photograph
        size = (columns.stop - columns.start, rows.stop - rows.start)
        large = cv2.resize(grow(subject, 4).astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
        result[photograph] = large > 0
    return result & ~hole


def faces(scene: Scene, hole: Flags) -> Flags:
    """The boxes of the faces that the hole does not touch, a fifth larger, hair and chin included. A glimpse will
    do where they are not known: it is large faces that a filling makes another of."""
    result = np.zeros_like(hole)
    for left, top, right, bottom in _face_boxes(scene):
        air = 0.2 * max(right - left, bottom - top)
        rows = slice(max(0, int(top - 2 * air)), max(0, int(bottom + air)))
        columns = slice(max(0, int(left - air)), max(0, int(right + air)))
        if not hole[max(0, int(top)) : max(0, int(bottom)), max(0, int(left)) : max(0, int(right))].any():
            result[rows, columns] = True
    return result & ~hole


def _face_boxes(scene: Scene) -> list[tuple[float, float, float, float]]:
    known: list[Face] | None = vars(scene).get("faces")
    if known is not None:
        return [face.box for face in known]
    width = scene.original.width
    boxes = []
    for one in glimpsed(scene.original.rgb, CERTAIN):
        x, y = (float(place) * width for place in one.centre)
        reach = one.side * width / 2
        boxes.append((x - reach, y - reach, x + reach, y + reach))
    return boxes


def is_cut(subject: Flags, part: Flags, hole: Flags, share: float) -> bool:
    """Whether the rim of the hole's ``part`` lies on the subject by more than ``share``."""
    reach = max(1, max(hole.shape) // 100)
    around = bounds(part, reach)
    inside = cv2.blur(
        part[around].astype(np.float32), (2 * reach + 1, 2 * reach + 1), borderType=cv2.BORDER_CONSTANT
    )
    rim = (inside > 1e-4) & ~hole[around]
    return bool(rim.any() and subject[around][rim].mean() > share)
