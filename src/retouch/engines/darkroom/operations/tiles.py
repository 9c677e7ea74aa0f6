"""Pictures put together from small flat pieces: pixel art, mosaic, stained glass, low poly."""

from __future__ import annotations

import cv2
import numpy as np

from retouch.engines.darkroom import regions
from retouch.engines.darkroom.colour import Grade, fit_gamut, from_oklab, to_linear, to_oklab, to_srgb
from retouch.engines.darkroom.filters import shrink
from retouch.engines.darkroom.operations import brush, easel, inks, tessellation
from retouch.engines.darkroom.operations.light import fix
from retouch.engines.darkroom.operations.looks import graded
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import F32, U8, Raster

_BENCH = 1000

_BAYER: F32 = (
    np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], np.float32) + np.float32(0.5)
) / np.float32(16) - np.float32(0.5)
"""Bayer's ordered dither, -0.5..0.5."""

_BUSY, _FINER = 0.36, 0.5
"""How much detail breaks a pane of glass, and how large its pieces are against it."""


def pixel_art(scene: Scene, *, amount: float = 1.0, bits: str = "16") -> Raster:
    """Pixel art: square blocks of a whole number of pixels, each in one of a few colours chosen from the picture's
    own, with an ordered dither where two of them meet. ``bits``: "8" for larger blocks and fewer colours.

    Variation makes the blocks larger or smaller.
    """
    if amount <= 0:
        return scene.picture
    across, count = (88, 16) if bits == "8" else (136, 32)
    picture = scene.picture
    block = max(2, round(max(picture.size) / across * (1 + 0.25 * scene.variation)))
    columns, rows = -(-picture.width // block), -(-picture.height // block)
    # Blocks that the rim cuts take the mean of what is there.
    wide = cv2.copyMakeBorder(
        picture.rgb, 0, rows * block - picture.height, 0, columns * block - picture.width, cv2.BORDER_REPLICATE
    )
    small = np.asarray(cv2.resize(wide, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)
    soft = cv2.GaussianBlur(small, (0, 0), 1.0)
    small = np.asarray(cv2.addWeighted(small, 1.6, soft, -0.6, 0), np.uint8)
    rich = graded(small, Grade(contrast=0.10, saturation=1.22, vibrance=0.25), 1.0)
    lab = to_oklab(to_linear(rich))
    colours = inks.choose(lab, count, scene.rng(61))
    pattern = np.tile(_BAYER, (rows // 4 + 1, columns // 4 + 1))[:rows, :columns]
    lab[..., 0] += pattern * np.float32(0.030 if bits == "16" else 0.036)
    drawn = to_srgb(fit_gamut(from_oklab(colours)))[inks.label(lab, colours)]
    large = np.repeat(np.repeat(drawn, block, axis=0), block, axis=1)
    shown = np.ascontiguousarray(large[: picture.height, : picture.width])
    return easel.lay_over(scene, shown, amount)


def mosaic(scene: Scene, *, amount: float = 1.0) -> Raster:
    """A mosaic of square stones laid along the motif's lines, in grout, each a little lighter or darker than its
    neighbour and lit from the upper left. Variation changes the stones' size.

    Source: Hausner: Simulating decorative mosaics, 2001.
    """
    if amount <= 0:
        return scene.picture
    rng, small = scene.rng(62), easel.take(scene, _BENCH)
    unit = max(small.shape[:2]) / _BENCH
    side = max(5.0, 12 * unit * (1 + 0.25 * scene.variation))
    rich = graded(small, Grade(exposure=0.12, contrast=0.08, saturation=1.22, vibrance=0.25), 1.0)
    image = rich.astype(np.float32) * np.float32(1 / 255)
    flow = brush.find_flow(image, max(1.0, 3.0 * unit), far=30 * unit)
    cells = tessellation.stones(image, flow, side, rng)
    colours = to_oklab(to_linear(fix(cells.means(image) * np.float32(255))))
    colours[:, 0] += rng.normal(0, 0.022, len(colours)).astype(np.float32)
    stones = to_linear(to_srgb(fit_gamut(from_oklab(colours))))[cells.labels]
    lit = 1 + np.clip(cells.tilt * np.float32(0.16), -0.25, 0.25)
    stones *= lit[..., None]
    # Grout takes on the dust of the stones beside it; all of one grey it would veil the picture.
    grout = to_linear(np.asarray((72, 66, 60), np.uint8)) * np.float32(0.5) + stones * np.float32(0.34)
    joint = np.clip((cells.rim - np.float32(0.022 * side)) / np.float32(max(0.7, 0.045 * side)), 0, 1)
    laid = grout + (stones - grout) * joint[..., None]
    return easel.lay_over(scene, fix(easel.enlarge(to_srgb(laid), scene.picture)), amount)


def stained_glass(scene: Scene, *, amount: float = 1.0) -> Raster:
    """A window: panes of clear colour in lead, lit from behind, smaller ones where it takes them to know what they
    show; faces are painted on the glass, as they always were. Variation changes the panes' size."""
    if amount <= 0:
        return scene.picture
    rng, small = scene.rng(63), easel.take(scene, _BENCH)
    shape, unit = (small.shape[0], small.shape[1]), max(small.shape[:2]) / _BENCH
    side = max(8.0, 23 * unit * (1 + 0.25 * scene.variation))
    rich = graded(small, Grade(exposure=0.35, contrast=0.16, saturation=1.6, vibrance=0.5), 1.0)
    image = rich.astype(np.float32) * np.float32(1 / 255)
    cells = tessellation.panes(image, side, rng)
    detail = cells.means(np.asarray(cv2.merge([_detail(scene, image)] * 3), np.float32))[:, 0]
    cells = cells.split(tessellation.panes(image, _FINER * side, rng), detail > _BUSY)
    panes = to_linear(fix(cells.means(image) * np.float32(255)))[cells.labels]
    known = regions.faces(scene, scene.portraits)
    faces = np.asarray(cv2.resize(known, shape[::-1], interpolation=cv2.INTER_AREA), np.float32)
    if faces.any():
        painted = cv2.bilateralFilter(image, 9, 0.12, max(1.0, 3 * unit))
        panes += (to_linear(fix(painted * np.float32(255))) - panes) * (faces * np.float32(0.85))[..., None]
    # Old glass: streaks and bubbles, brighter toward a pane's middle.
    uneven = 1 + brush.clouds(shape, 26, 3, rng) * np.float32(0.55)
    uneven *= np.float32(0.80) + np.float32(0.34) * np.clip(cells.rim / np.float32(0.5 * side), 0, 1)
    panes *= uneven[..., None]
    lead = np.clip((cells.rim - np.float32(0.03 * side)) / np.float32(max(0.7, 0.035 * side)), 0, 1)
    # Over a face the lead is kept as thin as it gets.
    lead = np.maximum(lead, faces * np.float32(0.7))
    came = to_linear(np.asarray((26, 24, 26), np.uint8)) * (1 + np.clip(cells.tilt, -0.5, 1))[..., None]
    laid = came + (panes - came) * lead[..., None]
    return easel.lay_over(scene, fix(easel.enlarge(to_srgb(np.maximum(laid, 0)), scene.picture)), amount)


def _detail(scene: Scene, image: F32) -> F32:
    """How much a large pane would lose, about 0..1: where the subject changes its tone a lot."""
    gray = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.float32)
    reach = 0.008 * max(gray.shape)
    soft = np.asarray(cv2.GaussianBlur(gray, (0, 0), max(0.8, 0.3 * reach)), np.float32)
    mean = cv2.GaussianBlur(soft, (0, 0), max(1.0, reach))
    spread = np.sqrt(np.maximum(cv2.GaussianBlur(soft * soft, (0, 0), max(1.0, reach)) - mean * mean, 0))
    size = (gray.shape[1], gray.shape[0])
    clear = np.asarray(cv2.resize(scene.glimpse, size, interpolation=cv2.INTER_AREA), np.float32)
    return np.asarray(spread * np.float32(4) * (np.float32(0.3) + clear), np.float32)


def low_poly(scene: Scene, *, amount: float = 1.0) -> Raster:
    """Low poly: triangles of one colour each, small where there is detail and large where it is plain.
    Variation makes them more or fewer.
    """
    if amount <= 0:
        return scene.picture
    rng, picture = scene.rng(64), scene.picture
    small = np.ascontiguousarray(shrink(picture.rgb, 600), dtype=np.uint8)
    count = round(1900 * (1 - 0.35 * scene.variation))
    rich = graded(small, Grade(exposure=0.05, contrast=0.08, saturation=1.18, vibrance=0.2), 1.0)
    triangles = tessellation.triangles(rich, _interest(scene, rich), count, rng)
    return easel.lay_over(scene, tessellation.paint(triangles, rich, picture.size), amount)


def _interest(scene: Scene, rgb: U8) -> F32:
    """Where small triangles are worth it: at edges, most of all on faces and on the subject."""
    gray = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    soft = cv2.GaussianBlur(gray, (0, 0), 1.2)
    edge = cv2.magnitude(cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1))
    size = (rgb.shape[1], rgb.shape[0])
    clear = np.asarray(cv2.resize(scene.glimpse, size, interpolation=cv2.INTER_AREA), np.float32)
    interest = np.asarray(np.sqrt(edge) * (1 + clear), np.float32)
    for face in scene.faces:
        left, top, right, bottom = (value * size[0] / scene.original.width for value in face.box)
        interest[max(0, int(top)) : int(bottom) + 1, max(0, int(left)) : int(right) + 1] *= np.float32(2.2)
    return np.asarray(interest + np.float32(0.6), np.float32)
