"""One button: light, balance, structure and colour, each as far as the picture needs it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retouch.engines.darkroom.colour import apply_table
from retouch.engines.darkroom.filters import shrink
from retouch.engines.darkroom.operations.balance import balanced, find_cast
from retouch.engines.darkroom.operations.hues import skin, table_of
from retouch.engines.darkroom.operations.local import AXIS, grey, retone
from retouch.engines.darkroom.operations.tone import bright_weight, dark_weight
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import F32, U8, Raster

MIDDLE = 0.46
"""The tone (sRGB grey) that a well-lit picture has in its middle."""


@dataclass(frozen=True)
class Light:
    """How a picture is lit. ``black``, ``white``: its darkest and brightest tones, but for a few pixels.
    ``middle``: its median tone. ``dark``, ``bright``: how much of it is nearly black and nearly white.
    ``chroma``: the mean spread of its channels, 0..1."""

    black: float
    white: float
    middle: float
    dark: float
    bright: float
    chroma: float

    @property
    def night(self) -> bool:
        """Whether the dark is meant: it has bright lights all the same, or there is hardly anything but dark."""
        return (self.middle < 0.26 and self.white > 0.6) or (self.middle < 0.14 and self.dark > 0.5)

    @property
    def graphic(self) -> bool:
        """Whether it is lit as a drawing is or a thing on white: half of it is one of the two ends."""
        return self.bright > 0.45 or self.dark > 0.75


def measure(rgb: U8) -> Light:
    small = np.asarray(shrink(rgb, 256), dtype=np.uint8)
    tone = grey(small)
    black, middle, white = (float(value) for value in np.quantile(tone, (0.003, 0.5, 0.997)))
    chroma = float(np.ptp(small, axis=2).mean()) / 255
    return Light(black, white, middle, float((tone < 0.12).mean()), float((tone > 0.93).mean()), chroma)


def _curve(light: Light, strength: float) -> F32:
    """The tones as they should be: black and white stretched a little, the middle moved part of the way."""
    if light.graphic:
        return AXIS
    # Of a dull light most is given back; fog and night have no black or white to be stretched to.
    low = 0.75 * strength * min(light.black, 0.12)
    high = 1 - (0.0 if light.night else 0.75 * strength * min(1 - light.white, 0.22))
    tone = np.clip((AXIS - low) / (high - low), 0, 1)
    middle = min(0.95, max(0.05, (light.middle - low) / (high - low)))
    way = 0.42 if middle < MIDDLE else 0.3
    wanted = middle + way * strength * (MIDDLE - middle)
    if light.night:
        wanted = middle
    gamma = float(np.clip(np.log(wanted) / np.log(middle), 0.55, 1.25))
    return np.asarray(tone ** np.float32(gamma), dtype=np.float32)


def enhance(scene: Scene, *, amount: float = 1.0) -> Raster:
    """A picture as its photographer would have developed it; a good one changes little, and night stays night."""
    if amount <= 0:
        return scene.picture
    strength = min(1.5, amount) * (1 + 0.25 * scene.variation)
    rgb = scene.picture.rgb
    rgb = balanced(rgb, find_cast(rgb), 0.7 * min(1.0, strength))
    light = measure(rgb)
    curve = _curve(light, min(1.0, strength))
    if not light.graphic:
        need = max(0.0, min(1.0, light.dark * 2.5)) * (0.3 if light.night else 1.0)
        burnt = max(0.0, min(1.0, light.bright * 4))
        curve = curve + np.float32(0.055 * strength * need) * dark_weight(curve)
        curve = np.clip(curve - np.float32(0.05 * strength * burnt) * bright_weight(curve), 0, 1)
    crisp = (0.12 if light.graphic else 0.32) * strength
    detail = 1 + np.float32(crisp) * np.sqrt(4 * AXIS * (1 - AXIS))
    rgb = retone(rgb, curve, detail=detail, edge=0.12, grain=0.012)
    # Colourful pictures need no more of it.
    rich = np.float32(0.34 * strength * max(0.2, 1 - light.chroma / 0.5))

    def change(lightness: F32, chroma: F32, hue: F32) -> tuple[F32, F32, F32]:
        dull = np.exp(-np.square(chroma / np.float32(0.13))) * (
            1 - np.float32(0.75) * skin(lightness, chroma, hue)
        )
        return lightness, chroma * (1 + rich * dull), hue

    return Raster(apply_table(rgb, table_of(change)), scene.picture.alpha)
