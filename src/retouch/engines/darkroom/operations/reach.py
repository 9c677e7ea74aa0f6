"""A picture carried on beyond one of its edges, or into another shape."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from retouch.engines.darkroom.operations.bands import bands
from retouch.engines.darkroom.operations.even import even_rim
from retouch.engines.darkroom.operations.fill import extend
from retouch.engines.darkroom.scene import Scene
from retouch.errors import UnsupportedInstruction
from retouch.imaging.raster import F32, Raster

Size = tuple[int, int]

SHARE = 0.25
"""How much of a side is added where nobody says how much: what more there is would be guessed."""

MOST = 0.6
"""How much longer a side may become where something other than even ground meets the edges."""

MOST_BOTH = 0.8
"""The same where it is split over both sides, so that neither becomes longer than by `MOST`."""

_ACROSS = ("left", "right", "sides", "all")
_UPRIGHT = ("top", "bottom", "ends", "all")


def extend_frame(
    scene: Scene, *, amount: float = 1.0, side: str | None = None, ratio: str | None = None, share: float = SHARE
) -> Raster:
    """The picture with new area: beyond ``side`` ("left", "right", "top" or "bottom"; "sides" and "ends" are two
    of them, "all" all four), each by ``share`` of its width or height, or on both sides of its shorter way until
    it has the ``ratio`` ("16:9"). Painted as `fill.extend` does. ``amount`` is not used. A picture that has the
    shape already comes back as it is."""
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


def extend_frame_needs(
    scene: Scene,
    mask: F32 | None,
    *,
    side: str | None = None,
    ratio: str | None = None,
    share: float = SHARE,
) -> None:
    """Raise `UnsupportedInstruction` where so much would be added that most of it were guessed: beyond `MOST`
    to one side or `MOST_BOTH` to two, unless what meets the edges is even ground."""
    size = scene.original.size
    width, height = extend_frame_size(size, (), side=side, ratio=ratio, share=share)
    # A pixel more or less, which rounding makes, is not the point.
    more = max(width / size[0], height / size[1]) - 1
    most = MOST if side in ("left", "right", "top", "bottom") else MOST_BOTH
    if more <= most + 0.01:
        return
    hole = np.ones((height, width), np.bool_)
    left = {"left": width - size[0], "right": 0}.get(side or "", (width - size[0]) // 2)
    top = {"top": height - size[1], "bottom": 0}.get(side or "", (height - size[1]) // 2)
    hole[top : top + size[1], left : left + size[0]] = False
    canvas = np.zeros((height, width, 3), np.uint8)
    canvas[top : top + size[1], left : left + size[0]] = scene.original.rgb
    if any(even_rim(canvas, band) is None for band in bands(hole)):
        raise UnsupportedInstruction(
            f"That would make the picture more than {most:.0%} longer, and most of what is added would be "
            "guessed. A shape nearer to its own works, or a crop to that shape."
        )


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
        times = 1 + share * (2 if side in ("sides", "ends", "all") else 1)
        return (
            round(width * times) if side in _ACROSS else width,
            round(height * times) if side in _UPRIGHT else height,
        )
    if ratio is None:
        return size
    across, down = (int(part) for part in ratio.split(":"))
    return max(width, round(height * across / down)), max(height, round(width * down / across))
