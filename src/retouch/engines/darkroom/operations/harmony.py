"""Making a drawn thing belong to a photograph: its exposure, its white balance, its saturation, its shadows."""

from __future__ import annotations

import cv2
import numpy as np

from retouch.engines.darkroom.colour import from_oklab, luminance, parse_hex, to_linear, to_oklab
from retouch.engines.darkroom.filters import shrink
from retouch.imaging.raster import F32, U8


def belong(lab: F32, cover: F32, around: U8, whole: U8, *, strength: float = 1.0) -> F32:
    """``lab``, a thing's OKLab (height, width, 3), as the light of the photograph would show it.

    ``cover``: its alpha; ``around``: the part of the photograph where it goes, ``whole``: all of it.
    ``strength`` below 1 for what is a photograph itself.
    """
    solid = cover > 0.5
    if not solid.any():
        return lab
    here, there = _summary(around), _summary(whole)
    mix = 0.5 * here + 0.5 * there
    bright, chroma, cast = float(mix[0]), float(mix[2]), mix[3:5]
    dark = min(float(mix[1]), 0.24)
    own = lab[solid]
    own_bright = float(np.percentile(own[:, 0], 88))
    gain = float(np.clip((bright + 0.05) / (own_bright + 0.05), 0.40, 1.15)) ** (0.75 * strength)
    light = lab[..., 0] * np.float32(gain)
    # Air and lens lift the photograph's blacks: a thing in it has none deeper.
    light = dark * np.float32(0.55 * strength) + light * np.float32(1 - 0.55 * strength * dark)
    own_chroma = float(np.percentile(np.hypot(own[:, 1], own[:, 2]), 75))
    dull = float(np.clip((1.15 * chroma + 0.06) / (own_chroma + 0.02), 0.6, 1.05)) ** (0.8 * strength)
    colour = lab[..., 1:] * np.float32(dull * min(1.0, 0.35 + 0.65 * gain)) + cast * np.float32(0.7 * strength)
    return np.concatenate([light[..., None], colour], -1).astype(np.float32)


def _summary(rgb: U8) -> F32:
    """Bright and dark lightness, strong chroma, and the cast of what is nearly grey: float32 (5,)."""
    lab = to_oklab(to_linear(np.ascontiguousarray(shrink(rgb, 96), dtype=np.uint8))).reshape(-1, 3)
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    grey = (chroma < 0.09) & (lab[:, 0] > 0.15)
    cast = lab[grey, 1:].mean(0) if grey.sum() > 20 else np.zeros(2, np.float32)
    bright, dark = np.percentile(lab[:, 0], 90), np.percentile(lab[:, 0], 4)
    return np.array([bright, dark, np.percentile(chroma, 85), *cast], np.float32)


def model(lab: F32, cover: F32, rng: np.random.Generator, *, stands: bool, from_left: float) -> F32:
    """Give a flat, even thing some body: light from one side and above, dark towards the ground, an uneven
    surface. ``from_left``: -1 (light from the right) to 1."""
    height, width = cover.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = x / max(1, width - 1) - 0.5, y / max(1, height - 1)
    shade = 1 - np.float32(0.13 * from_left) * x * 2
    shade *= 1.06 - 0.14 * y
    if stands:
        shade *= 1 - np.float32(0.26) * np.clip((y - 0.62) / 0.38, 0, 1) ** 2
    # What faces away from the light, along its outline.
    reach = max(1.0, 0.045 * max(height, width))
    inner = np.asarray(cv2.GaussianBlur(cover, (0, 0), reach), np.float32)
    away = np.float32(np.copysign(0.7, from_left if from_left else 1.0) * reach)
    shift = np.array([[1, 0, away], [0, 1, 0.8 * reach]], np.float32)
    behind = np.asarray(cv2.warpAffine(inner, shift, (width, height)), np.float32)
    relief = np.clip(inner - behind, -0.5, 0.5)
    shade *= 1 - np.float32(0.34) * relief
    for size, amount in ((0.03, 0.012), (0.11, 0.018)):
        cells = max(2, round(1 / size))
        field = rng.normal(0, amount, (cells, cells)).astype(np.float32)
        shade += cv2.resize(field, (width, height), interpolation=cv2.INTER_CUBIC)
    out = lab.copy()
    out[..., 0] *= shade
    out[..., 1:] *= (0.75 + 0.25 * shade)[..., None]
    return out


