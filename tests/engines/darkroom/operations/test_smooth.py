from __future__ import annotations

import numpy as np

from retouch.engines.darkroom.operations.smooth import Target, aim, blur_inside, soothe


def hole() -> np.ndarray:
    gap = np.zeros((60, 60), bool)
    gap[20:40, 20:40] = True
    return gap


def test_a_hole_in_clear_sky_is_trusted_to_have_the_skys_tone() -> None:
    fading = np.linspace(120, 160, 60)[:, None, None]
    sky = np.broadcast_to(fading, (60, 60, 3)).astype(np.uint8)
    painted = sky.copy()
    painted[hole()] = 0
    target = aim(painted, hole())
    assert target.trust[hole()].min() > 0.8
    assert np.abs(target.tone - sky)[hole()].max() < 6


def test_a_hole_among_leaves_is_not() -> None:
    leaves = np.random.default_rng(1).integers(0, 256, (60, 60, 3), np.uint8)
    assert aim(leaves, hole()).trust[hole()].max() < 0.1


def test_a_blob_on_plain_ground_is_soothed_and_elsewhere_left() -> None:
    base = np.full((60, 60, 3), 140, np.float32)
    base[25:35, 25:35] = 220
    tone = np.full((60, 60, 3), 140, np.float32)
    plain = soothe(base, Target(tone, np.ones((60, 60), np.float32)))
    assert plain.max() < 144
    lively = soothe(base, Target(tone, np.zeros((60, 60), np.float32)))
    np.testing.assert_allclose(lively, base)


def test_a_blur_looks_at_the_inside_alone() -> None:
    values = np.full((60, 60, 3), 50, np.float32)
    values[hole()] = 1e4
    assert np.abs(blur_inside(values, ~hole(), 3)[~hole()] - 50).max() < 0.1
