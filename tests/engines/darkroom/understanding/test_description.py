from __future__ import annotations

import pytest

from retouch.engines.darkroom.recipe import Recipe
from retouch.engines.darkroom.understanding.description import MOST_THINGS
from retouch.engines.darkroom.understanding.instruction import understand
from retouch.errors import UnsupportedInstruction

LOUNGE = "A sunlit indoor lounge area with a pool containing a flamingo"


def read(prompt: str, *, has_mask: bool = False) -> Recipe:
    return understand(prompt, has_mask=has_mask, sources=1)


def ops(prompt: str, *, has_mask: bool = False) -> list[str]:
    return [step.op for step in read(prompt, has_mask=has_mask).steps]


def test_of_a_described_picture_what_can_be_done_is_done_and_the_rest_is_told() -> None:
    recipe = read(LOUNGE, has_mask=True)
    assert [(step.op, step.params) for step in recipe.steps] == [("insert", {"name": "flamingo"})]
    assert "nothing is made of 'a sunlit indoor lounge area with a pool'" in recipe.revised_prompt()


def test_what_somebody_wears_is_put_on_whoever_is_in_the_picture() -> None:
    (step,) = read("A cute baby sea otter wearing a beret").steps
    assert (step.op, step.params) == ("hat", {"style": "beret"})
    assert ops("a woman wearing sunglasses") == ["sunglasses"]


def test_the_subject_of_a_description_is_taken_to_be_in_the_picture_where_a_look_is_left_to_give_it() -> None:
    assert ops("a dog on a beach at sunset") == ["sunset"]
    assert ops("a dog on a beach at sunset", has_mask=True) == ["sunset", "insert"]
    assert ops("a dog on a beach") == ["insert"]


def test_a_look_of_a_thing_is_no_look_of_the_picture() -> None:
    assert ops("a vintage photo of a car") == ["vintage"]
    with pytest.raises(UnsupportedInstruction):
        read("a vintage car")


def test_what_stands_somewhere_is_taken_to_be_there() -> None:
    assert [step.params["name"] for step in read("a cat on a table beside a guitar").steps] == ["cat"]


def test_what_is_denied_is_not_put_in() -> None:
    with pytest.raises(UnsupportedInstruction):
        read("a room without a cat")


@pytest.mark.parametrize(
    "prompt", ["make it a cat", "a cat and remove the dog", "the cat", "what is a cat", "add a cat that smiles"]
)
def test_an_instruction_is_never_read_as_a_description(prompt: str) -> None:
    with pytest.raises(UnsupportedInstruction):
        read(prompt)


def test_a_description_of_nothing_that_can_be_done_is_refused() -> None:
    with pytest.raises(UnsupportedInstruction):
        read("a serene mountain lake")


def test_a_crowded_description_puts_in_a_few_things_only() -> None:
    crowd = "a room with a cat and a dog and a bird and a horse and a cow and a fox"
    assert len(read(crowd).steps) == MOST_THINGS


def test_creating_a_picture_of_something_is_no_edit() -> None:
    with pytest.raises(UnsupportedInstruction, match="makes up no new ones"):
        read("Create an image of a dog")


def test_what_an_animal_is_described_with_is_not_put_on_whoever_is_there() -> None:
    assert ops("A fox with sunglasses and a party hat") == ["insert"]
    assert ops("A fox wearing sunglasses") == ["insert"]


HOSTILE = [
    "a cat ",
    "a photo of ",
    "with a cat, ",
    "at sunset ",
    "wearing a beret ",
    "no cat ",
    "a a a ",
    "vintage photo, ",
]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_description_is_answered_at_once(kind: str) -> None:
    prompt = ("a " + kind * (32_000 // len(kind) + 1))[:32_000]
    try:
        said = read(prompt).revised_prompt()
    except UnsupportedInstruction as error:
        said = error.message
    assert 0 < len(said) < 2500
