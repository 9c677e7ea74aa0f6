"""Colours of films and prints: instant film, negative film, cross-processing, infrared, duotone, the negative."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from retouch.engines.darkroom.colour import (
    Grade,
    Tint,
    apply_table,
    from_oklab,
    grade_table,
    luminance,
    make_table,
    parse_hex,
    to_linear,
    to_oklab,
)
from retouch.engines.darkroom.filters import shrink
from retouch.engines.darkroom.operations import light
from retouch.engines.darkroom.operations.hues import coloured, table_of, turned, within
from retouch.engines.darkroom.operations.looks import Look, rein, render
from retouch.engines.darkroom.palette import hex_of
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import F32, Raster

POLAROID = Look(
    Grade(
        exposure=0.30,
        contrast=-0.10,
        saturation=0.80,
        warmth=0.10,
        shadows=Tint("#2c5a66", 0.26),
        middles=Tint("#c8b890", 0.12),
        highlights=Tint("#f6e2b4", 0.34),
        black=0.25,
        white=0.95,
    ),
    swing={"warmth": 0.22, "shadows": -0.14, "saturation": 0.10},
    bloom=0.28,
    glow=(1.0, 0.92, 0.78),
    vignette=0.55,
    grain=0.012,
)
FILM = Look(
    Grade(
        exposure=0.14,
        contrast=0.05,
        saturation=0.92,
        vibrance=0.12,
        warmth=0.10,
        shadows=Tint("#23505a", 0.16),
        middles=Tint("#d0a878", 0.08),
        highlights=Tint("#ffe0b0", 0.20),
        black=0.12,
        white=0.975,
    ),
    swing={"warmth": 0.16, "contrast": 0.06, "shadows": -0.10},
    bloom=0.16,
    glow=(1.0, 0.82, 0.70),
    grain=0.015,
)
CROSS = Look(
    Grade(
        exposure=0.12,
        contrast=0.26,
        saturation=1.16,
        shadows=Tint("#12308a", 0.40),
        middles=Tint("#2f9a6a", 0.10),
        highlights=Tint("#e6f07a", 0.30),
        black=0.03,
    ),
    swing={"shadows": 0.16, "highlights": -0.16, "contrast": 0.06},
    vignette=0.7,
    grain=0.014,
)
PASTEL = Look(
    Grade(
        exposure=0.62,
        contrast=-0.16,
        saturation=0.80,
        vibrance=0.28,
        shadows=Tint("#a8a0e0", 0.20),
        highlights=Tint("#ffd8e0", 0.16),
        black=0.27,
        white=0.985,
    ),
    swing={"warmth": 0.16, "saturation": 0.10, "shadows": 0.12},
    bloom=0.22,
)
PAIRS = {
    "blue-orange": ("#0d1748", "#ffcd98"),
    "purple-yellow": ("#2a0d52", "#ffea9c"),
    "purple-pink": ("#1e0b4a", "#ffc8dc"),
    "blue-pink": ("#101858", "#ffc4d4"),
    "red-cream": ("#4a0a14", "#fff0d0"),
    "teal-pink": ("#07323c", "#ffd2d4"),
    "green-cream": ("#0c3c2c", "#f6f0cc"),
    "black-red": ("#120a0c", "#f04038"),
    "blue-white": ("#10246a", "#f4f6fa"),
    "blue-green": ("#161c5e", "#9af0b4"),
    "blue-yellow": ("#15246e", "#ffe070"),
    "black-yellow": ("#14120a", "#ffd93c"),
}
"""What `duotone` prints with: the ink of the shadows and the one of the lights."""

_UNNAMED = ("green-cream", "blue-orange", "purple-pink")
"""The pairs of the variations around -1, 0 and 1."""


def polaroid(scene: Scene, *, amount: float = 1.0) -> Raster:
    """The colours of instant film: pale, milky, warm above and teal below."""
    return render(scene, POLAROID, amount, 41)


def film(scene: Scene, *, amount: float = 1.0) -> Raster:
    """The colours of negative film printed on paper: soft shoulders, warm lights, fine grain."""
    return render(scene, FILM, amount, 42)


def cross_process(scene: Scene, *, amount: float = 1.0) -> Raster:
    """Slide film in the chemistry of negatives: blue shadows, yellow-green lights, hard contrast."""
    return render(scene, CROSS, amount, 43)


def pastel(scene: Scene, *, amount: float = 1.0) -> Raster:
    """Light, airy colours that are never strong and never dark."""
    return render(scene, PASTEL, amount, 44)


def duotone(
    scene: Scene, *, amount: float = 1.0, pair: str | None = None, colours: Sequence[str] | None = None
) -> Raster:
    """A print in two inks, one of `PAIRS`, or inks made of two ``colours``. Variation shifts the balance between
    them and chooses others where none are named."""
    if pair is None:
        pair = _UNNAMED[1 + round(scene.variation)]
    small = np.cbrt(luminance(to_linear(np.asarray(shrink(scene.picture.rgb, 256), dtype=np.uint8))))
    darkest, brightest = (float(level) for level in np.quantile(small, (0.02, 0.98)))
    low, high = np.float32(min(darkest, 0.3)), np.float32(max(brightest, 0.75))
    dark, bright = _inks(colours) if colours else (to_oklab(parse_hex(code)) for code in PAIRS[pair])
    bend = np.float32(2.0 ** (-0.35 * scene.variation))

    def function(linear: F32) -> F32:
        # The whole range of the picture from one ink to the other: in between they mix to a grey.
        tone = np.clip((np.cbrt(np.clip(luminance(linear), 0, 1)) - low) / (high - low), 0, 1)
        tone = np.clip(tone + 2 * tone * (1 - tone) * (tone - np.float32(0.5)), 0, 1) ** bend
        lab = dark + (bright - dark) * tone[..., None]
        return np.clip(from_oklab(lab.astype(np.float32)), 0, 1)

    return _through(scene, function, amount)


def _inks(colours: Sequence[str]) -> tuple[F32, F32]:
    """The ink of the shadows and that of the lights: the colours, as dark and as light as a print needs them, for
    between two of the same lightness nothing can be seen."""
    dark, bright = sorted((to_oklab(parse_hex(hex_of(colour))) for colour in colours), key=lambda lab: lab[0])
    deep, light = np.float32(min(dark[0], 0.32)), np.float32(max(bright[0], 0.82))
    # A darker or lighter ink has room for less colour.
    dark[1:] *= (deep / max(dark[0], deep)) ** 0.6
    bright[1:] *= ((1 - light) / max(1 - bright[0], 1 - light)) ** 0.4
    dark[0], bright[0] = deep, light
    return dark, bright


def monotone(scene: Scene, *, amount: float = 1.0, colour: str = "blue") -> Raster:
    """A print in one ink on white paper."""
    lightness, a, b = to_oklab(parse_hex(hex_of(colour)))
    rich = np.float32(1 + 0.2 * scene.variation)

    def function(linear: F32) -> F32:
        tone = np.cbrt(np.clip(luminance(linear), 0, 1))
        # The ink is its own colour at its own lightness, and fades to black and to the paper's white.
        middle = np.clip(lightness, np.float32(0.3), np.float32(0.75))
        share = np.minimum(tone / middle, (1 - tone) / (1 - middle)) * rich
        return np.clip(from_oklab(np.stack([tone, a * share, b * share], axis=-1).astype(np.float32)), 0, 1)

    return _through(scene, function, amount)


def invert(scene: Scene, *, amount: float = 1.0) -> Raster:
    """The negative."""
    if amount <= 0:
        return scene.picture
    share = min(1.0, amount)
    levels = np.arange(256, dtype=np.float32)
    table = np.rint(levels + share * (255 - 2 * levels)).astype(np.uint8)
    return Raster(np.take(table, scene.picture.rgb), scene.picture.alpha)


def infrared(scene: Scene, *, amount: float = 1.0) -> Raster:
    """Infrared film in black and white: leaves glow white, a blue sky turns dark."""
    if amount <= 0:
        return scene.picture

    def change(lightness: F32, chroma: F32, hue: F32) -> tuple[F32, F32, F32]:
        green = within(hue, 100, 148, 22) * coloured(chroma, 0.03)
        blue = within(hue, 205, 275, 25) * coloured(chroma, 0.03)
        lit = lightness + green * np.float32(0.62) * (1 - lightness) * np.minimum(1, lightness * 2.2)
        return lit * (1 - np.float32(0.42) * blue), chroma * 0, hue

    share = min(1.0, amount)
    rgb = apply_table(scene.picture.rgb, table_of(change), share)
    rgb = apply_table(rgb, grade_table(Grade(contrast=round(0.16 + 0.06 * scene.variation, 3))), share)
    image = light.develop(rgb)
    light.bloom(image, strength=0.45 * share, threshold=0.6)
    light.grain(image, strength=0.02 * share, rng=scene.rng(45))
    return Raster(light.fix(image), scene.picture.alpha)


def neon_table(variation: float) -> F32:
    """The colours of a city's signs: warm ones become magenta, cold ones cyan, greys between violet and both."""

    def change(lightness: F32, chroma: F32, hue: F32) -> tuple[F32, F32, F32]:
        warm = within(hue, 10, 125, 30)
        hue = turned(turned(hue, 345 + 8 * variation, np.float32(0.84) * warm), 208, np.float32(0.78) * (1 - warm))
        return lightness, chroma * (1 + np.float32(0.30) * (1 - warm)), hue

    return table_of(change)


def _through(scene: Scene, function: Callable[[F32], F32], amount: float) -> Raster:
    if amount <= 0:
        return scene.picture
    return Raster(apply_table(scene.picture.rgb, make_table(function), rein(amount, 0)), scene.picture.alpha)
