from __future__ import annotations

import numpy as np
import pytest

from retouch.engines.darkroom.operations.patchmatch import Flags, gather, paint, trace
from retouch.imaging.raster import U8


def _stripes(height: int = 64, width: int = 64) -> U8:
    """Soft stripes, one in ten pixels."""
    column = np.rint(120 + 60 * np.sin(np.arange(width) * (2 * np.pi / 10))).astype(np.uint8)
    return np.repeat(np.repeat(column[None, :, None], height, 0), 3, 2)


def _hole(height: int = 64, width: int = 64) -> Flags:
    hole = np.zeros((height, width), np.bool_)
    hole[24:40, 24:40] = True
    return hole


def test_a_texture_is_carried_on_and_the_rest_is_kept() -> None:
    rgb, hole = _stripes(), _hole()
    holed = rgb.copy()
    holed[hole] = (255, 0, 0)
    painting = paint(holed, hole, np.zeros_like(hole), 1)
    assert painting is not None
    assert np.array_equal(painting[~hole], rgb[~hole])
    # It may be lighter or darker as a whole; `fill` sees to that.
    assert np.corrcoef(painting[hole].ravel(), rgb[hole].ravel())[0, 1] > 0.9


def test_what_is_banned_is_not_copied() -> None:
    rgb, hole = np.full((64, 96, 3), 120, np.uint8), _hole(64, 96)
    rgb[:, 60:] = (250, 20, 20)
    banned = np.zeros_like(hole)
    banned[:, 50:] = True
    painting = paint(rgb, hole, banned, 1)
    assert painting is not None
    assert np.abs(painting[hole].astype(int) - 120).max() < 10


def test_too_little_to_copy_gives_nothing() -> None:
    rgb, hole = _stripes(), np.ones((64, 64), np.bool_)
    hole[:3] = False
    assert paint(rgb, hole, np.zeros_like(hole), 1) is None
    assert trace(rgb, hole, np.zeros_like(hole), 1) is None
    assert paint(rgb, _hole(), ~_hole(), 1) is None


@pytest.mark.parametrize("shape", [(1, 1), (3, 60), (60, 4), (8, 8)])
def test_tiny_pictures_are_left_to_others(shape: tuple[int, int]) -> None:
    hole = np.zeros(shape, np.bool_)
    hole[0, 0] = True
    assert paint(np.zeros((*shape, 3), np.uint8), hole, np.zeros_like(hole), 1) is None


def test_the_same_seed_paints_and_traces_the_same() -> None:
    rgb = np.random.default_rng(5).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    hole, none = _hole(), np.zeros((64, 64), np.bool_)
    first, second, third = (paint(rgb, hole, none, seed) for seed in (4, 4, 5))
    assert first is not None
    assert second is not None
    assert third is not None
    assert np.array_equal(first, second)
    assert not np.array_equal(first, third)
    one, two = trace(first, hole, none, 4), trace(first, hole, none, 4)
    assert one is not None
    assert two is not None
    assert np.array_equal(one, two)


def test_offsets_lead_out_of_the_hole_to_what_looks_alike() -> None:
    rgb, hole = _stripes(), _hole()
    offsets = trace(rgb, hole, np.zeros_like(hole), 1)
    assert offsets is not None
    rows, columns = np.nonzero(hole)
    to = offsets[rows, columns].astype(int)
    assert not hole[rows + to[:, 1], columns + to[:, 0]].any()
    assert not offsets[~hole].any()
    copied = gather(rgb, offsets, (slice(0, 64), slice(0, 64)), (64, 64))
    assert np.abs(copied[hole] - rgb[hole]).mean() < 8


def test_gathering_at_full_size_scales_the_offsets() -> None:
    large = np.zeros((40, 80, 3), np.uint8)
    large[:, 40:] = 200
    offsets = np.zeros((10, 20, 2), np.float32)
    offsets[..., 0] = 10
    found = gather(large, offsets, (slice(4, 8), slice(2, 30)), (20, 10))
    assert found.shape == (4, 28, 3)
    assert np.all(found == 200)
