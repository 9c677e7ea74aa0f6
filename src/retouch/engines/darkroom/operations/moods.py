"""Moods: a grade with light of its own kind: dreamy, moody, dramatic, high key, low key, HDR, cyberpunk."""

from __future__ import annotations

import cv2
import numpy as np

from retouch.engines.darkroom.colour import Grade, Tint, apply_table
from retouch.engines.darkroom.filters import shrink
from retouch.engines.darkroom.operations import light
from retouch.engines.darkroom.operations.films import neon_table
from retouch.engines.darkroom.operations.local import AXIS, retone, strips
from retouch.engines.darkroom.operations.looks import Look, graded, rein, render, vary
from retouch.engines.darkroom.operations.tone import bright_weight, dark_weight
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import F32, U8, Raster

HIGH_KEY = Look(
    Grade(exposure=1.15, contrast=-0.02, saturation=0.88, black=0.06),
    swing={"exposure": 0.35, "saturation": -0.12, "warmth": 0.10},
    bloom=0.40,
)
LOW_KEY = Look(
    Grade(exposure=-1.25, hold=0.62, contrast=0.24, pivot=0.42, saturation=0.88),
    swing={"exposure": -0.3, "warmth": 0.12, "contrast": 0.05},
    vignette=1.2,
)
MOODY = Look(
    Grade(
        exposure=-0.62,
        hold=0.30,
        contrast=0.10,
        saturation=0.66,
        warmth=-0.04,
        shadows=Tint("#123a40", 0.34),
        highlights=Tint("#d8b48a", 0.20),
        black=0.14,
        white=0.94,
    ),
    swing={"exposure": -0.2, "warmth": 0.14, "shadows": 0.12},
    vignette=0.8,
    grain=0.010,
)
_DREAMY = Grade(
    exposure=0.30,
    contrast=-0.10,
    saturation=0.92,
    warmth=0.10,
    shadows=Tint("#7a6aa8", 0.16),
    highlights=Tint("#ffdcc0", 0.22),
    black=0.06,
)
_DRAMATIC = Grade(exposure=-0.22, hold=0.6, contrast=0.14, saturation=0.76, shadows=Tint("#20304a", 0.18))
_CYBERPUNK = Grade(
    exposure=-0.70,
    hold=0.45,
    contrast=0.26,
    pivot=0.42,
    saturation=1.12,
    shadows=Tint("#2a14a0", 0.34),
    middles=Tint("#6a30d8", 0.12),
    highlights=Tint("#4ae6ff", 0.34),
    black=0.02,
)
_SWING = {"exposure": 0.16, "contrast": 0.06, "warmth": 0.12}


def high_key(scene: Scene, *, amount: float = 1.0) -> Raster:
    """Bright and nearly shadowless."""
    return render(scene, HIGH_KEY, amount, 51)


def low_key(scene: Scene, *, amount: float = 1.0) -> Raster:
    """Dark, with the lights alone left."""
    return render(scene, LOW_KEY, amount, 52)


def moody(scene: Scene, *, amount: float = 1.0) -> Raster:
    """Dark, quiet colours, cold shadows that never are quite black."""
    return render(scene, MOODY, amount, 53)


def dreamy(scene: Scene, *, amount: float = 1.0) -> Raster:
    """A sharp picture under a soft one, the light of both running together.

    Source of the method: Michael Orton's sandwich of two slides, one sharp and one out of focus.
    """
    if amount <= 0:
        return scene.picture
    amount = rein(amount, 0.5)
    rgb = graded(scene.picture.rgb, vary(_DREAMY, _SWING, scene.variation), amount)
    soft = _out_of_focus(rgb, 0.016)
    share = np.float32(min(0.75, 0.46 * amount * (1 + 0.2 * scene.variation)))
    for rows in strips(*rgb.shape[:2]):
        part, over = light.develop(rgb[rows]), _stretch(soft, rgb.shape, rows)
        # Screened, but a part of it only: two exposures in full would burn every light out.
        part += (over - part * over * np.float32(1 / 255)) * share * np.float32(0.62)
        part += (over - part) * share * np.float32(0.40)
        rgb[rows] = light.fix(part)
    return Raster(rgb, scene.picture.alpha)


