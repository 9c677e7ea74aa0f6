"""The sky of a night over a photograph: its colours, stars and moon behind the photograph's own clouds."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.darkroom.colour import from_oklab, parse_hex, to_linear, to_oklab
from retouch.engines.darkroom.filters import shrink
from retouch.engines.darkroom.operations import brush
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import F32, U8

_STARLIGHT = np.array([0.90, 0.95, 1.10], np.float32)
_MOONSHINE = np.array([0.70, 0.80, 1.0], np.float32)
_DISC = np.array([1.0, 0.97, 0.88], np.float32) * np.float32(0.80)

_HALO = 256
"""The longer side, in pixels, at which the moon's halo is computed."""


@dataclass(frozen=True, eq=False)
class Moon:
    """``disc``: how bright its face is, float32, from row and column ``at`` of the picture on. ``halo``: how
    bright the air around it is, of the picture's size."""

    disc: F32
    at: tuple[int, int]
    halo: F32


@dataclass(frozen=True, eq=False)
class NightSky:
    """``alpha``: where it shows, ``course``: how bright the day's sky is without its clouds, both float32 (height,
    width). ``ramp``: its colour at each row, linear (height, 3). ``places``, ``powers``: the stars' pixels (n, 2),
    by rows, and their light (n,). ``shine``: how bright the moon is."""

    alpha: F32
    course: F32
    ramp: F32
    places: NDArray[np.intp]
    powers: F32
    moon: Moon | None
    shine: float

    def lay(self, image: F32, rgb: U8, rows: slice) -> None:
        """Lay those ``rows`` of the sky into ``image`` (linear, in place). ``rgb``: the same rows by day, whose
        clouds stay."""
        alpha = self.alpha[rows]
        if not alpha.any():
            return
        bright = to_linear(np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8))
        bright /= self.course[rows]
        clouds = np.clip(bright, 0.5, 2.2, out=bright)
        lit = np.asarray(cv2.pow(clouds, 1.3), np.float32)
        ramp = self.ramp[rows]
        layers = [lit * ramp[:, channel, None] for channel in range(3)]
        if self.moon is not None:
            halo = self.moon.halo[rows]
            for layer, tone in zip(layers, _MOONSHINE * np.float32(self.shine), strict=True):
                layer += halo * tone
        painted = np.asarray(cv2.merge(layers), np.float32)
        self._lights(painted, clouds, rows)
        painted -= image
        cv2.multiply(painted, cv2.merge([alpha, alpha, alpha]), dst=painted)
        image += painted

    def _lights(self, painted: F32, clouds: F32, rows: slice) -> None:
        """Stars and the moon's face into rows of the sky, in place; dim behind clouds."""
        first, last = np.searchsorted(self.places[:, 0], (rows.start, rows.stop))
        y, x = self.places[first:last, 0] - rows.start, self.places[first:last, 1]
        seen = self.powers[first:last] * np.clip(2 - clouds[y, x], 0, 1)
        painted[y, x] += seen[:, None] * _STARLIGHT
        if self.moon is None:
            return
        (top, left), disc = self.moon.at, self.moon.disc
        above, below = max(rows.start, top), min(rows.stop, top + len(disc))
        if above >= below:
            return
        here = slice(above - rows.start, below - rows.start), slice(left, left + disc.shape[1])
        face = disc[above - top : below - top] * np.clip(2 - clouds[here], 0, 1)
        painted[here] += face[..., None] * (_DISC * np.float32(self.shine))


def sky_of(
    scene: Scene, colours: tuple[str, ...], *, stars: float, moon: float, opacity: float, rng: np.random.Generator
) -> NightSky:
    """A night over the sky of ``scene``, in ``colours`` from the zenith to the horizon; ``stars``, ``moon``: how
    bright they are, 0 for none. The picture must have a sky."""
    sky = scene.sky.alpha
    height, width = sky.shape
    rows = np.nonzero((sky > 0.5).mean(1) > 0.02)[0]
    horizon = int(rows[-1]) + 1
    risen = _moon(scene, horizon) if moon else None
    places, powers = _stars(height, width, horizon, rng)
    powers *= np.float32(stars)
    if risen is not None:
        y, x = places[:, 0] - risen.at[0], places[:, 1] - risen.at[1]
        before = (y >= 0) & (y < risen.disc.shape[0]) & (x >= 0) & (x < risen.disc.shape[1])
        powers[before] *= np.maximum(0, 1 - risen.disc[y[before], x[before]])
    alpha = sky if opacity >= 1 else sky * np.float32(opacity)
    ramp = _ramp(colours, height, horizon)
    return NightSky(alpha, _course(scene.picture.rgb, sky), ramp, places, powers, risen, moon)


