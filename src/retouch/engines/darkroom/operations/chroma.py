"""More colour, less colour, another colour: `muted`, `saturated`, `vibrance`, `tint`, `more_of`, `less_of`.

An amount of `muted` and `saturated` is the true share of colour that is taken or added.
"""

from __future__ import annotations

import numpy as np

from retouch.engines.darkroom.colour import Grade, Tint, apply_table, grade_table
from retouch.engines.darkroom.operations.hues import changed, coloured, hue_of, skin, within
from retouch.engines.darkroom.palette import hex_of
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import F32, Raster

_PALE = 0.04
"""Chroma below which a colour is a grey, which can be neither more nor less of."""


def _saturate(scene: Scene, saturation: float) -> Raster:
    grade = Grade(saturation=round(max(0.0, saturation), 3))
    return Raster(apply_table(scene.picture.rgb, grade_table(grade)), scene.picture.alpha)


def muted(scene: Scene, *, amount: float = 1.0) -> Raster:
    """That share of the colour taken away, lightness and hue kept; 1 leaves none."""
    if amount <= 0:
        return scene.picture
    taken = min(1.0, amount)
    # A variation may not turn "30 %" into another number that anyone would notice, nor nothing into colour.
    return _saturate(scene, 1 - taken + 0.12 * scene.variation * taken * (1 - taken))


def saturated(scene: Scene, *, amount: float = 1.0) -> Raster:
    """That share of colour added, as far as the screen can show it; 1 doubles it."""
    if amount <= 0:
        return scene.picture
    return _saturate(scene, 1 + min(1.0, amount) * (1 + 0.15 * scene.variation))


def vibrance(scene: Scene, *, amount: float = 1.0) -> Raster:
    """Colour for what is dull: strong colours gain little, skin less."""
    if amount <= 0:
        return scene.picture
    strength = np.float32(0.95 * min(1.0, amount) * (1 + 0.25 * scene.variation))

    def change(lightness: F32, chroma: F32, hue: F32) -> tuple[F32, F32, F32]:
        dull = np.exp(-np.square(chroma / np.float32(0.14))) * (1 - np.float32(0.7) * skin(lightness, chroma, hue))
        return lightness, chroma * (1 + strength * dull), hue

    return Raster(changed(scene.picture.rgb, change), scene.picture.alpha)


def tint(scene: Scene, *, amount: float = 1.0, colour: str = "orange") -> Raster:
    """A coloured gel before the lens: every tone leans toward ``colour``, its lightness kept."""
    if amount <= 0:
        return scene.picture
    code = hex_of(colour)
    strength = 0.26 * amount * (1 + 0.25 * scene.variation)
    lean = Tint(code, round(strength, 3))
    grade = Grade(saturation=round(max(0.3, 1 - 0.35 * amount), 3), shadows=lean, middles=lean, highlights=lean)
    return Raster(apply_table(scene.picture.rgb, grade_table(grade)), scene.picture.alpha)


def more_of(scene: Scene, *, amount: float = 1.0, colour: str = "green") -> Raster:
    """The things of that colour richer in it, and a breath of it over everything."""
    return _lean(scene, amount * (1 + 0.25 * scene.variation), colour)


def less_of(scene: Scene, *, amount: float = 1.0, colour: str = "yellow") -> Raster:
    """The things of that colour paler, and a cast of it taken off everything."""
    return _lean(scene, -amount * (1 + 0.25 * scene.variation), colour)


def _lean(scene: Scene, strength: float, colour: str) -> Raster:
    wanted, rich = hue_of(colour)
    if not strength or rich < _PALE:
        return scene.picture
    angle = np.radians(wanted)
    step = np.float32(0.030 * strength)

    def change(lightness: F32, chroma: F32, hue: F32) -> tuple[F32, F32, F32]:
        alike = within(hue, wanted - 22, wanted + 22, 30) * coloured(chroma)
        grown = chroma * (1 + np.float32(max(-0.85, 0.55 * strength)) * alike)
        # Neither black nor white carries a cast.
        share = step * np.sqrt(np.clip(4 * lightness * (1 - lightness), 0, 1))
        a = grown * np.cos(np.radians(hue)) + share * np.float32(np.cos(angle))
        b = grown * np.sin(np.radians(hue)) + share * np.float32(np.sin(angle))
        return lightness, np.hypot(a, b), np.degrees(np.arctan2(b, a))

    return Raster(changed(scene.picture.rgb, change), scene.picture.alpha)
