"""Where a picture has a colour that goes by a name."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.darkroom.colour import parse_hex, to_linear, to_oklab
from retouch.engines.darkroom.filters import guided, shrink
from retouch.engines.darkroom.palette import hex_of
from retouch.imaging.raster import F32, U8

SIDE = 512
"""The longer side, in pixels, at which colours are looked for."""

ENOUGH = 0.0015
"""A colour that fills a smaller share of the picture is not there."""

OWN = 0.3
"""If more than this share of a colour lies on the subject, it is the subject's colour that is meant."""

GREYS = ("black", "white", "grey", "silver")

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Shade:
    """What goes by a name: hues around ``hue`` (degrees of OKLab), ``reach`` to either side, and OKLab
    lightness and chroma between two values each."""

    hue: float
    reach: float
    lightness: tuple[float, float] = (0.0, 1.1)
    chroma: tuple[float, float] = (0.045, 1.0)


_SHADES = {
    "red": Shade(25, 21, chroma=(0.07, 1)),
    "crimson": Shade(20, 20, (0, 0.58), (0.07, 1)),
    "burgundy": Shade(15, 26, (0, 0.48)),
    "coral": Shade(32, 20, (0.6, 1.1), (0.07, 1)),
    "orange": Shade(54, 19, (0.5, 1.1), (0.08, 1)),
    "peach": Shade(58, 24, (0.7, 1.1), (0.03, 0.13)),
    "brown": Shade(55, 30, (0.1, 0.62), (0.03, 0.14)),
    "beige": Shade(78, 30, (0.68, 1.1), (0.015, 0.08)),
    "cream": Shade(88, 32, (0.85, 1.1), (0.008, 0.07)),
    "gold": Shade(82, 20, (0.45, 1.1), (0.06, 1)),
    "mustard": Shade(84, 18, (0.45, 0.82), (0.07, 1)),
    "yellow": Shade(100, 23, (0.55, 1.1), (0.07, 1)),
    "lime": Shade(123, 18, (0.6, 1.1), (0.09, 1)),
    "olive": Shade(112, 22, (0, 0.62), (0.03, 1)),
    "green": Shade(140, 36),
    "forest_green": Shade(142, 34, (0, 0.5), (0.03, 1)),
    "emerald": Shade(160, 26),
    "mint": Shade(165, 30, (0.7, 1.1), (0.025, 1)),
    "teal": Shade(198, 26, (0, 0.66), (0.03, 1)),
    "turquoise": Shade(196, 26, (0.55, 1.1), (0.04, 1)),
    "sky_blue": Shade(240, 28, (0.6, 1.1), (0.03, 1)),
    "blue": Shade(253, 33, chroma=(0.04, 1)),
    "navy": Shade(268, 32, (0, 0.42), (0.03, 1)),
    "indigo": Shade(280, 22, (0, 0.6)),
    "purple": Shade(308, 26),
    "lavender": Shade(300, 28, (0.62, 1.1), (0.025, 1)),
    "magenta": Shade(342, 20, chroma=(0.08, 1)),
    "pink": Shade(0, 24, (0.5, 1.1), (0.045, 1)),
    "hot_pink": Shade(0, 20, (0.5, 1.1), (0.13, 1)),
}


def find_colour(rgb: U8, colour: str, saliency: F32 | None = None) -> F32:
    """How much each pixel of ``rgb`` has ``colour``, a name of `palette.colours` or ``#rrggbb``: float32 (height,
    width) in 0..1, soft at its edges; 0 throughout where the picture has no more of it than a speck.

    The hue is looked for where the name says; what the surely coloured pixels then really have is followed into
    their shadows and lights as far as it hangs together with them. ``saliency`` (the size of ``rgb``): a colour
    that the subject has is looked for on the subject alone.
    """
    small = np.ascontiguousarray(shrink(rgb, SIDE), dtype=np.uint8)
    height, width = small.shape[:2]
    lab = to_oklab(to_linear(cv2.GaussianBlur(small, (0, 0), 0.8)))  # type: ignore[arg-type]
    found = _coloured(lab, colour)
    if saliency is not None and found.any():
        subject = cv2.resize(saliency, (width, height), interpolation=cv2.INTER_AREA)
        if _is_own(found, subject.astype(np.float32, copy=False)):
            near = cv2.dilate((subject > 0.3).astype(np.float32), np.ones((9, 9), np.uint8))
            found = found * cv2.GaussianBlur(near, (0, 0), 2)
    found = _tidied(found.astype(np.float32, copy=False))
    if float(found.mean()) < ENOUGH:
        return np.zeros(rgb.shape[:2], np.float32)
    return _fitted(rgb, found)


