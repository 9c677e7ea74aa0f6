"""The light of a low sun: `sunset` changes the sky with it, `golden_hour` the light alone."""

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
from retouch.engines.darkroom.operations import light
from retouch.engines.darkroom.operations.looks import graded, rein, vary
from retouch.engines.darkroom.scene import Scene
from retouch.engines.darkroom.vision.skyline import lower_to_horizon
from retouch.imaging.raster import F32, U8, Raster

NIGHT = 125.0
"""The mean lightness (0..255) below which a sky is one of the night or a late dusk."""

SURE = 0.55
"""From this confidence on a sky is repainted though nobody spoke of one."""

_EVENING = Grade(
    exposure=-0.40,
    hold=0.35,
    warmth=0.62,
    contrast=0.11,
    pivot=0.45,
    saturation=1.06,
    shadows=Tint("#5a2a6a", 0.30),
    highlights=Tint("#ff9a3c", 0.42),
)
_EVENING_INSIDE = replace(
    _EVENING, exposure=-0.28, warmth=0.46, shadows=Tint("#4a2a5e", 0.26), highlights=Tint("#ff9a3c", 0.28)
)
"""The same where no sky is in sight: what is near and fills the frame would drown in the full grade."""
_EVENING_SWING = {"warmth": 0.14, "exposure": 0.10, "shadows": -0.10, "highlights": 0.10}
_GOLDEN = Grade(
    exposure=0.05,
    warmth=0.50,
    contrast=0.06,
    saturation=1.07,
    shadows=Tint("#6a3a2a", 0.18),
    highlights=Tint("#ffb347", 0.32),
)
_GOLDEN_SWING = {"warmth": 0.16, "exposure": 0.14, "highlights": 0.10}

_STOPS = (0.0, 0.28, 0.50, 0.70, 0.86, 1.0)
_SKIES = {
    -1: ("#2b3468", "#5d5496", "#a3699c", "#d98290", "#f2a388", "#fbc9a0"),
    0: ("#2f3f78", "#6a5a9c", "#c4718c", "#f08a5c", "#ffb45e", "#ffd98a"),
    1: ("#33467c", "#7a5c86", "#cf6a5e", "#f4803c", "#ffab3e", "#ffe08a"),
}
"""The sky's colours from the zenith to the horizon: rose, the designed one, and gold."""


@dataclass(frozen=True, eq=False)
class Sun:
    """``glow``: how bright the air is around a sun, about 1.4 at the sun; float32, small, covering the picture."""

    glow: F32

    def wash(self, colour: F32, size: tuple[int, int]) -> F32:
        """The glow in a colour, linear (3,), brought to ``size`` (width, height): float32 (height, width, 3)."""
        return np.asarray(cv2.resize(self.glow[..., None] * colour, size), dtype=np.float32)


def sunset(scene: Scene, *, amount: float = 1.0) -> Raster:
    """Evening. The photograph's own clouds stay and take the sky's new colours, a sun glows where the sky is
    brightest above the horizon, and its light lies on the ground. Without a sky a low sun shines from the side.
    """
    if amount <= 0:
        return scene.picture
    amount = rein(amount, 0.8)
    outside = _has_sky(scene)
    grade = vary(_EVENING if outside else _EVENING_INSIDE, _EVENING_SWING, scene.variation)
    image = to_linear(graded(scene.picture.rgb, grade, amount))
    if outside:
        _repaint(image, scene, min(1.0, amount), amount)
    else:
        _side_light(image, scene, strength=0.75 * amount, veil=0.16 * amount)
    return Raster(_finish(image, scene, amount, bloom=0.35, vignette=0.22), scene.picture.alpha)


def golden_hour(scene: Scene, *, amount: float = 1.0) -> Raster:
    """The hour before sunset: warm light from the side, a soft haze in it."""
    if amount <= 0:
        return scene.picture
    amount = rein(amount, 0.6)
    grade = vary(_GOLDEN, _GOLDEN_SWING, scene.variation)
    image = to_linear(graded(scene.picture.rgb, grade, amount))
    _side_light(image, scene, strength=0.55 * amount, veil=0.05 * amount)
    return Raster(_finish(image, scene, amount, bloom=0.30, vignette=0.12), scene.picture.alpha)


def _has_sky(scene: Scene) -> bool:
    return scene.sky.confidence >= SURE and float((scene.sky.alpha > 0.5).mean()) > 0.03


