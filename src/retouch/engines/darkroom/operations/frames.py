"""What is put around a picture: borders, mats, instant-film frames, round corners."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from retouch.engines.darkroom import palette
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.composite import flatten
from retouch.imaging.raster import F32, U8, Raster

Size = tuple[int, int]
Sides = tuple[int, int, int, int]
"""Left, top, right and bottom, in pixels."""

WIDTHS = {"thin": 0.02, "medium": 0.045, "thick": 0.09}
"""A border's width as a share of the picture's shorter side."""
FILM = (0.06, 0.075, 0.06, 0.24)
"""The sides of an instant film's frame, likewise."""
MAT, MOULDING = 0.14, 0.028
"""The widths of a mat and of the wooden frame around it, likewise."""
FILM_WHITE, CARD, WOOD = (248, 246, 240), (246, 244, 238), (44, 38, 34)
RADIUS = 0.06


def border(
    scene: Scene,
    *,
    amount: float = 1.0,
    colour: str = "white",
    width: str | float = "medium",
    shape: str | None = None,
) -> Raster:
    """The picture with an even border. ``width``: one of `WIDTHS`, "12px", or a share of the
    picture's shorter side; ``shape``, as in "16:9": instead of that with two bars that make it so long.
    ``amount`` is not used."""
    size = scene.picture.size
    sides = _even(size, _share(width, size)) if shape is None else _bars(size, shape)
    return _lay(scene.picture, sides, palette.rgb(colour))


def border_size(
    size: Size,
    sources: Sequence[Size],
    *,
    colour: str = "white",
    width: str | float = "medium",
    shape: str | None = None,
) -> Size:
    return _outer(size, _even(size, _share(width, size)) if shape is None else _bars(size, shape))


def polaroid_frame(scene: Scene, *, amount: float = 1.0) -> Raster:
    """The picture in the white card of an instant film, broad at the bottom, with the card's grain and the slight
    shadow of its window. ``amount`` is not used."""
    picture = flatten(scene.picture)
    sides = _sides(picture.size, FILM)
    shorter = min(picture.size)
    framed = _lay(picture, sides, FILM_WHITE)
    card = _card(framed.size, scene.rng(611))
    rgb = framed.rgb
    inner = _inner(rgb.shape, sides)
    photo = rgb[inner].copy()
    rgb[:] = np.rint(np.clip(rgb * card[..., None], 0, 255)).astype(np.uint8)
    rgb[inner] = _sunk(photo, max(1.0, 0.006 * shorter), 0.28)
    return Raster(rgb)


def polaroid_frame_size(size: Size, sources: Sequence[Size]) -> Size:
    return _outer(size, _sides(size, FILM))


