from __future__ import annotations

import pytest

from retouch.engines.darkroom.understanding.rephrasing import LONGEST, rephrase


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("make it more bright", "make it brighter"),
        ("make more big the picture", "make bigger the picture"),
        ("put on the man a hat", "give the man a hat"),
        ("put to him sunglasses", "give him sunglasses"),
        ("the background must to be blurred", "the background must be blurred"),
        ("make that the face is brighter", "make the face brighter"),
        ("let fall snow", "let it snow"),
        ("make it warmer", "make it warmer"),
        ("make that the sky is not so dark", "make that the sky is not so dark"),
    ],
)
def test_a_foreign_way_of_saying_it_is_put_into_ours(said: str, means: str) -> None:
    assert rephrase(said) == means


def test_what_shall_be_written_is_left_as_it_is() -> None:
    said = 'write "more bright" at the top'
    assert rephrase(said) == said


def test_a_long_story_is_left_as_it_is() -> None:
    said = "make it more bright " * LONGEST
    assert rephrase(said) == said