def _ramp(colours: tuple[str, ...], rows: int, horizon: int) -> F32:
    """Each row's colour, linear (rows, 3): the last one at ``horizon`` and below."""
    stops = to_oklab(np.stack([parse_hex(code) for code in colours]))
    at = np.minimum(np.arange(rows, dtype=np.float32) / max(1, horizon), 1) ** 1.15 * (len(colours) - 1)
    columns = [np.interp(at, np.arange(len(colours)), stops[:, channel]) for channel in range(3)]
    return np.maximum(from_oklab(np.stack(columns, axis=-1).astype(np.float32)), 0)


def _course(rgb: U8, sky: F32) -> F32:
    """The sky's own smooth luminance, which its clouds are brighter or darker than: float32 (height, width)."""
    height, width = sky.shape
    gray = np.asarray(cv2.cvtColor(np.asarray(shrink(rgb, 512), np.uint8), cv2.COLOR_RGB2GRAY), np.uint8)
    weight = np.asarray(cv2.resize(sky, gray.shape[::-1], interpolation=cv2.INTER_AREA), np.float32)
    low = cv2.GaussianBlur(shrink(to_linear(gray) * weight, 128), (0, 0), 9)
    course = low / (cv2.GaussianBlur(shrink(weight, 128), (0, 0), 9) + np.float32(1e-4))
    course = cv2.resize(course, (width, height))
    return np.asarray(np.maximum(course, np.float32(0.02), out=course), np.float32)


def _stars(height: int, width: int, horizon: int, rng: np.random.Generator) -> tuple[NDArray[np.intp], F32]:
    """The pixels that stars above ``horizon`` shine on, (n, 2), by rows, and how bright, (n,): few stars are
    bright and many faint, and there are fewer toward the horizon."""
    scale = max(height, width) / 1024
    count = max(1, round(400 * width * height / max(height, width) ** 2))
    field = np.zeros((min(height, horizon), width), np.float32)
    y = np.minimum((rng.random(count) ** 1.3 * horizon).astype(int), len(field) - 1)
    x = rng.integers(0, width, count)
    field[y, x] = np.minimum(rng.pareto(2.2, count), 6) * 0.16
    sigma = max(0.55, 0.5 * scale)
    cv2.GaussianBlur(field, (0, 0), sigma, dst=field)
    field *= np.float32(2 * np.pi * sigma * sigma)
    fade = np.clip(1 - np.arange(len(field), dtype=np.float32) / np.float32(max(1, horizon)), 0, 1)
    field *= np.sqrt(fade)[:, None]
    places = np.argwhere(field > 1e-4)
    return places, field[places[:, 0], places[:, 1]]


def _moon(scene: Scene, horizon: int) -> Moon | None:
    """The moon where there is open sky for it; None where there is none."""
    sky = scene.sky.alpha
    height, width = sky.shape
    side = max(height, width)
    radius = 0.028 * side
    free = cv2.erode(np.asarray(shrink(sky, 128) > 0.95, np.uint8), np.ones((3, 3), np.uint8))
    scale = side / max(free.shape) if side > 128 else 1.0
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
    size = max(2, round(2 * radius))
    top, left = round(centre[1] - radius), round(centre[0] - radius)
    seas = brush.clouds((64, 64), 3, 4, np.random.default_rng(3)) * np.float32(0.9 * 0.55)
    face = np.asarray(cv2.resize(seas, (size, size), interpolation=cv2.INTER_CUBIC), np.float32)
    # A pixel of air around it, for its soft edge.
    face = np.pad(face, 2) + 1
    rows = slice(max(0, top - 2), min(height, top + size + 2))
    columns = slice(max(0, left - 2), min(width, left + size + 2))
    face = face[rows.start - top + 2 :, columns.start - left + 2 :]
    face = face[: rows.stop - rows.start, : columns.stop - columns.start]
    far = _away(np.arange(rows.start, rows.stop), np.arange(columns.start, columns.stop), centre)
    edge = np.float32(max(1.0, 0.05 * radius))
    disc = np.clip((np.float32(radius) - far) / edge + np.float32(0.5), 0, 1) * np.clip(face, 0.55, 1.1)
    shrunk = max(1.0, side / _HALO)
    down, across = ((np.arange(round(length / shrunk)) + 0.5) * shrunk - 0.5 for length in (height, width))
    far = _away(down, across, centre)
    halo = np.exp(far * np.float32(-1 / (3.2 * radius))) * np.float32(0.055)
    halo += np.exp(far * np.float32(-1 / (9 * radius))) * np.float32(0.022)
    wide = np.asarray(cv2.resize(halo, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    return Moon(np.asarray(disc, np.float32), (rows.start, columns.start), wide)


def _away(rows: NDArray[np.generic], columns: NDArray[np.generic], centre: tuple[float, float]) -> F32:
    """How far each pixel of those rows and columns lies from ``centre`` (x, y), in pixels of the picture."""
    down = rows.astype(np.float32)[:, None] - np.float32(centre[1])
    across = columns.astype(np.float32)[None, :] - np.float32(centre[0])
    return np.asarray(np.sqrt(down * down + across * across), np.float32)
