"""The subject taken away, what surrounds it carried on over the gap."""

from __future__ import annotations

import cv2
import numpy as np

from retouch.engines.darkroom.operations.fill import fill
from retouch.engines.darkroom.operations.guard import coarsen, grow
from retouch.engines.darkroom.operations.patchmatch import Flags
from retouch.engines.darkroom.scene import Scene
from retouch.engines.darkroom.vision.saliency import is_clear
from retouch.errors import TargetNotFound
from retouch.imaging.raster import F32, U8, Raster

MOST = 0.38
"""The largest share of the picture that can be made up without it showing at once."""


MUCH, EDGE = 0.32, 60.0
"""The same, stricter where the gap is surrounded by things: its share times a half and what of its rim is busy,
and how many levels make an edge."""


def remove_subject(scene: Scene, *, amount: float = 1.0) -> Raster:
    """The picture without its subject, as `fill` paints over what a mask marks. ``amount`` has no halves here and
    is not used. Raises `TargetNotFound` where no subject stands out, or where it fills too much of the picture
    for anything honest to be put in its place."""
    hole = _gap(scene)
    if scene.weight is not None:
        hole &= scene.weight > 0
    if not hole.any():
        return scene.picture
    apart = Scene(
        scene.picture,
        weight=hole.astype(np.float32),
        seed=scene.seed,
        variation=scene.variation,
        quality=scene.quality,
        sources=scene.sources,
    )
    apart.learn_from(scene)
    return fill(apart)


def remove_subject_needs(scene: Scene, mask: F32 | None) -> None:
    """Raise `TargetNotFound` where `remove_subject` would."""
    _gap(scene)


def _too_large() -> TargetNotFound:
    return TargetNotFound(
        "The subject fills so much of this picture that there is too little left to put in its place. "
        "A mask can mark a smaller part."
    )


def _busy(rgb: U8, gap: Flags) -> float:
    """What share of the gap's rim lies on edges of things."""
    small = cv2.resize(rgb, (gap.shape[1] // 2 + 1, gap.shape[0] // 2 + 1), interpolation=cv2.INTER_AREA)
    low = coarsen(gap, small.shape[1], small.shape[0])
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    edges = cv2.magnitude(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    rim = grow(low, 8) & ~grow(low, 1)
    return float((edges[rim] > EDGE).mean()) if rim.any() else 1.0


def _gap(scene: Scene) -> Flags:
    if not is_clear(scene.saliency):
        raise TargetNotFound(
            "No clear subject stands out in this picture, so it cannot be taken away. A mask can mark it."
        )
    # Where the map doubts, the matte has decided.
    low = scene.outline > 0.12
    size = (low.shape[1], low.shape[0])
    low |= cv2.resize(scene.saliency, size, interpolation=cv2.INTER_AREA) > 0.5
    if low.mean() > MOST:
        raise _too_large()
    solid: F32 = low.astype(np.float32)
    tall = float(np.count_nonzero(low.any(1)))
    gap = grow(solid > 0, 5)
    # Its shadow lies at its foot more often than anywhere.
    foot = np.flatnonzero(low.any(1))[-1] if low.any() else 0
    lower = low.copy()
    lower[: max(0, int(foot - 0.18 * tall))] = False
    if lower.any():
        reach = max(3, int(0.045 * tall))
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (4 * reach + 1, 2 * reach + 1))
        gap |= cv2.dilate(lower.astype(np.uint8), disc) > 0
    if gap.mean() * (0.5 + _busy(scene.picture.rgb, gap)) > MUCH:
        raise _too_large()
    wide = cv2.resize(gap.astype(np.float32), scene.original.size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(wide > 0.3)