def _ramp(rows: int, horizon: int, variation: float) -> F32:
    """The sky's colour at each row, linear (rows, 3), its last colour at ``horizon`` and below."""
    near, share = (-1 if variation < 0 else 1), np.float32(abs(variation))
    plain, other = (to_oklab(np.stack([parse_hex(code) for code in _SKIES[key]])) for key in (0, near))
    colours = plain + share * (other - plain)
    at = np.minimum(np.arange(rows, dtype=np.float32) / max(1, horizon), 1)
    columns = [np.interp(at, _STOPS, colours[:, channel]) for channel in range(3)]
    return np.maximum(from_oklab(np.stack(columns, axis=-1).astype(np.float32)), 0)


def _clouds(rgb: U8, alpha: F32) -> F32:
    """Each pixel's luminance against the sky's own smooth course, 1 where equal; float32 (height, width).

    The course is blurred over the sky alone, so that roofs and trees leave no halo in it.
    """
    height, width = alpha.shape
    gray = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    bright = to_linear(gray)
    low, weight = shrink(bright * alpha, 128), shrink(alpha, 128)
    course = cv2.GaussianBlur(low, (0, 0), 9) / (cv2.GaussianBlur(weight, (0, 0), 9) + np.float32(1e-4))
    course = cv2.resize(course, (width, height))
    return np.clip(bright / np.maximum(course, np.float32(0.02)), 0.45, 1.8)


