"""Weather: falling and lying snow, rain, a storm, fog.

All of it is light: linear, float32 (height, width, 3).
"""

from __future__ import annotations

import cv2
import numpy as np

from retouch.engines.darkroom.colour import Grade, Tint, luminance, parse_hex, to_linear, to_srgb
from retouch.engines.darkroom.filters import shrink
from retouch.engines.darkroom.operations import brush, light
from retouch.engines.darkroom.operations.distance import believed_sky, find_distance
from retouch.engines.darkroom.operations.looks import graded, rein
from retouch.engines.darkroom.operations.wetness import wet
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import F32, U8, Raster

_SNOW = Grade(
    exposure=-0.08,
    hold=0.6,
    warmth=-0.26,
    contrast=-0.05,
    saturation=0.72,
    shadows=Tint("#5a6a8a", 0.16),
    black=0.04,
)
_RAIN = Grade(
    exposure=-0.62,
    hold=0.25,
    warmth=-0.20,
    contrast=0.02,
    saturation=0.66,
    shadows=Tint("#2a3a4a", 0.26),
    black=0.02,
)
_STORM = Grade(
    exposure=-1.15,
    hold=0.10,
    warmth=-0.28,
    contrast=0.08,
    saturation=0.62,
    shadows=Tint("#1c2c40", 0.34),
    black=0.015,
)
_FOG = Grade(exposure=0.0, warmth=-0.04, contrast=-0.04, saturation=0.78, black=0.02)

_FLAKES = (
    (2600, 0.5, 1.0, 0.5, 0.75),
    (900, 0.9, 1.9, 0.8, 0.85),
    (190, 2.2, 4.2, 2.2, 0.75),
    (26, 6.0, 11.0, 6.0, 0.36),
)
"""From far to near, at a thousand pixels: how many, the smallest and largest radius, how blurred, how opaque."""

_STREAKS = ((980, 0.020, 1, 0.30, 0.0), (420, 0.050, 1, 0.52, 0.45), (90, 0.110, 2, 0.46, 1.1))
"""From far to near: how many, how long against the picture, how wide, how opaque, how blurred."""


def snow(scene: Scene, *, amount: float = 1.0) -> Raster:
    """A snowy day: cold soft light, snow on what faces up, haze that thickens with distance, and flakes in four
    layers from fine to out of focus. ``amount`` is how hard it snows. Variation turns the wind and the density.
    """
    if amount <= 0:
        return scene.picture
    strength = rein(amount, 0.7)
    dense = strength * (1 + 0.3 * scene.variation)
    sky, daylight = believed_sky(scene), _daylight(scene) ** np.float32(0.75)
    image = to_linear(graded(scene.picture.rgb, _SNOW, min(1.0, strength)))
    _settle(image, scene, sky, min(1.3, strength), daylight)
    # A sky a little darker than the flakes, or none of them would be seen against it.
    _cloud_over(image, sky * np.float32(0.8 * min(1.0, strength)), parse_hex("#b3bcc8") * daylight, scene.rng(71))
    _haze(image, find_distance(scene, sky), "#bcc5d0", daylight, reach=0.62 * strength, near=0.02, power=1.5)
    fallen = _flakes(scene, dense, wind=75 + 40 * scene.variation)
    _add(image, fallen, np.array([0.93, 0.95, 1.0], np.float32) * daylight ** np.float32(0.7))
    return Raster(to_srgb(image), scene.picture.alpha)


def rain(scene: Scene, *, amount: float = 1.0) -> Raster:
    """A rainy day: a grey sky, dull colours, wet things, haze, and streaks in three layers. ``amount`` is how
    hard it rains. Variation turns the wind and the density."""
    if amount <= 0:
        return scene.picture
    return _rainfall(scene, rein(amount, 0.7), _RAIN, "#8a939c", "#8d969e", cover=0.75)


def storm(scene: Scene, *, amount: float = 1.0) -> Raster:
    """A thunderstorm: a heavy dark sky over hard rain."""
    if amount <= 0:
        return scene.picture
    return _rainfall(scene, rein(amount, 0.5), _STORM, "#3e474f", "#586168", cover=0.88)


def fog(scene: Scene, *, amount: float = 1.0) -> Raster:
    """Fog that swallows the distance first, in drifts. ``amount`` is how thick it is."""
    if amount <= 0:
        return scene.picture
    strength = rein(amount, 0.8) * (1 + 0.25 * scene.variation)
    # Fog shines: in a dark wood it is lighter than anything else.
    sky, daylight = believed_sky(scene), _daylight(scene) ** np.float32(0.7)
    image = to_linear(graded(scene.picture.rgb, _FOG, min(1.0, strength)))
    drifts = brush.clouds((128, 192), 2, 5, scene.rng(73))
    drifts = np.clip(drifts * np.float32(1.7) + np.float32(0.85), 0.40, 1.25)
    _haze(
        image,
        find_distance(scene, sky),
        "#cdd2d6",
        daylight,
        reach=2.0 * strength,
        near=0.04,
        power=1.15,
        drifts=drifts,
    )
    light.grain(shown := light.develop(to_srgb(image)), strength=0.004, rng=scene.rng(74))
    return Raster(light.fix(shown), scene.picture.alpha)


