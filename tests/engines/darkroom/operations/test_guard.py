from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from retouch.engines.darkroom.operations import guard
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import Raster


def flags(rows: slice, columns: slice, shape: tuple[int, int] = (40, 60)) -> np.ndarray:
    result = np.zeros(shape, bool)
    result[rows, columns] = True
    return result


def test_the_box_around_flags_stays_inside_the_picture() -> None:
    assert guard.bounds(flags(slice(5, 9), slice(0, 3))) == (slice(5, 9), slice(0, 3))
    assert guard.bounds(flags(slice(5, 9), slice(50, 60)), 20) == (slice(0, 29), slice(30, 60))


@pytest.mark.parametrize("by", [1, 4])
def test_grown_flags_hold_the_old_ones_and_what_is_near_and_nothing_farther(by: int) -> None:
    before = flags(slice(15, 20), slice(20, 30))
    after = guard.grow(before, by)
    assert after[before].all()
    assert after[15 - by, 25]
    assert not after[15 - by - 1, 25]
    assert guard.near(before, by)[15 - by, 25]
    assert not guard.near(before, by)[15 - by - 1, 25]


def test_a_single_pixel_survives_being_made_smaller() -> None:
    assert guard.coarsen(flags(slice(7, 8), slice(9, 10), (400, 600)), 30, 20).sum() >= 1
    assert not guard.coarsen(np.zeros((400, 600), bool), 30, 20).any()


def test_a_face_is_guarded_unless_it_is_what_goes(photo: Callable[..., Raster]) -> None:
    raster = photo("astronaut")
    scene = Scene(raster)
    left, top, right, bottom = (int(edge) for edge in scene.faces[0].box)
    elsewhere = flags(slice(400, 450), slice(20, 80), (raster.height, raster.width))
    guarded = guard.faces(scene, elsewhere)
    assert guarded[top:bottom, left:right].all()
    assert not guarded[elsewhere].any()
    on_it = flags(slice(top, bottom), slice(left, right), (raster.height, raster.width))
    assert not guard.faces(scene, on_it).any()


def test_a_side_cuts_the_subject_only_where_its_rim_lies_on_it() -> None:
    hole = flags(slice(0, 40), slice(0, 10))
    on_the_rim, far_off = flags(slice(5, 35), slice(10, 30)), flags(slice(5, 35), slice(40, 50))
    assert guard.is_cut(on_the_rim, hole, hole, 0.3)
    assert not guard.is_cut(far_off, hole, hole, 0.0)
