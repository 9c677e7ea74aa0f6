"""Cartoon and comic: clean regions of flat colour inside ink lines."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from retouch.engines.darkroom import regions
from retouch.engines.darkroom.colour import Grade, fit_gamut, from_oklab, to_linear, to_oklab, to_srgb
from retouch.engines.darkroom.operations import brush, easel, strokes
from retouch.engines.darkroom.operations.light import fix, spread
from retouch.engines.darkroom.operations.looks import graded
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import F32, U8, Raster

_BENCH = 960


@dataclass(frozen=True, eq=False)
class _Panel:
    """A picture reduced for the pen. ``flat``: its colours, uint8. ``lightness``: OKLab, as calm as the colours.
    ``lines``: 1 paper, 0 ink. ``unit``: 1 at the size at which panels are made, less for smaller ones."""

    flat: U8
    lightness: F32
    lines: F32
    unit: float


def cartoon(scene: Scene, *, amount: float = 1.0) -> Raster:
    """Few steps of clear colour in regions with smooth borders, thin dark lines around them.

    Variation makes the lines bolder and the steps fewer, or the other way round.
    """
    if amount <= 0:
        return scene.picture
    bold = 1 + 0.3 * scene.variation
    grade = Grade(exposure=0.14, contrast=0.04, saturation=1.28, vibrance=0.30)
    panel = _reduce(scene, grade, steps=7 - round(scene.variation), weight=bold)
    painted = easel.enlarge(panel.flat, scene.picture)
    lines = easel.enlarge_ink(panel.lines, scene.picture.size)
    _draw(painted, lines, ink=(38, 28, 34))
    return easel.lay_over(scene, fix(painted), amount)


def comic(scene: Scene, *, amount: float = 1.0) -> Raster:
    """A printed comic book: bold ink, solid black shadows, flat colours, and a screen of dots in the half tones.

    Variation changes the weight of the ink and the size of the dots.
    """
    if amount <= 0:
        return scene.picture
    bold = 1 + 0.3 * scene.variation
    grade = Grade(exposure=0.22, contrast=0.12, saturation=1.45, vibrance=0.35, warmth=0.06)
    panel = _reduce(scene, grade, steps=4, weight=1.45 * bold)
    size = scene.picture.size
    painted = easel.enlarge(panel.flat, scene.picture)
    calm = np.asarray(cv2.GaussianBlur(panel.lightness, (0, 0), 2.2 * panel.unit), np.float32)
    # Under a low light all would be black: shadows begin where this picture's darks do.
    dark = min(0.34, max(0.20, float(np.percentile(calm, 12))))
    shaded = np.asarray(cv2.resize(calm, size, interpolation=cv2.INTER_CUBIC), np.float32)
    cover = np.clip((np.float32(dark + 0.30) - shaded) / np.float32(0.34), 0, 0.62)
    dots = 1 - _screen(cover, max(4.0, max(size) / 190 * (1 + 0.2 * scene.variation)))
    dots *= np.float32(0.48)
    cv2.multiply(painted, 1 - cv2.merge([dots, dots * np.float32(0.92), dots * np.float32(0.72)]), dst=painted)
    edge = np.float32(max(size) / max(panel.lightness.shape) / 0.035)
    shadow = np.clip((shaded - np.float32(dark)) * edge + np.float32(0.5), 0, 1)
    lines = np.minimum(easel.enlarge_ink(panel.lines, size), shadow)
    _draw(painted, lines, ink=(16, 14, 22))
    return easel.lay_over(scene, fix(painted), amount)


def _reduce(scene: Scene, grade: Grade, *, steps: int, weight: float) -> _Panel:
    """The picture as regions and lines. ``steps``: how many lightnesses there are; ``weight``: how bold lines
    are, 1 as in a cartoon."""
    small = easel.take(scene, _BENCH)
    unit = max(small.shape[:2]) / _BENCH
    face = _faces(scene, (small.shape[1], small.shape[0]))
    rich = graded(small, grade, 1.0)
    image = rich.astype(np.float32) * np.float32(1 / 255)
    once = brush.kuwahara(image, brush.find_flow(image, 2.0), max(1.5, 4.2 * unit))
    flow = brush.find_flow(once, max(1.0, 3.0 * unit))
    flat = brush.kuwahara(once, flow, max(1.5, 4.2 * unit))
    if face is not None:
        # Eyes and mouths are small: keep what the second pass would take from them.
        flat += cv2.merge([face, face, face]) * (once - flat)
    lab = to_oklab(to_linear(fix(flat * np.float32(255))))
    lightness = np.ascontiguousarray(lab[..., 0])
    calm = np.asarray(cv2.bilateralFilter(lightness, 9, 0.06, max(1.0, 4 * unit)), np.float32)
    lab[..., 0] = calm + np.float32(0.72) * (_step(calm, steps) - calm)
    gray = np.asarray(cv2.cvtColor(once, cv2.COLOR_RGB2GRAY), np.float32)
    line_flow = brush.find_flow(once, max(1.0, 2.5 * unit))
    lines = strokes.outlines(gray, line_flow, sigma=max(0.6, 1.15 * unit * weight), bias=0.0028 * weight, slope=95)
    lines = strokes.drop_specks(lines, max(4, round(46 * unit * unit)))
    return _Panel(to_srgb(fit_gamut(from_oklab(lab))), calm, lines, unit)


def _faces(scene: Scene, size: tuple[int, int]) -> F32 | None:
    # Of a small one there are no features to keep.
    if not scene.portraits:
        return None
    weight = cv2.resize(regions.faces(scene, scene.portraits), size, interpolation=cv2.INTER_AREA)
    return np.asarray(weight * np.float32(0.8), np.float32)


def _step(lightness: F32, steps: int) -> F32:
    """Lightness in ``steps`` levels, the way from one to the next short but soft."""
    scaled = lightness * np.float32(steps)
    whole = np.floor(scaled)
    bent = np.tanh((scaled - whole - np.float32(0.5)) * 9) * np.float32(0.5) + np.float32(0.5)
    return np.asarray((whole + bent) / np.float32(steps), np.float32)


def _screen(cover: F32, pitch: float) -> F32:
    """Round dots at 45°, ``pitch`` pixels apart, that hide the share ``cover`` of the paper: 1 paper, 0 dot."""
    height, width = cover.shape
    x, y = np.arange(width, dtype=np.float32)[None, :], np.arange(height, dtype=np.float32)[:, None]
    turn = np.float32(np.sqrt(0.5) / pitch)
    across, down = (x + y) * turn, (y - x) * turn
    across -= np.rint(across)
    down -= np.rint(down)
    far = np.asarray(cv2.magnitude(across, down), np.float32)
    far -= np.sqrt(cover * np.float32(1 / np.pi))
    far *= np.float32(pitch)
    far += np.float32(0.5)
    return np.asarray(np.clip(far, 0, 1), np.float32)


def _draw(painted: F32, lines: F32, ink: tuple[int, int, int]) -> None:
    """Ink over ``painted`` (0..255, in place) where ``lines`` is below 1."""
    colour = np.asarray(ink, np.float32)
    painted -= colour
    cv2.multiply(painted, spread(lines, (painted.shape[1], painted.shape[0])), dst=painted)
    painted += colour