def _rainfall(scene: Scene, strength: float, grade: Grade, sky_colour: str, air: str, *, cover: float) -> Raster:
    sky, daylight = believed_sky(scene), _daylight(scene)
    image = to_linear(graded(scene.picture.rgb, grade, min(1.0, strength)))
    wet(image, scene, sky, min(1.0, strength))
    _cloud_over(
        image, sky * np.float32(cover * min(1.0, strength)), parse_hex(sky_colour) * daylight, scene.rng(71)
    )
    _haze(image, find_distance(scene, sky), air, daylight, reach=0.80 * strength, near=0.03, power=1.1)
    lean = 0.16 + 0.24 * scene.variation
    drops = _streaks(scene, strength * (1 + 0.3 * scene.variation), lean)
    size = scene.picture.size
    small = np.asarray(shrink(image, 256), np.float32)
    glow = cv2.GaussianBlur(luminance(small), (0, 0), 2.6)
    # A drop shows the whole scene upside down: it is about as bright as what is around, and a little brighter.
    behind = np.asarray(cv2.resize(glow, size, interpolation=cv2.INTER_LINEAR), np.float32)
    bright = behind * np.float32(0.75) + np.float32(0.42) * daylight ** np.float32(0.7)
    drops *= np.float32(0.80)
    keep = 1 - drops
    tint = np.array([0.93, 1.0, 1.08], np.float32)
    for channel in range(3):
        image[..., channel] = image[..., channel] * keep + drops * bright * tint[channel]
    shown = light.develop(to_srgb(image))
    light.vignette(shown, strength=0.30 * min(1.0, strength))
    return Raster(light.fix(shown), scene.picture.alpha)


def _daylight(scene: Scene) -> np.float32:
    """How bright white is in the picture as it stands, 0.04..1: fog and snow shine no brighter than the day."""
    small = luminance(to_linear(np.asarray(shrink(scene.picture.rgb, 128), np.uint8)))
    return np.float32(np.clip(np.percentile(small, 97) / 0.45, 0.04, 1))


def _haze(
    image: F32,
    distance: F32,
    colour: str,
    daylight: np.float32,
    *,
    reach: float,
    near: float,
    power: float,
    drifts: F32 | None = None,
) -> None:
    """Air between the camera and things, in place: exp(-reach · distance) of their light comes through.

    Source: Koschmieder's law of horizontal visibility, 1924.
    """
    size = (image.shape[1], image.shape[0])
    depth = distance ** np.float32(power)
    depth += np.float32(near)
    if drifts is not None:
        depth *= cv2.resize(drifts, size, interpolation=cv2.INTER_CUBIC)
    depth *= np.float32(-reach)
    _add(image, 1 - np.exp(depth, out=depth), parse_hex(colour) * daylight)


def _add(image: F32, cover: F32, colour: F32) -> None:
    """Lay ``colour`` (linear) over ``image``, in place, as opaque as ``cover`` says."""
    keep = 1 - cover
    for channel in range(3):
        image[..., channel] *= keep
        image[..., channel] += cover * colour[channel]


def _cloud_over(image: F32, cover: F32, colour: F32, rng: np.random.Generator) -> None:
    """Grey clouds in the sky, in place; those of the picture stay as light and dark in them."""
    if float(cover.max()) < 0.05:
        return
    size = (image.shape[1], image.shape[0])
    masses = brush.clouds((128, 192), 3, 5, rng)
    masses = np.clip(np.float32(1.0) + masses * np.float32(1.9), 0.45, 1.7)
    wide = np.asarray(cv2.resize(masses, size, interpolation=cv2.INTER_CUBIC), np.float32)
    # Lighter toward the horizon, as any sky is.
    wide *= np.linspace(0.80, 1.25, size[1], dtype=np.float32)[:, None]
    own = luminance(image)
    mean = float((own * cover).sum() / max(1e-6, float(cover.sum())))
    wide *= np.clip(own * np.float32(1 / max(1e-4, mean)), 0.7, 1.35)
    for channel in range(3):
        image[..., channel] += cover * (wide * colour[channel] - image[..., channel])


