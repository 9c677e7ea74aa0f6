"""Things put into a picture."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from retouch.engines.darkroom import assets
from retouch.engines.darkroom.assets import folder
from retouch.engines.darkroom.colour import to_linear, to_oklab
from retouch.engines.darkroom.operations import harmony, luminaries
from retouch.engines.darkroom.operations.arch import rainbow
from retouch.engines.darkroom.operations.likeness import grain, noise, softness
from retouch.engines.darkroom.operations.placing import (
    POSITIONS,
    SIZES,
    SURE_OF_SKY,
    USUAL,
    Spot,
    free_spots,
    marked_spots,
)
from retouch.engines.darkroom.operations.props import paint_of
from retouch.engines.darkroom.operations.vector import render
from retouch.engines.darkroom.scene import Scene
from retouch.errors import UnsupportedInstruction
from retouch.imaging.raster import F32, U8, Raster

MOST = 12
"""So many of a thing at once."""

LARGEST = 640
"""Drawings are soft: they are made at most this many pixels large and enlarged from there."""

LETTERED = frozenset(
    (
        "stop-sign",
        "bus-stop",
        "police-car",
        "oncoming-police-car",
        "ambulance",
        "taxi",
        "calendar",
        "tear-off-calendar",
        "musical-note",
        "musical-notes",
        "musical-score",
        "e-mail",
        "newspaper",
        "hotel",
        "hospital",
        "bank",
        "atm",
        "convenience-store",
        "pool-8-ball",
        "1st-place-medal",
        "2nd-place-medal",
        "3rd-place-medal",
        "thermometer",
    )
)
"""What would read backwards in a mirror."""


SHINING = frozenset(
    (
        "sun",
        "sun-with-face",
        "full-moon",
        "crescent-moon",
        "star",
        "glowing-star",
        "shooting-star",
        "comet",
        "fireworks",
        "high-voltage",
        "sparkles",
        "fire",
        "candle",
        "sparkler",
        "collision",
        "heart-on-fire",
        "red-paper-lantern",
    )
)


@lru_cache(maxsize=16)
def _drawing(name: str, side: int) -> U8:
    """A bundled drawing, trimmed to what is visible: uint8 (height, width, 4), straight alpha."""
    drawn = render(assets.load(name), side)
    cover = drawn[..., 3:]
    drawn[..., :3] = np.where(cover > 0, drawn[..., :3] * 255 / np.maximum(cover, 1), 0)
    rows, columns = (np.flatnonzero((cover[..., 0] > 40).any(axis)) for axis in (1, 0))
    trimmed = drawn[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return np.asarray(np.clip(trimmed + np.float32(0.5), 0, 255), np.uint8)


def _pixels(thing: assets.Thing, side: int) -> U8:
    if thing.own:
        pixels = folder.read(thing.name)
        if pixels is None:
            raise UnsupportedInstruction(
                f"The picture of '{thing.name.removeprefix(folder.PREFIX)}' cannot be read."
            )
        return pixels
    # A few sizes only, so that the next one is at hand.
    return _drawing(thing.name, min(LARGEST, max(96, -(-side // 128) * 128)))


def insert(
    scene: Scene,
    *,
    name: str,
    count: int = 1,
    position: str | None = None,
    size: str | None = None,
    colour: str | None = None,
    place: str | None = None,
    amount: float = 1.0,
) -> Raster:
    """Put a thing into the picture, ``count`` times, harmonised with it and with its shadow on the ground.

    ``name``: an id of `assets.names`. ``position``: one of `POSITIONS`; ``size``: "small", "medium" or "large" of
    its kind; ``colour``: a name or ``#rrggbb`` for its main colour; ``place``: "sky" or "ground". Without them it
    goes where it covers neither the subject nor a face; inside ``scene.weight`` if a part of the picture is
    marked. ``amount`` scales it a little. A ``scene.variation`` other than 0 finds another place and turns it
    round. Raises `UnsupportedInstruction` for what there is not.
    """
    if name not in assets.names():
        raise UnsupportedInstruction(f"There is no drawing of '{name}' here.")
    if not 1 <= count <= MOST:
        raise UnsupportedInstruction(f"Between one and {MOST} of a thing can be put into a picture, not {count}.")
    for what, value, known in (
        ("position", position, POSITIONS),
        ("size", size, SIZES),
        ("place", place, ("sky", "ground")),
    ):
        if value is not None and value not in known:
            raise UnsupportedInstruction(f"'{value}' is no {what} here: {', '.join(known)}.")
    tone = None if colour is None else paint_of(colour, "a thing")
    thing = assets.thing(name)
    if name == "rainbow" and position is None and size is None and not _in_part(scene):
        return rainbow(scene, scene.sky.alpha if scene.sky.confidence >= SURE_OF_SKY else None, amount)
    rng = scene.rng(501)
    where = place or ("ground" if thing.place == "ground" else "sky")
    kind = thing.place if thing.place != "ground" else thing.size
    share = USUAL[kind] * (SIZES[size] if size else 1.0) * float(np.clip(amount, 0.5, 1.5))
    width, height = scene.picture.size
    pixels = _pixels(thing, round(share * min(width, height)))
    shape = (float(pixels.shape[1]), float(pixels.shape[0]))
    spots = _spots(scene, shape, count, where=where, share=share, position=position, rng=rng)
    stands = where == "ground" and thing.place == "ground"
    rgb, alpha = scene.picture.rgb.copy(), scene.picture.alpha
    alpha = None if alpha is None else alpha.copy()
    light = harmony.light_side(scene.original.rgb)
    for index, spot in enumerate(spots):
        side = round(max(spot.width, spot.height))
        flips = _flips(scene, name, spot, index)
        cut = np.ascontiguousarray(_pixels(thing, side)[:, ::-1] if flips else _pixels(thing, side))
        if alpha is None and tone is None and (name == luminaries.SUN or name in luminaries.MOONS):
            luminaries.shine(rgb, cut, spot, name)
            continue
        # Lights in the sky are as bright as they are, whatever they shine on.
        strength = 0.6 if thing.own else 0.3 if name in SHINING else 1.0
        _lay(
            rgb,
            alpha,
            scene.original.rgb,
            cut,
            spot,
            rng,
            stands=stands,
            tone=tone,
            drawn=not thing.own,
            strength=strength,
            light=light,
        )
    return Raster(rgb, alpha)


def _spots(
    scene: Scene,
    shape: tuple[float, float],
    count: int,
    *,
    where: str,
    share: float,
    position: str | None,
    rng: np.random.Generator,
) -> list[Spot]:
    if scene.weight is not None and _in_part(scene):
        marked = marked_spots(scene.weight, shape, count, stands=where == "ground")
        if marked:
            return marked
    return free_spots(scene, shape, count, where=where, share=share, position=position, rng=rng)


def _in_part(scene: Scene) -> bool:
    """Whether only a part of the picture is marked."""
    return scene.weight is not None and float((scene.weight > 0.5).mean()) < 0.9


def _flips(scene: Scene, name: str, spot: Spot, index: int) -> bool:
    """Drawings look to the left: on the left side of a picture they are turned to look into it."""
    if name in LETTERED:
        return False
    looks_in = spot.middle[0] < 0.5 * scene.picture.width
    return looks_in != (scene.variation != 0 and index % 2 == 0)


def _lay(
    rgb: U8,
    alpha: U8 | None,
    whole: U8,
    cut: U8,
    spot: Spot,
    rng: np.random.Generator,
    *,
    stands: bool,
    tone: str | None,
    drawn: bool,
    strength: float,
    light: float,
) -> None:
    """Lay one thing into ``rgb`` (and ``alpha``), in place; only its own part of the picture is touched."""
    height, width = rgb.shape[:2]
    w, h = max(4, round(spot.width)), max(4, round(spot.height))
    left, top = round(spot.left), round(spot.top)
    margin = max(6, round(0.12 * max(w, h)))
    throw = round(0.6 * h) if stands else 0
    x0, y0 = max(0, left - margin - throw), max(0, top - margin)
    x1, y1 = min(width, left + w + margin + throw), min(height, top + h + margin)
    view = rgb[y0:y1, x0:x1]
    room = (y1 - y0, x1 - x0)

    how = cv2.INTER_AREA if w < cut.shape[1] else cv2.INTER_CUBIC
    scaled = np.asarray(cv2.resize(_premultiplied(cut), (w, h), interpolation=how), np.float32)
    cover = np.asarray(np.clip(scaled[..., 3] / np.float32(255), 0, 1), np.float32)
    straight = np.clip(scaled[..., :3] / np.maximum(cover[..., None], 1e-3), 0, 255).astype(np.uint8)
    lab = to_oklab(to_linear(straight))
    if tone is not None:
        lab = harmony.turn_colour(lab, cover, tone)
    if drawn:
        lab = harmony.model(lab, cover, rng, stands=stands, from_left=light)
    lab = harmony.belong(lab, cover, view, whole, strength=strength)

    layer = np.zeros((*room, 4), np.float32)
    a0, b0, a1, b1 = max(x0, left), max(y0, top), min(x1, left + w), min(y1, top + h)
    part = (slice(b0 - top, b1 - top), slice(a0 - left, a1 - left))
    inside = layer[b0 - y0 : b1 - y0, a0 - x0 : a1 - x0]
    inside[..., 3] = cover[part]
    inside[..., :3] = harmony.to_levels(lab[part]) * cover[part][..., None]
    sigma = softness(view, max(0.6, 0.012 * max(w, h)))
    layer = np.asarray(cv2.GaussianBlur(layer, (0, 0), sigma), np.float32)

    base = view.astype(np.float32)
    if stands:
        dark = harmony.cast_shadow(cover, room, (left - x0, top - y0), from_left=light, soft=1.0)
        base *= 1 - dark[..., None] * np.array([0.96, 0.95, 0.90], np.float32)
        if alpha is not None:
            behind = alpha[y0:y1, x0:x1]
            np.maximum(behind, (dark * 110).astype(np.uint8), out=behind)
    over = layer[..., 3:]
    # A little of the light behind creeps over the edges, as it does in a lens.
    glow = np.asarray(cv2.GaussianBlur(base, (0, 0), max(1.0, 0.03 * max(w, h))), np.float32)
    rim = over * (1 - cv2.GaussianBlur(over[..., 0], (0, 0), max(1.0, 0.02 * max(w, h)))[..., None])
    lit = layer[..., :3] + np.maximum(glow * over - layer[..., :3], 0) * rim * np.float32(0.6)
    fine = noise(room, max(0.6, grain(view)), rng)[..., None]
    view[:] = np.clip(base * (1 - over) + lit + fine * over + np.float32(0.5), 0, 255).astype(np.uint8)
    if alpha is not None:
        part_alpha = alpha[y0:y1, x0:x1]
        np.maximum(part_alpha, np.rint(over[..., 0] * 255).astype(np.uint8), out=part_alpha)


def _premultiplied(cut: U8) -> F32:
    out = cut.astype(np.float32)
    out[..., :3] *= out[..., 3:] * np.float32(1 / 255)
    return out
