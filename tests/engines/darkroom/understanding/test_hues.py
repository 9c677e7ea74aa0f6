from __future__ import annotations

import re

import pytest

from retouch.engines.darkroom import palette
from retouch.engines.darkroom.understanding import hues


@pytest.mark.parametrize("said", palette.names())
def test_every_name_of_the_palette_is_a_colour(said: str) -> None:
    assert hues.colour_of(said) == palette.names()[said]
    assert re.fullmatch(hues.pattern(), f"{said} ")


def test_a_name_that_the_palette_has_is_not_mixed() -> None:
    assert hues.colour_of("light blue") == "sky_blue"
    assert hues.colour_of("plain white") == "white"
    assert hues.colour_of("blue coloured") == "blue"


def test_a_shade_is_mixed_from_its_colour() -> None:
    light, dark = hues.colour_of("light red"), hues.colour_of("dark orange")
    assert light is not None
    assert dark is not None
    assert sum(palette.rgb(light)) > sum(palette.rgb("red"))
    assert sum(palette.rgb(dark)) < sum(palette.rgb("orange"))
    assert hues.say(light) == f"light red ({light})"


def test_a_code_is_a_colour_and_other_words_are_none() -> None:
    assert hues.colour_of("#ff8800") == "#ff8800"
    assert hues.say("#ff8800") == "#ff8800"
    for said in ("shiny", "light", "#ff88", "red car"):
        assert hues.colour_of(said) is None
