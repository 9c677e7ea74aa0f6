from __future__ import annotations

import numpy as np

from retouch.engines.darkroom.operations import inks


def test_every_colour_of_a_picture_with_few_finds_its_ink() -> None:
    rng = np.random.default_rng(3)
    wanted = np.array([[0.2, 0.1, 0.0], [0.7, -0.1, 0.1], [0.9, 0.0, 0.0]], np.float32)
    lab = wanted[rng.integers(0, 3, (40, 50))]
    found = inks.choose(lab, 3, rng)
    assert np.abs(np.sort(found, 0) - np.sort(wanted, 0)).max() < 1e-4
    assert np.allclose(found[inks.label(lab, found)], lab, atol=1e-4)


def test_a_small_bright_thing_keeps_its_colour() -> None:
    lab = np.zeros((100, 100, 3), np.float32)
    lab[..., 0] = np.linspace(0.2, 0.9, 100, dtype=np.float32)
    lab[48:52, 48:52] = (0.6, 0.2, 0.1)
    found = inks.choose(lab, 6, np.random.default_rng(0))
    assert np.abs(found - np.array([0.6, 0.2, 0.1])).sum(1).min() < 0.05


def test_one_colour_alone_is_no_error() -> None:
    lab = np.full((9, 9, 3), 0.4, np.float32)
    found = inks.choose(lab, 5, np.random.default_rng(0))
    assert np.allclose(found, 0.4, atol=1e-4)


def test_areas_stay_flat_with_crisp_borders_however_large() -> None:
    labels = np.zeros((50, 50), np.int64)
    labels[:, 25:] = 1
    colours = np.array([[0.0, 0.0, 0.0], [1.0, 0.5, 0.2]], np.float32)
    flat = inks.lay_flat(labels, colours, (400, 400), 1.5)
    between = (flat[200, :, 0] > 0.02) & (flat[200, :, 0] < 0.98)
    assert between.sum() <= 6
    assert np.allclose(flat[:, :180], 0, atol=0.01)
    assert np.allclose(flat[:, 220:], colours[1], atol=0.01)
