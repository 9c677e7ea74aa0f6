"""A picture carried on beyond one of its edges, or into another shape."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from retouch.engines.darkroom.operations.fill import extend
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import Raster

Size = tuple[int, int]

SHARE = 0.25
"""How much of a side is added where nobody says how much: what more there is would be guessed."""

_ACROSS = ("left", "right")


def extend_frame(
    scene: Scene, *, amount: float = 1.0, side: str | None = None, ratio: str | None = None, share: float = SHARE
) -> Raster:
    """The picture with new area: beyond ``side`` ("left", "right", "top" or "bottom"), by ``share`` of its width
    or height, or on both sides of its shorter way until it has the ``ratio`` ("16:9"). Painted as `fill.extend`
    does. ``amount`` is not used. A picture that has the shape already comes back as it is."""
    picture = scene.picture
    width, height = extend_frame_size(picture.size, (), side=side, ratio=ratio, share=share)
    more_x, more_y = width - picture.width, height - picture.height
    if not (more_x or more_y):
        return picture
    left = {"left": more_x, "right": 0}.get(side or "", more_x // 2)
    top = {"top": more_y, "bottom": 0}.get(side or "", more_y // 2)
    edges = (top, more_y - top, left, more_x - left)
    rgb = np.asarray(cv2.copyMakeBorder(picture.rgb, *edges, cv2.BORDER_REPLICATE), np.uint8)
    alpha = None
    if picture.alpha is not None:
        alpha = np.asarray(cv2.copyMakeBorder(picture.alpha, *edges, cv2.BORDER_REPLICATE), np.uint8)
    weight = np.ones((height, width), np.float32)
    weight[top : top + picture.height, left : left + picture.width] = 0
    canvas = Scene(
        Raster(rgb, alpha), weight=weight, seed=scene.seed, variation=scene.variation, quality=scene.quality
    )
    return extend(canvas)


def extend_frame_size(
    size: Size,
    sources: Sequence[Size],
    *,
    side: str | None = None,
    ratio: str | None = None,
    share: float = SHARE,
) -> Size:
    width, height = size
    if side is not None:
        return (round(width * (1 + share)), height) if side in _ACROSS else (width, round(height * (1 + share)))
    if ratio is None:
        return size
    across, down = (int(part) for part in ratio.split(":"))
    return max(width, round(height * across / down)), max(height, round(width * down / across))
