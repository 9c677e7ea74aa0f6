"""Fine detail: sharper, cleaner, larger."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from retouch.engines.darkroom import regions
from retouch.engines.darkroom.enlarging import enlarged
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import F32, U8, Raster

Size = tuple[int, int]

HALO = 5.0
"""Levels that sharpening may go beyond the lightest and darkest of a pixel's neighbours."""
PATIENCE = {"low": 5, "medium": 9, "high": 14}
"""Rounds of deconvolution."""
NOISIEST = 14.0
"""Levels; what is taken for noise above that is texture."""
NLM_PIXELS = 1_600_000
"""Non-local means takes a second for so many; larger pictures get the quicker filter."""
POLE = 1400
"""The longer side of a picture whose detail is one pixel large; a larger one was taken by a finer sensor."""


def sharpen(scene: Scene, *, amount: float = 1.0) -> Raster:
    """Edges and texture crisper, in luminance alone: no colour fringes, hardly a halo, noise left as it is."""
    light, colour = _split(scene.picture.rgb)
    noise = estimate_noise(light)
    reach = _reach(scene.picture)
    fine = light - cv2.GaussianBlur(light, (0, 0), 0.8 * reach)
    broad = light - cv2.GaussianBlur(light, (0, 0), 2.0 * reach)
    detail = fine * np.float32(1.1) + broad * np.float32(0.45)
    # What is no stronger than the noise around it is noise.
    energy = cv2.GaussianBlur(fine * fine, (0, 0), 1.5 * reach)
    detail *= energy / (energy + np.float32(2.0 * noise * noise + 0.3))
    sharper = light + detail * np.float32(amount)
    return _joined(scene.picture, _bounded(sharper, light, HALO * max(1.0, amount), reach), colour)


def deblur(scene: Scene, *, amount: float = 1.0) -> Raster:
    """A slight blur, of the lens or of a shaky hand, taken back as far as it goes without ringing.

    A few rounds of Richardson-Lucy on the luminance, damped where there is but noise.
    Source: Richardson: Bayesian-Based Iterative Method of Image Restoration, JOSA 62, 1972.
    """
    light, colour = _split(scene.picture.rgb)
    noise = estimate_noise(light)
    reach = _reach(scene.picture)
    sigma = 1.5 * reach
    seen = light + np.float32(1)
    guess = seen.copy()
    for _ in range(PATIENCE.get(scene.quality, PATIENCE["medium"])):
        blurred = cv2.GaussianBlur(guess, (0, 0), sigma)
        guess *= cv2.GaussianBlur(seen / np.maximum(blurred, np.float32(0.5)), (0, 0), sigma)
    detail = guess - seen
    energy = cv2.GaussianBlur(detail * detail, (0, 0), 2.0 * reach)
    detail *= energy / (energy + np.float32(9.0 * noise * noise + 1.0))
    return _joined(
        scene.picture, _bounded(light + detail * np.float32(min(1.5, amount)), light, 2 * HALO, 2 * reach), colour
    )


def denoise(scene: Scene, *, amount: float = 1.0) -> Raster:
    """Noise smoothed away while edges stay: as much as there is, in colour more than in luminance.

    With high ``quality`` by non-local means, as long as the picture is not too large for it.
    """
    light, colour = _split(scene.picture.rgb)
    noise = min(NOISIEST, max(1.2, estimate_noise(light)))
    strength = noise * min(1.6, amount)
    if scene.quality == "high" and light.size <= NLM_PIXELS:
        grain = np.rint(light).astype(np.uint8)
        smooth = cv2.fastNlMeansDenoising(
            grain, None, h=1.05 * strength, templateWindowSize=5, searchWindowSize=15
        )
        clean = smooth.astype(np.float32)
    else:
        clean = np.asarray(cv2.bilateralFilter(light, 7, 2.8 * strength, 2.2), dtype=np.float32)
        if noise > 5:
            clean = np.asarray(cv2.bilateralFilter(clean, 5, 1.6 * strength, 1.6), dtype=np.float32)
    # A trace of the grain is left: without any, skin and walls turn to plastic.
    clean += (light - clean) * np.float32(0.12)
    return _joined(scene.picture, clean, _cleaner(colour, light, 3.2 * strength))


