"""The colours of one picture given to another."""

from __future__ import annotations

import cv2
import numpy as np

from retouch.engines.darkroom.colour import apply_table, fit_gamut, from_oklab, make_table, to_linear, to_oklab
from retouch.engines.darkroom.operations.hues import polar, skin
from retouch.engines.darkroom.scene import Scene
from retouch.engines.darkroom.vision.faces import glimpsed
from retouch.imaging.raster import F32, Raster

SIDE = 192
"""The longer side, in pixels, at which colours are counted."""

QUANTILES = np.linspace(0.01, 0.99, 25).astype(np.float32)

SHARE = 0.8
"""How far the colours go at the designed strength: all the way looks like a fault."""

SKIN, CERTAIN = 0.6, 0.75
"""How much less skin's colour changes where there are people, and how sure of a face a detector must be."""

STRETCH = (0.45, 1.9)
"""How much weaker and stronger colours may become."""


def match_colours(scene: Scene, *, amount: float = 1.0, image: int = 2) -> Raster:
    """The picture in the colours and with the tones of the one sent as number ``image``.

    Colours are carried over as whole clouds, by the linear map that moves the least, lightness by its
    quantiles; both are held to what a photograph bears. Raises `UnsupportedInstruction` where there is no such
    picture.

    Source: Pitié, Kokaram: The Linear Monge-Kantorovitch Linear Colour Mapping for Example-Based Colour
    Transfer, IET CVMP 2007.
    """
    if amount <= 0:
        return scene.picture
    mine, theirs = _colours(scene.picture), _colours(scene.source(image, side=1024).picture)
    middle, goal = mine.mean(0), theirs.mean(0)
    turn = _map(_spread(mine[:, 1:]), _spread(theirs[:, 1:]))
    shift = np.clip(goal[1:] - middle[1:], -0.06, 0.06)
    low, high = np.quantile(mine[:, 0], QUANTILES), np.quantile(theirs[:, 0], QUANTILES)
    # Tones go part of the way: a dark picture's tones would bury a bright one's shadows.
    tones = _bounded(low, low + 0.65 * (high - low))
    share = np.float32(min(1.25, SHARE * amount))
    spared = np.float32(SKIN if glimpsed(scene.original.rgb, CERTAIN) else 0)

    def carry(linear: F32) -> F32:
        lab = to_oklab(linear)
        ends = np.concatenate([[0.0], low, [1.0]]), np.concatenate([[0.0], tones, [1.0]])
        light = np.interp(lab[:, 0], *ends).astype(np.float32)
        colour = (lab[:, 1:] - middle[1:]) @ turn.T + middle[1:] + shift
        # Black and white have no colour to give.
        held = np.clip(np.minimum(lab[:, 0], 1 - lab[:, 0]) / np.float32(0.12), 0, 1)[:, None]
        colour = lab[:, 1:] + (colour - lab[:, 1:]) * (0.35 + 0.65 * held)
        target = np.concatenate([light[:, None], colour], 1).astype(np.float32)
        change = (target - lab) * share
        # People take on the light of another picture, but stay people.
        change[:, 1:] *= 1 - spared * skin(*polar(lab))[:, None]
        return fit_gamut(from_oklab((lab + change).astype(np.float32)))

    return Raster(apply_table(scene.picture.rgb, make_table(carry)), scene.picture.alpha)


def match_colours_needs(scene: Scene, mask: F32 | None, *, image: int = 2) -> None:
    """Raise `UnsupportedInstruction` where there is no such picture."""
    scene.source(image, side=16)


def _colours(picture: Raster) -> F32:
    """The picture's colours in OKLab, (n, 3), without those that are transparent."""
    scale = min(1.0, SIDE / max(picture.size))
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    lab = to_oklab(to_linear(cv2.resize(picture.rgb, size, interpolation=cv2.INTER_AREA).astype(np.uint8)))
    if picture.alpha is None:
        return lab.reshape(-1, 3)
    seen = lab[cv2.resize(picture.alpha, size, interpolation=cv2.INTER_AREA) > 127]
    return seen if len(seen) > 8 else lab.reshape(-1, 3)


def _spread(colours: F32) -> F32:
    return np.asarray(np.cov(colours.T), dtype=np.float32)


def _root(matrix: F32) -> F32:
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T, dtype=np.float32)


def _map(mine: F32, theirs: F32) -> F32:
    """The linear map, (2, 2), from one covariance to the other, its stretch bounded."""
    floor = np.eye(2, dtype=np.float32) * np.float32(2e-4)
    root = _root(np.asarray(mine + floor, dtype=np.float32))
    goal = np.asarray(theirs + floor, dtype=np.float32)
    back = np.linalg.inv(root)
    moved = back @ _root(np.asarray(root @ goal @ root, dtype=np.float32)) @ back
    values, vectors = np.linalg.eigh(moved)
    return np.asarray((vectors * np.clip(values, *STRETCH)) @ vectors.T, dtype=np.float32)


def _bounded(low: F32, high: F32) -> F32:
    """``high`` at the places ``low``, rising neither too flatly nor too steeply."""
    steps, rises = np.diff(low), np.diff(high)
    slopes = np.clip(rises / np.maximum(steps, 1e-4), 0.5, 1.8)
    curve = np.concatenate([[0.0], np.cumsum(slopes * steps)])
    # It keeps the middle of the tones where they should be.
    curve = curve + (high[len(high) // 2] - curve[len(curve) // 2])
    return np.asarray(np.clip(curve, 0.01, 0.99), dtype=np.float32)
