from __future__ import annotations

import pytest

from retouch.engines.darkroom.understanding.instruction import understand
from retouch.errors import UnsupportedInstruction


@pytest.mark.parametrize("prompt", ["make it bigger, 4x", "4x, make it bigger", "make it bigger, four times"])
def test_a_size_said_twice_is_one_wish(prompt: str) -> None:
    (step,) = understand(prompt, has_mask=False, sources=1).steps
    assert (step.op, dict(step.params)) == ("upscale", {"factor": 4})


def test_two_factors_contradict_each_other() -> None:
    with pytest.raises(UnsupportedInstruction, match="two factors"):
        understand("upscale it 3x, then upscale it 4x", has_mask=False, sources=1)


def test_a_share_grows_the_picture_by_or_to_it() -> None:
    for prompt, factor in (("enlarge it by 50%", 1.5), ("upscale 200%", 2), ("enlarge it to 150%", 1.5)):
        (step,) = understand(prompt, has_mask=False, sources=1).steps
        assert step.params["factor"] == factor
