from __future__ import annotations

import pytest

from retouch.engines.darkroom.understanding.targets import Target, target_of
from retouch.engines.darkroom.understanding.vocabulary import vocabulary


def target(text: str) -> Target:
    found = target_of(text, vocabulary())
    assert found is not None
    return found


@pytest.mark.parametrize("text", ["it", "this", "everything", "whole image", "this photo"])
def test_the_picture_has_many_names(text: str) -> None:
    assert target(text).kind == "picture"


def test_a_thing_may_have_a_colour() -> None:
    car = target("red car")
    assert (car.kind, car.noun, car.colour, car.region) == ("thing", "car", "red", "subject")
    assert target("bright red umbrella") == Target("unknown", "umbrella", "red")
    assert target("sky").region == "sky"
    assert target("masked area").kind == "area"


@pytest.mark.parametrize("text", ["red", "red parts", "everything that is red", "all red things", "anything red"])
def test_what_is_of_a_colour_is_named_by_it(text: str) -> None:
    assert (target(text).kind, target(text).colour) == ("colour", "red")


def test_grass_is_green_and_the_sea_is_blue() -> None:
    assert target("grass").colour == "green"
    assert target("sea").colour == "blue"


@pytest.mark.parametrize("text", ["woman red dress", "red dress of woman", "red dress on woman"])
def test_the_owner_of_a_dress_is_not_recoloured(text: str) -> None:
    assert (target(text).noun, target(text).colour) == ("dress", "red")
    assert target(text).is_worn


@pytest.mark.parametrize(
    "text", ["car and dog", "car with stripes", "two red cars", "darker", "make car", "it slightly"]
)
def test_what_is_no_name_for_one_thing_means_nothing(text: str) -> None:
    assert target_of(text, vocabulary()) is None
