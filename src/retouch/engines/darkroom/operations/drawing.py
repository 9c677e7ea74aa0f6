"""Drawings: a photograph in pencil, coloured pencil, ink or charcoal."""

from __future__ import annotations

import cv2
import numpy as np

from retouch.engines.darkroom.colour import Grade, from_oklab, to_linear, to_oklab, to_srgb
from retouch.engines.darkroom.operations import brush, easel, strokes
from retouch.engines.darkroom.operations.light import fix
from retouch.engines.darkroom.operations.looks import graded
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import F32, U8, Raster

_BENCH = 1100
"""The longer side at which a drawing is made: lines want more of it than paint."""

_PAPER = (251, 250, 246)
_GRAPHITE = (46, 46, 51)
_COAL = (28, 26, 26)
_INK = (22, 22, 30)


def pencil_sketch(scene: Scene, *, amount: float = 1.0) -> Raster:
    """Graphite on white paper: outlines, tone rubbed in around them, hatching that crosses in the dark.

    Variation turns the hand and presses more or less.
    """
    if amount <= 0:
        return scene.picture
    rng, press = scene.rng(41), min(1.5, max(1.0, amount)) * (1 + 0.25 * scene.variation)
    small = easel.take(scene, _BENCH)
    shape, unit = (small.shape[0], small.shape[1]), max(small.shape[:2]) / _BENCH
    plain = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32) * np.float32(1 / 255)
    gray = np.asarray(0.5 * _spread_out(plain) + 0.5 * strokes.tone(small), np.float32)
    flow = strokes.flow_of(gray, 2.5 * unit)
    lines = strokes.outlines(gray, flow, sigma=max(0.6, 1.0 * unit), bias=0.003, slope=80)
    turn = 18 * scene.variation
    soft = np.asarray(cv2.GaussianBlur(gray, (0, 0), 2 * unit), np.float32)
    tone = _hatched(soft, 45 + turn, 0.42, 9, rng, unit) * _hatched(soft, -40 + turn, 0.20, 10, rng, unit)
    tone = np.float32(0.25) + np.float32(0.75) * tone
    drawn = _dodge(gray, 13 * unit) ** np.float32(1.15 * press)
    drawn *= np.float32(0.35) + np.float32(0.65) * lines
    drawn *= np.float32(0.35) + np.float32(0.65) * tone
    # The dodge leaves plain darks pale: rub the picture's own tone into them.
    drawn *= np.float32(0.46) + np.float32(0.54) * np.minimum(soft * np.float32(1.45), 1)
    drawn = drawn ** np.float32(0.95 * press)
    return easel.lay_over(scene, _on_paper(drawn, shape, scene, rng, _GRAPHITE, tooth=0.07), amount)


def charcoal(scene: Scene, *, amount: float = 1.0) -> Raster:
    """Charcoal on rough paper: greys rubbed with the finger along the motif's lines, over them the stick, which
    catches on the tooth, and its edge for the deepest lines.

    Variation turns the hand and presses more or less.
    """
    if amount <= 0:
        return scene.picture
    rng, press = scene.rng(42), min(1.5, max(1.0, amount)) * (1 + 0.22 * scene.variation)
    small = easel.take(scene, _BENCH)
    unit = max(small.shape[:2]) / _BENCH
    plain = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32) * np.float32(1 / 255)
    gray = np.asarray(0.5 * _spread_out(plain) + 0.5 * strokes.tone(small, clip=1.6), np.float32)
    flow = strokes.flow_of(gray, 3.0 * unit)
    lines = strokes.outlines(gray, flow, sigma=max(0.8, 1.6 * unit), bias=0.004, slope=34, shade=1.0)
    soft = np.asarray(cv2.GaussianBlur(gray, (0, 0), 1.2 * unit), np.float32)
    rubbed = brush.smear(soft, flow, 6, step=2.2 * unit)
    dark = np.clip((np.float32(0.93) - rubbed) / np.float32(0.90), 0, 1)
    size = scene.picture.size
    large = np.asarray(cv2.resize(dark, size, interpolation=cv2.INTER_CUBIC), np.float32)
    np.clip(large, 0, 1, out=large)
    scale = max(1.0, max(size) / 1200)
    tooth = brush.noise((size[1], size[0]), 0.8 * scale, rng)
    tooth *= np.float32(0.11)
    tooth += spread_strokes((size[1], size[0]), 52 + 20 * scene.variation, 34 * scale, rng) * np.float32(0.07)
    # The finger fills the hollows of the paper, the stick touches its hills alone.
    cover = large ** np.float32(1.35 / press)
    cover *= np.float32(0.74) * (1 + tooth * np.float32(0.45))
    stick = np.clip((large + tooth - np.float32(0.50)) * np.float32(1.7), 0, 1, out=tooth)
    left = (1 - cover) * (1 - stick * np.float32(min(0.92, 0.80 * press)))
    left *= np.float32(0.30) + np.float32(0.70) * easel.enlarge_ink(lines, size)
    return easel.lay_over(scene, _inked(np.clip(left, 0, 1, out=left), _COAL), amount)


