"""Marks on paper: outlines that follow a picture's edges, hatching, ruled lines.

Maps are float32 (height, width).
"""

from __future__ import annotations

from math import cos, radians, sin

import cv2
import numpy as np

from retouch.engines.darkroom.operations import brush
from retouch.imaging.raster import F32, U8


def tone(rgb: U8, *, clip: float = 2.0) -> F32:
    """The lightness a draughtsman works from: every part of the picture spread over light and dark; 0..1."""
    gray = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)
    evened = cv2.createCLAHE(clip, (8, 8)).apply(gray)
    return evened.astype(np.float32) * np.float32(1 / 255)


def flow_of(gray: F32, sigma: float) -> brush.Flow:
    """Where the edges of ``gray`` run, smoothed by ``sigma`` pixels, one at least."""
    return brush.find_flow(np.asarray(cv2.merge([gray, gray, gray]), np.float32), max(1.0, sigma))


def outlines(
    gray: F32, flow: brush.Flow, *, sigma: float, bias: float = 0.003, slope: float = 120.0, shade: float = 0.985
) -> F32:
    """1 on bare paper, 0 on a line: where a pixel is darker than its surroundings across the edge, drawn out
    along it. ``sigma``: half the line's width in pixels; ``bias``: how much darker before there is a line;
    ``slope``: how soon it is black; ``shade``: under 1, what is dark throughout counts as line, too.

    Source: Kang, Lee, Chui: Coherent line drawing, 2007.
    """
    across = cv2.GaussianBlur(gray, (0, 0), sigma) - np.float32(shade) * cv2.GaussianBlur(
        gray, (0, 0), 1.6 * sigma
    )
    along = brush.smear(np.asarray(across, np.float32), flow, 5, step=1.0 + 0.4 * sigma)
    return np.asarray(np.clip(1 + np.tanh(np.float32(slope) * (along + np.float32(bias))), 0, 1), np.float32)


def drop_specks(paper: F32, smallest: int) -> F32:
    """Line work, 1 paper and 0 ink, without the marks of fewer than ``smallest`` pixels."""
    inked = np.asarray(paper < 0.6, np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(inked, connectivity=8)
    speck = stats[:, cv2.CC_STAT_AREA] < smallest
    speck[0] = False
    gone = cv2.GaussianBlur(speck[labels].astype(np.float32), (0, 0), 0.8)
    near = np.clip(gone * np.float32(3), 0, 1)
    return np.asarray(paper + (1 - paper) * near, np.float32)


def hatching(shape: tuple[int, int], angle: float, length: float, rng: np.random.Generator) -> F32:
    """Hand-drawn strokes at ``angle`` degrees, about ``length`` pixels long: mean 0, deviation 1."""
    reach = int(np.hypot(*shape)) + 4
    side = max(1, round(length))
    field = rng.random((reach, reach), dtype=np.float32)
    # Twice, so that a stroke swells and thins out, as the hand presses and lifts.
    field = np.asarray(cv2.blur(cv2.blur(field, (side, 1)), (side, 1)), np.float32)
    turn = np.asarray(cv2.getRotationMatrix2D((reach / 2, reach / 2), angle, 1.0), np.float64)
    turn[:, 2] -= np.array([(reach - shape[1]) / 2, (reach - shape[0]) / 2])
    turned = np.asarray(cv2.warpAffine(field, turn, (shape[1], shape[0]), flags=cv2.INTER_LINEAR), np.float32)
    turned -= np.float32(turned.mean())
    turned *= np.float32(1 / max(1e-6, float(turned.std())))
    return turned


def ruled(cover: F32, angle: float, pitch: float, waver: F32) -> F32:
    """Parallel pen lines at ``angle`` degrees, ``pitch`` pixels apart, as wide as ``cover`` (0..1, the share of
    paper that they hide) says; ``waver`` moves them, in pixels. 1 is paper, 0 ink."""
    height, width = cover.shape
    slope = radians(angle)
    x = np.arange(width, dtype=np.float32)[None, :] * np.float32(sin(slope) / pitch)
    y = np.arange(height, dtype=np.float32)[:, None] * np.float32(cos(slope) / pitch)
    phase = x + y
    phase += waver * np.float32(1 / pitch)
    phase -= np.floor(phase)
    phase -= np.float32(0.5)
    off = np.abs(phase, out=phase)  # 0 in the middle of a line, 0.5 between two.
    off -= cover * np.float32(0.5)
    off *= np.float32(pitch)
    off += np.float32(0.5)
    return np.clip(off, 0, 1, out=off)
