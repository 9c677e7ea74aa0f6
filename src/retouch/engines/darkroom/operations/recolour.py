"""Giving things another colour, their shading kept."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from retouch.engines.darkroom import regions
from retouch.engines.darkroom.colour import (
    apply_table,
    fit_gamut,
    from_oklab,
    make_table,
    parse_hex,
    to_linear,
    to_oklab,
)
from retouch.engines.darkroom.filters import shrink
from retouch.engines.darkroom.operations.guard import bounds
from retouch.engines.darkroom.palette import hex_of
from retouch.engines.darkroom.scene import Scene
from retouch.engines.darkroom.vision.hues import find_like
from retouch.errors import TargetNotFound
from retouch.imaging.composite import composite
from retouch.imaging.raster import F32, U8, Raster

GREY = 0.03
"""Below this chroma a target is grey, white or black: lightness is what it is about."""


@dataclass(frozen=True)
class Dye:
    """How colours change: OKLab ``lightness``, ``chroma`` and ``hue`` (radians) that prevail now, and ``target``,
    OKLab (3,), that they are to become."""

    lightness: float
    chroma: float
    hue: float
    target: tuple[float, float, float]
    amount: float = 1.0

    def __call__(self, linear: F32) -> F32:
        """Linear light (n, 3) dyed. Shading is a power of the lightness, which keeps black and white in their
        place; glints stay the colour of the light."""
        lab = to_oklab(linear)
        light, chroma = np.clip(lab[:, 0], 1e-4, 1), np.hypot(lab[:, 1], lab[:, 2])
        goal, a, b = self.target
        strong = float(np.hypot(a, b))
        grey = strong < GREY
        middle = float(np.clip(self.lightness, 0.12, 0.94))
        # A colour may stay a little as light as it was; black and white are nothing else.
        share = 0.9 if grey or self.chroma < GREY else 0.62
        wanted = float(np.clip(middle + (goal - middle) * share * self.amount, 0.1, 0.955))
        power = float(np.clip(np.log(wanted) / np.log(middle), 0.2, 4.0))
        shown = light ** np.float32(power)
        if goal < middle and grey:
            # A thing made black loses its depth, but its glints lie on top of the paint.
            shown = np.minimum(shown + np.clip(light - 0.88, 0, 1) * (light - shown), 1)
        if self.chroma < GREY:
            tone = np.full_like(chroma, strong) * np.clip(4 * shown * (1.08 - shown), 0.25, 1.0)
            bend = np.zeros_like(chroma)
        else:
            gain = min(strong / max(self.chroma, 0.02), 2.4)
            tone = chroma * np.float32(gain)
            turn = np.arctan2(lab[:, 2], lab[:, 1]) - np.float32(self.hue)
            # What the hue does in shadow and light it goes on doing, more quietly.
            bend = 0.45 * ((turn + np.pi) % (2 * np.pi) - np.pi)
            bend = np.clip(bend, -0.3, 0.3)
        tone = tone * (1 - np.clip((light - 0.92) / 0.08, 0, 1))
        angle = np.float32(np.arctan2(b, a)) + bend
        dyed = np.stack([shown, tone * np.cos(angle), tone * np.sin(angle)], -1).astype(np.float32)
        mixed = lab + (dyed - lab) * np.float32(min(1.0, self.amount))
        return fit_gamut(from_oklab(mixed.astype(np.float32, copy=False)))


def recolour(scene: Scene, *, amount: float = 1.0, target: str, source: str | None = None) -> Raster:
    """What has the colour ``source`` given the colour ``target``, both a name of `palette.colours` or ``#rrggbb``.

    Where the subject has the colour, only the subject's is changed. Without a ``source`` it is the colour that
    prevails where the step applies, or else in the subject. Raises `TargetNotFound` where the picture has no
    such colour or, without a ``source``, no clear subject.
    """
    if amount <= 0:
        return scene.picture
    if source is not None:
        found = _of(scene, source)
    else:
        found = find_like(scene.picture.rgb, _where(scene))
    return dyed(scene.picture, found, target, amount)


def recolour_needs(scene: Scene, mask: F32 | None, *, target: str, source: str | None = None) -> None:
    """Raise `TargetNotFound` where `recolour` would."""
    if source is not None:
        _of(scene, source)
    elif mask is None and not scene.stands_out:
        raise TargetNotFound(
            "No clear subject stands out in this picture, so it is not clear what should be recoloured. "
            "Name the colour that it has now, or send a mask."
        )


def fill_colour(scene: Scene, *, amount: float = 1.0, colour: str) -> Raster:
    """Everything painted in ``colour``, its shading kept: meant for a region or a mask, whose own lightness says
    how light the paint is in its shadows."""
    if amount <= 0:
        return scene.picture
    everything = np.ones(scene.picture.rgb.shape[:2], np.float32)
    weight = everything if scene.weight is None else (scene.weight > 0).astype(np.float32)
    dye = replace_all(scene.picture.rgb, weight if weight.any() else everything, colour, min(1.0, amount))
    return Raster(apply_table(scene.picture.rgb, make_table(dye)), scene.picture.alpha)


def replace_all(rgb: U8, weight: F32, colour: str, amount: float) -> Dye:
    """The dye for a whole area, whatever colours are in it now: it all takes the one hue."""
    lightness, _, _ = _prevails(rgb, weight)
    return Dye(lightness, 0.0, 0.0, _goal(colour), amount)


def dyed(picture: Raster, found: F32, target: str, amount: float) -> Raster:
    """``picture`` with the part that ``found`` (0..1) marks dyed ``target``."""
    if not found.any():
        return picture
    box = bounds(found > 0)
    part = np.ascontiguousarray(picture.rgb[box])
    lightness, chroma, hue = _prevails(part, found[box])
    dye = Dye(lightness, chroma, hue, _goal(target), min(1.3, amount))
    rgb = picture.rgb.copy()
    painted = Raster(apply_table(part, make_table(dye)))
    rgb[box] = composite(Raster(part), painted, np.ascontiguousarray(found[box])).rgb
    return Raster(rgb, picture.alpha)


def _of(scene: Scene, colour: str) -> F32:
    found = regions.of_colour(scene, colour)
    if not found.any():
        raise TargetNotFound(regions.nothing_of(colour))
    return found


def _where(scene: Scene) -> F32:
    if scene.weight is not None and (scene.weight > 0.5).any():
        return scene.weight
    if not scene.stands_out:
        raise TargetNotFound(
            "No clear subject stands out in this picture, so it is not clear what should be recoloured. "
            "Name the colour that it has now, or send a mask."
        )
    return scene.matte


def _goal(colour: str) -> tuple[float, float, float]:
    lightness, a, b = to_oklab(parse_hex(hex_of(colour))).tolist()
    return lightness, a, b


def _prevails(rgb: U8, weight: F32) -> tuple[float, float, float]:
    """Median lightness, upper-quartile chroma and mean hue (radians) where ``weight`` marks ``rgb``."""
    small = shrink(rgb, 384).astype(np.uint8, copy=False)
    here = cv2.resize(weight, (small.shape[1], small.shape[0]), interpolation=cv2.INTER_AREA)
    inside = here > min(0.5, 0.7 * float(here.max()))
    lab = to_oklab(to_linear(small[inside]))
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    hue = float(np.arctan2(lab[:, 2].sum(), lab[:, 1].sum()))
    return float(np.median(lab[:, 0])), float(np.quantile(chroma, 0.7)), hue
