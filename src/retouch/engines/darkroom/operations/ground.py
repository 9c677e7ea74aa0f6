"""The sheet that fillings are painted on, and what is laid on it where there is nothing to copy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retouch.engines.darkroom.operations.bands import Band, calmed
from retouch.engines.darkroom.operations.guard import Box, bounds, grow
from retouch.engines.darkroom.operations.membrane import spread
from retouch.engines.darkroom.operations.patchmatch import Flags
from retouch.imaging.raster import F32, U8

CLEAR = 16
"""Colours below this alpha are nobody's intention."""


@dataclass(frozen=True, eq=False)
class Sheet:
    """What is painted on, in place: ``rgb`` and ``alpha`` (None: opaque). ``never``: what may not be copied.
    ``rather``: what may, if there is nothing else."""

    rgb: U8
    alpha: U8 | None
    never: Flags
    rather: Flags


def lay(onto: U8, values: F32, gap: Flags, kept: F32 | None = None) -> None:
    """``values`` in 0..255 rounded into ``onto`` where ``gap`` is set; ``kept`` of what was there is left."""
    if kept is not None:
        share = kept if onto.ndim == 2 else kept[..., None]
        values = values + (onto - values) * share
    levels = values + np.float32(0.5)
    np.clip(levels, 0, 255, out=levels)
    np.copyto(onto, levels.astype(np.uint8), where=gap if onto.ndim == 2 else gap[..., None])


def cover(alpha: U8, gap: Flags) -> F32:
    """How much of each pixel of ``gap`` is covered, if what is bare around it goes on being bare: 0..1."""
    covered = (alpha >= CLEAR).astype(np.float32)
    inward = spread(covered[..., None], (~gap).astype(np.float32))[..., 0]
    result: F32 = np.clip(8 * inward - np.float32(3.5), 0, 1)
    return result


def leave_plain(sheet: Sheet, hole: Flags, box: Box, seed: int, band: Band | None = None) -> None:
    """Where there is nothing to copy: the edge carried on ever softer, or what lies around spread inwards."""
    colours, gap = sheet.rgb[box].astype(np.float32), hole[box]
    layers = [colours]
    hidden = sheet.never[box] | sheet.rather[box] | gap
    if hidden.any() and not hidden.all():
        without = spread(colours, (~hidden).astype(np.float32))
        # Beside the edge even the subject stays, or there would be a step.
        share = np.float32(1) if band is None else np.broadcast_to(np.minimum(3 * band.away(), 1), hole.shape)[box]
        share = (share * hidden)[..., None]
        colours += (without - colours) * share
    if sheet.alpha is not None:
        levels = sheet.alpha[box].astype(np.float32)
        layers.append(levels[..., None])
    for target, values in zip((sheet.rgb, sheet.alpha), layers, strict=False):
        if target is None:
            continue
        if band is None:
            made = spread(values, (~(gap | sheet.never[box])).astype(np.float32))
        else:
            made = calmed(values, band.thickness, band.side, np.random.default_rng(seed))
        lay(target[box], made if target.ndim == 3 else made[..., 0], gap)


def going_on(subject: Flags, band: Band) -> F32:
    """Where in the band the subject that its side cuts would go on: float32 of the picture's shape, 0..1."""
    result = np.zeros(subject.shape, np.float32)
    near_by = (subject[band.box] & ~band.part[band.box]).astype(np.float32)[..., None]
    result[band.box] = calmed(near_by, band.thickness, band.side, np.random.default_rng(0))[..., 0]
    return np.clip(2 * result, 0, 1, out=result)


def is_bare(sheet: Sheet, part: Flags, hole: Flags, share: float) -> bool:
    """Whether more than ``share`` of the rim of ``part`` is transparent; it is then made so itself."""
    if sheet.alpha is None or not (sheet.alpha[~hole] < CLEAR).any():
        return False
    around = bounds(part, 3)
    rim = grow(part[around], 2) & ~hole[around]
    if not rim.any() or (sheet.alpha[around][rim] < CLEAR).mean() <= share:
        return False
    sheet.alpha[part] = 0
    return True
