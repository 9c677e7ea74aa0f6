"""Another sky over the same land."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from retouch.engines.darkroom import regions
from retouch.engines.darkroom.colour import (
    Grade,
    Tint,
    apply_table,
    from_oklab,
    grade_table,
    make_table,
    to_linear,
    to_oklab,
    to_srgb,
)
from retouch.engines.darkroom.filters import shrink
from retouch.engines.darkroom.operations.backdrop import grained
from retouch.engines.darkroom.operations.clouds import DOME, Air, paint_sky, stars
from retouch.engines.darkroom.operations.cutout import lay_over, mean_lab, noise_of
from retouch.engines.darkroom.operations.local import strips
from retouch.engines.darkroom.operations.membrane import spread
from retouch.engines.darkroom.scene import Scene
from retouch.engines.darkroom.vision.matte import estimate_foreground
from retouch.errors import TargetNotFound
from retouch.imaging.raster import F32, U8, Raster


@dataclass(frozen=True)
class Weather:
    """A sky and what its light does to the land. ``haze``: how much of the sky's colour lies before the land at
    the horizon, 0..1."""

    air: Air
    land: Grade
    haze: float


KINDS = {
    "blue": Weather(
        Air(("#2f6fb8", "#4585c9", "#6ba3d9", "#9cc5e8", "#cfe2f0"), 0.30, 0.6, "#fbfbfa", "#aebccd", 0.10),
        Grade(exposure=0.12, warmth=0.06, contrast=0.04, vibrance=0.10),
        0.16,
    ),
    "cloudy": Weather(
        Air(("#4a7cb5", "#6896c6", "#8fb3d4", "#b9d0e2", "#dbe4ea"), 0.64, 0.8, "#f7f6f3", "#8a97a8", 0.08),
        Grade(exposure=0.02, saturation=0.96),
        0.20,
    ),
    "storm": Weather(
        Air(("#343c48", "#434c58", "#59626d", "#77808a", "#9aa1a6"), 0.86, 0.95, "#8d959e", "#1d232c", fine=0.8),
        Grade(
            exposure=-0.62, hold=0.2, warmth=-0.16, contrast=0.10, saturation=0.72, shadows=Tint("#1f2c3c", 0.18)
        ),
        0.26,
    ),
    "sunset": Weather(
        Air(
            ("#2d4377", "#5a5a92", "#a3678c", "#e08163", "#f8ab5c", "#ffd08a"),
            0.52,
            0.6,
            "#ffb27a",
            "#5b4468",
            0.85,
            "#ffb25a",
        ),
        Grade(
            exposure=-0.32,
            hold=0.35,
            warmth=0.46,
            contrast=0.07,
            pivot=0.45,
            shadows=Tint("#54306a", 0.22),
            highlights=Tint("#ff9a3c", 0.30),
        ),
        0.30,
    ),
    "pink": Weather(
        Air(
            ("#7d8fc4", "#a99acb", "#d6a3c6", "#f0b0b8", "#fbc9b4", "#fde0c4"),
            0.5,
            0.5,
            "#ffd0cf",
            "#a986b4",
            0.35,
            "#ffc9b0",
        ),
        Grade(exposure=-0.05, warmth=0.14, shadows=Tint("#6a4a86", 0.12), highlights=Tint("#ffb3b8", 0.22)),
        0.24,
    ),
    "overcast": Weather(
        Air(("#b4bac0", "#bcc2c7", "#c6cacd", "#d0d3d5", "#dcdddd"), 0.92, 0.4, "#d9dcde", "#a3aab1", fine=0.7),
        Grade(exposure=-0.10, warmth=-0.06, contrast=-0.05, saturation=0.82),
        0.22,
    ),
    "night": Weather(
        Air(("#03060f", "#060b1b", "#0b142c", "#13203f", "#22325a"), 0.16, 0.3, "#1a2644", "#080d1c", stars=1.8),
        Grade(
            exposure=-2.3,
            warmth=-0.55,
            contrast=0.06,
            pivot=0.3,
            saturation=0.55,
            shadows=Tint("#0a1c4a", 0.40),
            highlights=Tint("#9ab8ff", 0.22),
        ),
        0.20,
    ),
}
"""The skies there are. Their colours run from the zenith to the horizon."""


def replace_sky(scene: Scene, *, amount: float = 1.0, kind: str = "blue", image: int | None = None) -> Raster:
    """Another sky: one of `KINDS`, or that of the picture sent as number ``image``.

    The land is graded to the new light, and at the horizon lies in its haze. Raises `TargetNotFound` where
    there is no sky, here or there.
    """
    regions.seek(scene, ["sky"])
    if amount <= 0:
        return scene.picture
    picture, alpha = scene.picture, scene.sky.alpha
    horizon = _horizon(alpha)
    if image is None:
        weather = KINDS[kind]
        sky = _made(scene, weather.air, horizon)
        grade, haze = weather.land.scaled(min(1.25, amount) * _due(picture.rgb, alpha, weather.land)), weather.haze
        table = grade_table(grade)
    else:
        other = scene.source(image, side=max(DOME, max(picture.size)))
        _seek_sky_of(other, image)
        sky = _borrowed(other, picture.size, horizon)
        table, haze = _toward(picture.rgb, alpha, sky), 0.16
    land = estimate_foreground(picture.rgb, 1 - alpha)
    land = apply_table(land, table)
    land = _hazy(land, picture.rgb, sky, alpha, horizon, haze)
    painted = lay_over(land, sky, alpha)
    if amount < 1:
        faint = picture.rgb + (painted - picture.rgb.astype(np.float32)) * np.float32(amount)
        painted = (faint + np.float32(0.5)).astype(np.uint8)
    return Raster(painted, picture.alpha)


def replace_sky_needs(scene: Scene, mask: F32 | None, *, image: int | None = None, **_: object) -> None:
    """Raise `TargetNotFound` where `replace_sky` would."""
    regions.seek(scene, ["sky"])
    if image is not None:
        _seek_sky_of(scene.source(image, side=DOME), image)


def _seek_sky_of(other: Scene, image: int) -> None:
    if other.sky.confidence < regions.SKY_CONFIDENCE:
        raise TargetNotFound(f"There is no sky to be found in image {image}.")


def _due(rgb: U8, alpha: F32, grade: Grade) -> float:
    """What share of a darkening ``grade`` land bears that may be dark already: 0.3 to 1."""
    if grade.exposure > -1:
        return 1.0
    land, _ = mean_lab(rgb, 1 - alpha)
    return float(np.clip(land[0] / 0.4, 0.3, 1))


def _horizon(alpha: F32) -> float:
    """The row below which there is no more sky to speak of."""
    rows = np.flatnonzero((alpha > 0.5).mean(1) > 0.02)
    return float(rows[-1] + 1) if rows.size else float(len(alpha))


def _made(scene: Scene, air: Air, horizon: float) -> U8:
    width, height = scene.picture.size
    scale = min(1.0, DOME / max(width, height))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    rng = scene.rng(571 + round(500 * scene.variation))
    shown = np.flatnonzero(scene.sky.alpha.any(1))
    # A few more than show, for what is interpolated between them.
    rows = min(size[1], int((shown[-1] + 1) * scale) + 4) if shown.size else size[1]
    sky = paint_sky(size, horizon * scale, air, rng, _sun(scene), rows=rows)
    tone = to_srgb(sky / (1 + np.float32(0.10) * np.maximum(sky - np.float32(0.7), 0)))
    tone = np.pad(tone, ((0, size[1] - rows), (0, 0), (0, 0)), mode="edge")
    large = cv2.resize(tone, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.uint8, copy=False)
    if air.stars:
        stars(large, horizon, air.stars, rng)
    levels = max(0.8, noise_of(scene.picture.rgb))
    return grained(large, scene, levels)


def _sun(scene: Scene) -> float:
    """Where the light comes from, as a share of the width: over the brightest stretch of the old sky."""
    grey = cv2.cvtColor(shrink(scene.original.rgb, 128).astype(np.uint8), cv2.COLOR_RGB2GRAY).astype(np.float32)
    sky = cv2.resize(scene.sky.alpha, (grey.shape[1], grey.shape[0]), interpolation=cv2.INTER_AREA)
    columns = (grey * sky).sum(0) / np.maximum(sky.sum(0), 1)
    columns = cv2.GaussianBlur(columns[None].astype(np.float32), (0, 0), 8)[0]
    place = float(np.argmax(columns) + 0.5) / len(columns)
    return float(np.clip(place + 0.15 * scene.variation, 0.12, 0.88))


def _borrowed(other: Scene, size: tuple[int, int], horizon: float) -> U8:
    """The sky of ``other``, carried on over what stands before it, and laid with its horizon on this one's."""
    alpha, rgb = other.sky.alpha, other.picture.rgb
    theirs = _horizon(alpha)
    small = shrink(rgb, 256).astype(np.float32)
    sure = cv2.resize(alpha, (small.shape[1], small.shape[0]), interpolation=cv2.INTER_AREA)
    sure = np.where(cv2.erode(sure, np.ones((3, 3), np.uint8)) > 0.97, np.float32(1), np.float32(0))
    beyond = np.clip(spread(small, sure.astype(np.float32), rounds=2), 0, 255).astype(np.uint8)
    wide = cv2.resize(beyond, other.picture.size, interpolation=cv2.INTER_CUBIC).astype(np.uint8, copy=False)
    # What is thin, a blade or a wire, stays out with its blurred edge.
    reach = 2 * max(2, max(rgb.shape) // 200) + 1
    clean = cv2.erode((alpha > 0.98).astype(np.uint8), np.ones((reach, reach), np.uint8)).astype(np.float32)
    whole = lay_over(wide, rgb, np.square(cv2.blur(clean, (reach, reach))).astype(np.float32))
    width = size[0]
    scale = max(width / other.picture.width, horizon / max(1.0, theirs))
    # It covers the sky from the top to the horizon; what is too wide is cut off evenly.
    left = (other.picture.width * scale - width) / 2
    top = theirs * scale - horizon
    move = np.array([[scale, 0, -left], [0, scale, -top]], np.float32)
    how = cv2.INTER_CUBIC if scale >= 1 else cv2.INTER_AREA
    laid = cv2.warpAffine(whole, move, size, flags=how, borderMode=cv2.BORDER_REPLICATE)
    return np.ascontiguousarray(laid, dtype=np.uint8)


def _toward(rgb: U8, alpha: F32, sky: U8) -> F32:
    """A table that moves the land as the new sky differs from the old one, less than half the way."""
    old, _ = mean_lab(rgb, alpha)
    new, _ = mean_lab(sky, alpha)
    pull = (new - old) * np.array([0.42, 0.35, 0.35], np.float32)
    pull = np.clip(pull, np.array([-0.22, -0.03, -0.03], np.float32), np.array([0.08, 0.03, 0.03], np.float32))

    def move(linear: F32) -> F32:
        lab = to_oklab(linear)
        light = np.clip(lab[:, :1], 0, 1)
        shifted = lab + pull * np.concatenate([light, 2 * light, 2 * light], 1)
        return np.clip(from_oklab(shifted.astype(np.float32)), 0, 1)

    return make_table(move)


def _hazy(land: U8, rgb: U8, sky: U8, alpha: F32, horizon: float, strength: float) -> U8:
    """``land`` with the air before what is far: what lies near the horizon and already had some of the old sky's
    colour in ``rgb``, as things do that have much air before them."""
    height, width = alpha.shape
    reach = 0.07 * height
    band = slice(max(0, int(horizon - 4 * reach)), min(height, int(horizon + 2.2 * reach)))
    rows = np.arange(band.start, band.stop, dtype=np.float32) - np.float32(horizon)
    near = np.exp(-np.square(rows / np.where(rows > 0, reach, 1.8 * reach))).astype(np.float32)
    step = max(1, max(height, width) // 256)
    old = to_oklab(to_linear(rgb[band][::step, ::step]))
    inside = alpha[band][::step, ::step] > 0.9
    if not inside.any():
        return land
    away = np.linalg.norm((old - old[inside].mean(0)) * np.array([1, 1.6, 1.6], np.float32), axis=2)
    far = np.exp(-np.square(away / np.float32(0.22))).astype(np.float32)
    far = cv2.resize(cv2.GaussianBlur(far, (0, 0), 4 * max(height, width) / 1024 / step), (width, len(near)))
    row = min(height - 1, max(0, int(horizon) - 2))
    air = shrink(sky[max(0, row - height // 24) : row + 1], 64).astype(np.uint8)
    colour = to_linear(air).reshape(-1, 3).mean(0)
    out = land.copy()
    for part in strips(len(near), width):
        here = slice(band.start + part.start, band.start + part.stop)
        share = (far[part] * np.float32(1.6) + np.float32(0.15)) * (near[part, None] * np.float32(strength))
        view = to_linear(land[here])
        view *= cv2.merge([1 - share] * 3)
        view += cv2.merge([share * tone for tone in colour])
        out[here] = to_srgb(view)
    return out
