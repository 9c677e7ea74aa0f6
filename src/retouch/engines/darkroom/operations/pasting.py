"""Another of the pictures sent: turning to it, and its subject put into this one."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from retouch.engines.darkroom.colour import apply_table, to_linear, to_srgb
from retouch.engines.darkroom.filters import shrink
from retouch.engines.darkroom.operations.backdrop import grained
from retouch.engines.darkroom.operations.cutout import (
    alpha_of,
    foreground,
    noise_of,
    seek_subject,
    suit,
)
from retouch.engines.darkroom.operations.guard import Box, bounds
from retouch.engines.darkroom.operations.shadows import ground_shadow
from retouch.engines.darkroom.scene import Scene
from retouch.engines.darkroom.vision.saliency import glance
from retouch.errors import TargetNotFound
from retouch.imaging.raster import F32, U8, Raster

SIZES = {"small": 0.26, "medium": 0.46, "large": 0.68}
"""How much of the picture's height or width the subject takes."""

PLACES = {
    "left": (0.26, 0.93),
    "centre": (0.5, 0.93),
    "right": (0.74, 0.93),
    "bottom-left": (0.26, 0.95),
    "bottom": (0.5, 0.95),
    "bottom-right": (0.74, 0.95),
    "top-left": (0.24, 0.5),
    "top": (0.5, 0.5),
    "top-right": (0.76, 0.5),
}
"""Where its middle is across the picture, and its foot down it, as shares."""


def take(scene: Scene, *, amount: float = 1.0, image: int) -> Raster:
    """The picture sent as number ``image``, which the steps after this one work on. Raises
    `UnsupportedInstruction` where there is no such picture."""
    return scene.source(image).picture


def take_size(size: tuple[int, int], sources: Sequence[tuple[int, int]], *, image: int) -> tuple[int, int]:
    """The size of picture number ``image``; of this one where there is none."""
    return sources[image - 1] if 1 <= image <= len(sources) else size


