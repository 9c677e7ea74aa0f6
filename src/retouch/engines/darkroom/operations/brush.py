"""Painterly filters: where brush strokes run, and smoothing that follows them.

Pictures are sRGB, float32 (height, width, 3) in 0..1; maps are float32 (height, width).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, sin

import cv2
import numpy as np

from retouch.imaging.raster import F32

_STRIP = 64
"""Rows that are sampled at once: as many as the processor keeps at hand."""


@dataclass(frozen=True, eq=False)
class Flow:
    """The direction of a picture's edges. ``x``, ``y``: a unit vector along them. ``order``: 0 where there is
    no direction, 1 where there is only one."""

    x: F32
    y: F32
    order: F32


def find_flow(image: F32, sigma: float, *, far: float = 0.0) -> Flow:
    """The minor eigenvector of the structure tensor, smoothed by ``sigma`` pixels. With ``far``, plain areas take
    their direction from edges about that many pixels away.

    Source: Brox et al.: Adaptive structure tensors and their applications, 2006.
    """
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    across = cv2.Scharr(gray, cv2.CV_32F, 1, 0)
    down = cv2.Scharr(gray, cv2.CV_32F, 0, 1)
    tensor = cv2.merge([across * across, across * down, down * down])
    near = cv2.GaussianBlur(tensor, (0, 0), sigma)
    if far:
        eighth = (max(1, gray.shape[1] // 8), max(1, gray.shape[0] // 8))
        small = cv2.resize(tensor, eighth, interpolation=cv2.INTER_AREA)
        wide = cv2.resize(cv2.GaussianBlur(small, (0, 0), far / 8), (gray.shape[1], gray.shape[0]))
        near = cv2.addWeighted(near, 1, wide, 0.1, 0)
    xx, xy, yy = cv2.split(near)
    turn = 2 * xy
    difference = xx - yy
    strength = cv2.magnitude(difference, turn)
    angle = np.float32(0.5) * cv2.phase(difference, turn) + np.float32(pi / 2)
    x, y = cv2.polarToCart(np.ones_like(angle, dtype=np.float32), angle.astype(np.float32))
    order = strength / (xx + yy + np.float32(1e-6))
    return Flow(np.asarray(x, np.float32), np.asarray(y, np.float32), np.asarray(order, np.float32))


def grid(height: int, width: int) -> tuple[F32, F32]:
    """Each pixel's x and y."""
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return x, y


