from __future__ import annotations

from dataclasses import replace

import numpy as np

from retouch.engines.darkroom.operations.clouds import Air, noise, paint_sky

CLEAR = Air(("#2f6fb8", "#9cc5e8", "#cfe2f0"), 0.0, 0.5, "#ffffff", "#a0a0a0")


def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def test_noise_repeats_at_its_edges() -> None:
    field = noise(rng(), octaves=4)
    seam = np.abs(field[:, 0] - field[:, -1]).mean()
    assert seam < 3 * np.abs(np.diff(field, axis=1)).mean()


def test_a_clear_sky_grows_paler_toward_the_horizon() -> None:
    sky = paint_sky((60, 100), 90, CLEAR, rng(), 0.5)
    rows = sky.mean((1, 2))
    assert (np.diff(rows[:90]) >= -1e-4).all()


def test_clouds_cover_as_much_as_they_are_said_to() -> None:
    clear = paint_sky((200, 150), 150, CLEAR, rng(), 0.5)
    some = np.abs(paint_sky((200, 150), 150, replace(CLEAR, cover=0.3), rng(), 0.5) - clear).max(2) > 0.05
    much = np.abs(paint_sky((200, 150), 150, replace(CLEAR, cover=0.9), rng(), 0.5) - clear).max(2) > 0.05
    assert 0.02 < some.mean() < much.mean()
    assert much.mean() > 0.6


def test_the_same_seed_gives_the_same_sky() -> None:
    air = replace(CLEAR, cover=0.5, sun=0.5, stars=1.0)
    assert np.array_equal(paint_sky((80, 60), 60, air, rng(), 0.2), paint_sky((80, 60), 60, air, rng(), 0.2))


def test_the_sun_glows_where_it_stands() -> None:
    sky = paint_sky((200, 100), 100, replace(CLEAR, sun=0.8), rng(), 0.25).mean(2)
    assert sky[90, 50] > sky[90, 180] + 0.2
