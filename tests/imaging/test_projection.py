from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from retouch.imaging.projection import project
from retouch.imaging.raster import F32

sides = st.integers(1, 24)
weights = st.sampled_from([0.0, 1.0, 0.0, 1.0, 1 / 255, 254 / 255, 0.5, 1e-7])
masks = sides.flatmap(
    lambda height: sides.flatmap(
        lambda width: arrays.arrays(np.float32, (height, width), elements=weights.map(np.float32))
    )
)


def footprint(output: int, outputs: int, pixels: int) -> range:
    """The mask pixels that an output pixel's own interval overlaps, literally, in exact fractions."""
    start, end = Fraction(output * pixels, outputs), Fraction((output + 1) * pixels, outputs)
    return range(floor(start), ceil(end))


def slow_reference(mask: F32, size: tuple[int, int]) -> list[list[float | None]]:
    """0 or 1 where the promise binds, None where it doesn't."""
    rows, columns = mask.shape
    result: list[list[float | None]] = []
    for y in range(size[1]):
        line: list[float | None] = []
        for x in range(size[0]):
            seen = {
                float(mask[row, column])
                for row in footprint(y, size[1], rows)
                for column in footprint(x, size[0], columns)
            }
            line.append(seen.pop() if seen in ({0.0}, {1.0}) else None)
        result.append(line)
    return result


@pytest.mark.rule("A.6/exact-scaled")
@settings(max_examples=400, deadline=None)
@given(mask=masks, width=st.integers(1, 40), height=st.integers(1, 40))
def test_protected_and_open_footprints_are_exact_at_any_scale(mask: F32, width: int, height: int) -> None:
    projected = project(mask, (width, height))
    assert projected.shape == (height, width)
    assert projected.dtype == np.float32
    assert projected.min() >= 0
    assert projected.max() <= 1
    for line, expected in zip(projected.tolist(), slow_reference(mask, (width, height)), strict=True):
        for value, bound in zip(line, expected, strict=True):
            assert bound is None or value == bound


@pytest.mark.parametrize("size", [(1024, 683), (1536, 1024), (640, 427), (3840, 2160), (333, 777), (1, 1)])
def test_large_masks_are_exact_too(size: tuple[int, int]) -> None:
    """One editable pixel opens only the outputs that it touches; one protected pixel closes nothing else."""
    row, column, height, width = 411, 700, 801, 1203
    for ground in (0.0, 1.0):
        mask = np.full((height, width), ground, np.float32)
        mask[row, column] = 1.0 - ground
        projected = project(mask, size)
        rows = [y for y in range(size[1]) if row in footprint(y, size[1], height)]
        columns = [x for x in range(size[0]) if column in footprint(x, size[0], width)]
        outside = np.ones(projected.shape, bool)
        outside[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = False
        assert (projected[outside] == ground).all()
        if size != (1, 1):
            assert (projected[~outside] != ground).any()


def test_the_own_size_is_the_mask_itself() -> None:
    mask = np.zeros((3, 4), np.float32)
    assert project(mask, (4, 3)) is mask


def test_shrinking_gives_the_mean_of_the_footprint() -> None:
    mask = np.array([[0, 1, 0, 0], [0, 0, 0, 1]], np.float32)
    assert project(mask, (2, 1)).tolist() == [[0.25, 0.25]]


def test_a_soft_mask_stays_smooth_when_enlarged() -> None:
    mask = np.linspace(0.1, 0.9, 16, dtype=np.float32)[None].repeat(4, axis=0)
    steps = np.diff(project(mask, (160, 40))[0])
    assert steps.min() >= 0
    assert steps.max() < 0.8 / 16 / 5
