"""Night, moonlight and the blue hour: day for night, with a sky of its own where there is one."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from retouch.engines.darkroom.colour import (
    Grade,
    Tint,
    from_oklab,
    luminance,
    parse_hex,
    to_linear,
    to_oklab,
    to_srgb,
)
from retouch.engines.darkroom.filters import shrink
from retouch.engines.darkroom.operations import brush, light
from retouch.engines.darkroom.operations.distance import is_close
from retouch.engines.darkroom.operations.looks import graded, rein
from retouch.engines.darkroom.operations.nightlight import light_subject
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import F32, Raster

SURE = 0.55
"""From this confidence on a sky is repainted though nobody spoke of one."""


@dataclass(frozen=True)
class _Hour:
    """A time of day. ``grade``, whose exposure is found for each picture so that its mean luminance becomes
    ``dim``. ``sky``: colours from the zenith to the horizon. ``stars``, ``moon``: how bright they are. ``lamps``:
    how bright what may be a lamp glows. ``indoors``: what share of ``dim`` is left where no sky is. ``pool``,
    ``key``, ``rim``: stops, lamp and rim of the subject, as `light_subject` takes them.
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
    rgb = scene.picture.rgb
    small = to_linear(np.asarray(shrink(rgb, 256), np.uint8))
    mean = float(luminance(small).mean())
    # A picture that is dark already needs little of it.
    outside = scene.sky.confidence >= SURE and float((scene.sky.alpha > 0.5).mean()) > 0.03 and not is_close(scene)
    # Without a sky that turns dark it takes more for a night: walls are as pale as people.
    dim = hour.dim if outside else hour.dim * hour.indoors
    exposure = float(np.clip(np.log2(dim / max(1e-4, mean)), -3.6, -0.25)) * (1 + 0.12 * scene.variation)
    image = to_linear(graded(rgb, replace(hour.grade, exposure=round(exposure, 1)), strength))
    most = min(1.0, strength)
    # Under an open sky the night itself lights things; a face wants more of it.
    key = hour.key * most * (1.0 if scene.faces or not outside else 0.3)
    light_subject(image, scene, stops=hour.pool * strength, key=key, rim=hour.rim * most)
    lamps = _lamps(scene, outside) if hour.lamps else None
    if outside:
        _repaint(image, scene, hour, min(1.0, strength), scene.rng(salt))
    if lamps is not None:
        glow = np.array([1.25, 0.85, 0.42], np.float32) * np.float32(hour.lamps * min(1.0, strength))
        image += to_linear(rgb) * (lamps[..., None] * glow)
    shown = light.develop(to_srgb(image))
    if lamps is not None and float(lamps.mean()) > 2e-4:
        light.bloom(shown, strength=0.8 * strength, threshold=0.55, tint=(1.0, 0.78, 0.5))
    light.vignette(shown, strength=0.40 * strength)
    light.grain(shown, strength=0.010 * min(1.0, strength), rng=scene.rng(salt + 10))
    return Raster(light.fix(shown), scene.picture.alpha)


def _lamps(scene: Scene, outside: bool) -> F32:
    """What may be a lamp or a lit window: bright, warm, compact, and neither sky nor subject; 0..1."""
    rgb = scene.picture.rgb
    linear = to_linear(rgb)
    bright = luminance(linear)
    warm = linear[..., 0] > linear[..., 2] * np.float32(1.25)
    size = scene.picture.size
    small = np.asarray(shrink(bright, 512), np.float32)
    around = cv2.GaussianBlur(small, (0, 0), max(1.0, 0.02 * max(small.shape)))
    around = np.asarray(cv2.resize(around, size, interpolation=cv2.INTER_LINEAR), np.float32)
    lamp = np.clip((bright - around) * np.float32(2.2), 0, 1)
    lamp *= np.clip((bright - np.float32(0.55)) / np.float32(0.30), 0, 1)
    lamp *= warm
    lamp *= 1 - np.minimum(scene.saliency * np.float32(1.6), 1)
    if outside:
        lamp *= 1 - scene.sky.alpha
    lamp *= cv2.resize(_compact(np.asarray(shrink(lamp, 512), np.float32)), size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.GaussianBlur(lamp, (0, 0), max(0.5, 1.2 * max(size) / 1024)), np.float32)


