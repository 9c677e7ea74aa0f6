"""What a photograph does to whatever it shows: how soft and how noisy it is."""

from __future__ import annotations

import cv2
import numpy as np

from retouch.imaging.raster import F32, U8


def softness(rgb: U8, largest: float) -> float:
    """The blur of the sharpest edges of ``rgb``: a Gaussian's sigma in pixels, at most ``largest``.

    Source: Zhuo, Sim: Defocus map estimation from a single image, Pattern Recognition 44, 2011: an edge
    blurred once more loses more of its slope, the sharper it was.
    """
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    again = cv2.GaussianBlur(grey, (0, 0), 1.0).astype(np.float32, copy=False)

    def slope(image: F32) -> F32:
        across, down = cv2.Sobel(image, cv2.CV_32F, 1, 0), cv2.Sobel(image, cv2.CV_32F, 0, 1)
        return cv2.magnitude(across, down)  # type: ignore[return-value]

    before, after = slope(grey), slope(again)
    edges = before >= max(8.0, float(np.percentile(before, 97)))
    if not edges.any():
        return largest
    ratio = float(np.percentile(before[edges] / np.maximum(after[edges], 1e-3), 90))
    return float(np.clip(1 / np.sqrt(max(ratio**2 - 1, 1e-4)), 0.3, largest))


def grain(rgb: U8) -> float:
    """The standard deviation of the noise in ``rgb``, in levels.

    Source: Immerkær: Fast Noise Variance Estimation, CVIU 64, 1996; the median in place of the mean, so that
    edges do not count.
    """
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    residue = np.abs(cv2.filter2D(grey, cv2.CV_32F, kernel))
    return float(np.median(residue)) / 0.6745 / 6


def noise(shape: tuple[int, int], sigma: float, rng: np.random.Generator) -> F32:
    """Film-like noise of standard deviation ``sigma``: float32 (height, width)."""
    fine = rng.normal(0, sigma, shape).astype(np.float32)
    return (cv2.GaussianBlur(fine, (0, 0), 0.6) * np.float32(1.8)).astype(np.float32, copy=False)
