"""Filling a hole with patches of the rest: a small painting, and where its fine detail comes from."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from patchmatch import patch_match

from retouch.imaging.raster import F32, U8

Flags = NDArray[np.bool_]
Offsets = NDArray[np.float32]

RADIUS = 5
"""Of the patches compared when painting: 11 × 11 pixels. Larger ones paint softer, smaller ones nonsense."""

SOURCES = 64
"""Fewer whole patches than this to copy from make no texture."""

SHARE = 0.15
"""With a ban, there must be this many whole patches left for each pixel of the hole, or they repeat."""

DETAIL = 3
"""Radius of the patches compared when looking for detail: 7 × 7 pixels."""

GUIDE = (3.0, 0.7)
"""How much a source's row, or its column, counts beside its looks: sky must meet sky, but a source straight above
makes a mirror of what is below."""

PLACE = 40.0
"""The same for detail, in Lab levels over a patch from one side of the picture to the other."""

SLACK = 60
"""By how much a neighbour's match may be worse, in squared Lab levels over a patch."""

STRIP = 64
"""Rows that are gathered at once."""

TRAITS = 12
"""How many principal components a patch is known by; more change the matches by less than one in a hundred."""


def _whole(usable: Flags, radius: int) -> Flags:
    """The centres of patches of which every pixel is usable and inside the picture."""
    side = 2 * radius + 1
    eroded = cv2.erode(usable.astype(np.uint8), np.ones((side, side), np.uint8), borderValue=0)
    return eroded > 0


def paint(rgb: U8, hole: Flags, banned: Flags, seed: int, *, axis: int | None = None) -> U8 | None:
    """``rgb`` with ``hole`` painted out of patches that lie in neither ``hole`` nor ``banned``.

    All of shape (height, width), uint8 RGB and booleans; everything outside the hole is kept. With an ``axis``,
    sources of about the same row (0) or column (1) are preferred.
    Gives None where there is too little to copy from. The same ``seed`` gives the same painting.

    Source: Barnes et al.: PatchMatch, SIGGRAPH 2009; Wexler et al.: Space-Time Completion of Video, PAMI 2007.
    """
    radius = min(RADIUS, (min(hole.shape) - 1) // 4)
    wanted = max(SOURCES, SHARE * int(hole.sum()) if banned.any() else 0)
    if radius < 1 or int(_whole(~(hole | banned), radius).sum()) < wanted:
        return None
    patch_match.set_random_seed(seed)
    mask = hole.astype(np.uint8) * np.uint8(255)
    ban = (banned & ~hole).astype(np.uint8) * np.uint8(255)
    elsewhere = ban if ban.any() else None
    if axis is None:
        return np.asarray(patch_match.inpaint(rgb, mask, global_mask=elsewhere, patch_size=radius))
    place = np.zeros((*hole.shape, 3), np.float32)
    along = np.arange(hole.shape[axis], dtype=np.float32) / np.float32(hole.shape[axis])
    place[..., 0] = along[:, None] if axis == 0 else along[None, :]
    painted = patch_match.inpaint_regularity(
        rgb, mask, place, global_mask=elsewhere, patch_size=radius, guide_weight=GUIDE[axis]
    )
    return np.asarray(painted)


def _traits(rgb: U8, sample: NDArray[np.intp]) -> F32:
    """Every pixel's patch by its principal components: float32 (height, width, `TRAITS`). ``sample``: flat
    indices of the patches that the components are found from."""
    height, width = rgb.shape[:2]
    lab = cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB).astype(np.float32)
    padded = cv2.copyMakeBorder(lab, DETAIL, DETAIL, DETAIL, DETAIL, cv2.BORDER_REFLECT_101)
    side = 2 * DETAIL + 1
    rows, columns = np.divmod(sample, width)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (side, side), axis=(0, 1))
    chosen = windows[rows, columns].reshape(len(sample), -1)
    count = min(TRAITS, len(sample), chosen.shape[1])
    mean, axes = cv2.PCACompute(np.ascontiguousarray(chosen), mean=np.empty(0), maxComponents=count)
    # A projection on an axis is a correlation with it: eight filters in C, not a table of 147 columns.
    kernels = axes.reshape(count, 3, side, side).astype(np.float32)
    found = np.empty((height, width, count), np.float32)
    for index, kernel in enumerate(kernels):
        total = sum(
            cv2.filter2D(lab[..., channel], cv2.CV_32F, kernel[channel], borderType=cv2.BORDER_REFLECT_101)
            for channel in range(3)
        )
        found[..., index] = total - np.float32(float((mean[0] * axes[index]).sum()))
    return found


