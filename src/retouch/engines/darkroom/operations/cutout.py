"""The subject and its background taken apart, and put together anew."""

from __future__ import annotations

import cv2
import numpy as np

from retouch.engines.darkroom.colour import from_oklab, make_table, to_linear, to_oklab, to_srgb
from retouch.engines.darkroom.filters import shrink
from retouch.engines.darkroom.scene import Scene
from retouch.engines.darkroom.vision.matte import estimate_foreground
from retouch.errors import TargetNotFound
from retouch.imaging.raster import F32, U8, Raster

SOLID, HOLLOW = 128, 0.01
"""A picture is cut out already if more than this share of it lies below that alpha."""


def is_cut_out(picture: Raster) -> bool:
    return picture.alpha is not None and float((picture.alpha < SOLID).mean()) >= HOLLOW


def seek_subject(scene: Scene, *, whose: str = "this picture") -> None:
    """Raise `TargetNotFound` unless a subject stands out in the scene or has been cut out of it already."""
    if not is_cut_out(scene.picture) and not scene.stands_out:
        raise TargetNotFound(
            f"No clear subject stands out in {whose}, so it cannot be told from its background. "
            "Try a picture with one main subject."
        )


def alpha_of(scene: Scene) -> F32:
    """The subject's alpha: the picture's own where it is cut out, the matte elsewhere; float32 (height, width)."""
    picture = scene.picture
    if is_cut_out(picture) and picture.alpha is not None:
        return picture.alpha * np.float32(1 / 255)
    return scene.matte


def foreground(scene: Scene, alpha: F32) -> U8:
    """The subject's colours, those of the background taken out at its edge."""
    return scene.picture.rgb if is_cut_out(scene.picture) else estimate_foreground(scene.picture.rgb, alpha)


def lay_over(back: U8, front: U8, alpha: F32) -> U8:
    """``front`` over ``back`` by ``alpha``; light mixes as light, so that a bright ground does not darken an edge.
    Only what is neither opaque nor clear is computed."""
    out: U8 = front.copy()
    cv2.copyTo(back, (alpha < 0.5).view(np.uint8), out)
    edge = np.flatnonzero((alpha > 0.002) & (alpha < 0.998))
    if edge.size:
        share = alpha.reshape(-1)[edge, None]
        near, far = (to_linear(layer.reshape(-1, 3)[edge]) for layer in (front, back))
        out.reshape(-1, 3)[edge] = to_srgb(near * share + far * (1 - share))
    return out


def cover(picture: Raster, size: tuple[int, int]) -> U8:
    """``picture`` scaled to cover ``size`` (width, height), cut off evenly; on white where it is transparent."""
    scale = max(size[0] / picture.width, size[1] / picture.height)
    width, height = max(size[0], round(picture.width * scale)), max(size[1], round(picture.height * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    rgb = picture.rgb
    if picture.alpha is not None:
        share = picture.alpha[..., None] * np.float32(1 / 255)
        rgb = (rgb * share + 255 * (1 - share) + np.float32(0.5)).astype(np.uint8)
    large = cv2.resize(rgb, (width, height), interpolation=how)
    left, top = (width - size[0]) // 2, (height - size[1]) // 2
    return np.ascontiguousarray(large[top : top + size[1], left : left + size[0]], dtype=np.uint8)


def mean_lab(rgb: U8, weight: F32 | None = None) -> tuple[F32, F32]:
    """Mean and deviation of OKLab, (3,) each, where ``weight`` is above a half, or of all."""
    small = shrink(rgb, 192).astype(np.uint8, copy=False)
    lab = to_oklab(to_linear(small)).reshape(-1, 3)
    if weight is not None:
        here = cv2.resize(weight, (small.shape[1], small.shape[0]), interpolation=cv2.INTER_AREA).ravel() > 0.5
        lab = lab[here] if here.any() else lab
    return lab.mean(0), lab.std(0)


def suit(front: U8, alpha: F32, ground: U8, share: float = 1.0) -> F32:
    """A table that moves the subject ``front`` a little towards the light of ``ground``: a third of the way in
    OKLab colour, a quarter in lightness, and never so far that the subject looks dyed."""
    mine, spread = mean_lab(front, alpha)
    theirs, wide = mean_lab(ground)
    pull = (theirs - mine) * np.array([0.25, 0.3, 0.3], np.float32) * np.float32(share)
    limit = np.array([0.09, 0.022, 0.022], np.float32)
    pull = np.clip(pull, -limit, limit)
    slope = 1 + share * 0.35 * (float(np.clip(wide[0] / max(float(spread[0]), 0.02), 0.7, 1.25)) - 1)

    def move(linear: F32) -> F32:
        lab = to_oklab(linear)
        light = lab[:, 0]
        lab[:, 0] = mine[0] + (light - mine[0]) * np.float32(slope)
        # Black stays black and white white; the middle moves.
        lab += pull * (4 * np.clip(light * (1.02 - light), 0, 0.25))[:, None]
        return np.clip(from_oklab(lab), 0, 1)

    return make_table(move)


def noise_of(rgb: U8, weight: F32 | None = None) -> float:
    """The deviation of a photograph's grain, in levels of 0..255: the median of its finest differences."""
    height, width = rgb.shape[:2]
    rows, columns = slice(height // 6, -height // 6 or None), slice(width // 6, -width // 6 or None)
    grey = cv2.cvtColor(np.ascontiguousarray(rgb[rows, columns][:768, :768]), cv2.COLOR_RGB2GRAY)
    fine = np.abs(cv2.filter2D(grey, cv2.CV_32F, np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)))
    if weight is not None:
        here = weight[rows, columns][:768, :768] > 0.5
        fine = fine[here] if here.sum() > 100 else fine
    return float(np.median(fine)) / 0.6745 / 6