def dramatic(scene: Scene, *, amount: float = 1.0) -> Raster:
    """Every cloud and wrinkle worked out, dark and a little drained of colour."""
    if amount <= 0:
        return scene.picture
    amount = rein(amount, 0.5)
    curve = AXIS - np.float32(0.06 * amount) * bright_weight(AXIS) - np.float32(0.02 * amount) * dark_weight(AXIS)
    detail = 1 + np.float32(0.75 * amount) * np.sqrt(4 * AXIS * (1 - AXIS))
    rgb = retone(scene.picture.rgb, curve, detail=detail, reach=0.07, edge=0.14, grain=0.012)
    rgb = graded(rgb, vary(_DRAMATIC, _SWING, scene.variation), amount)
    image = light.develop(rgb)
    light.vignette(image, strength=0.95 * amount)
    return Raster(light.fix(image), scene.picture.alpha)


def hdr(scene: Scene, *, amount: float = 1.0) -> Raster:
    """As from a bracket of exposures: light in the shadows, drawing in the lights, structure, no halos."""
    if amount <= 0:
        return scene.picture
    strength = rein(amount, 0.4) * (1 + 0.2 * scene.variation)
    curve = (
        AXIS + np.float32(0.15 * strength) * dark_weight(AXIS) - np.float32(0.13 * strength) * bright_weight(AXIS)
    )
    broad = 1 + np.float32(0.55 * strength) * np.sqrt(4 * AXIS * (1 - AXIS)) + np.float32(0.2 * strength)
    rgb = retone(scene.picture.rgb, curve, detail=broad, reach=0.06, edge=0.16, grain=0.012)
    fine = 1 + np.float32(0.35 * strength)
    rgb = retone(rgb, AXIS, detail=float(fine), reach=0.012, edge=0.08, grain=0.016)
    grade = Grade(contrast=0.05, saturation=1.06, vibrance=0.30)
    return Raster(graded(rgb, grade, min(1.0, strength)), scene.picture.alpha)


def cyberpunk(scene: Scene, *, amount: float = 1.0) -> Raster:
    """A city by its signs: magenta light from one side, cyan from the other, violet shadows, glowing lamps."""
    if amount <= 0:
        return scene.picture
    amount = rein(amount, 0.4)
    rgb = apply_table(scene.picture.rgb, neon_table(scene.variation), min(1.0, amount))
    rgb = graded(rgb, vary(_CYBERPUNK, {"exposure": 0.14, "middles": 0.10}, scene.variation), amount)
    image = light.develop(rgb)
    _signs(image, min(1.0, amount), mirrored=scene.variation < -0.25)
    light.bloom(image, strength=0.85 * amount, threshold=0.5, tint=(1.0, 0.62, 1.0))
    light.vignette(image, strength=0.6 * amount)
    light.grain(image, strength=0.010 * amount, rng=scene.rng(54))
    return Raster(light.fix(image), scene.picture.alpha)


def _signs(image: F32, amount: float, *, mirrored: bool) -> None:
    """Two lamps on ``image`` (sRGB levels, in place): their colours multiply what they fall on."""
    axis = np.linspace(0, 1, 64, dtype=np.float32)
    x = axis[None, ::-1] if mirrored else axis[None, :]
    left = np.exp(-np.square(x / 0.55)) * (1 - 0.25 * axis[:, None])
    right = np.exp(-np.square((1 - x) / 0.55)) * (0.75 + 0.25 * axis[:, None])
    magenta, cyan = np.array([0.34, -0.34, 0.10], np.float32), np.array([-0.46, 0.16, 0.24], np.float32)
    gain = 1 + np.float32(amount) * (left[..., None] * magenta + right[..., None] * cyan)
    size = (image.shape[1], image.shape[0])
    cv2.multiply(image, cv2.resize(gain.astype(np.float32), size), dst=image)


def _out_of_focus(rgb: U8, share: float) -> F32:
    """A small, blurred copy, sRGB levels; ``share``: the blur's deviation against the longer side."""
    small = light.develop(np.asarray(shrink(rgb, 384), dtype=np.uint8))
    return np.asarray(cv2.GaussianBlur(small, (0, 0), max(0.8, share * max(small.shape[:2]))), dtype=np.float32)


def _stretch(small: F32, shape: tuple[int, ...], rows: slice) -> F32:
    """Those rows of ``small`` brought to the size that ``shape`` tells."""
    scale = (small.shape[1] / shape[1], small.shape[0] / shape[0])
    matrix = np.array(
        [[scale[0], 0, scale[0] / 2 - 0.5], [0, scale[1], (rows.start + 0.5) * scale[1] - 0.5]], np.float32
    )
    size = (shape[1], rows.stop - rows.start)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(small, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), dtype=np.float32
    )
