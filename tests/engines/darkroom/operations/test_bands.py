from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest

from retouch.engines.darkroom.operations.bands import Side, bands, calmed, meet


def around(top: int, right: int, bottom: int, left: int) -> np.ndarray:
    """New canvas around a photograph of 80 × 100."""
    hole = np.ones((80 + top + bottom, 100 + left + right), bool)
    hole[top : top + 80, left : left + 100] = False
    return hole


@pytest.mark.parametrize("margins", [(10, 0, 0, 0), (0, 30, 0, 7), (5, 6, 7, 8), (60, 0, 60, 0)])
def test_the_bands_are_the_new_canvas_each_pixel_once(margins: tuple[int, int, int, int]) -> None:
    hole = around(*margins)
    count = np.zeros(hole.shape, int)
    for band in bands(hole):
        count += band.part
        box = np.zeros(hole.shape, bool)
        box[band.box] = True
        assert box[band.part].all()
        assert (box & ~hole).any(), "there is something to copy"
    np.testing.assert_array_equal(count, hole.astype(int))


def test_a_band_is_painted_from_its_own_side_alone() -> None:
    hole = around(10, 0, 10, 0)
    upper, lower = bands(hole)
    assert (upper.side, lower.side) == ("top", "bottom")
    assert upper.box[0].stop < 60
    assert lower.box[0].start > 40


def test_only_a_band_that_would_have_to_repeat_things_is_thick() -> None:
    assert [band.is_thick for band in bands(around(10, 0, 60, 0))] == [False, True]


@pytest.mark.parametrize("side", get_args(Side))
def test_calming_changes_the_lines_of_its_side_alone(side: Side) -> None:
    image = np.random.default_rng(1).uniform(0, 255, (40, 50, 3)).astype(np.float32)
    after = calmed(image, 8, side, np.random.default_rng(2))
    changed = (after != image).any(axis=2)
    expected = np.zeros((40, 50), bool)
    lines: dict[str, Any] = {"left": np.s_[:, :8], "right": np.s_[:, -8:], "top": np.s_[:8], "bottom": np.s_[-8:]}
    expected[lines[side]] = True
    np.testing.assert_array_equal(changed, expected)


@pytest.mark.parametrize("side", get_args(Side))
def test_what_is_painted_meets_the_photograph_without_a_step(side: Side) -> None:
    painted = np.full((30, 30, 3), 90, np.float32)
    line = np.full((1, 30, 3) if side in ("top", "bottom") else (30, 1, 3), 150, np.float32)
    meet(painted, line, side)
    beside = {"left": painted[:, -1], "right": painted[:, 0], "top": painted[-1], "bottom": painted[0]}[side]
    far = {"left": painted[:, 0], "right": painted[:, -1], "top": painted[0], "bottom": painted[-1]}[side]
    assert np.abs(beside - 150).max() < 1
    assert np.abs(far - 90).max() < 1
