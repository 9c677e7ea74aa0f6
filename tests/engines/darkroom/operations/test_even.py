from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from retouch.engines.darkroom.operations.bands import Band, Side, bands
from retouch.engines.darkroom.operations.even import even_rim, evened
from retouch.imaging.raster import U8


def canvas(side: Side) -> tuple[U8, Band]:
    """A photograph of 120 × 90 that fades from one edge to the other, with 40 pixels of new canvas."""
    across = side in ("left", "right")
    shape = (90, 160) if across else (130, 120)
    hole = np.ones(shape, bool)
    start = 40 if side in ("left", "top") else 0
    part = np.s_[:, start : start + 120] if across else np.s_[start : start + 90, :]
    hole[part] = False
    rgb = np.zeros((*shape, 3), np.uint8)
    fade = np.linspace(120, 200, 90 if across else 120)
    rgb[part] = fade[:, None, None] if across else fade[None, :, None]
    (band,) = bands(hole)
    return rgb, band


@pytest.mark.parametrize("side", get_args(Side))
def test_an_even_edge_goes_straight_on(side: Side) -> None:
    rgb, band = canvas(side)
    before = rgb.copy()
    line = even_rim(rgb, band)
    assert line is not None
    evened(rgb, band, line, np.random.default_rng(1))
    np.testing.assert_array_equal(rgb[~band.part], before[~band.part])
    made = rgb[band.part].astype(int)
    assert made.min() >= 110
    fade = rgb[:, :, 0] if side in ("left", "right") else rgb[:, :, 0].T
    assert np.abs(np.diff(fade.astype(int).mean(1))).max() < 4, "and fades as the photograph does"
    assert np.ptp(fade.astype(int), axis=1).max() < 12


@pytest.mark.parametrize("side", get_args(Side))
def test_an_edge_that_something_meets_is_not_even(side: Side) -> None:
    rgb, band = canvas(side)
    rows, columns = band.rim
    spot = (slice(30, 50), columns) if side in ("left", "right") else (rows, slice(30, 50))
    rgb[spot] = 20
    assert even_rim(rgb, band) is None


def test_grain_goes_on_too() -> None:
    rgb, band = canvas("left")
    noise = np.random.default_rng(3).normal(0, 2, rgb.shape)
    rgb[~band.part] = np.clip(rgb + noise, 0, 255).astype(np.uint8)[~band.part]
    line = even_rim(rgb, band)
    assert line is not None
    evened(rgb, band, line, np.random.default_rng(1))
    assert 0.5 < rgb[:, :40].astype(float).std(1).mean() < 4