def mat(scene: Scene, *, amount: float = 1.0, colour: str | None = None) -> Raster:
    """The picture behind a mat with a bevelled window, in a thin dark frame. ``colour``: the mat's, None for
    off-white. ``amount`` is not used."""
    picture = flatten(scene.picture)
    shorter = min(picture.size)
    sides, rail = _even(picture.size, MAT), max(1, round(MOULDING * shorter))
    bevel = max(1, round(0.006 * shorter))
    tone = np.asarray(CARD if colour is None else palette.rgb(colour), np.float32)
    framed = _lay(picture, sides, (int(tone[0]), int(tone[1]), int(tone[2])))
    rgb = framed.rgb
    height, width = rgb.shape[:2]
    inner = _inner(rgb.shape, sides)
    photo = _sunk(rgb[inner], max(1.0, 0.008 * shorter), 0.35)
    lit = np.rint(np.clip(rgb * _card((width, height), scene.rng(612))[..., None], 0, 255)).astype(np.uint8)
    left, top, right, bottom = sides[0], sides[1], width - sides[2], height - sides[3]
    # The cut edge of the card is white; the light comes from above, so its upper side lies in shadow.
    for edge, level in (
        (np.s_[top - bevel : top, left - bevel : right + bevel], 205),
        (np.s_[top - bevel : bottom + bevel, left - bevel : left], 222),
        (np.s_[top - bevel : bottom + bevel, right : right + bevel], 238),
        (np.s_[bottom : bottom + bevel, left - bevel : right + bevel], 252),
    ):
        lit[edge] = level
    lit[inner] = photo
    wood: U8 = np.empty((height + 2 * rail, width + 2 * rail, 3), np.uint8)
    wood[:] = WOOD
    wood[: max(1, rail // 5)] = np.minimum(255, np.array(WOOD) + 34)
    wood[rail:-rail, rail:-rail] = _sunk(lit, max(1.0, 0.012 * shorter), 0.35)
    return Raster(wood)


def mat_size(size: Size, sources: Sequence[Size], *, colour: str | None = None) -> Size:
    width, height = _outer(size, _even(size, MAT))
    rail = max(1, round(MOULDING * min(size)))
    return width + 2 * rail, height + 2 * rail


def round_corners(scene: Scene, *, amount: float = 1.0, radius: float | str = RADIUS) -> Raster:
    """The picture with its corners rounded off: RGBA, transparent outside. ``radius``: a share of the shorter
    side up to a half; ``amount`` multiplies it."""
    picture = scene.picture
    width, height = picture.size
    fine = 4
    round_ = min(0.5, float(radius) * amount) * min(width, height)
    corner = max(1, round(round_))
    disc = np.zeros((corner * fine, corner * fine), np.uint8)
    cv2.circle(disc, (corner * fine, corner * fine), corner * fine - 1, 255, -1)
    quarter = np.asarray(cv2.resize(disc, (corner, corner), interpolation=cv2.INTER_AREA), np.uint8)
    alpha: U8 = np.full((height, width), 255, np.uint8)
    alpha[:corner, :corner] = quarter
    alpha[:corner, width - corner :] = np.minimum(alpha[:corner, width - corner :], quarter[:, ::-1])
    alpha[height - corner :, :corner] = np.minimum(alpha[height - corner :, :corner], quarter[::-1])
    alpha[height - corner :, width - corner :] = np.minimum(
        alpha[height - corner :, width - corner :], quarter[::-1, ::-1]
    )
    if picture.alpha is not None:
        alpha = np.minimum(alpha, picture.alpha)
    return Raster(picture.rgb, alpha)


def _share(width: str | float, size: Size) -> float:
    if isinstance(width, str) and width.endswith("px"):
        return int(width.removesuffix("px")) / min(size)
    share = WIDTHS[width] if isinstance(width, str) and width in WIDTHS else float(width)
    return min(0.5, max(0.002, share))


def _even(size: Size, share: float) -> Sides:
    return _sides(size, (share, share, share, share))


def _bars(size: Size, shape: str) -> Sides:
    """Bars at two sides, of the same width, or none where the picture is of that ``shape``."""
    wide, high = map(int, shape.split(":"))
    width, height = size
    across = max(0, round(height * wide / high) - width)
    down = 0 if across else max(0, round(width * high / wide) - height)
    return across // 2, down // 2, across - across // 2, down - down // 2


def _sides(size: Size, shares: tuple[float, float, float, float]) -> Sides:
    left, top, right, bottom = (max(1, round(share * min(size))) for share in shares)
    return left, top, right, bottom


def _outer(size: Size, sides: Sides) -> Size:
    return size[0] + sides[0] + sides[2], size[1] + sides[1] + sides[3]


def _inner(shape: tuple[int, ...], sides: Sides) -> tuple[slice, slice]:
    return slice(sides[1], shape[0] - sides[3]), slice(sides[0], shape[1] - sides[2])


def _lay(picture: Raster, sides: Sides, colour: tuple[int, int, int]) -> Raster:
    width, height = _outer(picture.size, sides)
    rgb: U8 = np.empty((height, width, 3), np.uint8)
    rgb[:] = colour
    inner = _inner(rgb.shape, sides)
    rgb[inner] = picture.rgb
    if picture.alpha is None:
        return Raster(rgb)
    alpha: U8 = np.full((height, width), 255, np.uint8)
    alpha[inner] = picture.alpha
    return Raster(rgb, alpha)


def _card(size: Size, rng: np.random.Generator) -> F32:
    """What light a sheet of card throws back: nearly all, a little less at the bottom, with a fine grain."""
    width, height = size
    small = rng.standard_normal((max(1, height // 2), max(1, width // 2)), dtype=np.float32)
    grain = cv2.resize(small, size, interpolation=cv2.INTER_LINEAR) * np.float32(0.006)
    fall = np.linspace(1.008, 0.975, height, dtype=np.float32)[:, None]
    across = np.linspace(1.004, 0.994, width, dtype=np.float32)[None, :]
    return np.asarray(grain + fall * across, dtype=np.float32)


def _sunk(rgb: U8, reach: float, depth: float) -> U8:
    """``rgb`` a little below what surrounds it: the shadow of the upper and left edges falls on it."""
    height, width = rgb.shape[:2]
    x = np.exp(-np.arange(width, dtype=np.float32) / np.float32(reach))
    y = np.exp(-np.arange(height, dtype=np.float32) / np.float32(reach))
    x += x[::-1] * np.float32(0.35)
    y = y * np.float32(1.3) + y[::-1] * np.float32(0.25)
    keep = (1 - np.float32(depth) * np.minimum(1, y))[:, None] * (1 - np.float32(depth) * x)[None, :]
    return np.asarray(np.rint(rgb * keep[..., None]), dtype=np.uint8)
