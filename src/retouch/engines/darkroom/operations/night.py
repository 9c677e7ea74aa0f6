"""Night, moonlight and the blue hour: day for night, with a sky of its own where there is one."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from retouch.engines.darkroom.colour import Grade, Tint, luminance, to_linear, to_srgb
from retouch.engines.darkroom.filters import shrink
from retouch.engines.darkroom.operations import light
from retouch.engines.darkroom.operations.distance import is_close
from retouch.engines.darkroom.operations.local import strips
from retouch.engines.darkroom.operations.looks import graded, rein
from retouch.engines.darkroom.operations.nightlight import light_of
from retouch.engines.darkroom.operations.nightsky import sky_of
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import F32, U8, Raster

SURE = 0.55
"""From this confidence on a sky is repainted though nobody spoke of one."""

_LIT = 0.55
"""What is no brighter than that, in linear light, is no lamp."""


@dataclass(frozen=True)
class _Hour:
    """A time of day. ``grade``, whose exposure is found for each picture so that its mean luminance becomes
    ``dim``. ``sky``: colours from the zenith to the horizon. ``stars``, ``moon``: how bright they are. ``lamps``:
    how bright what may be a lamp glows. ``indoors``: what share of ``dim`` is left where no sky is. ``pool``,
    ``key``, ``rim``: stops, lamp and rim of the subject, as `light_of` takes them.
    """

    grade: Grade
    dim: float
    sky: tuple[str, ...]
    stars: float = 0.0
    moon: float = 0.0
    lamps: float = 0.0
    indoors: float = 0.75
    pool: float = 0.0
    key: float = 0.0
    rim: float = 0.0


_NIGHT = _Hour(
    Grade(
        warmth=-0.62,
        contrast=0.06,
        pivot=0.3,
        saturation=0.60,
        shadows=Tint("#0a1c4a", 0.50),
        highlights=Tint("#8ab0ff", 0.20),
    ),
    dim=0.030,
    sky=("#040815", "#0a1838", "#1b3160"),
    stars=1.0,
    moon=1.0,
    lamps=1.1,
    indoors=0.55,
    pool=0.95,
    key=0.85,
    rim=0.30,
)
_MOONLIGHT = _Hour(
    Grade(
        warmth=-0.42,
        contrast=0.12,
        pivot=0.35,
        saturation=0.26,
        shadows=Tint("#0c1a3c", 0.42),
        highlights=Tint("#b4c8f0", 0.22),
    ),
    dim=0.085,
    sky=("#101a34", "#22345c", "#4a5f8c"),
    stars=0.45,
    moon=1.25,
    pool=0.65,
    key=0.50,
    rim=0.34,
)
_BLUE_HOUR = _Hour(
    Grade(
        warmth=-0.50,
        contrast=0.02,
        saturation=0.88,
        shadows=Tint("#14286a", 0.36),
        highlights=Tint("#8aa8f0", 0.20),
    ),
    dim=0.085,
    sky=("#16265c", "#31529a", "#7f93c4", "#d9a99a"),
    lamps=1.0,
    pool=0.40,
    key=0.55,
    rim=0.16,
)


def night(scene: Scene, *, amount: float = 1.0) -> Raster:
    """As if taken at night: blue and dark, stars and a moon in the sky if there is one, warm spots as lamps.
    Light falls as it did in the photograph, but for a cool rim: faces keep their own, dimmed, as if a lamp were
    near, and what is around them falls back into the dark.

    Variation moves the moon and the rim, and makes it darker or less so.
    """
    return _darken(scene, _NIGHT, amount, 81)


def moonlight(scene: Scene, *, amount: float = 1.0) -> Raster:
    """Under a full moon: silver, nearly without colour, brighter than night."""
    return _darken(scene, _MOONLIGHT, amount, 82)


def blue_hour(scene: Scene, *, amount: float = 1.0) -> Raster:
    """After the sun has gone: blue all over, the last warmth at the horizon, the first lamps."""
    return _darken(scene, _BLUE_HOUR, amount, 83)


def _darken(scene: Scene, hour: _Hour, amount: float, salt: int) -> Raster:
    if amount <= 0:
        return scene.picture
    strength = rein(amount, 0.5)
    most = min(1.0, strength)
    rgb = scene.picture.rgb
    small = to_linear(np.asarray(shrink(rgb, 256), np.uint8))
    mean = float(luminance(small).mean())
    # A picture that is dark already needs little of it.
    outside = scene.sky.confidence >= SURE and float((scene.sky.alpha > 0.5).mean()) > 0.03 and not is_close(scene)
    # Without a sky that turns dark it takes more for a night: walls are as pale as people.
    dim = hour.dim if outside else hour.dim * hour.indoors
    exposure = float(np.clip(np.log2(dim / max(1e-4, mean)), -3.6, -0.25)) * (1 + 0.12 * scene.variation)
    # Under an open sky the night itself lights things; a face wants more of it.
    key = hour.key * most * (0.3 if outside and not scene.portraits else 1.0)
    # Nothing is lit but by lamps in a room, so there it is worth a close look what they shine on.
    stands_out = scene.glimpse if outside else scene.saliency
    subject = light_of(scene, stands_out, stops=hour.pool * strength, key=key, rim=hour.rim * most)
    lamps = _lamps(scene, stands_out, outside) if hour.lamps else None
    sky = None
    if outside:
        sky = sky_of(scene, hour.sky, stars=hour.stars, moon=hour.moon, opacity=most, rng=scene.rng(salt))
    shown = graded(rgb, replace(hour.grade, exposure=round(exposure, 1)), strength)
    glow = np.array([1.25, 0.85, 0.42], np.float32) * np.float32(hour.lamps * most)
    for rows in strips(*rgb.shape[:2]):
        image = to_linear(shown[rows])
        if subject is not None:
            subject.shine(image, rgb[rows], rows)
        if sky is not None:
            sky.lay(image, rgb[rows], rows)
        if lamps is not None:
            lit = lamps[rows] > 1e-4
            image[lit] += to_linear(rgb[rows][lit]) * (lamps[rows][lit][:, None] * glow)
        shown[rows] = to_srgb(image)
    return Raster(_finish(shown, scene, lamps, strength, salt), scene.picture.alpha)


def _finish(rgb: U8, scene: Scene, lamps: F32 | None, strength: float, salt: int) -> U8:
    """What the lens and the film add."""
    shown = light.develop(rgb)
    if lamps is not None and float(lamps.mean()) > 2e-4:
        light.bloom(shown, strength=0.8 * strength, threshold=0.55, tint=(1.0, 0.78, 0.5))
    light.vignette(shown, strength=0.40 * strength)
    light.grain(shown, strength=0.010 * min(1.0, strength), rng=scene.rng(salt + 10))
    return light.fix(shown)


def _lamps(scene: Scene, subject: F32, outside: bool) -> F32 | None:
    """What may be a lamp or a lit window: bright, warm, compact, and neither sky nor ``subject``; 0..1. None where
    there is none."""
    rgb = np.asarray(shrink(scene.picture.rgb, 1024), np.uint8)
    linear = to_linear(rgb)
    bright = luminance(linear)
    if float(bright.max()) <= _LIT:
        return None
    shape = bright.shape[::-1]
    small = np.asarray(shrink(bright, 512), np.float32)
    around = cv2.GaussianBlur(small, (0, 0), max(1.0, 0.02 * max(small.shape)))
    around = np.asarray(cv2.resize(around, shape, interpolation=cv2.INTER_LINEAR), np.float32)
    lamp = np.clip((bright - around) * np.float32(2.2), 0, 1)
    lamp *= np.clip((bright - np.float32(_LIT)) / np.float32(0.30), 0, 1)
    lamp *= linear[..., 0] > linear[..., 2] * np.float32(1.25)
    spared = np.asarray(cv2.resize(subject, shape, interpolation=cv2.INTER_AREA), np.float32)
    lamp *= 1 - np.minimum(spared * np.float32(1.6), 1)
    if outside:
        lamp *= 1 - np.asarray(cv2.resize(scene.sky.alpha, shape, interpolation=cv2.INTER_AREA), np.float32)
    lamp *= cv2.resize(_compact(np.asarray(shrink(lamp, 512), np.float32)), shape, interpolation=cv2.INTER_LINEAR)
    if not lamp.any():
        return None
    lamp = cv2.GaussianBlur(lamp, (0, 0), max(0.5, 1.2 * max(shape) / 1024))
    return np.asarray(cv2.resize(lamp, scene.picture.size, interpolation=cv2.INTER_LINEAR), np.float32)


def _compact(lamp: F32) -> F32:
    """1 at the spots of ``lamp`` that are small enough for one: a petal in the sun is no lamp."""
    spots = cv2.dilate(np.asarray(lamp > 0.02, np.uint8), np.ones((3, 3), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(spots)
    small = stats[:, cv2.CC_STAT_AREA] < max(12, 0.0015 * lamp.size)
    small[0] = False
    return np.asarray(cv2.dilate(small[labels].astype(np.float32), np.ones((3, 3), np.uint8)), np.float32)