def _spread_out(gray: F32) -> F32:
    """``gray`` from the paper's white to black, whatever light there was."""
    low, high = np.percentile(gray, (1, 98))
    return np.asarray(np.clip((gray - np.float32(low)) / np.float32(max(0.15, high - low)), 0, 1), np.float32)


def spread_strokes(shape: tuple[int, int], angle: float, length: float, rng: np.random.Generator) -> F32:
    """`strokes.hatching` for a large sheet, made at most at twelve hundred pixels."""
    scale = max(1.0, max(shape) / 1200)
    small = (max(1, round(shape[0] / scale)), max(1, round(shape[1] / scale)))
    field = strokes.hatching(small, angle, length / scale, rng)
    return np.asarray(cv2.resize(field, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC), np.float32)


def coloured_pencil(scene: Scene, *, amount: float = 1.0) -> Raster:
    """Coloured pencils on white paper: layers of strokes in the motif's own colours, thin in the lights, crossed
    and pressed in the darks, with outlines in a darker shade of what they bound.

    A pencil's layer lets a share of the light through, by Beer's law: strokes change how thick it is.
    """
    if amount <= 0:
        return scene.picture
    rng, press = scene.rng(43), min(1.4, max(1.0, amount)) * (1 + 0.15 * scene.variation)
    small = easel.take(scene, _BENCH)
    shape, unit = (small.shape[0], small.shape[1]), max(small.shape[:2]) / _BENCH
    rich = graded(small, Grade(exposure=0.75, saturation=1.18, vibrance=0.30, black=0.14), 1.0)
    image = rich.astype(np.float32) * np.float32(1 / 255)
    flow = brush.find_flow(image, max(1.0, 2.0 * unit), far=16.0 * unit)
    image = brush.kuwahara(image, flow, max(1.5, 2.6 * unit))
    gray = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.float32)
    lines = strokes.outlines(strokes.tone(small), flow, sigma=max(0.7, 1.1 * unit), bias=0.002, slope=60)
    turn = 25 * scene.variation
    along = brush.smear(brush.noise(shape, max(0.7, 0.9 * unit), rng), flow, 8, step=1.6 * max(0.6, unit))
    along *= np.float32(1 / max(1e-6, float(along.std())))
    first = strokes.hatching(shape, 52 + turn, 26 * unit, rng)
    second = strokes.hatching(shape, 20 + turn, 22 * unit, rng)
    dark = np.clip(np.float32(1.05) - gray, 0, 1)
    # Pressed harder where it is dark: the strokes close there, and paper shows between them in the lights.
    thick = np.float32(0.86) + first * np.float32(0.30) + along * np.float32(0.16)
    thick += second * (np.float32(0.26) * np.clip(dark * 2 - np.float32(0.6), 0, 1))
    thick = np.clip(thick + dark * np.float32(0.12), 0.10, 1.7)
    # Where a colour is deep its strokes run together: bare paper between them would look like scratches.
    close = np.minimum(1, np.float32(0.55) / np.maximum(dark, np.float32(0.1)) ** np.float32(1.5))
    thick = 1 + (thick - 1) * close
    thick *= np.float32(press) * (1 + (1 - lines) * np.float32(0.22))
    size = scene.picture.size
    tooth = brush.paper((size[1], size[0]), rng, scale=max(1.0, max(size) / 1200))
    tooth *= np.float32(0.15)
    tooth += 1
    large = np.asarray(cv2.resize(thick, size, interpolation=cv2.INTER_CUBIC), np.float32)
    large *= np.clip(tooth, 0.4, 1.6)
    return easel.lay_over(scene, _glaze(fix(image * np.float32(255)), lines, large, scene), amount)


def _glaze(flat: U8, lines: F32, thick: F32, scene: Scene) -> U8:
    """White paper seen through a layer of the colours ``flat``, ``thick`` times as strong."""
    lab = to_oklab(to_linear(flat))
    lab[..., 0] *= np.float32(0.74) + np.float32(0.26) * lines
    pigment = np.log(np.clip(from_oklab(lab), 0.012, 0.96))
    size = scene.picture.size
    deep = np.asarray(cv2.resize(pigment, size, interpolation=cv2.INTER_LINEAR), np.float32)
    deep *= cv2.merge([thick, thick, thick])
    light = np.exp(deep, out=deep)
    light *= to_linear(np.asarray(_PAPER, np.uint8))
    return to_srgb(light)


