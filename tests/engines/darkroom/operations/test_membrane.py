from __future__ import annotations

import numpy as np
import pytest

from retouch.engines.darkroom.operations.membrane import spread


def test_known_values_are_kept() -> None:
    values = np.random.default_rng(0).random((40, 50, 3)).astype(np.float32)
    known = np.ones((40, 50), np.float32)
    known[10:20, 10:20] = 0
    out = spread(values, known)
    assert np.array_equal(out[known > 0], values[known > 0])


def test_a_hole_in_a_ramp_is_filled_with_about_the_ramp() -> None:
    ramp = np.repeat(np.linspace(0, 1, 64, dtype=np.float32)[None, :, None], 64, axis=0)
    known = np.ones((64, 64), np.float32)
    known[20:44, 20:44] = 0
    out = spread(np.where(known[..., None] > 0, ramp, np.float32(9)), known)
    assert np.abs(out - ramp).max() < 0.12


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (2, 3), (17, 5)])
def test_any_shape_is_filled_from_one_known_pixel(shape: tuple[int, int]) -> None:
    known = np.zeros(shape, np.float32)
    known[0, 0] = 1
    values = np.zeros((*shape, 3), np.float32)
    values[0, 0] = 7
    assert np.allclose(spread(values, known), 7, atol=1e-3)


def test_nothing_known_gives_nothing() -> None:
    assert not spread(np.ones((9, 9, 3), np.float32), np.zeros((9, 9), np.float32)).any()
