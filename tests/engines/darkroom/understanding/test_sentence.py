from __future__ import annotations

import pytest

from retouch.engines.darkroom.understanding.sentence import Sentence


def said(pattern: str, text: str, **macros: str) -> dict[str, str] | None:
    sentence = Sentence(pattern, {f"<{name}>": words for name, words in macros.items()})
    match = sentence.match("".join(f"{word} " for word in text.split()), frozenset(text.split()))
    return None if match is None else {name: value.strip() for name, value in match.groupdict().items() if value}


@pytest.mark.parametrize("text", ["swap sky", "swap out sky", "swap out sky please", "exchange sky"])
def test_choices_and_what_may_be_missing_are_all_understood(text: str) -> None:
    assert said("<swap> sky [please]", text, swap="(swap|swap out|exchange)") == {}


@pytest.mark.parametrize("text", ["sky", "swap", "swap sky now", "please swap sky"])
def test_a_word_too_few_or_too_many_does_not_fit(text: str) -> None:
    assert said("<swap> sky [please]", text, swap="(swap|swap out|exchange)") is None


def test_places_hold_what_was_said_there() -> None:
    found = said("(make|turn) {thing} [from {colour1}] [to] {colour2}", "make red car to dark blue")
    assert found is not None
    assert list(found.values()) == ["red car", "dark blue"]


def test_a_choice_with_a_place_in_it_needs_none_of_its_words() -> None:
    assert said("(sharpen|{thing}) now", "old car now") is not None
    assert said("(sharpen|{thing}) now", "sharpen now") == {}


def test_a_choice_inside_what_may_be_missing_is_not_asked_for() -> None:
    assert said("warm [(a|b) c] sky", "warm sky") == {}
    assert said("warm [(a|b) c] sky", "warm b c sky") == {}


def test_a_sentence_may_be_a_choice_as_a_whole() -> None:
    assert said("warm sky|cold [blue] sea", "cold sea") == {}
    assert said("warm sky|cold [blue] sea", "warm sea") is None