def _settle(image: F32, scene: Scene, sky: F32, strength: float, daylight: np.float32) -> None:
    """Snow on what faces up, in place: below an upper edge things are lighter than a little farther up, and leaves
    and grass hold it best. What stands out is spared: nobody wants it on a face."""
    small = np.ascontiguousarray(shrink(scene.picture.rgb, 1024), dtype=np.uint8)
    height, width = small.shape[:2]
    side = max(height, width)
    gray = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32) * np.float32(1 / 255)
    above = cv2.GaussianBlur(gray, (0, 0), max(0.8, 0.008 * side))
    shift = np.array([[1, 0, 0], [0, 1, round(0.006 * side)]], np.float32)
    above = cv2.warpAffine(above, shift, (width, height), borderMode=cv2.BORDER_REPLICATE)
    upper = np.clip((cv2.GaussianBlur(gray, (0, 0), max(0.5, 0.003 * side)) - above) * 5 + np.float32(0.15), 0, 1)
    rgb = small.astype(np.float32) * np.float32(1 / 255)
    green = np.clip((rgb[..., 1] - np.maximum(rgb[..., 0], rgb[..., 2]) * np.float32(0.96)) * 6 + 0.25, 0, 1)
    low = np.linspace(0.55, 1.0, height, dtype=np.float32)[:, None]
    lying = upper * (np.float32(0.35) + np.float32(0.65) * green) * low
    lying *= 1 - np.asarray(cv2.resize(sky, (width, height), interpolation=cv2.INTER_AREA), np.float32)
    spared = np.asarray(cv2.resize(scene.glimpse, (width, height), interpolation=cv2.INTER_AREA), np.float32)
    lying *= 1 - np.float32(0.75) * spared
    lying = np.asarray(cv2.GaussianBlur(lying, (0, 0), max(0.4, 0.0009 * side)), np.float32)
    cover = np.minimum(lying * np.float32(0.80 * strength), np.float32(0.92))
    size = scene.picture.size
    wide = np.asarray(cv2.resize(cover, size, interpolation=cv2.INTER_LINEAR), np.float32)
    _add(image, wide, np.array([0.80, 0.86, 0.95], np.float32) * daylight)


def _flakes(scene: Scene, dense: float, *, wind: float) -> F32:
    """How much snow in the air hides of each pixel: float32 (height, width). ``wind``: degrees; 90 is straight
    down."""
    rng, (width, height) = scene.rng(72), scene.picture.size
    scale = max(width, height) / 1024
    share = width * height / max(width, height) ** 2
    clear = np.ones((height, width), np.float32)
    for many, smallest, largest, blur, opacity in _FLAKES:
        count = max(1, round(many * dense * share))
        layer: U8 = np.zeros((height, width), np.uint8)
        places = rng.random((count, 2)) * (width, height)
        radii = rng.uniform(smallest, largest, count) * scale
        turns = wind + rng.uniform(-15, 15, count)
        lights = rng.uniform(0.5, 1.0, count) * 255
        for (x, y), radius, turn, bright in zip(places, radii, turns, lights, strict=True):
            axes = (max(1, round(radius * 1.4 * 8)), max(1, round(radius * 8)))
            centre = (round(x * 8), round(y * 8))
            cv2.ellipse(layer, centre, axes, float(turn), 0, 360, float(bright), -1, cv2.LINE_AA, 3)
        soft = cv2.GaussianBlur(layer, (0, 0), max(0.3, blur * scale)).astype(np.float32)
        soft *= np.float32(-opacity / 255)
        soft += 1
        clear *= soft
    return 1 - clear


def _streaks(scene: Scene, dense: float, lean: float) -> F32:
    """How much rain in the air shows at each pixel: float32 (height, width). ``lean``: how far it is driven
    sideways for each pixel that it falls."""
    rng, (width, height) = scene.rng(75), scene.picture.size
    side = max(width, height)
    share = width * height / side**2
    clear = np.ones((height, width), np.float32)
    for many, length, thick, opacity, blur in _STREAKS:
        count = max(1, round(many * dense * share))
        layer: U8 = np.zeros((height, width), np.uint8)
        places = rng.random((count, 2)) * (width * 1.3, height * 1.25) - (width * 0.15, height * 0.2)
        lengths = rng.uniform(0.6, 1.3, count) * length * side
        lights = rng.uniform(0.3, 1.0, count) * 255
        drift = rng.normal(lean, 0.012, count)
        wide = max(1, round(thick * side / 1600))
        for (x, y), long, bright, aside in zip(places, lengths, lights, drift, strict=True):
            start = (round(x * 16), round(y * 16))
            end = (round((x + long * aside) * 16), round((y + long) * 16))
            cv2.line(layer, start, end, float(bright), wide, cv2.LINE_AA, 4)
        if blur:
            layer = np.asarray(cv2.GaussianBlur(layer, (0, 0), max(0.3, blur * side / 1024)), np.uint8)
        soft = layer.astype(np.float32)
        soft *= np.float32(-opacity / 255)
        soft += 1
        clear *= soft
    return 1 - clear