def _compact(lamp: F32) -> F32:
    """1 at the spots of ``lamp`` that are small enough for one: a petal in the sun is no lamp."""
    spots = cv2.dilate(np.asarray(lamp > 0.02, np.uint8), np.ones((3, 3), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(spots)
    small = stats[:, cv2.CC_STAT_AREA] < max(12, 0.0015 * lamp.size)
    small[0] = False
    return np.asarray(cv2.dilate(small[labels].astype(np.float32), np.ones((3, 3), np.uint8)), np.float32)


def _repaint(image: F32, scene: Scene, hour: _Hour, opacity: float, rng: np.random.Generator) -> None:
    """Lay the hour's sky into ``image``, in place; the picture's own clouds stay in it."""
    sky = scene.sky.alpha
    height, width = sky.shape
    rows = np.nonzero((sky > 0.5).mean(1) > 0.02)[0]
    horizon = int(rows[-1]) + 1
    clouds = _clouds(scene, sky)
    lit = clouds ** np.float32(1.3)
    painted = np.asarray(cv2.merge([lit, lit, lit]), np.float32)
    painted *= _ramp(hour.sky, height, horizon)[:, None, :]
    clear = np.clip(2 - clouds, 0, 1)
    moon = _moon(scene, horizon) if hour.moon else None
    if hour.stars:
        stars = _stars(height, width, horizon, rng) * clear * np.float32(hour.stars)
        if moon is not None:
            stars *= 1 - moon[0]
        painted += stars[..., None] * np.array([0.90, 0.95, 1.10], np.float32)
    if moon is not None:
        disc, halo = moon
        painted += (disc * clear * np.float32(0.80 * hour.moon))[..., None] * np.array(
            [1.0, 0.97, 0.88], np.float32
        )
        painted += (halo * np.float32(hour.moon))[..., None] * np.array([0.70, 0.80, 1.0], np.float32)
    painted -= image
    cv2.multiply(painted, light.spread(sky * np.float32(opacity), (width, height)), dst=painted)
    image += painted


def _ramp(colours: tuple[str, ...], rows: int, horizon: int) -> F32:
    """Each row's colour, linear (rows, 3): the last one at ``horizon`` and below."""
    stops = to_oklab(np.stack([parse_hex(code) for code in colours]))
    at = np.minimum(np.arange(rows, dtype=np.float32) / max(1, horizon), 1) ** 1.15 * (len(colours) - 1)
    columns = [np.interp(at, np.arange(len(colours)), stops[:, channel]) for channel in range(3)]
    return np.maximum(from_oklab(np.stack(columns, axis=-1).astype(np.float32)), 0)


def _clouds(scene: Scene, sky: F32) -> F32:
    """How bright each pixel is against the sky's own smooth course, 1 where equal: float32 (height, width)."""
    height, width = sky.shape
    bright = to_linear(np.asarray(cv2.cvtColor(scene.picture.rgb, cv2.COLOR_RGB2GRAY), np.uint8))
    low, weight = shrink(bright * sky, 128), shrink(sky, 128)
    course = cv2.GaussianBlur(low, (0, 0), 9) / (cv2.GaussianBlur(weight, (0, 0), 9) + np.float32(1e-4))
    course = cv2.resize(course, (width, height))
    return np.asarray(np.clip(bright / np.maximum(course, np.float32(0.02)), 0.5, 2.2), np.float32)


def _stars(height: int, width: int, horizon: int, rng: np.random.Generator) -> F32:
    """Stars above ``horizon``, few bright and many faint, fewer toward it: float32 (height, width)."""
    scale = max(height, width) / 1024
    count = max(1, round(400 * width * height / max(height, width) ** 2))
    field = np.zeros((height, width), np.float32)
    y = np.minimum((rng.random(count) ** 1.3 * horizon).astype(int), height - 1)
    x = rng.integers(0, width, count)
    field[y, x] = np.minimum(rng.pareto(2.2, count), 6) * 0.16
    sigma = max(0.55, 0.5 * scale)
    cv2.GaussianBlur(field, (0, 0), sigma, dst=field)
    field *= np.float32(2 * np.pi * sigma * sigma)
    fade = np.clip(1 - np.arange(height, dtype=np.float32) / np.float32(max(1, horizon)), 0, 1)
    field *= np.sqrt(fade)[:, None]
    return field


def _moon(scene: Scene, horizon: int) -> tuple[F32, F32] | None:
    """The moon's disc and its halo, where there is open sky for it; None where there is none."""
    sky = scene.sky.alpha
    height, width = sky.shape
    radius = 0.028 * max(height, width)
    free = cv2.erode(np.asarray(shrink(sky, 128) > 0.95, np.uint8), np.ones((3, 3), np.uint8))
    scale = max(height, width) / max(free.shape) if max(height, width) > 128 else 1.0
    reach = max(1, round(1.6 * radius / scale))
    room = cv2.distanceTransform(cv2.copyMakeBorder(free, 1, 1, 1, 1, cv2.BORDER_CONSTANT), cv2.DIST_L2, 3)[
        1:-1, 1:-1
    ]
    wish = (0.80 - 0.30 * abs(scene.variation) if scene.variation >= 0 else 0.22) * width, 0.26 * horizon
    y, x = np.nonzero(room >= reach)
    if not len(x):
        return None
    nearest = int(np.argmin(np.square(x * scale - wish[0]) + np.square((y * scale - wish[1]) * 2)))
    centre = x[nearest] * scale, y[nearest] * scale
    down = np.arange(height, dtype=np.float32)[:, None] - np.float32(centre[1])
    across = np.arange(width, dtype=np.float32)[None, :] - np.float32(centre[0])
    far = np.sqrt(down * down + across * across)
    seas = brush.clouds((64, 64), 3, 4, np.random.default_rng(3)) * np.float32(0.9)
    size = max(2, round(2 * radius))
    face = np.ones((height, width), np.float32)
    top, left = round(centre[1] - radius), round(centre[0] - radius)
    patch = np.asarray(cv2.resize(seas, (size, size), interpolation=cv2.INTER_CUBIC), np.float32)
    rows, columns = slice(max(0, top), top + size), slice(max(0, left), left + size)
    seen = face[rows, columns]
    seen += patch[max(0, -top) :, max(0, -left) :][: seen.shape[0], : seen.shape[1]] * np.float32(0.55)
    edge = np.float32(max(1.0, 0.05 * radius))
    disc = np.clip((np.float32(radius) - far) / edge + np.float32(0.5), 0, 1) * np.clip(face, 0.55, 1.1)
    halo = np.exp(far * np.float32(-1 / (3.2 * radius))) * np.float32(0.055)
    halo += np.exp(far * np.float32(-1 / (9 * radius))) * np.float32(0.022)
    return disc, halo
