"""Cutting a picture down to what matters in it."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from retouch.engines.darkroom.filters import shrink
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import F32, Raster

Size = tuple[int, int]

CLOSER = 0.7
"""How much of each side is left where no shape is asked for."""
FACE_ROOM = (0.35, 0.75, 0.45)
"""What belongs to a face beside, above and below its box, as shares of it."""
CENTRE, CUT = 0.06, 0.5
"""What a window away from the middle costs, and one that cuts what stands out at its edge."""


def crop(
    scene: Scene,
    *,
    amount: float = 1.0,
    ratio: str | None = None,
    share: float | str | None = None,
    side: str | None = None,
) -> Raster:
    """The window of the picture that shows most of its subject, faces whole.

    ``ratio``: its shape, as "16:9"; None keeps the picture's. ``share``: how much of each side is left, as far
    as the shape lets it; None leaves all that a new shape can, and `CLOSER` where the shape stays. ``side`` is
    the part to keep ("left", "top", ...), whatever is in it. ``amount`` is not used.
    """
    picture = scene.picture
    width, height = crop_size(picture.size, (), ratio=ratio, share=share, side=side)
    spare_x, spare_y = picture.width - width, picture.height - height
    if side is not None:
        left = {"left": 0, "right": spare_x}.get(side, spare_x // 2)
        top = {"top": 0, "bottom": spare_y}.get(side, spare_y // 2)
    else:
        left, top = _window(scene, (width, height))
    return cut(picture, left, top, width, height)


def crop_size(
    size: Size,
    sources: Sequence[Size],
    *,
    ratio: str | None = None,
    share: float | str | None = None,
    side: str | None = None,
) -> Size:
    width, height = size
    if side is not None:
        kept = 0.5 if share is None else float(share)
        if side in ("left", "right"):
            return max(1, round(width * kept)), height
        return width, max(1, round(height * kept))
    across, down = (width, height) if ratio is None else _ratio(ratio)
    kept = (CLOSER if ratio is None else 1.0) if share is None else float(share)
    scale = min(width / across, height / down) * min(1.0, max(0.05, kept))
    return min(width, max(1, round(across * scale))), min(height, max(1, round(down * scale)))


def circle_crop(scene: Scene, *, amount: float = 1.0) -> Raster:
    """The square around the subject, cut to a circle: RGBA, transparent outside. ``amount`` is not used."""
    square = crop(scene, ratio="1:1")
    side = square.width
    fine = 4 if side <= 1024 else 2
    disc = np.zeros((side * fine, side * fine), np.uint8)
    cv2.circle(disc, (side * fine // 2, side * fine // 2), side * fine // 2 - 1, 255, -1)
    alpha = np.asarray(cv2.resize(disc, (side, side), interpolation=cv2.INTER_AREA), np.uint8)
    if square.alpha is not None:
        alpha = np.minimum(alpha, square.alpha)
    return Raster(square.rgb, alpha)


def circle_crop_size(size: Size, sources: Sequence[Size]) -> Size:
    return crop_size(size, sources, ratio="1:1")


def cut(picture: Raster, left: int, top: int, width: int, height: int) -> Raster:
    """The rectangle of ``picture`` with that upper left corner and that size."""
    part = np.s_[top : top + height, left : left + width]
    alpha = None if picture.alpha is None else np.ascontiguousarray(picture.alpha[part])
    return Raster(np.ascontiguousarray(picture.rgb[part]), alpha)


def _ratio(ratio: str) -> tuple[float, float]:
    across, _, down = ratio.partition(":")
    return float(across), float(down or 1)


def _window(scene: Scene, size: Size) -> tuple[int, int]:
    """The upper left corner of the best window of ``size``."""
    width, height = scene.picture.size
    worth = _worth(scene)
    rows, columns = worth.shape
    wide = min(columns, max(1, round(size[0] * columns / width)))
    high = min(rows, max(1, round(size[1] * rows / height)))
    total = cv2.integral(worth)
    inside = total[high:, wide:] - total[:-high, wide:] - total[high:, :-wide] + total[:-high, :-wide]
    # What the edges of the window run through is cut there.
    across = cv2.boxFilter(worth, -1, (1, high), anchor=(0, 0), normalize=False, borderType=cv2.BORDER_CONSTANT)
    down = cv2.boxFilter(worth, -1, (wide, 1), anchor=(0, 0), normalize=False, borderType=cv2.BORDER_CONSTANT)
    spots_y, spots_x = inside.shape
    edges = np.zeros_like(inside)
    if spots_x > 1:
        edges[:, 1:] += across[:spots_y, : spots_x - 1]
        edges[:, :-1] += across[:spots_y, wide - 1 : wide + spots_x - 2]
    if spots_y > 1:
        edges[1:] += down[: spots_y - 1, :spots_x]
        edges[:-1] += down[high - 1 : high + spots_y - 2, :spots_x]
    y, x = np.mgrid[:spots_y, :spots_x].astype(np.float32)
    off = np.abs(x - (spots_x - 1) / 2) / columns + np.abs(y - (spots_y - 1) / 2) / rows
    score = inside - CUT * edges - CENTRE * total[-1, -1] * off
    top, left = np.unravel_index(int(score.argmax()), score.shape)
    return (
        min(width - size[0], round(int(left) * width / columns)),
        min(height - size[1], round(int(top) * height / rows)),
    )


def _worth(scene: Scene) -> F32:
    """How much each spot of a small map of the picture is worth keeping."""
    small = np.ascontiguousarray(shrink(scene.original.rgb, 160), dtype=np.uint8)
    rows, columns = small.shape[:2]
    known = vars(scene).get("saliency")
    seen = scene.glimpse if known is None else known
    worth = cv2.resize(seen, (columns, rows), interpolation=cv2.INTER_AREA).astype(np.float32)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    worth += np.clip(cv2.GaussianBlur(np.abs(cv2.Laplacian(grey, cv2.CV_32F)), (0, 0), 3) / 200, 0, 0.08)
    scale = columns / scene.original.width
    for face in scene.faces:
        left, top, right, bottom = (edge * scale for edge in face.box)
        wide, high = right - left, bottom - top
        beside, above, below = FACE_ROOM
        box = np.s_[
            max(0, int(top - above * high)) : max(0, int(bottom + below * high)) + 1,
            max(0, int(left - beside * wide)) : max(0, int(right + beside * wide)) + 1,
        ]
        worth[box] += 6
    if scene.original.alpha is not None:
        worth *= cv2.resize(scene.original.alpha, (columns, rows), interpolation=cv2.INTER_AREA) / np.float32(255)
    return np.asarray(worth, dtype=np.float32)
