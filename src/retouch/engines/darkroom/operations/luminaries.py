"""Sun and moon in a sky: light that is added to it, as a lens sees them."""

from __future__ import annotations

import cv2
import numpy as np

from retouch.engines.darkroom.colour import luminance, to_linear, to_srgb
from retouch.engines.darkroom.operations.placing import Spot
from retouch.imaging.raster import F32, U8

MOONS = frozenset(
    (
        "full-moon",
        "crescent-moon",
        "waxing-crescent-moon",
        "waning-crescent-moon",
        "first-quarter-moon",
        "last-quarter-moon",
        "waxing-gibbous-moon",
        "waning-gibbous-moon",
    )
)
SUN = "sun"
SHARE = {"sun": 0.5, "moon": 0.68}
"""How large their discs are beside a drawn thing: the sun's glow takes the rest."""
REACH = 5.0
"""How far their glow is followed, in radii."""
WARM: F32 = np.array([1.0, 0.80, 0.48], np.float32)
PALE: F32 = np.array([1.0, 0.97, 0.90], np.float32)


def shine(rgb: U8, cut: U8, spot: Spot, name: str) -> None:
    """Add the light of the sun or a moon at ``spot`` to the picture, in place. ``cut``: the moon's drawing, uint8
    (height, width, 4)."""
    height, width = rgb.shape[:2]
    x, y = spot.middle
    radius = max(2.0, SHARE["sun" if name == SUN else "moon"] * max(spot.width, spot.height) / 2)
    reach = REACH * radius
    left, top = max(0, int(x - reach)), max(0, int(y - reach))
    right, bottom = min(width, int(x + reach) + 1), min(height, int(y + reach) + 1)
    view = rgb[top:bottom, left:right]
    across = np.arange(left, right, dtype=np.float32) - np.float32(x)
    down = np.arange(top, bottom, dtype=np.float32) - np.float32(y)
    far = np.sqrt(across[None] ** 2 + down[:, None] ** 2) / np.float32(radius)
    # The glow ends where it is no longer followed.
    fade = np.clip((REACH - far) / 2, 0, 1)
    sky = to_linear(view)
    level = float(np.median(luminance(sky)))
    # On a white sky nothing brighter shows: there the sun's glow is warmer than it, and the moon's face darker.
    white = np.float32(np.clip((level - 0.45) / 0.3, 0, 1))
    if name == SUN:
        disc = np.clip((1 - far) * np.float32(radius / max(1.5, 0.12 * radius)) + np.float32(0.5), 0, 1)
        halo = (np.exp(-1.5 * np.maximum(far - 1, 0)) * 0.55 + np.exp(-0.75 * far) * 0.35) * fade
        sky *= 1 - (halo * white)[..., None] * (1 - WARM) * np.float32(0.7)
        light = (halo * (1 - white))[..., None] * WARM + disc[..., None] * np.array([3.0, 2.7, 2.2], np.float32)
    else:
        face, cover = _face(cut, view.shape[:2], (x - left, y - top), radius)
        dark = 1 - float(np.clip(level / 0.25, 0, 1))
        glow = np.exp(-1.3 * np.maximum(far - 1, 0)) * fade * np.float32(0.10 * dark)
        # By day the air in front is as bright as the sky: the moon is only a little brighter.
        light = face[..., None] * PALE * np.float32(0.34 + 0.56 * dark) + glow[..., None] * PALE
        sky *= 1 - (white * cover * (np.float32(0.12) + np.float32(0.3) * (1 - face)))[..., None]
    # Light is added the less the nearer the picture is to white, so that nothing clips in steps.
    view[:] = to_srgb((sky + light * np.clip(1.02 - sky, 0, 1)).astype(np.float32))


def _face(cut: U8, shape: tuple[int, int], centre: tuple[float, float], radius: float) -> tuple[F32, F32]:
    """How bright the moon's face is and how much it covers, 0..1, in a room of ``shape``, around ``centre``."""
    cover = cut[..., 3].astype(np.float32) * np.float32(1 / 255)
    grey = luminance(to_linear(np.ascontiguousarray(cut[..., :3])))
    lit = grey[cover > 0.5]
    bright = float(np.percentile(lit, 90)) if lit.size else 1.0
    # A real moon's seas are darker than the drawing's.
    face = np.clip(grey / np.float32(max(bright, 0.05)), 0, 1) ** np.float32(1.6) * cover
    scale = 2 * radius / max(cut.shape[:2])
    matrix = np.array(
        [
            [scale, 0, centre[0] - scale * cut.shape[1] / 2],
            [0, scale, centre[1] - scale * cut.shape[0] / 2],
        ],
        np.float32,
    )
    both = cv2.GaussianBlur(np.dstack([face, cover]), (0, 0), max(0.3, 0.4 / scale))
    laid = cv2.GaussianBlur(cv2.warpAffine(both, matrix, (shape[1], shape[0])), (0, 0), 0.8)
    return np.asarray(laid[..., 0], np.float32), np.asarray(laid[..., 1], np.float32)