def _agree(offsets: Offsets, traits: F32, hole: Flags, allowed: Flags) -> Offsets:
    """Offsets that a pixel's neighbours use too, where those match nearly as well: detail then comes in
    pieces, not in single pixels."""
    height, width = hole.shape
    rows, columns = np.nonzero(hole)
    own = traits[rows, columns]

    def distance(shift: Offsets) -> F32:
        y, x = rows + shift[:, 1].astype(int), columns + shift[:, 0].astype(int)
        inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
        y, x = np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)
        gap = np.square(traits[y, x] - own).sum(1)
        result: F32 = np.where(inside & allowed[y, x], gap, np.float32(np.inf)).astype(np.float32)
        return result

    # The bound stays the first match's: a bound that moved along would let detail drift off step by step.
    bound = np.float32(1.3) * distance(offsets[rows, columns]) + np.float32(SLACK)
    for step in ((0, 1), (1, 0), (0, -1), (-1, 0)) * 3:
        near = (np.clip(rows - step[0], 0, height - 1), np.clip(columns - step[1], 0, width - 1))
        shift = offsets[near]
        better = hole[near] & (distance(shift) < bound)
        offsets[rows[better], columns[better]] = shift[better]
    return offsets


def trace(painting: U8, hole: Flags, banned: Flags, seed: int, *, axis: int | None = None) -> Offsets | None:
    """For each pixel of ``hole`` in ``painting``: how far away, in pixels (x, y), the patch outside the hole
    lies that looks most like its own. float32 (height, width, 2), 0 outside; None where there are too few.
    ``axis``: as in `paint`."""
    height, width = hole.shape
    allowed = _whole(~(hole | banned), DETAIL)
    sources = np.flatnonzero(allowed)
    if len(sources) < SOURCES:
        return None
    rng = np.random.default_rng(seed)
    traits = _traits(painting, rng.choice(sources, min(3000, len(sources)), replace=False))
    if axis is not None:
        along = np.arange(hole.shape[axis], dtype=np.float32) * np.float32(PLACE * GUIDE[axis] / hole.shape[axis])
        place = np.broadcast_to(along[:, None] if axis == 0 else along[None, :], hole.shape)
        traits = np.concatenate([traits, place[..., None]], 2)
    if len(sources) > 30000:
        sources = rng.choice(sources, 30000, replace=False)
    flat = traits.reshape(height * width, -1)
    targets = np.flatnonzero(hole)
    cv2.setRNGSeed(seed & 0x7FFFFFFF)
    index = cv2.flann.Index(np.ascontiguousarray(flat[sources]), {"algorithm": 1, "trees": 2})
    nearest, _ = index.knnSearch(np.ascontiguousarray(flat[targets]), 1, params={"checks": 24})
    origin = sources[nearest[:, 0]]
    offsets = np.zeros((height * width, 2), np.float32)
    offsets[targets, 0] = origin % width - targets % width
    offsets[targets, 1] = origin // width - targets // width
    return _agree(offsets.reshape(height, width, 2), traits, hole, allowed)


def gather(source: U8, offsets: Offsets, part: tuple[slice, slice], size: tuple[int, int]) -> F32:
    """The pixels of ``source`` (height, width[, channels]) that ``offsets`` point to, for the rows and columns
    ``part`` of it: float32.

    ``offsets`` may be of another size; they are (x, y) in pixels of their own. ``size``: theirs, (width,
    height). Where neighbours point elsewhere, one fades into the other.
    """
    rows, columns = part
    result = np.empty((rows.stop - rows.start, columns.stop - columns.start, *source.shape[2:]), np.float32)
    # In strips of a size that the processor keeps at hand.
    for top in range(rows.start, rows.stop, STRIP):
        bottom = min(rows.stop, top + STRIP)
        gathered = _gather(source, offsets, (slice(top, bottom), columns), size)
        result[top - rows.start : bottom - rows.start] = gathered
    return result


def _gather(source: U8, offsets: Offsets, part: tuple[slice, slice], size: tuple[int, int]) -> F32:
    height, width = source.shape[:2]
    ratio = np.array([width / size[0], height / size[1]], np.float32)
    rows, columns = part
    x, y = np.arange(columns.start, columns.stop), np.arange(rows.start, rows.stop)
    total = np.zeros((len(y), len(x), *source.shape[2:]), np.float32)
    at_x, at_y = (x + 0.5) / ratio[0] - 0.5, (y + 0.5) / ratio[1] - 0.5
    for step_x in (0, 1):
        low_x = np.floor(at_x).astype(int) + step_x
        share_x = 1 - np.abs(at_x - low_x)
        for step_y in (0, 1):
            low_y = np.floor(at_y).astype(int) + step_y
            share = (1 - np.abs(at_y - low_y))[:, None] * share_x[None, :]
            shift = offsets[np.clip(low_y, 0, size[1] - 1)[:, None], np.clip(low_x, 0, size[0] - 1)[None, :]]
            to_x = shift[..., 0] * ratio[0] + x.astype(np.float32)[None, :]
            to_y = shift[..., 1] * ratio[1] + y.astype(np.float32)[:, None]
            copied = cv2.remap(source, to_x, to_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            share = share.astype(np.float32)
            total += copied * (share if source.ndim == 2 else share[..., None])
    return total
