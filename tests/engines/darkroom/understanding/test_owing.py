"""Whether somebody shall have what is named."""

from __future__ import annotations

import pytest

from retouch.engines.darkroom.understanding.owing import owes
from retouch.engines.darkroom.understanding.vocabulary import vocabulary


@pytest.mark.parametrize(
    "said",
    [
        "she needs sunglasses",
        "he should have a beard",
        "I want the cat to wear a hat",
        "how would she look with glasses",
    ],
)
def test_a_need_is_told_from_its_words(said: str) -> None:
    assert owes(vocabulary().read(said))


@pytest.mark.parametrize("said", ["the man wearing a hat", "sunglasses", "put a hat on her"])
def test_anything_else_is_none(said: str) -> None:
    assert not owes(vocabulary().read(said))