def _open_sky(rgb: U8, sky: F32) -> F32:
    """``sky`` without what stands before it, by colour: float32 (height, width).

    At night that is seldom darker than the sky: lit masts, lamps, roofs. Painted over as if they were clouds
    they would shine through. A sky in daylight is left as it is, for its clouds differ from it as much.
    """
    height, width = sky.shape
    lab = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB), dtype=np.uint8)
    weight = np.asarray(shrink(sky, 160), dtype=np.float32)
    total = cv2.GaussianBlur(weight, (0, 0), 9) + np.float32(1e-4)
    small = np.asarray(shrink(lab, 160), dtype=np.float32)
    dark = float((small[..., 0] * weight).sum()) / max(1e-4, float(weight.sum()))
    if dark > NIGHT:
        return sky
    away = np.zeros((height, width), np.float32)
    for channel in range(3):
        course = cv2.GaussianBlur(small[..., channel] * weight, (0, 0), 9) / total
        wide = cv2.resize(course, (width, height))
        np.maximum(away, np.abs(lab[..., channel] - wide), out=away)
    cv2.GaussianBlur(away, (0, 0), 0.8, dst=away)
    usual = np.float32(4 + 1.6 * float(np.median(away[:: max(1, height // 128), :: max(1, width // 128)])))
    clear: F32 = np.clip(2 - away / usual, 0, 1)
    # Full at nights that are no more than half dark would break the clouds of a dusk.
    share = np.float32(min(1.0, (NIGHT - dark) / 20))
    return np.asarray(sky * (1 - share * (1 - clear)), dtype=np.float32)


def _find_sun(rgb: U8, alpha: F32, horizon: int, variation: float) -> Sun:
    """The sun behind the brightest stretch of sky above the horizon; variation moves it sideways and up."""
    height, width = alpha.shape
    band = slice(max(0, horizon - height // 3), horizon)
    lit = luminance(to_linear(shrink(rgb[band], 256).astype(np.uint8)))
    weight = cv2.resize(alpha[band], (lit.shape[1], lit.shape[0]), interpolation=cv2.INTER_AREA)
    columns = cv2.resize((lit * weight).sum(0)[None], (32, 1), interpolation=cv2.INTER_AREA)
    columns = cv2.GaussianBlur(columns, (0, 0), 3)[0]
    # Nearer the middle where nothing speaks for a side: a sun cut by the frame lights nothing.
    columns = columns * (1 - 0.35 * np.square(np.linspace(-1, 1, 32)))
    place = (int(np.argmax(columns)) + 0.5) / 32
    x = float(np.clip(place + 0.14 * variation, 0.06, 0.94)) * width
    y = horizon * (0.93 - 0.10 * max(0.0, variation))
    step = max(height, width) / 128
    down = (np.arange(round(height / step), dtype=np.float32)[:, None] + np.float32(0.5)) * np.float32(step)
    across = (np.arange(round(width / step), dtype=np.float32)[None, :] + np.float32(0.5)) * np.float32(step)
    far = np.hypot(across - np.float32(x), (down - np.float32(y)) * np.float32(1.25)) / max(height, width)
    glow = 0.9 * np.exp(-np.square(far / np.float32(0.10))) + 0.55 * np.exp(-far / np.float32(0.22))
    return Sun(glow.astype(np.float32))


def _reflecting(rgb: U8, horizon: int) -> F32:
    """How much a pixel below the sky mirrors it: water and far haze, which are pale, bluish and near the
    horizon. Float32 (height, width) in 0..0.7."""
    bluish = cv2.subtract(rgb[..., 2], rgb[..., 0])
    pale = np.minimum(rgb[..., 1], 96)
    rows = np.arange(rgb.shape[0], dtype=np.float32) - np.float32(horizon)
    near = np.exp(-np.square(np.maximum(rows, 0) / np.float32(0.12 * rgb.shape[0])))
    mirror = np.minimum(bluish, 70) * (near[:, None] * np.float32(0.7 / 70))
    return np.asarray(mirror * (pale * np.float32(1 / 96)), dtype=np.float32)


def _repaint(image: F32, scene: Scene, opacity: float, strength: float) -> None:
    """Lay the evening sky into ``image`` (linear, in place) and the sun's light onto the ground."""
    rgb = scene.picture.rgb
    sky = _open_sky(rgb, lower_to_horizon(rgb, scene.sky.alpha))
    height, width = sky.shape
    size = (width, height)
    rows = np.nonzero((sky > 0.5).mean(1) > 0.02)[0]
    horizon = int(rows[-1]) + 1
    sun = _find_sun(rgb, sky, horizon, scene.variation)
    # The ground first: warm light toward the sun, as a gain.
    gain = sun.wash(np.array([0.55, 0.22, -0.05], np.float32) * np.float32(strength), size)
    cv2.multiply(gain, light.spread(1 - sky, size), dst=gain)
    gain += 1
    cv2.multiply(image, gain, dst=image)
    painted = light.spread(_clouds(rgb, sky), size)
    painted *= _ramp(height, horizon, scene.variation)[:, None, :] * np.float32(0.92)
    painted += sun.wash(parse_hex("#ffb255") * np.float32(0.75), size)
    painted -= image
    alpha = np.maximum(sky, _reflecting(rgb, horizon)) * np.float32(opacity)
    cv2.multiply(painted, light.spread(alpha, size), dst=painted)
    image += painted
    image += sun.wash(parse_hex("#ff9a4a") * np.float32(0.10 * min(1.4, strength)), size)


def _side_light(image: F32, scene: Scene, *, strength: float, veil: float) -> None:
    """Warm light from one side onto ``image`` (linear, in place), the far side left a little darker."""
    size = (image.shape[1], image.shape[0])
    axis = np.linspace(0, 1, 64, dtype=np.float32)
    x = axis if scene.variation >= -0.25 else axis[::-1]
    y = axis[:, None] - np.float32(0.10 + 0.12 * abs(scene.variation))
    glow = np.exp(-(np.square((x[None, :] - 0.88) / 0.70) + np.square(y / 0.75)))[..., None].astype(np.float32)
    gain = 1 + glow * (np.array([0.85, 0.40, 0.03], np.float32) * np.float32(strength))
    gain *= 1 - np.float32(veil) * (1 - glow)
    cv2.multiply(image, cv2.resize(gain, size), dst=image)
    haze = glow * (parse_hex("#ff8a3a") * np.float32(0.09 * min(1.0, strength)))
    cv2.add(image, cv2.resize(haze, size), dst=image)


def _finish(image: F32, scene: Scene, amount: float, *, bloom: float, vignette: float) -> U8:
    # A shoulder, so that the added light rolls off; below a half it changes next to nothing.
    image /= 1 + np.float32(0.06) * image
    shown = light.develop(to_srgb(image))
    light.bloom(shown, strength=bloom * amount, threshold=0.78, tint=(1.0, 0.75, 0.45))
    light.vignette(shown, strength=vignette * amount)
    # Grain too fine to see: without it the wide ramps of the sky would band.
    light.grain(shown, strength=0.006 * min(1.0, amount), rng=scene.rng(10))
    return light.fix(shown)
