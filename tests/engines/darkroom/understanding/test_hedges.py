from __future__ import annotations

from retouch.engines.darkroom.understanding.instruction import understand


def test_a_sentence_that_only_asks_for_less_weakens_the_edit_before_it() -> None:
    (step,) = understand("Make it warmer. Nothing too strong, please.", has_mask=False, sources=1).steps
    assert (step.op, step.amount) == ("warmer", 0.55)


def test_it_weakens_what_mends_a_complaint() -> None:
    (step,) = understand("my skin looks rough, smooth it out, nothing too fake", has_mask=False, sources=1).steps
    assert (step.op, step.amount) == ("soften_skin", 0.55)


def test_a_number_that_was_said_stands() -> None:
    (step,) = understand("Raise the contrast by 20%, not too much.", has_mask=False, sources=1).steps
    assert step.amount == 0.2
