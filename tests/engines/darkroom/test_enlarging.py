from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from retouch.engines.base import Never
from retouch.engines.darkroom.enlarging import crisp, enlarged
from retouch.engines.darkroom.painting import Ground, Manner, paint
from retouch.engines.darkroom.recipe import Recipe
from retouch.imaging.raster import Raster
from retouch.imaging.resample import resize

Photo = Callable[..., Raster]


def steepness(raster: Raster) -> float:
    grey = cv2.cvtColor(raster.rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return float(np.quantile(np.abs(np.diff(grey, axis=1)), 0.99))


def test_edges_are_steeper_than_resampling_makes_them(photo: Photo) -> None:
    source = photo("china", 200)
    plain = resize(source, (600, 3 * source.height))
    assert steepness(enlarged(source, plain.size)) > 1.15 * steepness(plain)


def test_an_enlarged_edge_does_not_ring() -> None:
    rgb = np.full((40, 40, 3), 70, np.uint8)
    rgb[:, 20:] = 180
    result = enlarged(Raster(rgb), (160, 160))
    assert result.rgb.min() >= 70 - 3
    assert result.rgb.max() <= 180 + 3


def test_a_little_larger_is_left_to_resampling(photo: Photo) -> None:
    source = photo("cat", 200)
    assert crisp(source, 1.2) is source


def test_what_a_mask_protects_stays_the_resampled_picture_to_the_last_bit(photo: Photo) -> None:
    source = photo("china", 200)
    base = resize(source, (400, 2 * source.height))
    mask = np.zeros((base.height, base.width), np.float32)
    mask[:, :200] = 1
    result = paint(Ground(base, (0, 0, *base.size), mask, enlarged=2.0), Recipe(()), Manner(), Never())
    assert (result.rgb[:, 200:] == base.rgb[:, 200:]).all()
    assert (result.rgb[:, :200] != base.rgb[:, :200]).any()
