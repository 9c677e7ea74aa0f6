"""Colour as light: sRGB to linear and OKLab, gamut mapping, grading, and tables that carry a grade to a picture.

Linear values are float32 with 0 black and 1 white. Tables apply any linear-to-linear function to an 8-bit
picture at the price of one lookup a pixel.
Source of OKLab: Björn Ottosson, A perceptual color space for image processing,
https://bottosson.github.io/posts/oklab/
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import lru_cache

import numpy as np
from PIL import Image, ImageFilter

from retouch.imaging.raster import F32, U8

SIDE = 33
"""Nodes along each axis of a table."""

LUMA: F32 = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""Weights of linear red, green and blue in luminance."""

_TO_LMS: F32 = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    np.float32,
)
_TO_LAB: F32 = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ],
    np.float32,
)
_FROM_LMS: F32 = np.linalg.inv(_TO_LMS.astype(np.float64)).astype(np.float32)
_FROM_LAB: F32 = np.linalg.inv(_TO_LAB.astype(np.float64)).astype(np.float32)


def _decode(srgb: F32) -> F32:
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4).astype(np.float32)


def _encode(linear: F32) -> F32:
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055).astype(np.float32)


_LINEAR: F32 = _decode(np.arange(256, dtype=np.float32) / np.float32(255))
_STEPS = 65535
_SRGB: U8 = np.rint(_encode(np.arange(_STEPS + 1, dtype=np.float32) / np.float32(_STEPS)) * 255).astype(np.uint8)


def to_linear(rgb: U8) -> F32:
    """sRGB uint8 of any shape to linear light, float32 in 0..1."""
    return np.take(_LINEAR, rgb)


def to_srgb(linear: F32) -> U8:
    """Linear light of any shape to sRGB uint8; what lies outside 0..1 is clipped."""
    steps = np.multiply(linear, np.float32(_STEPS))
    steps += np.float32(0.5)
    np.clip(steps, 0, _STEPS, out=steps)
    return np.take(_SRGB, steps.astype(np.uint16))


def to_oklab(linear: F32) -> F32:
    """Linear sRGB (..., 3), not below 0, to OKLab (..., 3): L in 0..1 up to white, a and b about -0.4..0.4."""
    return np.asarray(np.cbrt(linear @ _TO_LMS.T) @ _TO_LAB.T, dtype=np.float32)


def from_oklab(lab: F32) -> F32:
    """OKLab (..., 3) to linear sRGB (..., 3), possibly outside the gamut."""
    roots = lab @ _FROM_LAB.T
    return np.asarray((roots * roots * roots) @ _FROM_LMS.T, dtype=np.float32)


def luminance(linear: F32) -> F32:
    """Linear (..., 3) to luminance (...)."""
    return np.asarray(linear @ LUMA, dtype=np.float32)


def parse_hex(code: str) -> F32:
    """A colour like "#ff9a3c" as linear light, float32 (3,)."""
    return to_linear(np.frombuffer(bytes.fromhex(code.removeprefix("#")), np.uint8))


def fit_gamut(linear: F32) -> F32:
    """Linear (..., 3) brought into 0..1 by moving toward the grey of its luminance, so that hues stay.

    A colour brighter than the screen is first dimmed by a share of its excess: mixing with grey alone would
    turn every strongly lit surface white.
    """
    low, high = _extremes(linear)
    outside = (low < 0) | (high > 1)
    fitted = linear.astype(np.float32)
    beyond = fitted[outside]
    beyond /= (1 + np.float32(0.3) * np.maximum(high[outside] - 1, 0))[..., None]
    grey = np.clip(luminance(beyond), 0, 1)
    way = beyond - grey[..., None]
    low, high = _extremes(way)
    tiny = np.float32(1e-6)
    share = np.minimum((1 - grey) / np.maximum(high, tiny), grey / np.maximum(-low, tiny))
    fitted[outside] = np.clip(grey[..., None] + np.minimum(share, 1)[..., None] * way, 0, 1)
    return fitted


def _extremes(colours: F32) -> tuple[F32, F32]:
    """The least and the greatest channel of each colour (..., 3): a reduction over so short an axis is slow."""
    red, green, blue = (colours[..., channel] for channel in range(3))
    low, high = np.minimum(np.minimum(red, green), blue), np.maximum(np.maximum(red, green), blue)
    return np.asarray(low, np.float32), np.asarray(high, np.float32)


@dataclass(frozen=True)
class Tint:
    """A colour to lean toward. ``strength``: 0 (none) to about 1."""

    colour: str
    strength: float