def kuwahara(image: F32, flow: Flow, radius: float, *, sectors: int = 8, sharpness: float = 4.0) -> F32:
    """Flat patches with crisp edges, drawn out along the flow.

    Around each pixel ``sectors`` places on an ellipse are asked for their mean and variance; the calmest speak
    loudest. Mean and variance come from one Gaussian blur for all, so that the cost hardly depends on the radius.
    Source: Kyprianidis, Kang, Döllner: Image and Video Abstraction by Anisotropic Kuwahara Filtering, 2009.
    """
    sigma = radius / 2.4
    mean = cv2.GaussianBlur(image, (0, 0), sigma)
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    variance = cv2.GaussianBlur(gray * gray, (0, 0), sigma) - cv2.GaussianBlur(gray, (0, 0), sigma) ** 2
    calm = 1 / (1 + (np.maximum(variance, 0) * np.float32(255 * 255)) ** (sharpness / 2))
    # The means travel weighted by their calm: one sampling fetches both.
    red, green, blue = cv2.split(mean)
    packed = cv2.merge([red * calm, green * calm, blue * calm, calm])
    result = np.empty(image.shape, np.float32)
    for top in range(0, len(gray), _STRIP):
        rows = slice(top, top + _STRIP)
        total = packed[rows] * np.float32(0.25)
        stretch = 1 + flow.order[rows]
        long, short = radius * 0.75 * stretch, radius * 0.75 / stretch
        x, y = grid(*stretch.shape)
        y += np.float32(top)
        along_x, along_y = flow.x[rows] * long, flow.y[rows] * long
        across_x, across_y = -flow.y[rows] * short, flow.x[rows] * short
        for sector in range(sectors):
            angle = 2 * pi * (sector + 0.5) / sectors
            forward, aside = np.float32(cos(angle)), np.float32(sin(angle))
            at_x, at_y = along_x * forward, along_y * forward
            at_x += x
            at_y += y
            at_x += across_x * aside
            at_y += across_y * aside
            total += cv2.remap(packed, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        for channel in range(3):
            np.divide(total[..., channel], total[..., 3], out=result[rows, :, channel])
    return result


def smear(signal: F32, flow: Flow, reach: int, *, step: float = 1.5) -> F32:
    """``signal`` (one or three channels) averaged along the flow, ``reach`` steps of ``step`` pixels each way.

    Source: Cabral, Leedom: Imaging vector fields using line integral convolution, 1993.
    """
    total = signal.copy()
    vectors = cv2.merge([flow.x, flow.y])
    shares = [float(np.exp(-0.5 * (index / (0.6 * reach)) ** 2)) for index in range(1, reach + 1)]
    for top in range(0, len(signal), _STRIP):
        part = total[top : top + _STRIP]
        for sign in (1.0, -1.0):
            at_x, at_y = grid(*part.shape[:2])
            at_y += np.float32(top)
            step_x = flow.x[top : top + _STRIP] * np.float32(sign * step)
            step_y = flow.y[top : top + _STRIP] * np.float32(sign * step)
            for index, share in enumerate(shares, 1):
                at_x += step_x
                at_y += step_y
                taken = cv2.remap(signal, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
                part += taken * np.float32(share)
                if index < reach:
                    here = cv2.remap(vectors, at_x, at_y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT)
                    next_x, next_y = (np.asarray(half, dtype=np.float32) for half in cv2.split(here))
                    # Directions have no sign: go on the way we came.
                    turn = np.where(next_x * step_x + next_y * step_y < 0, np.float32(-step), np.float32(step))
                    step_x, step_y = next_x * turn, next_y * turn
    total *= np.float32(1 / (1 + 2 * sum(shares)))
    return total


def sharpen_edges(image: F32, radius: int) -> F32:
    """An enlarged painting made crisp again: of four shifted blurs each pixel takes from the calmest.

    Source: Kuwahara et al.: Processing of RI-angiocardiographic images, 1976.
    """
    side = 2 * radius - 1
    mean = cv2.blur(image, (side, side), borderType=cv2.BORDER_REFLECT)
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    square = cv2.blur(gray * gray, (side, side), borderType=cv2.BORDER_REFLECT)
    variance = square - cv2.blur(gray, (side, side), borderType=cv2.BORDER_REFLECT) ** 2
    calm = 1 / (np.maximum(variance, 0) * np.float32(255 * 255) + np.float32(0.3)) ** 2
    red, green, blue = cv2.split(mean)
    packed = cv2.merge([red * calm, green * calm, blue * calm, calm])
    height, width = gray.shape
    wide = cv2.copyMakeBorder(packed, radius, radius, radius, radius, cv2.BORDER_REFLECT)
    total = np.zeros_like(packed)
    for down in (0, 2 * radius):
        for right in (0, 2 * radius):
            total += wide[down : down + height, right : right + width]
    red, green, blue, weight = cv2.split(total)
    return np.asarray(cv2.merge([red / weight, green / weight, blue / weight]), dtype=np.float32)


def noise(shape: tuple[int, int], sigma: float, rng: np.random.Generator) -> F32:
    """Gaussian noise smoothed by ``sigma`` pixels, mean 0 and deviation 1; coarse noise is made small."""
    scale = max(1.0, sigma / 2)
    small = (max(2, round(shape[0] / scale)), max(2, round(shape[1] / scale)))
    field: F32 = rng.standard_normal(small, dtype=np.float32)
    cv2.GaussianBlur(field, (0, 0), sigma / scale, dst=field, borderType=cv2.BORDER_REFLECT)
    field -= np.float32(field.mean())
    field *= np.float32(1 / max(1e-6, float(field.std())))
    if small != shape:
        field = np.asarray(cv2.resize(field, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC), np.float32)
    return field


def clouds(shape: tuple[int, int], base: int, octaves: int, rng: np.random.Generator) -> F32:
    """Fractal noise in about -0.5..0.5 with ``base`` patches across in its coarsest octave."""
    total = np.zeros(shape, np.float32)
    gain, sum_of_gains = 1.0, 0.0
    for octave in range(octaves):
        count = base * 2**octave + 3
        field = rng.random((count, count), dtype=np.float32) - np.float32(0.5)
        total += np.float32(gain) * cv2.resize(field, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
        sum_of_gains += gain
        gain *= 0.55
    total *= np.float32(1 / sum_of_gains)
    return total


def paper(shape: tuple[int, int], rng: np.random.Generator, *, scale: float = 1.0) -> F32:
    """The tooth of watercolour paper: mean 0, deviation about 1."""
    fine = noise(shape, 0.9 * scale, rng)
    fine *= np.float32(0.78)
    fine += noise(shape, 4.5 * scale, rng) * np.float32(0.62)
    return fine
