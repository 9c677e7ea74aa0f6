from __future__ import annotations

from typing import Any

import pytest

from retouch.engines.darkroom.recipe import Recipe
from retouch.engines.darkroom.understanding.insertion import EVERYWHERE, MOST, SEVERAL
from retouch.engines.darkroom.understanding.instruction import understand
from retouch.errors import UnsupportedInstruction


def read(prompt: str, *, has_mask: bool = False) -> Recipe:
    return understand(prompt, has_mask=has_mask, sources=1)


def params(prompt: str, *, has_mask: bool = False) -> dict[str, Any]:
    (step,) = read(prompt, has_mask=has_mask).steps
    assert step.op == "insert"
    return dict(step.params)


def test_number_colour_size_and_place_are_read() -> None:
    assert params("put three small red balloons in the sky") == {
        "name": "balloon", "count": 3, "size": "small", "colour": "red", "place": "sky",
    }  # fmt: skip
    assert params("add a cat in the top left corner")["position"] == "top-left"


def test_a_colour_that_is_also_a_thing_is_a_colour_before_another_thing() -> None:
    assert params("add an orange balloon") == {"name": "balloon", "colour": "orange"}
    assert params("add an orange") == {"name": "tangerine"}


def test_a_plural_alone_means_several() -> None:
    assert params("add birds")["count"] == SEVERAL
    assert params("add birds everywhere")["count"] == EVERYWHERE
    assert "count" not in params("add a bird")
    assert params(f"add {MOST} birds")["count"] == MOST


def test_nothing_is_put_beside_what_is_not_found_by_name_unless_a_mask_says_where() -> None:
    with pytest.raises(UnsupportedInstruction, match="cannot find 'pool' in a picture: send a mask"):
        read("add a flamingo in the pool")
    with pytest.raises(UnsupportedInstruction, match="cannot find 'laptop' in a picture"):
        read("add a cup of coffee next to the laptop")
    with pytest.raises(UnsupportedInstruction, match="cannot find 'church' in a picture"):
        read("add two birds to the left of the church")
    assert read("add a flamingo in the pool", has_mask=True).notes == ()
    assert read("add a flamingo in the picture").notes == ()


@pytest.mark.parametrize(
    "prompt",
    [
        "add a cat next to the woman",
        "put a ball in front of the dog",
        "add a plant in the living room",
        "add a Christmas tree in the corner of the room",
        "add a rainbow over the waterfall",
        "add a boat on the lake at the bottom left",
    ],
)
def test_a_thing_beside_the_subject_or_somewhere_in_a_scene_is_put_where_there_is_room(prompt: str) -> None:
    (note,) = read(prompt).notes
    assert "is put where there is room, and a mask would say where" in note


def test_a_prop_goes_on_a_head_unless_it_is_said_to_lie_somewhere() -> None:
    assert [step.op for step in read("add a crown").steps] == ["crown"]
    assert params("put a crown on the ground")["name"] == "crown"
    assert [step.op for step in read("add a party hat and two balloons").steps] == ["hat", "insert"]


def test_replacing_removes_what_is_marked_first() -> None:
    assert [step.op for step in read("replace the car with a bike", has_mask=True).steps] == ["fill", "insert"]
    with pytest.raises(UnsupportedInstruction, match="needs a mask"):
        read("replace the car with a bike")


@pytest.mark.parametrize(
    ("prompt", "reason"),
    [
        ("add a dog behind the fence", "behind"),
        ("put a cat on his head", "beside people and animals"),
        ("add a realistic dog", "drawings of things"),
        ("add 13 birds", "at most 12"),
        ("add a scary dog", "scary"),
        ("add a small large dog", "either small or large"),
        ("add a dog here", "needs a mask"),
        ("turn the dog into a cat", "cat"),
    ],
)
def test_what_would_change_the_meaning_is_refused(prompt: str, reason: str) -> None:
    with pytest.raises(UnsupportedInstruction) as caught:
        read(prompt)
    assert reason in caught.value.message


def test_a_slip_in_a_things_name_is_asked_about() -> None:
    with pytest.raises(UnsupportedInstruction, match="Did you mean 'flamingo'"):
        read("add a flamngo")


HOSTILE = ["add a cat ", "add a ", "add a cat, a dog ", "in the pool ", "red ", "add a cat in the "]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_prompt_is_answered_at_once(kind: str) -> None:
    prompt = ("add " + kind * (32_000 // len(kind) + 1))[:32_000]
    try:
        said = read(prompt).revised_prompt()
    except UnsupportedInstruction as error:
        said = error.message
    assert 0 < len(said) < 2500
