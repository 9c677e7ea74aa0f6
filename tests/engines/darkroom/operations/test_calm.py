from __future__ import annotations

import numpy as np
import pytest

from retouch.engines.darkroom.operations.calm import carry_on


def test_an_edge_goes_on_without_a_step_and_ever_softer() -> None:
    rng = np.random.default_rng(0)
    photograph = rng.uniform(0, 255, (80, 120, 3)).astype(np.float32)
    out = carry_on(photograph, 60, rng)
    assert out.shape == (80, 60, 3)
    assert np.abs(out[:, -1] - photograph[:, 0]).mean() < 20
    assert out[:, :10].std() < 0.5 * out[:, -10:].std()


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 9, 3), (9, 2, 1)])
def test_tiny_photographs_go_on(shape: tuple[int, int, int]) -> None:
    out = carry_on(np.full(shape, 90, np.float32), 7, np.random.default_rng(0))
    assert out.shape == (shape[0], 7, shape[2])
    assert np.abs(out - 90).max() < 1
