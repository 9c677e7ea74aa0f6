from __future__ import annotations

import cv2
import numpy as np

from retouch.engines.darkroom.operations import brush, easel
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import Raster


def test_low_quality_works_on_fewer_pixels() -> None:
    picture = Raster(np.zeros((300, 2000, 3), np.uint8))
    assert easel.take(Scene(picture), 1000).shape == (150, 1000, 3)
    assert easel.take(Scene(picture, quality="low"), 1000).shape[1] == 700
    assert easel.take(Scene(Raster(picture.rgb[:, :40])), 1000).shape == (300, 40, 3)


def test_a_rim_is_as_narrow_after_enlarging_as_before() -> None:
    paper = np.ones((40, 40), np.float32)
    paper[:, 20:] = 0
    large = easel.enlarge_ink(paper, (320, 320))
    assert large.shape == (320, 320)
    assert ((large > 0.02) & (large < 0.98)).mean(1).max() * 320 <= 3


def test_strips_leave_no_seam() -> None:
    rng = np.random.default_rng(0)
    painted = np.repeat(np.repeat(rng.integers(0, 255, (30, 20, 3), dtype=np.uint8), 10, 0), 10, 1)
    picture = Raster(np.zeros((900, 600, 3), np.uint8))
    large = cv2.resize(painted, (600, 900), interpolation=cv2.INTER_CUBIC).astype(np.float32) * np.float32(1 / 255)
    whole = brush.sharpen_edges(large, 3) * 255
    assert np.abs(easel.enlarge(painted, picture) - whole).max() < 0.01
