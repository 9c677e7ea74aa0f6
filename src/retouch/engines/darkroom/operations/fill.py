"""Painting over what a mask marks, and beyond a photograph's edges, out of the photograph itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from retouch.engines.darkroom.operations import patchmatch
from retouch.engines.darkroom.operations.bands import Band, bands, calmed, meet
from retouch.engines.darkroom.operations.even import even_rim, evened
from retouch.engines.darkroom.operations.ground import CLEAR, Sheet, cover, going_on, is_bare, lay, leave_plain
from retouch.engines.darkroom.operations.guard import (
    Box,
    bounds,
    coarsen,
    faces,
    grow,
    is_cut,
    near,
    rest_of_subject,
)
from retouch.engines.darkroom.operations.membrane import spread
from retouch.engines.darkroom.operations.patchmatch import Flags
from retouch.engines.darkroom.operations.smooth import aim, blur_inside, soothe
from retouch.engines.darkroom.scene import Scene
from retouch.errors import TargetNotFound, UnsupportedInstruction
from retouch.imaging.raster import F32, U8, Raster


@dataclass(frozen=True)
class Effort:
    """How large the small painting may be: its longer side and its hole, in pixels, and its share of the
    picture's size."""

    side: int
    hole: int
    scale: float = 1.0


EFFORTS = {"low": Effort(320, 7000, 0.45), "medium": Effort(384, 9500), "high": Effort(448, 24_000)}
ROOM = 1.2
"""How much larger the painting of new canvas may be: it is often a third of the picture."""

TONE = 3.0
"""Below this blur, in pixels of the small painting, the painting decides; finer things are copied."""

OVERLAP = 0.22
"""A hole whose rim lies on the subject by more than this share is a hole in the subject."""

REACH = 0.3
"""How far around a hole in the subject that may be copied: a share of the hole's extent."""

CUT = 0.08
"""A side of the photograph that lies on the subject by more than this share cuts it; it must go on."""


OPAQUE = 250
"""From this alpha on nothing shows through."""


@dataclass(frozen=True)
class Brush:
    """How it is painted: see `Effort` and `patchmatch.paint`."""

    effort: Effort
    seed: int


def _around(part: Flags) -> Box:
    """What a hole is painted from: itself and as much again on every side."""
    extent = max(side.stop - side.start for side in bounds(part))
    return bounds(part, 24 + int(1.1 * extent))


