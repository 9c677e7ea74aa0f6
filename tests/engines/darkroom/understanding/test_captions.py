from __future__ import annotations

import pytest

from retouch.engines.darkroom.understanding.captions import is_caption, is_farewell
from retouch.engines.darkroom.understanding.vocabulary import vocabulary


@pytest.mark.parametrize(
    "said",
    [
        "my late husband's portrait",
        "portrait of my dad",
        "old scan of my grandparents",
        "here is a picture of my late mother at the beach",
        "LinkedIn headshot",
        "our CEO's headshot",
    ],
)
def test_what_names_the_picture_is_a_caption(said: str) -> None:
    assert is_caption(vocabulary().read(said)[:-1])


@pytest.mark.parametrize(
    "said",
    [
        "portrait of a woman",
        "black and white portrait of my dad",
        "photo of my dad without glasses",
        "the sky photo",
        "the left photo",
        "my dad",
        "sharper photo of my dog",
    ],
)
def test_what_may_be_a_wish_is_no_caption(said: str) -> None:
    assert not is_caption(vocabulary().read(said)[:-1])


@pytest.mark.parametrize("said", ["greetings from Germany", "kind regards, Anna", "many thanks from Finland"])
def test_a_farewell_may_have_names(said: str) -> None:
    assert is_farewell(vocabulary().read(said)[:-1])


@pytest.mark.parametrize("said", ["thanks", "regards to the man on the left", "thanks for the blue sky"])
def test_what_speaks_of_the_picture_is_no_farewell(said: str) -> None:
    assert not is_farewell(vocabulary().read(said)[:-1])
