"""Painting over what a mask marks, and beyond a photograph's edges, out of the photograph itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from retouch.engines.darkroom.filters import shrink
from retouch.engines.darkroom.operations import patchmatch
from retouch.engines.darkroom.operations.membrane import spread
from retouch.engines.darkroom.operations.patchmatch import Flags
from retouch.engines.darkroom.scene import Scene
from retouch.engines.darkroom.vision.saliency import glance
from retouch.errors import TargetNotFound, UnsupportedInstruction
from retouch.imaging.raster import F32, U8, Raster

Box = tuple[slice, slice]


@dataclass(frozen=True)
class Effort:
    """How large the small painting may be: its longer side, and its hole, in pixels."""

    side: int
    hole: int


EFFORTS = {"low": Effort(320, 7000), "medium": Effort(384, 10_000), "high": Effort(448, 24_000)}
ROOM = 1.5
"""How much larger the painting of new canvas may be: it is often a third of the picture."""

TONE = 3.0
"""Below this blur, in pixels of the small painting, the painting decides; finer things are copied."""

OVERLAP = 0.22
"""A hole whose rim lies on the subject by more than this share is a hole in the subject."""

CUT = 0.08
"""A side of the photograph that lies on the subject by more than this share cuts it; it must go on."""


def _bounds(flags: Flags, air: int = 0) -> Box:
    """The rows and columns of the box around ``flags``, ``air`` wider on every side, inside the picture."""
    rows, columns = np.flatnonzero(flags.any(1)), np.flatnonzero(flags.any(0))
    height, width = flags.shape
    return (
        slice(max(0, int(rows[0]) - air), min(height, int(rows[-1]) + 1 + air)),
        slice(max(0, int(columns[0]) - air), min(width, int(columns[-1]) + 1 + air)),
    )


def _grow(flags: Flags, by: int) -> Flags:
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * by + 1, 2 * by + 1))
    return cv2.dilate(flags.astype(np.uint8), disc) > 0


def _any(flags: Flags, width: int, height: int) -> Flags:
    """``flags`` made smaller: set wherever any pixel below was."""
    share = cv2.resize(flags.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    return share > 1e-4


def _rest_of_subject(rgb: U8, hole: Flags) -> Flags:
    """The subject outside the hole, with a margin: what a filling should not copy, since a second face is
    worse than a plain patch. Nothing where there is no subject to speak of."""
    photograph = _bounds(~hole)
    small: U8 = shrink(np.ascontiguousarray(rgb[photograph]), 320)  # type: ignore[assignment]
    gap = _any(hole[photograph], small.shape[1], small.shape[0])
    # What is to go must not be taken for the subject, so it goes before the network looks.
    plain = spread(small.astype(np.float32), (~gap).astype(np.float32))
    plain[~gap] = small[~gap]
    subject = (glance(np.clip(plain, 0, 255).astype(np.uint8)) > 0.4) & ~gap
    result = np.zeros_like(hole)
    if subject.mean() > 0.01:
        rows, columns = photograph
        size = (columns.stop - columns.start, rows.stop - rows.start)
        large = cv2.resize(_grow(subject, 4).astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
        result[photograph] = large > 0
    return result & ~hole


def _is_cut(subject: Flags, part: Flags, hole: Flags, share: float) -> bool:
    """Whether the rim of the hole's ``part`` lies on the subject by more than ``share``."""
    reach = max(1, max(hole.shape) // 100)
    around = _bounds(part, reach)
    inside = cv2.blur(
        part[around].astype(np.float32), (2 * reach + 1, 2 * reach + 1), borderType=cv2.BORDER_CONSTANT
    )
    rim = (inside > 1e-4) & ~hole[around]
    return bool(rim.any() and subject[around][rim].mean() > share)


def _around(part: Flags) -> Box:
    """What a hole is painted from: itself and as much again on every side."""
    extent = max(side.stop - side.start for side in _bounds(part))
    return _bounds(part, 24 + int(1.1 * extent))


def _parts(hole: Flags) -> Iterator[tuple[Flags, Box]]:
    """The hole's parts that lie well apart, to be painted one by one, and what each is painted from; all in
    one where they are many."""
    height, width = hole.shape
    scale = min(1.0, 256 / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    near = _grow(_any(hole, *size), 6)
    count, labels = cv2.connectedComponents(near.astype(np.uint8))
    if not 2 < count < 5:
        yield hole, _around(hole)
        return
    labels = cv2.resize(labels.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    for label in range(1, count):
        part = hole & (labels == label)
        if part.any():
            yield part, _around(part)


def _bands(hole: Flags) -> Iterator[tuple[Flags, Box]]:
    """The new canvas left and right of the photograph, then above and below it, and what each is painted
    from: the photograph near that side alone, so that no meadow grows over the sky."""
    height, width = hole.shape
    rows, columns = _bounds(~hole)

    def near(thickness: int, length: int) -> int:
        return min(length, max(24, int(1.3 * thickness), int(0.3 * length)))

    left, right = columns.start, width - columns.stop
    top, bottom = rows.start, height - rows.stop
    across, down = columns.stop - columns.start, rows.stop - rows.start
    everywhere = slice(0, width)
    for band, box in (
        ((rows, slice(0, left)), (rows, slice(0, left + near(left, across)))),
        ((rows, slice(columns.stop, width)), (rows, slice(columns.stop - near(right, across), width))),
        ((slice(0, top), everywhere), (slice(0, top + near(top, down)), everywhere)),
        ((slice(rows.stop, height), everywhere), (slice(rows.stop - near(bottom, down), height), everywhere)),
        ((rows, columns), (rows, columns)),
    ):
        part = np.zeros_like(hole)
        part[band] = hole[band]
        if part.any():
            yield part, box


def _blur_inside(values: F32, inside: Flags, sigma: float) -> F32:
    """A Gaussian blur of ``values`` (height, width, 3) that looks at ``inside`` alone."""
    share = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), sigma)
    total = cv2.GaussianBlur(values * inside[..., None].astype(np.float32), (0, 0), sigma)
    return (total / np.maximum(share[..., None], np.float32(1e-4))).astype(np.float32, copy=False)


def _seam(small: U8, painted: F32, gap: Flags) -> F32:
    """What to add to ``painted`` in ``gap`` so that its tone meets the rest: the difference across the rim,
    carried inwards and dying away. Large differences are edges of things and don't count."""
    known = (~gap).astype(np.float32)
    share = cv2.blur(known, (3, 3))
    around = cv2.blur(small * known[..., None], (3, 3)) / np.maximum(share[..., None], np.float32(1e-4))
    difference = around - painted
    trust = (gap & (share > 0.05)) * np.exp(-np.square(np.abs(difference).max(2) / 28)).astype(np.float32)
    total = cv2.GaussianBlur(trust, (0, 0), 2)
    mean = cv2.GaussianBlur(difference * trust[..., None], (0, 0), 2)
    mean = mean / np.maximum(total[..., None], np.float32(1e-4))
    inward = spread(mean.astype(np.float32, copy=False), np.clip(total * 4, 0, 1) * (trust > 0))
    depth = cv2.distanceTransform(gap.astype(np.uint8), cv2.DIST_L2, 3)
    fall = np.exp(-depth / (0.04 * max(gap.shape) + 2)).astype(np.float32)
    result: F32 = inward * fall[..., None]
    return result


def _paint(rgb: U8, hole: Flags, box: Box, banned: Flags, effort: Effort, seed: int) -> None:
    """Paint over ``hole`` in ``rgb``, in place, out of what ``box`` shows; nothing outside it changes.

    A painting at a bounded size gives structure and tone. Everything finer is copied at full size from where
    its patches came from, and a membrane takes the tone to the rim. Where there is too little to copy, a
    smooth interpolation is all there is.
    """
    near, gap, ban = np.ascontiguousarray(rgb[box]), hole[box], banned[box]
    height, width = gap.shape
    scale = min(1.0, effort.side / max(height, width), float(np.sqrt(effort.hole / gap.sum())))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small: U8 = cv2.resize(near, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    low_gap = _any(gap, *size)
    low_ban = _any(ban, *size) & ~low_gap
    painting = patchmatch.paint(small, low_gap, low_ban, seed)
    if painting is None and low_ban.any():
        low_ban = np.zeros_like(low_ban)
        painting = patchmatch.paint(small, low_gap, low_ban, seed)
    offsets = None if painting is None else patchmatch.trace(painting, low_gap, low_ban, seed)

    inner = _bounds(gap)
    if painting is None or offsets is None:
        smooth = spread(small.astype(np.float32), (~low_gap).astype(np.float32))
        base = cv2.resize(smooth, (width, height))[inner]
    else:
        everywhere = (slice(0, size[1]), slice(0, size[0]))
        copied = patchmatch.gather(small, offsets, everywhere, size)
        tone = _blur_inside(painting - copied, low_gap, TONE)
        # The painting can be lighter or darker as a whole than all that it was made of; its sources cannot.
        tone -= _blur_inside(tone, low_gap, 8 * TONE)
        tone += _seam(small, copied + tone, low_gap)
        base = patchmatch.gather(near, offsets, inner, size)
        base += cv2.resize(tone, (width, height))[inner]
    target = rgb[box][inner]
    target[gap[inner]] = np.clip(base + np.float32(0.5), 0, 255)[gap[inner]].astype(np.uint8)


def _complete(
    scene: Scene, hole: Flags, parts: list[tuple[Flags, Box]], *, salt: int, cut: float, room: float
) -> Raster:
    """The picture with all ``parts`` of ``hole`` painted, opaque there. ``cut``: see `_is_cut`."""
    picture = scene.picture
    rgb = picture.rgb.copy()
    # Colours under full transparency are nobody's intention.
    clear = np.zeros_like(hole) if picture.alpha is None else (picture.alpha < 128) & ~hole
    subject = _rest_of_subject(rgb, hole)
    whole = EFFORTS.get(scene.quality, EFFORTS["medium"])
    effort = Effort(int(whole.side / len(parts) ** 0.5), int(room * whole.hole / len(parts)))
    seed = int(scene.rng(salt + round(1000 * scene.variation) % 10_000).integers(1, 2**31))
    pending = hole.copy()
    for part, box in parts:
        pending &= ~part
        banned = clear | pending
        if not _is_cut(subject, part, hole, cut):
            banned |= subject
        _paint(rgb, part, box, banned, effort, seed)
    if picture.alpha is None:
        return Raster(rgb)
    return Raster(rgb, np.where(hole, np.uint8(255), picture.alpha))


def fill(scene: Scene, *, amount: float = 1.0) -> Raster:
    """What the mask marks (``scene.weight`` above 0), painted over with what surrounds it.

    The whole marked area is new, soft edges included: nothing of what was there is left in it. ``amount``
    has no halves here and is not used. Another seed gives another filling. Raises `TargetNotFound` without a
    mask, `UnsupportedInstruction` where it leaves nothing to copy from.
    """
    hole = None if scene.weight is None else scene.weight > 0
    if hole is None or not hole.any():
        raise TargetNotFound("Filling needs a mask that marks what to paint over. Send one with the picture.")
    if hole.all():
        raise UnsupportedInstruction(
            "The mask covers the whole picture, so there is nothing left to fill it with. Mark a part of it."
        )
    return _complete(scene, hole, list(_parts(hole)), salt=301, cut=OVERLAP, room=1.0)


def extend(scene: Scene, *, amount: float = 1.0) -> Raster:
    """The photograph carried on into new canvas (``scene.weight`` above 0: 1 there, 0 on the photograph).

    ``amount`` is not used. A picture without new area comes back as it is. Raises `UnsupportedInstruction`
    where there is no photograph on the canvas.
    """
    hole = None if scene.weight is None else scene.weight > 0
    if hole is None or not hole.any():
        return scene.picture
    if hole.all():
        raise UnsupportedInstruction("There is no picture on the canvas to extend.")
    return _complete(scene, hole, list(_bands(hole)), salt=302, cut=CUT, room=ROOM)