def _parts(hole: Flags) -> Iterator[tuple[Flags, Box]]:
    """The hole's parts that lie well apart, to be painted one by one, and what each is painted from; all in
    one where they are many."""
    height, width = hole.shape
    scale = min(1.0, 256 / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    near = grow(coarsen(hole, *size), 6)
    count, labels = cv2.connectedComponents(near.astype(np.uint8))
    if not 2 < count < 5:
        yield hole, _around(hole)
        return
    labels = cv2.resize(labels.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    for label in range(1, count):
        part = hole & (labels == label)
        if part.any():
            yield part, _around(part)


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


def _paint(
    sheet: Sheet, hole: Flags, box: Box, brush: Brush, band: Band | None = None, kept: F32 | None = None
) -> bool:
    """Paint over ``hole`` on the sheet out of what ``box`` shows; nothing outside the hole changes. False, and
    nothing done, where too little may be copied.

    A painting at a bounded size gives structure and tone. Everything finer is copied at full size from where
    the painting looks like the picture, so that grain and edges are those of a photograph. On plain ground the
    surroundings set the tone, for bands the continuation of the edge. ``kept``: float32 of the hole's shape, how
    much is left of what lies there already.
    """
    around, gap, ban, rather = sheet.rgb[box], hole[box], sheet.never[box], sheet.rather[box]
    height, width = gap.shape
    effort = brush.effort
    scale = min(effort.scale, effort.side / max(height, width), float(np.sqrt(effort.hole / gap.sum())))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small: U8 = cv2.resize(around, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    low_gap = coarsen(gap, *size)
    painting = offsets = None
    axis = None if band is None else band.axis
    for choice in (ban | rather, ban) if band is None and rather.any() else (ban | rather,):
        low_ban = coarsen(choice, *size) & ~low_gap
        painting = patchmatch.paint(small, low_gap, low_ban, brush.seed, axis=axis)
        if painting is not None:
            offsets = patchmatch.trace(painting, low_gap, low_ban, brush.seed, axis=axis)
            break
    if painting is None or offsets is None:
        return False

    goes_on = None
    if band is not None:
        lines = int(low_gap.any(band.axis).sum())
        goes_on = calmed(small.astype(np.float32), lines, band.side, np.random.default_rng(brush.seed))
    target = aim(small, low_gap, goes_on)
    copied = patchmatch.gather(small, offsets, (slice(0, size[1]), slice(0, size[0])), size)
    tone = blur_inside(painting - copied, low_gap, TONE)
    # The painting can be lighter or darker as a whole than all that it was made of; its sources cannot.
    tone -= blur_inside(tone, low_gap, 8 * TONE)
    tone += blur_inside(target.tone - copied - tone, low_gap, TONE) * target.trust[..., None]
    tone += _seam(small, copied + tone, low_gap)
    inner = bounds(gap)
    base = patchmatch.gather(around, offsets, inner, size)
    base += cv2.resize(tone, (width, height))[inner]
    base = soothe(base, target.at(width, height, inner))
    if band is not None:
        meet(base, sheet.rgb[band.rim].astype(np.float32), band.side)
    there = None if kept is None else kept[box][inner]
    lay(sheet.rgb[box][inner], base, gap[inner], there)
    if sheet.alpha is not None:
        levels = patchmatch.gather(sheet.alpha[box], offsets, inner, size) * cover(sheet.alpha[box], gap)[inner]
        lay(sheet.alpha[box][inner], levels, gap[inner], there)
    return True


def _sheet(scene: Scene, hole: Flags) -> Sheet:
    """The scene's picture to paint on, with what its faces and its subject forbid."""
    picture = scene.picture
    alpha = None if picture.alpha is None else picture.alpha.copy()
    clear = np.zeros_like(hole) if alpha is None else (alpha < CLEAR) & ~hole
    rgb = picture.rgb.copy()
    return Sheet(rgb, alpha, clear, rest_of_subject(rgb, hole))


def _spare_faces(sheet: Sheet, scene: Scene, hole: Flags, cuts: list[bool]) -> None:
    """Forbid the faces where the subject does not do so already; a draft does not look for them, which takes as
    long as all of it."""
    if scene.quality != "low" and (any(cuts) or not sheet.rather.any()):
        np.logical_or(sheet.never, faces(scene, hole), out=sheet.never)


def _brush(scene: Scene, parts: int, *, salt: int, room: float = 1.0) -> Brush:
    whole = EFFORTS.get(scene.quality, EFFORTS["medium"])
    effort = Effort(int(whole.side / parts**0.5), int(room * whole.hole / parts), whole.scale)
    return Brush(effort, int(scene.rng(salt + round(1000 * scene.variation) % 10_000).integers(1, 2**31)))


def fill(scene: Scene, *, amount: float = 1.0) -> Raster:
    """What the mask marks (``scene.weight`` above 0), painted over with what surrounds it.

    The whole marked area is new, soft edges included: nothing of what was there is left in it. It is as opaque
    as what it is made of, and transparent where its surroundings are. ``amount`` has no halves here and is not
    used. Another seed gives another filling. Raises `TargetNotFound` without a mask, `UnsupportedInstruction`
    where it leaves nothing to copy from.
    """
    hole = None if scene.weight is None else scene.weight > 0
    if hole is None or not hole.any():
        raise TargetNotFound("Filling needs a mask that marks what to paint over. Send one with the picture.")
    if hole.all():
        raise UnsupportedInstruction(
            "The mask covers the whole picture, so there is nothing left to fill it with. Mark a part of it."
        )
    parts = list(_parts(hole))
    brush, sheet = _brush(scene, len(parts), salt=301), _sheet(scene, hole)
    cuts = [is_cut(sheet.rather, part, hole, OVERLAP) for part, _ in parts]
    _spare_faces(sheet, scene, hole, cuts)
    pending = hole.copy()
    for (part, box), cut in zip(parts, cuts, strict=True):
        pending &= ~part
        if is_bare(sheet, part, hole, 0.95):
            continue
        rather = sheet.rather
        if cut:
            rows, columns = bounds(part)
            rather = rather & ~near(part, REACH * max(rows.stop - rows.start, columns.stop - columns.start))
        here = replace(sheet, never=sheet.never | pending, rather=rather)
        if not _paint(here, part, box, brush):
            leave_plain(here, part, box, brush.seed)
    return Raster(sheet.rgb, sheet.alpha)


def extend(scene: Scene, *, amount: float = 1.0) -> Raster:
    """The photograph carried on into new canvas (``scene.weight`` above 0: 1 there, 0 on the photograph).

    Where the photograph ends transparent, so does the canvas. A side that is wide against the photograph, or
    beside which there is little but the subject, is carried on softly instead of with copies. ``amount`` is not
    used. A picture without new area comes back as it is. Raises `UnsupportedInstruction` where there is no
    photograph on the canvas.
    """
    hole = None if scene.weight is None else scene.weight > 0
    if hole is None or not hole.any():
        return scene.picture
    if hole.all():
        raise UnsupportedInstruction("There is no picture on the canvas to extend.")
    sides = list(bands(hole))
    brush, sheet = _brush(scene, max(1, len(sides)), salt=302, room=ROOM), _sheet(scene, hole)
    cuts = [is_cut(sheet.rather, band.part, hole, CUT) for band in sides]
    if scene.quality == "high":
        _spare_faces(sheet, scene, hole, cuts)
    pending = hole.copy()
    for band, cut in zip(sides, cuts, strict=True):
        pending &= ~band.part
        if is_bare(sheet, band.part, hole, 0.5):
            sheet.never[band.part] = True
            continue
        line = even_rim(sheet.rgb, band)
        if line is not None and (sheet.alpha is None or (sheet.alpha[band.close()] >= OPAQUE).all()):
            if sheet.alpha is not None:
                sheet.alpha[band.part] = 255
            evened(sheet.rgb, band, line, np.random.default_rng(brush.seed))
            continue
        here = replace(sheet, never=sheet.never | pending, rather=sheet.rather.copy())
        kept = None
        if cut:
            here.rather[band.close()] = False
        if cut or band.is_thick:
            leave_plain(here, band.part, band.box, brush.seed, band)
            kept = np.broadcast_to(band.away(), hole.shape)
            kept = kept if band.is_thick else kept * going_on(sheet.rather, band)
        if band.is_thick:
            here.never[band.part] = True
            band = band.strip()
        if not _paint(here, band.part, band.box, brush, band, kept) and kept is None:
            leave_plain(here, band.part, band.box, brush.seed, band)
    if pending.any():
        # Whatever lies between: a mask that is no frame.
        leave_plain(sheet, pending, (slice(0, hole.shape[0]), slice(0, hole.shape[1])), brush.seed)
    return Raster(sheet.rgb, sheet.alpha)