def paste(
    scene: Scene,
    *,
    amount: float = 1.0,
    image: int = 2,
    position: str | None = None,
    size: str | float | None = None,
) -> Raster:
    """The subject of the picture sent as number ``image``, cut out and put into this one.

    It is scaled to a plausible size and stands at ``position`` (one of `PLACES`) or where there is ground in the
    middle; with a mask (``scene.weight``) it is fitted into the mask's box. Its colours come a little towards
    those of the place, it has the picture's grain, and it casts a shadow. What was cut off by its own picture's
    edge stands on the edge of this one. ``amount`` below 1 makes it translucent. Raises `TargetNotFound` where no
    subject stands out there, `UnsupportedInstruction` where there is no such picture.
    """
    picture = scene.picture
    other = _subject_of(scene, image, max(picture.size))
    alpha = alpha_of(other)
    part = bounds(alpha > 0.03)
    cut = _cuts(alpha)
    front, alpha = foreground(other, alpha)[part], alpha[part]
    box = _room(scene, (front.shape[1], front.shape[0]), cut, position, size)
    left, top, width, height = box
    how = cv2.INTER_AREA if width < front.shape[1] else cv2.INTER_CUBIC
    front = np.ascontiguousarray(cv2.resize(front, (width, height), interpolation=how), dtype=np.uint8)
    alpha = np.clip(cv2.resize(np.ascontiguousarray(alpha), (width, height), interpolation=how), 0, 1)
    alpha = alpha.astype(np.float32, copy=False)

    # Everything happens in the box of the thing and its shadow.
    air = int(0.35 * max(width, height))
    rows = slice(max(0, top - air // 4), min(picture.height, top + height + air))
    columns = slice(max(0, left - air), min(picture.width, left + width + air))
    ground = np.ascontiguousarray(picture.rgb[rows, columns])
    front = apply_table(front, suit(front, alpha, ground))
    missing = noise_of(ground) - noise_of(front, alpha)
    if missing > 0.4:
        front = grained(front, scene, 0.85 * missing)
    painted, whole = _placed(front, alpha, ground.shape[:2], left - columns.start, top - rows.start)
    light = to_linear(ground)
    if "bottom" not in cut:
        strength = 0.8 * min(1.0, amount)
        shade = ground_shadow(whole, (ground.shape[1], ground.shape[0]), strength=strength, side=_lee(scene))
        light *= (1 - shade)[..., None]
    share = whole[..., None] * np.float32(min(1.0, amount))
    light += (to_linear(painted) - light) * share
    rgb = picture.rgb.copy()
    rgb[rows, columns] = to_srgb(light)
    return Raster(rgb, _covered(picture, rows, columns, whole))


def paste_needs(scene: Scene, mask: F32 | None, *, image: int = 2, **_: object) -> None:
    """Raise `TargetNotFound` where `paste` would."""
    _subject_of(scene, image, 1024)


def _subject_of(scene: Scene, image: int, side: int) -> Scene:
    other = scene.source(image, side=side)
    seek_subject(other, whose=f"image {image}")
    if "top" in _cuts(alpha_of(other)):
        raise TargetNotFound(
            f"The subject of image {image} is cut off by the picture's upper edge, so it would float in another "
            "one. It takes a picture that shows it whole."
        )
    return other


def _covered(picture: Raster, rows: slice, columns: slice, whole: F32) -> U8 | None:
    if picture.alpha is None:
        return None
    alpha = picture.alpha.copy()
    alpha[rows, columns] = np.maximum(alpha[rows, columns], np.rint(whole * 255).astype(np.uint8))
    return alpha


def _cuts(alpha: F32) -> set[str]:
    """The edges of its picture that cut the subject off, as the lower one does with a portrait."""
    edges = {"top": alpha[:2], "bottom": alpha[-2:], "left": alpha[:, :2], "right": alpha[:, -2:]}
    return {name for name, edge in edges.items() if float((edge > 0.5).mean()) > 0.08}


def _lee(scene: Scene) -> float:
    """The side to which shadows fall: away from the brighter half of what lies above the ground; -1..1."""
    grey = cv2.cvtColor(scene.picture.rgb[: max(1, scene.picture.height * 2 // 3) : 4, ::4], cv2.COLOR_RGB2GRAY)
    half = max(1, grey.shape[1] // 2)
    lean = (float(grey[:, :half].mean()) - float(grey[:, -half:].mean())) / 24
    return float(np.clip(lean, -1, 1)) if abs(lean) > 0.3 else 0.6


def _room(
    scene: Scene, shape: tuple[int, int], cut: set[str], position: str | None, size: str | float | None
) -> tuple[int, int, int, int]:
    """(left, top, width, height) for a thing of ``shape`` (width, height). What was ``cut`` off lies at the edge
    that hides it, unless a ``position`` was asked for."""
    picture = scene.picture
    if scene.weight is not None and (scene.weight > 0.5).any() and not (scene.weight > 0.5).all():
        rows, columns = bounds(scene.weight > 0.5)
        scale = min((columns.stop - columns.start) / shape[0], (rows.stop - rows.start) / shape[1])
        width, height = max(2, round(shape[0] * scale)), max(2, round(shape[1] * scale))
        return (columns.start + columns.stop - width) // 2, rows.stop - height, width, height
    across, foot = PLACES.get(position or "centre", PLACES["centre"])
    usual = SIZES["large"] if cut else SIZES["medium"]
    share = size if isinstance(size, float) else SIZES.get(size or "", usual)
    # So much of the height; a wide thing so much of the width.
    scale = min(share * picture.height / shape[1], 1.25 * share * picture.width / shape[0])
    if {"left", "right"} <= cut:
        scale = min(picture.width / shape[0], 0.98 * picture.height / shape[1])
    width, height = max(2, round(shape[0] * scale)), max(2, round(shape[1] * scale))
    if position is None and not cut:
        across = _free(scene, width / picture.width, height / picture.height, foot)
    across += 0.10 * scene.variation
    left = round(np.clip(across * picture.width - width / 2, 0, max(0, picture.width - width)))
    if position is None and len(cut & {"left", "right"}) == 1:
        left = 0 if "left" in cut else picture.width - width
    top = picture.height - height if "bottom" in cut else round(foot * picture.height) - height
    return int(left), max(0, int(top)), width, height


def _free(scene: Scene, width: float, height: float, foot: float) -> float:
    """Where a thing of that size (shares of the picture's) covers least of what stands out already: the middle, or
    a place beside it; as a share of the width."""
    seen = glance(np.ascontiguousarray(shrink(scene.picture.rgb, 256), dtype=np.uint8))
    rows = slice(int(max(0.0, foot - height) * seen.shape[0]), int(foot * seen.shape[0]) + 1)

    def cost(across: float) -> float:
        left, right = (round((across + half * width) * seen.shape[1]) for half in (-0.5, 0.5))
        return float(seen[rows, max(0, left) : max(1, right)].mean()) + 0.3 * abs(across - 0.5)

    return min((PLACES[name][0] for name in ("centre", "right", "left")), key=cost)


def _placed(front: U8, alpha: F32, shape: tuple[int, int], left: int, top: int) -> tuple[U8, F32]:
    """The cut-out on an empty ground of ``shape`` (height, width), cut where it reaches beyond."""
    height, width = shape
    painted, whole = np.zeros((height, width, 3), np.uint8), np.zeros((height, width), np.float32)
    rows = slice(max(0, top), min(height, top + front.shape[0]))
    columns = slice(max(0, left), min(width, left + front.shape[1]))
    theirs: Box = (slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left))
    painted[rows, columns], whole[rows, columns] = front[theirs], alpha[theirs]
    return painted, whole