def turn_colour(lab: F32, cover: F32, colour: str) -> F32:
    """The thing's main colour turned to ``colour`` ("#rrggbb"), its other colours left alone."""
    target = to_oklab(parse_hex(colour)[None])[0]
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    vivid = (cover > 0.5) & (chroma > 0.05)
    if vivid.sum() < 0.05 * max(1, int((cover > 0.5).sum())):
        vivid = cover > 0.5
    hue = np.arctan2(lab[..., 2], lab[..., 1])
    counts, edges = np.histogram(hue[vivid], 24, (-np.pi, np.pi), weights=chroma[vivid])
    counts = counts + 0.6 * (np.roll(counts, 1) + np.roll(counts, -1))
    main = float(edges[int(np.argmax(counts))] + np.pi / 24)
    away = np.abs((hue - main + np.pi) % (2 * np.pi) - np.pi)
    belongs = np.clip((1.05 - away) / 0.35, 0, 1) * np.clip((chroma - 0.02) / 0.04, 0, 1)
    if chroma[vivid].max(initial=0) <= 0.06:
        belongs = np.ones_like(chroma)
    own = lab[vivid & (belongs > 0.5)]
    if not own.size:
        return lab
    level, strength = float(np.median(own[:, 0])), float(np.median(np.hypot(own[:, 1], own[:, 2]))) + 1e-3
    wanted = float(np.hypot(target[1], target[2]))
    out = lab.copy()
    aim = target[1:] / max(wanted, 1e-3)
    amount = chroma / strength * wanted
    out[..., 0] = np.clip(lab[..., 0] + (float(target[0]) - level) * 0.85, 0.02, 1.0)
    out[..., 1:] = aim * amount[..., None]
    return np.asarray(lab + (out - lab) * belongs[..., None], np.float32)


def light_side(whole: U8) -> float:
    """From where the light seems to come: -1 (right) to 1 (left)."""
    grey = cv2.cvtColor(np.ascontiguousarray(shrink(whole, 96), dtype=np.uint8), cv2.COLOR_RGB2GRAY).astype(
        np.float32
    )
    if grey.shape[1] < 2:
        return 0.0
    half = grey.shape[1] // 2
    left, right = float(grey[:, :half].mean()) + 8, float(grey[:, half:].mean()) + 8
    return float(np.clip(2.5 * np.log(left / right), -1, 1))


def cast_shadow(
    cover: F32, room: tuple[int, int], corner: tuple[int, int], *, from_left: float, soft: float
) -> F32:
    """The shadow of something that stands on the ground: float32 of size ``room`` (height, width), 0..1, dark at
    its foot and fading away from the light. ``corner`` (left, top): where the thing lies in the room."""
    height, width = cover.shape
    left, top = corner
    foot = top + height
    lean = np.float32(0.55 * (from_left if abs(from_left) > 0.15 else 0.35))
    flat = np.float32(0.26)
    # A point of the thing h above the ground throws its shadow lean · h aside and flat · h up from its foot.
    matrix = np.array([[1, -lean, left + lean * height], [0, flat, foot - flat * height]], np.float32)
    thrown = np.asarray(cv2.warpAffine(cover, matrix, room[::-1]), np.float32)
    near = np.asarray(cv2.GaussianBlur(thrown, (0, 0), max(0.8, 0.018 * height * soft)), np.float32)
    far = np.asarray(cv2.GaussianBlur(thrown, (0, 0), max(1.0, 0.07 * height * soft)), np.float32)
    y = np.arange(room[0], dtype=np.float32)[:, None]
    share = np.clip((foot - y) / max(1.0, flat * height), 0, 1)
    fading = (near * (1 - share) + far * share) * (1 - 0.55 * share)
    touch = np.zeros(room, np.float32)
    strip = cover[-max(2, round(0.05 * height)) :].max(0)
    deep = max(1, round(0.022 * height))
    row = min(room[0] - 1, max(0, foot - 1))
    end = min(room[1], left + width)
    start = max(0, left)
    touch[max(0, row - deep) : row + deep + 1, start:end] = strip[start - left : end - left]
    touch = np.asarray(cv2.GaussianBlur(touch, (0, 0), max(0.8, 0.022 * height)), np.float32)
    return np.asarray(np.clip(0.42 * fading + 0.75 * touch, 0, 0.9), np.float32)


def to_levels(lab: F32) -> F32:
    """OKLab to sRGB levels 0..255, float32, unrounded colours outside the gamut dulled."""
    linear = np.maximum(from_oklab(lab), 0)
    over = np.maximum(linear.max(-1, keepdims=True), 1)
    linear = linear / over + (luminance(linear)[..., None] * (1 - 1 / over)) * np.float32(0.5)
    clipped = np.clip(linear, 0, 1)
    encoded = np.where(clipped <= 0.0031308, clipped * 12.92, 1.055 * clipped ** (1 / 2.4) - 0.055)
    return np.asarray(encoded * 255, np.float32)
