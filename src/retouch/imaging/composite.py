"""Putting an edit back under its mask, and a picture onto a ground."""

from __future__ import annotations

import cv2
import numpy as np

from retouch.imaging.raster import F32, U8, Raster


def composite(base: Raster, edited: Raster, weight: F32) -> Raster:
    """``edited`` over ``base``, shown by ``weight``: float32 (height, width) in 0..1.

    Where the weight is 0 the result is the base bit for bit, alpha included; where it is 1, the edit. Between, it
    is their linear blend rounded to the nearest; for weights of whole 255ths single precision is fine enough
    for that to be the correctly rounded value, since none of them comes nearer than 1/510 to a tie. Where
    the two differ in alpha, colours blend premultiplied, so that what hides under transparent pixels doesn't
    show as a fringe. The base itself is returned where all weights are 0, the edit where all are 1. Raises
    `ValueError` if the sizes differ.
    """
    if base.size != edited.size or weight.shape != (base.height, base.width):
        raise ValueError(f"sizes differ: base {base.size}, edited {edited.size}, weight {weight.shape[::-1]}")
    if edited is base or not (touched := weight > 0.0).any():
        return base
    if float(weight.min()) >= 1.0:
        return edited

    # Only the rows and columns that the mask touches at all are looked at pixel by pixel.
    rows, columns = (np.flatnonzero(touched.any(axis=axis)) for axis in (1, 0))
    part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    blended = _blend(_crop(base, part), _crop(edited, part), np.ascontiguousarray(weight[part]))
    rgb = base.rgb.copy()
    rgb[part] = blended.rgb
    if base.alpha is None and blended.alpha is None:
        return Raster(rgb)
    alpha = _alpha(base).copy()
    alpha[part] = _alpha(blended)
    return Raster(rgb, None if int(alpha.min()) == 255 else alpha)


def _crop(raster: Raster, part: tuple[slice, slice]) -> Raster:
    alpha = None if raster.alpha is None else np.ascontiguousarray(raster.alpha[part])
    return Raster(np.ascontiguousarray(raster.rgb[part]), alpha)


def _blend(base: Raster, edited: Raster, weight: F32) -> Raster:
    shown = (weight >= 1.0).view(np.uint8)
    rgb = _choose(base.rgb, edited.rgb, shown)
    between = np.flatnonzero((weight > 0.0) & (weight < 1.0))
    share = weight.ravel()[between]
    below, above = (raster.rgb.reshape(-1, 3)[between].astype(np.float32) for raster in (base, edited))
    if base.alpha is None and edited.alpha is None:
        rgb.reshape(-1, 3)[between] = _round(below + (above - below) * share[:, None])
        return Raster(rgb)

    under, over = _alpha(base), _alpha(edited)
    alpha = _choose(under, over, shown)
    thin, thick = (channel.ravel()[between].astype(np.float32) for channel in (under, over))
    cover = thin + (thick - thin) * share
    # The edit's share of the colour is its share of the alpha; where there is none, or both alphas are the
    # same, that is the weight itself.
    colour_share = np.divide(thick * share, cover, out=share.copy(), where=(cover > 0) & (thin != thick))
    rgb.reshape(-1, 3)[between] = _round(below + (above - below) * colour_share[:, None])
    alpha.ravel()[between] = _round(cover)
    return Raster(rgb, None if int(alpha.min()) == 255 else alpha)


def flatten(raster: Raster, colour: tuple[int, int, int] = (255, 255, 255)) -> Raster:
    """``raster`` on a ground of one sRGB ``colour``, opaque; the same object if it is opaque already."""
    if raster.alpha is None:
        return raster
    alpha = raster.alpha[..., None].astype(np.uint16)
    ground = np.array(colour, np.uint16)
    # The sum is a mean weighted by 255 in all, so it stays below 2¹⁶.
    blend = raster.rgb * alpha + ground * (255 - alpha) + 127
    return Raster((blend // 255).astype(np.uint8))


def _choose(base: U8, edited: U8, shown: U8) -> U8:
    chosen = base.copy()
    cv2.copyTo(edited, shown, chosen)
    return chosen


def _alpha(raster: Raster) -> U8:
    return np.full((raster.height, raster.width), 255, np.uint8) if raster.alpha is None else raster.alpha


def _round(values: F32) -> U8:
    return (values + np.float32(0.5)).astype(np.uint8)
