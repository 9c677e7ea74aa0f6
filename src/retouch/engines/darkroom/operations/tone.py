"""The sliders of a raw converter: contrast, shadows, highlights, whites, blacks and clarity, each up or down.

An amount of 1 is the slider at its end: what is asked for in words alone is half of it.
"""

from __future__ import annotations

import numpy as np

from retouch.engines.darkroom.colour import Grade, apply_table, grade_table
from retouch.engines.darkroom.filters import shrink
from retouch.engines.darkroom.operations.local import AXIS, grey, retone
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import F32, U8, Raster

_SWING = 0.3
"""What a variation of 1 adds to a strength."""


def _strength(scene: Scene, amount: float) -> float:
    return min(1.0, max(0.0, amount)) * (1 + _SWING * scene.variation)


def middle_tone(rgb: U8) -> float:
    """The median tone of a picture, in lightness: 0.3 for a dark one to 0.65, in steps of 0.05."""
    tone = float(np.median(grey(np.asarray(shrink(rgb, 256), dtype=np.uint8))))
    return round(min(0.65, max(0.3, tone)) * 20) / 20


def _contrasted(scene: Scene, amount: float, contrast: float) -> Raster:
    if amount <= 0:
        return scene.picture
    rgb = scene.picture.rgb
    strength = round(contrast * _strength(scene, amount), 3)
    # About the picture's own middle, so that it gets neither darker nor brighter on the whole.
    grade = Grade(contrast=strength, pivot=middle_tone(rgb), saturation=1 + 0.25 * strength)
    return Raster(apply_table(rgb, grade_table(grade)), scene.picture.alpha)


def raise_contrast(scene: Scene, *, amount: float = 1.0) -> Raster:
    """Darker darks and brighter brights."""
    return _contrasted(scene, amount, 0.36)


def lower_contrast(scene: Scene, *, amount: float = 1.0) -> Raster:
    """Everything nearer the picture's middle."""
    return _contrasted(scene, amount, -0.32)


def dark_weight(tone: F32) -> F32:
    """How far a tone is one of the shadows: 1 at a quarter, 0 at black and toward white."""
    return np.asarray(tone * (1 - tone) ** 3 * np.float32(9.48), dtype=np.float32)


def bright_weight(tone: F32) -> F32:
    """How far a tone is one of the highlights: 1 at three quarters, 0 at white and toward black."""
    return dark_weight(1 - tone)


def _ends(tone: F32) -> F32:
    """How far a tone is next to black: 1 at black, 0 from a third on."""
    return np.asarray(np.maximum(1 - 3 * tone, 0) ** 2, dtype=np.float32)


def _curved(scene: Scene, amount: float, shift: F32, *, detail: F32 | float = 1.0) -> Raster:
    """The picture with ``shift`` (by tone, in tone) added to its broad light."""
    if amount <= 0:
        return scene.picture
    strength = np.float32(_strength(scene, amount))
    curve = np.clip(AXIS + strength * shift, 0, 1)
    more = 1 + strength * (detail - np.float32(1)) if isinstance(detail, np.ndarray) else detail
    return Raster(retone(scene.picture.rgb, curve, detail=more), scene.picture.alpha)


def raise_shadows(scene: Scene, *, amount: float = 1.0) -> Raster:
    """Light into the shadows, their detail kept."""
    # What gets lighter looks flatter, unless its detail grows with it.
    return _curved(scene, amount, np.float32(0.22) * dark_weight(AXIS), detail=1 + np.float32(0.25) * _ends(AXIS))


def lower_shadows(scene: Scene, *, amount: float = 1.0) -> Raster:
    """Deeper shadows."""
    return _curved(scene, amount, np.float32(-0.10) * dark_weight(AXIS))


def lower_highlights(scene: Scene, *, amount: float = 1.0) -> Raster:
    """Detail back in what is nearly white, as far as the picture has it."""
    grown = 1 + np.float32(0.35) * bright_weight(AXIS)
    return _curved(scene, amount, np.float32(-0.17) * bright_weight(AXIS) - _whitest(0.05), detail=grown)


def raise_highlights(scene: Scene, *, amount: float = 1.0) -> Raster:
    """Brighter lights."""
    return _curved(scene, amount, np.float32(0.10) * bright_weight(AXIS))


def _whitest(step: float) -> F32:
    return np.asarray(_ends(1 - AXIS) * np.float32(step), dtype=np.float32)


def raise_whites(scene: Scene, *, amount: float = 1.0) -> Raster:
    """A whiter white: the bright end stretched."""
    return _curved(scene, amount, np.float32(0.16) * AXIS**4)


def lower_whites(scene: Scene, *, amount: float = 1.0) -> Raster:
    """A greyer white."""
    return _curved(scene, amount, np.float32(-0.18) * AXIS**4)


def raise_blacks(scene: Scene, *, amount: float = 1.0) -> Raster:
    """Blacks that are lifted to a dark grey."""
    if amount <= 0:
        return scene.picture
    grade = Grade(black=round(0.36 * _strength(scene, amount), 3))
    return Raster(apply_table(scene.picture.rgb, grade_table(grade)), scene.picture.alpha)


def lower_blacks(scene: Scene, *, amount: float = 1.0) -> Raster:
    """Blacks that are really black."""
    return _curved(scene, amount, np.float32(-0.14) * (1 - AXIS) ** 4)


def clarity(scene: Scene, *, amount: float = 1.0) -> Raster:
    """Local contrast in the middle tones: structure without a brighter or darker picture."""
    if amount <= 0:
        return scene.picture
    more = 1 + np.float32(1.1 * _strength(scene, amount)) * np.sqrt(4 * AXIS * (1 - AXIS))
    return Raster(retone(scene.picture.rgb, AXIS, detail=more, edge=0.14, grain=0.008), scene.picture.alpha)


def soften(scene: Scene, *, amount: float = 1.0) -> Raster:
    """Less local contrast: textures calm down, edges stay."""
    if amount <= 0:
        return scene.picture
    detail = 1 - 0.62 * min(1.0, _strength(scene, amount))
    return Raster(retone(scene.picture.rgb, AXIS, detail=detail, reach=0.02), scene.picture.alpha)
