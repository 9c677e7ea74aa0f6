"""Making faces and whatever else unrecognisable."""

from __future__ import annotations

from math import cos, radians, sin

import cv2
import numpy as np

from retouch.engines.darkroom.scene import Scene
from retouch.engines.darkroom.vision.crowd import Oval
from retouch.errors import TargetNotFound
from retouch.imaging.composite import composite
from retouch.imaging.raster import F32, U8, Raster

CELLS = 7
"""How many cells a face is averaged into each way. Nothing finer is left of it: no filter brings back a mean."""
HEAD = (0.66, 0.92, -0.14)
"""The half axes of a head's oval and how far its middle lies below the detector's, as shares of its square: a
negative share is above. Hair, ears and chin give a person away, too."""
BLOCKS = 56
"""How many blocks the longer side of a pixelated picture has."""


def blur_faces(scene: Scene, *, amount: float = 1.0, style: str = "blur") -> Raster:
    """Every face covered by an oval in which nothing can be recognised, nor brought back: it is averaged into a
    few cells, which "blur" smooths and "pixelate" shows. ``amount`` is not used: half a protection is none.

    Raises `TargetNotFound` where there is no face.
    """
    blur_faces_needs(scene, None)
    picture = scene.picture
    for oval in scene.crowd:
        picture = _cover(picture, oval, style)
    return picture


def blur_faces_needs(scene: Scene, mask: F32 | None, **_: object) -> None:
    if not scene.crowd:
        raise TargetNotFound(
            "There is no face to be found in this picture. A mask can mark what is to be made unrecognisable: "
            "say 'pixelate this area'."
        )
    if mask is not None and not any(_shows(oval, mask) for oval in scene.crowd):
        raise TargetNotFound("There is no face inside the marked area. To hide what it marks, say 'pixelate it'.")


def pixelate_faces(scene: Scene, *, amount: float = 1.0) -> Raster:
    """As `blur_faces` in the style "pixelate"."""
    return blur_faces(scene, style="pixelate")


pixelate_faces_needs = blur_faces_needs


def _shows(oval: Oval, mask: F32) -> bool:
    """Whether the mask (of any size) lets any of a face change."""
    height, width = mask.shape
    x, y, half = oval.x * width, oval.y * height, oval.side * width / 2
    rows = slice(max(0, int(y - half)), max(0, int(y + half)) + 1)
    return bool((mask[rows, max(0, int(x - half)) : max(0, int(x + half)) + 1] > 0).any())


def pixelate(scene: Scene, *, amount: float = 1.0, blocks: int | str = BLOCKS) -> Raster:
    """The picture in square blocks of one colour each, ``blocks`` along its longer side; where only a part may
    change, enough of them in it to hide it. ``amount`` makes them larger."""
    picture = scene.picture
    side = max(picture.size) / (float(blocks) / max(0.25, amount))
    weight = scene.weight
    if weight is not None and (weight > 0).any():
        rows, columns = np.flatnonzero((weight > 0).any(1)), np.flatnonzero((weight > 0).any(0))
        extent = max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1
        side = min(side, extent / CELLS)
    cell = max(2, round(side))
    return Raster(_blocks(picture.rgb, cell), picture.alpha)


def _cover(picture: Raster, oval: Oval, style: str) -> Raster:
    """``picture`` with the head at ``oval`` covered."""
    width, height = picture.size
    side = max(4.0, oval.side * width)
    lean = radians(oval.angle)
    x = oval.x * width - HEAD[2] * side * sin(lean)
    y = oval.y * height + HEAD[2] * side * cos(lean)
    reach = round(HEAD[1] * side * 1.25) + 4
    left, top = max(0, int(x) - reach), max(0, int(y) - reach)
    right, bottom = min(width, int(x) + reach + 1), min(height, int(y) + reach + 1)
    if right - left < 2 or bottom - top < 2:
        return picture
    part = np.s_[top:bottom, left:right]
    there: U8 = np.ascontiguousarray(picture.rgb[part])
    cell = max(2, round(2 * HEAD[0] * side / CELLS))
    hidden = _blocks(there, cell) if style == "pixelate" else _smeared(there, cell)
    weight: F32 = np.zeros(there.shape[:2], np.float32)
    axes = (HEAD[0] * side, HEAD[1] * side)
    cv2.ellipse(weight, ((x - left, y - top), (2 * axes[0], 2 * axes[1]), oval.angle), 1.0, -1)
    # The soft edge lies outside of the oval: inside nothing of the face shows through.
    soft = max(1.0, 0.035 * side)
    weight = np.clip(cv2.GaussianBlur(weight, (0, 0), soft) * np.float32(2), 0, 1).astype(np.float32)
    covered = composite(Raster(there), Raster(hidden), weight)
    rgb = picture.rgb.copy()
    rgb[part] = covered.rgb
    return Raster(rgb, picture.alpha)


def _means(rgb: U8, cell: int) -> tuple[U8, tuple[int, int]]:
    """The mean colour of each ``cell``, and the size (width, height) that whole cells cover."""
    height, width = rgb.shape[:2]
    columns, rows = max(1, -(-width // cell)), max(1, -(-height // cell))
    padded = cv2.copyMakeBorder(rgb, 0, rows * cell - height, 0, columns * cell - width, cv2.BORDER_REPLICATE)
    means = cv2.resize(padded, (columns, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(means, dtype=np.uint8), (columns * cell, rows * cell)


def _blocks(rgb: U8, cell: int) -> U8:
    means, size = _means(rgb, cell)
    large = cv2.resize(means, size, interpolation=cv2.INTER_NEAREST)
    return np.ascontiguousarray(large[: rgb.shape[0], : rgb.shape[1]], dtype=np.uint8)


def _smeared(rgb: U8, cell: int) -> U8:
    means, size = _means(rgb, cell)
    large = cv2.resize(means, size, interpolation=cv2.INTER_LINEAR)
    smooth = cv2.GaussianBlur(large, (0, 0), 0.6 * cell)
    return np.ascontiguousarray(smooth[: rgb.shape[0], : rgb.shape[1]], dtype=np.uint8)