def ink_drawing(scene: Scene, *, amount: float = 1.0, shading: str = "lines") -> Raster:
    """Pen and ink: firm outlines, and ruled lines that widen and cross as it gets darker, down to solid black.
    ``shading`` "none" leaves the outlines alone.

    Variation changes the pen's angle and how far apart the lines are.
    """
    if amount <= 0:
        return scene.picture
    rng, press = scene.rng(44), min(1.4, max(1.0, amount))
    small = easel.take(scene, _BENCH)
    unit = max(small.shape[:2]) / _BENCH
    gray = strokes.tone(small, clip=2.2)
    flow = strokes.flow_of(gray, 2.5 * unit)
    lines = strokes.outlines(gray, flow, sigma=max(0.7, 1.25 * unit), bias=0.004, slope=160)
    lines = strokes.drop_specks(lines, max(3, round(22 * unit * unit)))
    size = scene.picture.size
    ink = easel.enlarge_ink(lines, size)
    plain = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32) * np.float32(1 / 255)
    mixed = np.asarray(0.35 * gray + 0.65 * plain, np.float32)
    calm = np.asarray(cv2.bilateralFilter(mixed, 9, 0.15, max(1.0, 3 * unit)), np.float32)
    calm += np.float32(0.56) - np.float32(max(0.48, min(0.62, float(np.median(calm)))))
    tone = np.asarray(cv2.resize(calm, size, interpolation=cv2.INTER_LINEAR), np.float32)
    pitch = max(3.4, max(size) / 210) * (1 + 0.2 * scene.variation)
    sway = brush.noise((size[1], size[0]), 0.03 * max(size), rng) * np.float32(0.35 * pitch)
    turn = 20 * scene.variation
    for angle, begin, end, most in (
        () if shading == "none" else ((45, 0.60, 0.10, 0.66), (-40, 0.38, 0.06, 0.66), (8, 0.19, 0.0, 0.9))
    ):
        cover = np.clip((np.float32(begin) - tone) / np.float32(begin - end), 0, 1) * np.float32(most * press)
        # A nib has a finest line: what would be finer isn't drawn.
        finest = np.float32(0.75 / pitch)
        cover = np.where(cover < finest * np.float32(0.3), 0, np.maximum(cover, finest))
        ruled = strokes.ruled(cover.astype(np.float32), angle + turn, pitch, sway)
        ruled[cover <= 0] = 1
        np.minimum(ink, ruled, out=ink)
    return easel.lay_over(scene, _inked(ink, _INK), amount)


def _hatched(gray: F32, angle: float, middle: float, slope: float, rng: np.random.Generator, unit: float) -> F32:
    """Hatching over what is darker than ``middle``: a gain in 0.25..1."""
    field = strokes.hatching((gray.shape[0], gray.shape[1]), angle, max(3.0, 18 * unit), rng)
    pressed = 1 / (1 + np.exp(-(field * np.float32(0.8) + (gray - np.float32(middle)) * np.float32(slope))))
    return np.asarray(pressed * np.float32(0.75) + np.float32(0.25), np.float32)


def _dodge(gray: F32, sigma: float) -> F32:
    """``gray`` divided by its own blur: white where it is plain, dark beside edges; 0..1."""
    around = cv2.GaussianBlur(gray, (0, 0), max(2.0, sigma))
    return np.asarray(np.clip(gray / np.maximum(around, np.float32(1e-3)), 0, 1), np.float32)


def _on_paper(
    drawn: F32,
    shape: tuple[int, int],
    scene: Scene,
    rng: np.random.Generator,
    mark: tuple[int, int, int],
    *,
    tooth: float,
) -> U8:
    """A drawing, 1 white and 0 the mark at its darkest, at the picture's size; the paper's tooth shows most in
    half tones."""
    size = scene.picture.size
    large = np.asarray(cv2.resize(drawn, size, interpolation=cv2.INTER_CUBIC), np.float32)
    scale = max(size) / max(shape)
    if scale > 1.3:
        soft = cv2.GaussianBlur(large, (0, 0), 0.7 * scale)
        large = np.asarray(cv2.addWeighted(large, 1.6, soft, -0.6, 0), np.float32)
    np.clip(large, 0, 1, out=large)
    grain = brush.paper((size[1], size[0]), rng, scale=max(0.8, max(size) / 1300))
    grain *= np.float32(tooth) * (1 - large) * (large + np.float32(0.35))
    large += grain
    return _inked(np.clip(large, 0, 1, out=large), mark)


def _inked(paper: F32, mark: tuple[int, int, int]) -> U8:
    """White paper where ``paper`` is 1, the mark's colour where it is 0."""
    sheet, ink = np.asarray(_PAPER, np.float32), np.asarray(mark, np.float32)
    layers = [paper * (sheet[channel] - ink[channel]) + ink[channel] for channel in range(3)]
    return fix(np.asarray(cv2.merge(layers), np.float32))
