from __future__ import annotations

import numpy as np

from retouch.engines.darkroom.operations.bands import bands
from retouch.engines.darkroom.operations.ground import Sheet, cover, is_bare, lay, leave_plain


def sheet(alpha: np.ndarray | None, colour: int = 100) -> Sheet:
    shape = (40, 60)
    nothing = np.zeros(shape, bool)
    return Sheet(np.full((*shape, 3), colour, np.uint8), alpha, nothing, nothing.copy())


def left_quarter() -> np.ndarray:
    hole = np.zeros((40, 60), bool)
    hole[:, :15] = True
    return hole


def test_what_is_laid_is_rounded_and_stays_in_its_gap() -> None:
    onto, gap = np.zeros((40, 60, 3), np.uint8), left_quarter()
    lay(onto, np.full((40, 60, 3), 99.6, np.float32), gap)
    assert (onto[gap] == 100).all()
    assert (onto[~gap] == 0).all()


def test_new_canvas_beside_a_transparent_side_is_transparent() -> None:
    hole = left_quarter()
    alpha = np.full((40, 60), 255, np.uint8)
    alpha[:, :30] = 0
    bare = sheet(alpha)
    assert is_bare(bare, hole, hole, 0.5)
    assert bare.alpha is not None
    assert (bare.alpha[hole] == 0).all()


def test_new_canvas_beside_an_opaque_side_is_not() -> None:
    hole = left_quarter()
    alpha = np.full((40, 60), 255, np.uint8)
    alpha[:, 50:] = 0
    assert not is_bare(sheet(alpha), hole, hole, 0.5)
    assert not is_bare(sheet(None), hole, hole, 0.5)


def test_a_gap_is_covered_where_its_surroundings_are() -> None:
    alpha = np.zeros((40, 60), np.uint8)
    alpha[:20] = 255
    gap = np.zeros((40, 60), bool)
    gap[5:35, 25:35] = True
    covered = cover(alpha, gap)
    assert covered[7, 30] == 1
    assert covered[33, 30] == 0


def test_where_there_is_nothing_to_copy_the_edge_goes_on() -> None:
    hole = left_quarter()
    (band,) = bands(hole)
    plain = sheet(None)
    plain.rgb[hole] = 0
    leave_plain(plain, hole, band.box, 1, band)
    assert np.abs(plain.rgb[hole].astype(int) - 100).max() <= 12
    assert (plain.rgb[~hole] == 100).all()
