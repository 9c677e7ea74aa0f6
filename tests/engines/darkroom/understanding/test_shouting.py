"""Texts that stand out from the instruction around them."""

from __future__ import annotations

import pytest

from retouch.engines.darkroom.understanding.shouting import pointed_at, says_where, shouted


def _asks(said: str) -> bool:
    return said == "hdr"


def test_what_stands_before_an_arrow_is_the_text() -> None:
    assert pointed_at("Happy 70th! <- write this at the top") == ("Happy 70th!", "write", " at the top")


def test_an_arrow_alone_points_at_nothing() -> None:
    assert pointed_at("before <- after") is None


@pytest.mark.parametrize(
    ("sentence", "text"),
    [
        ("SOLD across the picture in red capitals", "SOLD"),
        ("put FOR RENT at the bottom, please", "FOR RENT"),
        ("big bold 50% OFF at the top", "50% OFF"),
    ],
)
def test_capitals_among_words_of_place_and_size_are_a_text(sentence: str, text: str) -> None:
    span = shouted(sentence, _asks)
    assert span is not None
    assert sentence[span[0] : span[1]] == text


@pytest.mark.parametrize(
    "sentence",
    ["HDR at the top", "put the UFO at the top", "make it WARMER at the top", "SALE", "add TWO CATS at the top"],
)
def test_capitals_that_ask_for_something_are_none(sentence: str) -> None:
    assert shouted(sentence, _asks) is None


def test_words_of_place_size_and_colour_say_where() -> None:
    assert says_where(" big and yellow at the top please")
    assert not says_where(" makes me sad")
    assert not says_where("")
