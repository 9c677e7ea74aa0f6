from __future__ import annotations

import pytest

from retouch.engines.darkroom.understanding.instruction import understand
from retouch.errors import UnsupportedInstruction


def amount(prompt: str) -> float:
    (step,) = understand(prompt, has_mask=False, sources=1).steps
    return step.amount


@pytest.mark.parametrize(
    "prompt", ["contrast 30", "contrast: 30", "contrast +30", "raise the contrast by 30 points"]
)
def test_a_number_without_a_unit_sets_what_stands_before_it(prompt: str) -> None:
    assert amount(prompt) == 0.3


def test_a_setting_taken_down_to_a_share_keeps_that_share() -> None:
    assert amount("lower the saturation to 70%") == 0.3
    assert amount("lower the saturation by 70%") == 0.7


@pytest.mark.parametrize("prompt", ["contrast 130", "lift the shadows -40", "lower the contrast +20", "sharpen 2"])
def test_a_number_acts_or_is_refused(prompt: str) -> None:
    with pytest.raises(UnsupportedInstruction):
        understand(prompt, has_mask=False, sources=1)


def test_a_number_that_counts_something_sets_nothing() -> None:
    with pytest.raises(UnsupportedInstruction):
        understand("more contrast 20 cars", has_mask=False, sources=1)