def is_subjects(rgb: U8, colour: str, saliency: F32) -> bool:
    """Whether `find_colour` looks for ``colour`` on the subject alone, as far as a quick look tells."""
    small = np.ascontiguousarray(shrink(rgb, SIDE // 2), dtype=np.uint8)
    subject = cv2.resize(saliency, (small.shape[1], small.shape[0]), interpolation=cv2.INTER_AREA)
    return _is_own(_coloured(to_oklab(to_linear(small)), colour), subject.astype(np.float32, copy=False))


def _is_own(found: F32, subject: F32) -> bool:
    return float((found * subject).sum()) > OWN * float(found.sum())


def find_like(rgb: U8, weight: F32) -> F32:
    """How much each pixel of ``rgb`` has the colour that prevails where ``weight`` (its size, 0..1) marks it."""
    small = np.ascontiguousarray(shrink(rgb, SIDE), dtype=np.uint8)
    here = cv2.resize(weight, (small.shape[1], small.shape[0]), interpolation=cv2.INTER_AREA)
    lab = to_oklab(to_linear(cv2.GaussianBlur(small, (0, 0), 0.8)))  # type: ignore[arg-type]
    shade = _prevailing(lab, here.astype(np.float32, copy=False))
    found = _hues(lab, shade) if isinstance(shade, Shade) else _near(lab, shade)
    return _fitted(rgb, _tidied((found * (here > 0.3)).astype(np.float32)))


def _coloured(lab: F32, colour: str) -> F32:
    if colour in GREYS:
        return _greys(lab, colour)
    if colour in _SHADES:
        return _hues(lab, _SHADES[colour])
    centre = to_oklab(parse_hex(hex_of(colour)))
    return _near(lab, centre) if np.hypot(*centre[1:]) < 0.03 else _hues(lab, _shade(centre))


def _shade(centre: F32) -> Shade:
    """What goes for a colour that has no name of its own."""
    lightness, a, b = centre.tolist()
    chroma = float(np.hypot(a, b))
    return Shade(
        float(np.degrees(np.arctan2(b, a))),
        24,
        (lightness - 0.25, lightness + 0.25),
        (min(0.045, chroma / 2), chroma + 0.12),
    )


def _ramp(values: F32, start: float, end: float) -> F32:
    return np.asarray(np.clip((values - np.float32(start)) * np.float32(1 / (end - start)), 0, 1))


def _greys(lab: F32, colour: str) -> F32:
    lightness, chroma = lab[..., 0], np.hypot(lab[..., 1], lab[..., 2])
    # What light lends to white and what is left of colour in black is more than grey may have.
    limit = {"white": 0.045, "black": 0.06}.get(colour, 0.04)
    plain = 1 - _ramp(chroma, limit * 0.7, limit * 1.3)
    match colour:
        case "white":
            return plain * _ramp(lightness, 0.74, 0.86)
        case "black":
            return plain * (1 - _ramp(lightness, 0.3, 0.4))
        case "silver":
            return plain * _ramp(lightness, 0.45, 0.55) * (1 - _ramp(lightness, 0.93, 0.98))
    return np.asarray(plain * _ramp(lightness, 0.3, 0.4) * (1 - _ramp(lightness, 0.8, 0.9)), dtype=np.float32)


def _turn(hue: F32, centre: float) -> F32:
    """How far ``hue`` is from ``centre``, both in degrees: 0..180."""
    return np.asarray(np.abs((hue - np.float32(centre) + 180) % 360 - 180), dtype=np.float32)


def _within(values: F32, span: tuple[float, float], soft: float) -> F32:
    low, high = span
    inside = _ramp(values, low - soft, low) if low > 0 else np.ones_like(values)
    if high < 1:
        inside *= 1 - _ramp(values, high, high + soft)
    return inside


def _hues(lab: F32, shade: Shade) -> F32:
    lightness, chroma = lab[..., 0], np.hypot(lab[..., 1], lab[..., 2])
    hue = np.degrees(np.arctan2(lab[..., 2], lab[..., 1]))
    strict = (_turn(hue, shade.hue) < 0.85 * shade.reach) & (chroma > shade.chroma[0] + 0.02)
    strict &= (chroma < shade.chroma[1]) & (lightness > shade.lightness[0]) & (lightness < shade.lightness[1])
    centre, reach = shade.hue, shade.reach
    if strict.sum() > 40:
        heavy = chroma[strict]
        turn = np.radians(hue[strict])
        mean = float(np.degrees(np.arctan2((heavy * np.sin(turn)).sum(), (heavy * np.cos(turn)).sum())))
        own = float(np.quantile(_turn(hue[strict], mean), 0.92))
        centre, reach = mean, float(np.clip(1.5 * own, 0.6 * shade.reach, 1.45 * shade.reach))
        more = _shaded(hue, chroma, strict, centre, reach, 1.7 * shade.reach)
        centre, reach = centre + (more[1] - more[0]) / 2, reach + (more[0] + more[1]) / 2
    weak = 1 - _ramp(_turn(hue, centre), 0.75 * reach, 1.1 * reach)
    weak *= _within(chroma, (0.65 * shade.chroma[0], shade.chroma[1]), 0.4 * shade.chroma[0])
    weak *= _within(lightness, shade.lightness, 0.07)
    return _joined(weak, strict)


def _shaded(hue: F32, chroma: F32, strict: Flags, centre: float, reach: float, most: float) -> tuple[float, float]:
    """How many degrees further down and up the hues of the thing itself go: its folds are often another colour by
    name. Followed from hue to hue, as far as ``most`` from the centre, while what lies beside the surely coloured
    pixels has plenty of it and as strongly."""
    beside = cv2.dilate(strict.astype(np.uint8), np.ones((13, 13), np.uint8)) > 0
    strong = beside & (chroma > 0.8 * np.median(chroma[strict]))
    turn = (hue[strong] - np.float32(centre) + 180) % 360 - 180
    counts = np.bincount(((turn + 180) / 4).astype(int) % 90, minlength=90)
    peak = 0.12 * float(counts.max())
    grown = []
    for way in (-1, 1):
        edge = reach
        while edge + 4 <= most and counts[int((way * (edge + 2) + 180) / 4) % 90] > peak:
            edge += 4
        grown.append(edge - reach)
    return grown[0], grown[1]


def _joined(weak: F32, strict: Flags) -> F32:
    """``weak`` where it hangs together with enough that is ``strict``: hysteresis, by parts."""
    count, labels = cv2.connectedComponents((weak > 0.35).astype(np.uint8))
    area = np.bincount(labels.ravel(), minlength=count)
    sure = np.bincount(labels.ravel(), strict.ravel(), minlength=count)
    kept = sure > 0.18 * np.maximum(area, 1)
    kept[0] = False
    return weak * cv2.dilate(kept[labels].astype(np.float32), np.ones((3, 3), np.uint8))


def _prevailing(lab: F32, here: F32) -> Shade | F32:
    """The hue that most of the colour in ``here`` has; its OKLab mean where there is next to no colour."""
    inside = here > 0.5
    if not inside.any():
        inside = here >= here.max()
    pixels = lab[inside]
    chroma = np.hypot(pixels[:, 1], pixels[:, 2])
    hue = np.degrees(np.arctan2(pixels[:, 2], pixels[:, 1])) % 360
    coloured = chroma > 0.06
    # Paint on a machine is less than its metal, but it is what anybody means.
    if coloured.mean() < 0.08:
        middle: F32 = np.median(pixels[~coloured], axis=0).astype(np.float32)
        return middle
    counts = np.bincount((hue[coloured] / 5).astype(int) % 72, np.minimum(chroma[coloured], 0.16), minlength=72)
    ring = np.convolve(np.concatenate([counts[-3:], counts, counts[:3]]), [1, 2, 3, 4, 3, 2, 1], "valid")
    return Shade(5 * float(ring.argmax()) + 2.5, 26)


def _near(lab: F32, centre: F32) -> F32:
    away = np.hypot(lab[..., 1] - centre[1], lab[..., 2] - centre[2])
    return (1 - _ramp(away, 0.04, 0.07)) * (1 - _ramp(np.abs(lab[..., 0] - centre[0]), 0.22, 0.34))


def _tidied(found: F32) -> F32:
    """Without specks: parts that are small against all of it, and lone pixels."""
    calm = cv2.medianBlur((found * 255).astype(np.uint8), 3)
    closed = cv2.morphologyEx(calm, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats((closed > 100).astype(np.uint8))
    area = stats[:, cv2.CC_STAT_AREA]
    kept = area > 0.004 * max(1, int(area[1:].sum()) if count > 1 else 1)
    kept[0] = False
    near = cv2.dilate(kept[labels].astype(np.float32), np.ones((5, 5), np.uint8))
    return np.asarray(calm.astype(np.float32) * np.float32(1 / 255) * near, dtype=np.float32)


def _fitted(rgb: U8, found: F32) -> F32:
    """``found`` brought to ``rgb``'s size along its edges; where it was nothing it stays nothing."""
    height, width = rgb.shape[:2]
    soft = guided(rgb, found, radius=3, eps=2e-4, side=SIDE)
    soft = np.clip((soft - np.float32(0.1)) * np.float32(1 / 0.8), 0, 1)
    reach = cv2.dilate((found > 0.05).astype(np.float32), np.ones((5, 5), np.uint8))
    return np.asarray(soft * cv2.resize(reach, (width, height)), dtype=np.float32)
