"""Taking the subject out of its background."""

from __future__ import annotations

import numpy as np

from retouch.engines.darkroom.scene import Scene
from retouch.engines.darkroom.vision.matte import estimate_foreground
from retouch.errors import TargetNotFound
from retouch.imaging.raster import F32, U8, Raster


def remove_background(scene: Scene, *, amount: float = 1.0) -> Raster:
    """The subject alone, on nothing: RGBA, colours at its edge freed of the background's.

    ``amount`` below 1 leaves that much less of the background away. An alpha that the picture has is kept:
    what was transparent stays so. Raises `TargetNotFound` where no subject stands out.
    """
    remove_background_needs(scene, None)
    picture = scene.picture
    alpha = 1 - np.float32(min(1.0, max(0.0, amount))) * (1 - scene.matte)
    # A grey that rounds to opaque or to nothing should be computed as such.
    levels: U8 = (alpha * 255 + np.float32(0.5)).astype(np.uint8)
    rgb = estimate_foreground(picture.rgb, levels * np.float32(1 / 255)) if amount >= 1 else picture.rgb
    if picture.alpha is not None:
        levels = (levels * picture.alpha.astype(np.uint16) // 255).astype(np.uint8)
    return Raster(rgb, levels)


def remove_background_needs(scene: Scene, mask: F32 | None) -> None:
    """Raise `TargetNotFound` where no subject stands out."""
    if not scene.stands_out:
        raise TargetNotFound(
            "No clear subject stands out in this picture, so its background cannot be removed. "
            "Try a picture with one main subject."
        )
