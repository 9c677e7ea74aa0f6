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


@pytest.mark.parametrize("said", palette.shades())
def test_a_further_shade_is_painted_as_its_code_and_told_by_a_name(said: str) -> None:
    code = palette.shades()[said]
    assert hues.colour_of(said) == code
    assert re.fullmatch(hues.pattern(), f"{said} ")
    assert code in hues.say(code)


@pytest.mark.parametrize(
    ("said", "colour"),
    [
        ("rgb 255 128 0", "#ff8000"),
        ("rgb 300 0 0", None),
        ("#00b140 chroma green", "#00b140"),
        ("pure white #ffffff", "#ffffff"),
        ("shade of turquoise", "turquoise"),
        ("green ish", "green"),
        ("reds", "red"),
        ("whites", None),
    ],
)
def test_a_colour_may_be_said_in_several_ways(said: str, colour: str | None) -> None:
    assert hues.colour_of(said) == colour


def test_the_nearest_colour_of_the_palette_stands_for_a_code() -> None:
    assert hues.nearest("#ff0000") in ("red", "crimson")