def soften_skin(scene: Scene, *, amount: float = 1.0) -> Raster:
    """Blotches on faces evened out; pores, eyes, mouth and hair stay. Raises `TargetNotFound` without a face."""
    soften_skin_needs(scene, None)
    light, colour = _split(scene.picture.rgb)
    height, width = light.shape
    weight = regions.faces(scene)
    for face in scene.faces:
        for points, room in ((_EYES[0], 1.5), (_EYES[1], 1.5), (_MOUTH, 1.15)):
            hull = face.mesh[list(points), :2]
            middle = hull.mean(0)
            outline = cv2.convexHull((middle + (hull - middle) * np.float32(room)).astype(np.float32))
            hole = np.zeros((height, width), np.float32)
            cv2.fillConvexPoly(hole, outline.astype(np.int32), 1.0)
            soft = 0.03 * (face.box[2] - face.box[0]) + 0.5
            weight *= 1 - np.minimum(1, cv2.GaussianBlur(hole, (0, 0), soft) * np.float32(1.4))
    scale = max(face.box[2] - face.box[0] for face in scene.faces)
    # Between the pores, which stay, and the face's own shading lie the blotches.
    pores = light - cv2.GaussianBlur(light, (0, 0), max(0.6, 0.006 * scale))
    rows, columns = (np.flatnonzero((weight > 0).any(axis)) for axis in (1, 0))
    part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    even = light.copy()
    reach = max(1.0, min(6.0, 0.022 * scale))
    even[part] = cv2.bilateralFilter(np.ascontiguousarray(light[part]), -1, 26.0, reach)
    # Edges of features are no blotches.
    edge = np.abs(light - even)
    weight *= np.clip(1.6 - edge / 18, 0, 1) * np.float32(min(1.0, 0.75 * amount))
    smooth = light + (even + pores - light) * weight
    colour += (cv2.GaussianBlur(colour, (0, 0), max(1.0, 0.012 * scale)) - colour) * weight[..., None]
    return _joined(scene.picture, smooth, colour)


def soften_skin_needs(scene: Scene, mask: F32 | None) -> None:
    regions.seek(scene, ["face"])


_EYES = (
    (33, 133, 159, 145, 160, 144, 158, 153, 70, 63, 105, 66, 107),
    (263, 362, 386, 374, 387, 373, 385, 380, 300, 293, 334, 296, 336),
)
"""Landmarks of each eye with its brow."""
_MOUTH = (61, 291, 0, 17, 39, 269, 181, 405)


def upscale(scene: Scene, *, amount: float = 1.0, factor: float | str = 2) -> Raster:
    """The picture ``factor`` times as large, crisp but without invented detail. ``amount`` is not used."""
    return enlarged(scene.picture, upscale_size(scene.picture.size, (), factor=factor))


def upscale_size(size: Size, sources: Sequence[Size], *, factor: float | str = 2) -> Size:
    return round(size[0] * float(factor)), round(size[1] * float(factor))


def estimate_noise(light: F32) -> float:
    """The deviation of the noise in ``light`` (levels), from what an edge-blind high pass leaves in the quietest
    half of the picture.

    Source: Immerkær: Fast Noise Variance Estimation, Computer Vision and Image Understanding 64, 1996.
    """
    height, width = light.shape
    if min(height, width) < 8:
        return 0.0
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    high = np.abs(cv2.filter2D(light, -1, kernel)) / np.float32(6)
    # Clipped areas show no noise at all, textured ones too much: the lower middle of small blocks is both.
    blocks = cv2.resize(high, (max(4, width // 16), max(4, height // 16)), interpolation=cv2.INTER_AREA)
    return float(np.quantile(blocks, 0.3)) * 1.2533


def _reach(picture: Raster) -> float:
    return max(1.0, max(picture.size) / POLE)


def _split(rgb: U8) -> tuple[F32, F32]:
    """Luma (height, width) and chroma (height, width, 2), float32 in levels."""
    ycc = cv2.cvtColor(rgb, cv2.COLOR_RGB2YCrCb).astype(np.float32)
    return np.ascontiguousarray(ycc[..., 0]), np.ascontiguousarray(ycc[..., 1:])


def _joined(picture: Raster, light: F32, colour: F32) -> Raster:
    ycc = np.dstack([light, colour])
    np.clip(ycc, 0, 255, out=ycc)
    rgb = cv2.cvtColor(np.rint(ycc).astype(np.uint8), cv2.COLOR_YCrCb2RGB)
    return Raster(np.ascontiguousarray(rgb, dtype=np.uint8), picture.alpha)


def _bounded(sharper: np.ndarray, light: F32, slack: float, reach: float) -> F32:
    """``sharper`` kept within ``slack`` of the range of ``light`` around each pixel: what is beyond is a halo."""
    side = 2 * max(1, round(reach)) + 1
    around = np.ones((side, side), np.uint8)
    low, high = cv2.erode(light, around), cv2.dilate(light, around)
    # Near the bounds it goes on more slowly instead of stopping: flat tops are seen, too.
    over, under = np.maximum(sharper - high, 0), np.maximum(low - sharper, 0)
    bounded = np.clip(sharper, low, high)
    bounded += np.float32(slack) * (np.tanh(over / np.float32(2 * slack)) - np.tanh(under / np.float32(2 * slack)))
    return np.asarray(bounded, dtype=np.float32)


def _cleaner(colour: F32, light: F32, strength: float) -> F32:
    """The chroma, smoothed at half size, where its noise is coarse and its edges are seen least."""
    height, width = light.shape
    half = (max(1, width // 2), max(1, height // 2))
    small = np.dstack([cv2.resize(colour, half, interpolation=cv2.INTER_AREA), np.zeros(half[::-1], np.float32)])
    small[..., 2] = cv2.resize(light, half, interpolation=cv2.INTER_AREA)
    smooth = cv2.bilateralFilter(small, 7, 2 * strength, 3.0)[..., :2]
    return np.asarray(cv2.resize(np.ascontiguousarray(smooth), (width, height)), dtype=np.float32)
