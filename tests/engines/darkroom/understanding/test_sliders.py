from __future__ import annotations

import pytest

from retouch.engines.darkroom.understanding.instruction import understand
from retouch.errors import UnsupportedInstruction


def steps(prompt: str) -> list[tuple[str, float]]:
    return [(step.op, step.amount) for step in understand(prompt, has_mask=False, sources=1).steps]


def test_a_sign_says_which_way() -> None:
    assert steps("contrast +20") == [("raise_contrast", 0.2)]
    assert steps("contrast -20") == [("lower_contrast", 0.2)]


def test_settings_stand_in_a_row() -> None:
    assert steps("shadows +40, highlights -30 and clarity +10") == [
        ("raise_shadows", 0.4),
        ("lower_highlights", 0.3),
        ("clarity", 0.1),
    ]


def test_saturation_is_a_true_percentage_either_way() -> None:
    assert steps("saturation +30%") == [("saturated", 0.3)]
    assert steps("saturation -30%") == [("muted", 0.3)]


def test_a_little_vibrance_and_less_saturation_do_not_contradict_each_other() -> None:
    assert steps("vibrance +20, saturation -10") == [("vibrance", 0.2), ("muted", 0.1)]


@pytest.mark.parametrize(
    ("prompt", "stops"),
    [("exposure +1", 1.0), ("exposure -0.5", -0.5), ("brightness +100", 1.0), ("exposure +100%", 1.0)],
)
def test_an_exposure_is_in_stops_and_a_brightness_in_percent(prompt: str, stops: float) -> None:
    (step,) = understand(prompt, has_mask=False, sources=1).steps
    assert step.params == {"exposure": stops}


@pytest.mark.parametrize("prompt", ["contrast 200", "contrast +200", "brightness +900", "contrast +20 purple"])
def test_what_is_no_setting_is_refused(prompt: str) -> None:
    with pytest.raises(UnsupportedInstruction):
        understand(prompt, has_mask=False, sources=1)
