from __future__ import annotations

import numpy as np
import pytest

from retouch.engines.darkroom.operations.hues import changed, coloured, hue_of, leaves, skin, turned, within
from retouch.imaging.raster import F32


def at(value: float) -> F32:
    return np.array([value], np.float32)


@pytest.mark.parametrize(("colour", "low", "high"), [("red", 15, 40), ("green", 120, 160), ("#0000ff", 255, 275)])
def test_colours_have_the_hue_they_are_known_for(colour: str, low: float, high: float) -> None:
    hue, chroma = hue_of(colour)
    assert low < hue < high
    assert chroma > 0.1


def test_a_window_of_hues_goes_round_the_circle() -> None:
    assert within(at(5), 350, 370) == within(at(355), 350, 370) == 1
    assert within(at(200), 350, 370) == 0
    assert 0 < float(within(at(20), 350, 370)[0]) < 1


def test_a_hue_turns_the_shorter_way() -> None:
    assert turned(at(350), 10, 0.5)[0] % 360 == pytest.approx(0, abs=1e-3)
    assert turned(at(100), 60, 0.25)[0] == pytest.approx(90)


def test_leaves_are_green_and_skin_is_not() -> None:
    assert float(leaves(at(0.12), at(130))[0]) > 0.9
    assert float(leaves(at(0.12), at(55))[0]) == 0
    assert float(skin(at(0.7), at(0.08), at(55))[0]) > 0.9
    assert float(skin(at(0.7), at(0.08), at(140))[0]) == 0


def test_a_grey_is_no_colour() -> None:
    assert coloured(at(0.0))[0] == 0
    assert coloured(at(0.1))[0] > 0.99


def test_a_change_that_changes_nothing_returns_the_picture() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (20, 20, 3), dtype=np.uint8)
    assert np.abs(changed(rgb, lambda *colour: colour).astype(int) - rgb).max() <= 2
