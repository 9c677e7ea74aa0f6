"""White balance: what should be grey made grey, where the picture shows something that should be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retouch.engines.darkroom.colour import LUMA, apply_table, luminance, make_table, to_linear
from retouch.engines.darkroom.filters import shrink
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import F32, U8, Raster

_SIDE = 256
_REACH = 0.16
"""How far, in the logarithm of red or blue over green, a near-grey may lie from the cast."""

_MOST = 0.75
"""The strongest cast, in the same measure, that is taken for one: beyond it the scene is that colour."""


@dataclass(frozen=True)
class Cast:
    """``red``, ``blue``: the logarithm of red and of blue over green that greys have in this picture. ``trust``:
    0..1, how sure it is that they are greys."""

    red: float = 0.0
    blue: float = 0.0
    trust: float = 0.0

    def gains(self, share: float) -> F32:
        """What red, green and blue are multiplied with to take off ``share`` of the cast; luminance is kept."""
        gains = np.exp(np.array([-self.red, 0.0, -self.blue], np.float32) * np.float32(share))
        return np.asarray(gains / np.sum(gains * LUMA), dtype=np.float32)


def find_cast(rgb: U8) -> Cast:
    """The cast of a picture: the colour that its near-greys, dark to bright, have in common.

    A weighted mean shift, begun at the shades-of-grey estimate and at no cast at all; the denser of both wins.
    Source of the estimate: Finlayson, Trezzi: Shades of Gray and Colour Constancy, CIC 2004.
    """
    linear = to_linear(np.asarray(shrink(rgb, _SIDE), dtype=np.uint8)).reshape(-1, 3)
    light = luminance(linear)
    burnt = float((linear.min(1) > 0.93).mean())
    usable = (light > 0.012) & (linear.max(1) < 0.96) & (linear.min(1) > 0.002)
    if usable.mean() < 0.02:
        return Cast()
    linear, light = linear[usable], light[usable]
    red, blue = (np.log(linear[:, channel] / linear[:, 1]) for channel in (0, 2))
    # Dark and middle tones count alike, and a large even area no more than a few small ones.
    weight = _rarity(red, blue, light)
    norm = np.power(np.mean(linear**6, axis=0), np.float32(1 / 6))
    starts = ((0.0, 0.0), (float(np.log(norm[0] / norm[1])), float(np.log(norm[2] / norm[1]))))
    found = max((_settle(red, blue, weight, start) for start in starts), key=lambda cast: cast.trust)
    size = float(np.hypot(found.red, found.blue))
    # Light is warm or cold; green and magenta are what things are, unless the lamps were strange.
    odd = abs(found.red + found.blue) / max(size, 1e-6)
    doubt = 1 - 0.5 * min(1.0, odd) * min(1.0, size / 0.3)
    far = max(0.0, 1 - max(0.0, size - 0.45) / (_MOST - 0.45))
    # White paper or a white sky is proof of a white light, however warm the things before it are.
    trust = min(1.0, found.trust / 0.16) * doubt * far * max(0.0, 1 - burnt / 0.12)
    return Cast(found.red, found.blue, trust)


def _rarity(red: F32, blue: F32, light: F32) -> F32:
    bins = [np.clip((values + 1) * 8, 0, 15).astype(int) for values in (red, blue)]
    tone = np.clip(light ** np.float32(0.4) * 6, 0, 5).astype(int)
    cells = (bins[0] * 16 + bins[1]) * 6 + tone
    counts = np.bincount(cells, minlength=16 * 16 * 6).astype(np.float32)
    weight = 1 / np.sqrt(counts[cells])
    return np.asarray(weight / weight.sum(), dtype=np.float32)


def _settle(red: F32, blue: F32, weight: F32, start: tuple[float, float]) -> Cast:
    """Where the mean shift comes to rest, with the share of the weight that lies there as its trust."""
    r, b = start
    near = weight
    for _ in range(12):
        near = weight * np.exp(-(np.square(red - r) + np.square(blue - b)) / np.float32(2 * _REACH**2))
        # What is grey already speaks louder than what would need a strong cast to be grey.
        near = near * np.exp(-(np.square(red) + np.square(blue)) / np.float32(0.9))
        total = max(float(near.sum()), 1e-9)
        r, b = float((near * red).sum()) / total, float((near * blue).sum()) / total
    return Cast(r, b, float(near.sum()))


def balanced(rgb: U8, cast: Cast, share: float) -> U8:
    """``rgb`` with that share of its cast, as far as it is trusted, taken off."""
    gains = cast.gains(share * cast.trust)

    def function(linear: F32) -> F32:
        light = linear * gains
        # A channel that burns out would leave a tint in what is white.
        return np.asarray(light / np.maximum(1, light.max(-1, keepdims=True)), dtype=np.float32)

    return apply_table(rgb, make_table(function))


def white_balance(scene: Scene, *, amount: float = 1.0) -> Raster:
    """The colour cast taken off. A picture whose greys are grey, or that has none, stays as it is."""
    if amount <= 0:
        return scene.picture
    share = min(1.3, amount) * (1 + 0.25 * scene.variation)
    cast = find_cast(scene.original.rgb)
    return Raster(balanced(scene.picture.rgb, cast, share), scene.picture.alpha)
