from __future__ import annotations

import pytest

from retouch.engines.darkroom.recipe import Recipe
from retouch.engines.darkroom.understanding.hearing import MOST_ITEMS, listen
from retouch.engines.darkroom.understanding.instruction import understand
from retouch.engines.darkroom.understanding.literals import read_items
from retouch.engines.darkroom.understanding.vocabulary import vocabulary
from retouch.errors import UnsupportedInstruction


def read(prompt: str) -> Recipe:
    return understand(prompt, has_mask=False, sources=1)


def asides(prompt: str) -> list[str]:
    heard = listen(read_items(prompt, vocabulary()), vocabulary())
    return heard.asides if heard else []


def test_what_is_set_aside_is_told() -> None:
    recipe = read("This is my dog. Remove the background, because it's for my shop.")
    assert [step.op for step in recipe.steps] == ["remove_background"]
    assert recipe.notes == (
        "Taken as background, not as an order: “this is my dog”, “because it is for my shop”.",
    )


@pytest.mark.parametrize(
    ("prompt", "aside"),
    [
        ("sharpen it because it was shot at iso 6400", "because it was shot at iso 6400"),
        ("blur the faces so nobody can recognise them", "so nobody can recognise them"),
        ("flip it so she looks the other way", "so she looks the other way"),
        ("sharpen it so I can print it on canvas", "so i can print it on canvas"),
        ("make it a cartoon, like a cartoonist would do", "like a cartoonist would do"),
        ("we need it for a brochure. make it warmer", "we need it for a brochure"),
        ("Shot at ISO 6400. Denoise it.", "shot at iso 6400"),
        ("My kids love dinosaurs, make it warmer", "my kids love dinosaurs"),
        ("my daughter is 5 years old, add a crown", "my daughter is 5 years old"),
    ],
)
def test_reasons_purposes_and_statements_are_set_aside(prompt: str, aside: str) -> None:
    assert asides(prompt) == [aside]
    assert read(prompt).steps


@pytest.mark.parametrize(
    "prompt",
    [
        "the dog should stay, blur the background",
        "my kids must be brighter",
        "it needs more contrast",
        "I want the car gone. make it brighter",
        "crop it so that it looks like night",
        "brighten it so that the sky is darker",
        "The cat becomes a dog. make it warmer",
        "the dog is wearing a hat. make it warmer",
        "I don't like the car. make it brighter",
        "keep the face as it is. make it warmer",
        "this is my red car, make it blue",
        "we were told to add a hat. make it brighter",
        "it's for my site, which is dark. make it warmer",
        "make it look as if it was taken at sunset",
        'write "because I love you" at the top',
    ],
)
def test_wishes_bans_and_judgements_are_never_set_aside(prompt: str) -> None:
    assert asides(prompt) == []


def test_what_a_picture_was_taken_in_is_no_wish_for_it() -> None:
    assert [step.op for step in read("as it was taken at dusk, brighten it").steps] == ["brighter"]


def test_background_alone_asks_for_no_edit() -> None:
    with pytest.raises(UnsupportedInstruction):
        read("This is my dog. It's for my shop.")


def test_two_that_are_named_around_an_order_are_two_subjects() -> None:
    assert read("This is my wife. Brighten her.").steps
    with pytest.raises(UnsupportedInstruction, match="one subject"):
        read("This is my dog. This is my cat. Brighten him.")


HOSTILE = [
    "because it is ",
    "so that ",
    "the sky is too dark and ",
    "this is my dog, ",
    "for my shop ",
    "too too ",
]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("length", [1000, 32_000])
def test_a_hostile_story_is_answered_at_once(kind: str, length: int) -> None:
    try:
        said = read((kind * (length // len(kind) + 1))[:length]).revised_prompt()
    except UnsupportedInstruction as error:
        said = error.message
    assert 0 < len(said) < 5000


def test_a_long_story_is_not_heard_out() -> None:
    assert listen(read_items("this is my dog. " * MOST_ITEMS, vocabulary()), vocabulary()) is None
