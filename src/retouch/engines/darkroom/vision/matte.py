"""The subject's alpha and its own colours."""

from __future__ import annotations

import cv2
import numpy as np

from retouch.engines.darkroom.filters import box, guided, shrink
from retouch.imaging.raster import F32, U8

WORK = 640
"""Longer side, in pixels, at which the edge is refined."""

RADIUS = 5
"""The filter's window at that size: as wide as the network's map is unsure of an edge."""

GHOST, SURE = 0.3, 0.72
"""What the map nowhere near gives more than the first is no part of the subject; from the second on it may be."""


def _reach(saliency: F32, width: int, height: int) -> tuple[F32, F32]:
    """The least and the greatest alpha that the map allows at each pixel: its erosion and its dilation."""
    low = shrink(saliency, WORK // 2)
    side = 2 * max(1, round(0.012 * max(low.shape))) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    least = cv2.resize(cv2.erode(low, disc), (width, height)).astype(np.float32)
    greatest = cv2.resize(cv2.dilate(low, disc), (width, height)).astype(np.float32)
    return least, greatest


def _surroundings(saliency: F32) -> tuple[slice, slice]:
    """The rows and columns of everything the map may mean, with room for the filter's window."""
    height, width = saliency.shape
    rows, columns = np.flatnonzero((saliency > 0.02).any(1)), np.flatnonzero((saliency > 0.02).any(0))
    if not rows.size:
        return slice(0, 0), slice(0, 0)
    air = 12 + max(int(rows[-1] - rows[0]), int(columns[-1] - columns[0])) // 12
    return (
        slice(max(0, int(rows[0]) - air), min(height, int(rows[-1]) + 1 + air)),
        slice(max(0, int(columns[0]) - air), min(width, int(columns[-1]) + 1 + air)),
    )


def find_matte(rgb: U8, saliency: F32) -> F32:
    """``saliency`` (float32, the size of ``rgb``) brought to the picture's edges: alpha, float32 in 0..1.

    The guided filter finds the edge; its answer may not leave what the map allows nearby, so a background
    that happens to share the subject's colour stays empty.
    """
    matte = np.zeros_like(saliency)
    part = _surroundings(saliency)
    near = np.ascontiguousarray(saliency[part])
    if not near.size:
        return matte
    alpha = guided(np.ascontiguousarray(rgb[part]), near, radius=RADIUS, eps=1e-4, side=WORK)
    # The filter leaves a veil of a few per cent on flat ground, and holes as faint in the subject.
    alpha -= np.float32(0.06)
    alpha *= np.float32(1 / 0.88)
    least, greatest = _reach(near, near.shape[1], near.shape[0])
    np.clip(alpha, least, greatest, out=alpha)
    # A thing is somewhere sure of itself. What is doubtful all around would be a ghost on another ground.
    alpha *= np.clip((greatest - np.float32(GHOST)) * np.float32(1 / (SURE - GHOST)), 0, 1)
    # The networks' doubt inside a subject (0.9 and more) is no translucency.
    alpha -= np.float32(0.03)
    alpha *= np.float32(1 / 0.92)
    matte[part] = np.clip(alpha, 0, 1, out=alpha)
    return matte


def _blur(colour: F32, share: F32, radius: int) -> F32:
    return box(colour * share[..., None], radius) / (box(share, radius)[..., None] + np.float32(1e-5))


def estimate_foreground(rgb: U8, alpha: F32) -> U8:
    """The subject's colours without what shines through at its edge: uint8, the shape of ``rgb``.

    ``alpha``: float32 (height, width) in 0..1. Opaque pixels are kept exactly. Where alpha is 0 the colours
    near by are carried on, so nothing of the background is left in the result.

    Source: Forte: Approximate Fast Foreground Colour Estimation, ICIP 2021 (blur fusion, two passes). The
    blurred fields are smooth, so they are made at 512 pixels and applied at full size.
    """
    height, width = alpha.shape
    small = shrink(rgb, 512).astype(np.float32)
    low: F32 = cv2.resize(alpha, (small.shape[1], small.shape[0]), interpolation=cv2.INTER_AREA).astype(np.float32)
    share = low[..., None]
    fore, back = small, small
    for part in (11, 128):
        radius = max(1, max(small.shape[:2]) // part)
        mean_fore, mean_back = _blur(fore, low, radius), _blur(back, 1 - low, radius)
        fore = np.clip(mean_fore + share * (small - share * mean_fore - (1 - share) * mean_back), 0, 255)
        back = mean_back
    out: U8 = cv2.resize(np.clip(mean_fore, 0, 255).astype(np.uint8), (width, height)).astype(np.uint8, copy=False)
    opaque = alpha >= 1
    cv2.copyTo(rgb, opaque.view(np.uint8), out)
    edge = np.flatnonzero((alpha > 0) & ~opaque)
    if edge.size:
        share = alpha.reshape(-1)[edge, None]
        near_fore, near_back = (
            cv2.resize(field, (width, height)).reshape(-1, 3)[edge] for field in (mean_fore, mean_back)
        )
        rest = rgb.reshape(-1, 3)[edge] - share * near_fore - (1 - share) * near_back
        out.reshape(-1, 3)[edge] = np.clip(near_fore + share * rest + np.float32(0.5), 0, 255).astype(np.uint8)
    return out