@dataclass(frozen=True)
class Grade:
    """How light becomes a look; every field's default changes nothing.

    ``exposure``: stops, rolled off so that highlights never clip. ``hold``: how far white keeps its place
    under a negative exposure, 0 (dims with the rest) to 1. ``warmth``: white balance, about -1 (blue) to 1
    (amber), luminance kept. ``mix``: what share of red, green and blue makes the monochrome picture, None
    for colour. ``contrast``: slope added at ``pivot`` (OKLab lightness), -0.5..0.5. ``saturation``: 1 keeps
    the chroma, 0 drops it. ``vibrance``: extra saturation for dull colours. ``shadows``, ``middles``,
    ``highlights``: split toning. ``black``, ``white``: the lightness that black and white become.
    """

    exposure: float = 0.0
    hold: float = 0.0
    warmth: float = 0.0
    mix: tuple[float, float, float] | None = None
    contrast: float = 0.0
    pivot: float = 0.5
    saturation: float = 1.0
    vibrance: float = 0.0
    shadows: Tint | None = None
    middles: Tint | None = None
    highlights: Tint | None = None
    black: float = 0.0
    white: float = 1.0

    def scaled(self, amount: float) -> Grade:
        """The same grade at another strength: 0 leaves only the conversion to monochrome, if any."""
        rest = Grade()
        changed: dict[str, float | Tint] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, Tint):
                changed[field.name] = replace(value, strength=value.strength * amount)
            elif isinstance(value, float) and field.name not in ("pivot", "hold"):
                default = getattr(rest, field.name)
                changed[field.name] = default + (value - default) * amount
        return replace(self, **changed)  # type: ignore[arg-type]

    def apply(self, linear: F32) -> F32:
        """Linear light (..., 3) in 0..1 to graded linear light in 0..1."""
        light = self._expose(self._balance(linear))
        if self.mix is not None:
            weights = np.asarray(self.mix, np.float32)
            grey = light @ (weights / weights.sum())
            light = np.repeat(np.maximum(grey, 0)[..., None], 3, axis=-1)
        lab = to_oklab(np.maximum(light, 0))
        lightness, a, b = lab[..., 0], lab[..., 1], lab[..., 2]
        chroma = np.hypot(a, b)
        dull = np.exp(-np.square(chroma / np.float32(0.1)))
        gain = np.float32(max(0.0, self.saturation)) * (1 + np.float32(self.vibrance) * dull)
        a, b = a * gain, b * gain
        lightness = self._bend(lightness)
        inside = np.clip(lightness, 0, 1)
        low, high = (1 - inside) ** 2, inside**2
        for tint, share in ((self.shadows, low), (self.middles, 1 - low - high), (self.highlights, high)):
            if tint is not None:
                target = to_oklab(parse_hex(tint.colour))
                a = a + target[1] * np.float32(2.2 * tint.strength) * share
                b = b + target[2] * np.float32(2.2 * tint.strength) * share
        lightness = self.black + (self.white - self.black) * lightness
        return fit_gamut(from_oklab(np.stack([lightness, a, b], axis=-1).astype(np.float32)))

    def _balance(self, linear: F32) -> F32:
        if not self.warmth:
            return linear
        gains = np.array([1 + 0.30 * self.warmth, 1 + 0.02 * self.warmth, 1 - 0.34 * self.warmth], np.float32)
        warmed = linear * np.maximum(gains, np.float32(0.05))
        keep = luminance(linear) / np.maximum(luminance(warmed), np.float32(1e-6))
        return np.asarray(warmed * keep[..., None], dtype=np.float32)

    def _expose(self, linear: F32) -> F32:
        """A gain of 2^exposure near black that bends to keep white: Y' = gY / (1 + (g - 1)Y)."""
        if not self.exposure:
            return linear
        gain = np.float32(2.0**self.exposure)
        rolled = gain / (1 + (gain - 1) * np.clip(luminance(linear), 0, 1))
        hold = np.float32(self.hold if gain < 1 else 1)
        return np.asarray(linear * (gain + hold * (rolled - gain))[..., None], dtype=np.float32)

    def _bend(self, lightness: F32) -> F32:
        """An S-curve through 0, ``pivot`` and 1 that stays monotonic; beyond white it goes straight on."""
        limit = 0.25 / max(self.pivot, 1 - self.pivot)
        strength = np.float32(4 * min(self.contrast, limit))
        inside = np.clip(lightness, 0, 1)
        return np.asarray(lightness + strength * inside * (1 - inside) * (inside - np.float32(self.pivot)))


def _nodes() -> F32:
    """The sRGB values at a table's nodes, float32 (SIDE³, 3) in 0..1, red changing fastest as Pillow wants."""
    axis = np.linspace(0, 1, SIDE, dtype=np.float32)
    blue, green, red = np.meshgrid(axis, axis, axis, indexing="ij")
    return np.stack([red, green, blue], axis=-1).reshape(-1, 3)


_NODES = _nodes()


def make_table(function: Callable[[F32], F32]) -> F32:
    """A table for ``function``, which takes and gives linear light (n, 3); float32 (SIDE³, 3), sRGB 0..1."""
    return _encode(np.clip(function(_decode(_NODES)), 0, 1).astype(np.float32))


@lru_cache(maxsize=24)
def grade_table(grade: Grade) -> F32:
    """The table of a grade; the last two dozen are kept (0.4 MB each)."""
    table = make_table(grade.apply)
    table.setflags(write=False)
    return table


def apply_table(rgb: U8, table: F32, amount: float = 1.0) -> U8:
    """``rgb`` (height, width, 3) through a table, trilinearly; ``amount`` 0..1 is the opacity of the result."""
    if amount <= 0:
        return rgb
    if amount < 1:
        table = _NODES + np.float32(amount) * (table - _NODES)
    filtered = Image.fromarray(rgb).filter(ImageFilter.Color3DLUT(SIDE, table.reshape(-1), _copy_table=False))
    return np.array(filtered)
