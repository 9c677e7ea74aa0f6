from __future__ import annotations

import pytest

from retouch.engines.darkroom.recipe import Recipe
from retouch.engines.darkroom.understanding.complaints import findings, mends, praises
from retouch.engines.darkroom.understanding.faults import faults
from retouch.engines.darkroom.understanding.instruction import understand
from retouch.engines.darkroom.understanding.vocabulary import vocabulary
from retouch.errors import UnsupportedInstruction


def read(prompt: str) -> Recipe:
    return understand(prompt, has_mask=False, sources=1)


def ops(prompt: str) -> list[str]:
    return [step.op for step in read(prompt).steps]


def refusal(prompt: str) -> str:
    with pytest.raises(UnsupportedInstruction) as caught:
        read(prompt)
    return caught.value.message


def remedies(said: str) -> list[tuple[str | None, str | None]]:
    return [
        (found.fault.remedies[0] if found.fault else None, found.region)
        for found in findings(said.split(), vocabulary())
    ]


@pytest.mark.parametrize(
    ("said", "op", "region"),
    [
        ("the horizon is crooked", "straighten", None),
        ("it is way too dark", "brighter", None),
        ("her face came out too dark", "brighter", "face"),
        ("there is an ugly yellow cast from the tungsten bulbs", "white_balance", None),
        ("the sky is blown out", "lower_highlights", "sky"),
        ("too much grain", "denoise", None),
        ("photo is upside down", "rotate", None),
        ("sky too bright", "darker", "sky"),
        ("not enough contrast", "raise_contrast", None),
    ],
)
def test_a_complaint_is_known_with_its_remedy_and_its_place(said: str, op: str, region: str | None) -> None:
    assert remedies(said) == [(op, region)]


@pytest.mark.parametrize(
    "said",
    ["dark", "noise", "a yellow tint", "the tower is crooked", "the background is blurry", "there is fog",
     "make it too dark", "the dress is too dark", "too dark and remove it", "it is not too dark"],
)  # fmt: skip
def test_what_may_be_a_wish_or_is_about_something_else_is_no_complaint(said: str) -> None:
    assert remedies(said) == []


def test_two_faults_of_one_picture_are_two_complaints() -> None:
    assert remedies("the picture is too dark and grainy") == [("brighter", None), ("denoise", None)]


def test_a_complaint_is_never_read_as_the_wish_for_what_is_wrong() -> None:
    assert ops("it's a bit blurry, can you make it sharper?") == ["sharpen"]
    assert ops("the photo is foggy, cut through the mist") == ["dehaze"]
    assert ops("too much grain") == ["denoise"]


def test_alone_it_is_mended_if_nobody_could_have_wished_for_it() -> None:
    assert ops("horizon is crooked") == ["straighten"]
    assert "say 'brighten the picture'" in refusal("the photo is dark")


def test_told_to_be_mended_it_is_mended() -> None:
    assert ops("horizon is crooked pls fix") == ["straighten"]
    assert ops("the photo is dark, fix it please") == ["brighter"]
    assert ops("There's a yellow cast. Remove it.") == ["white_balance"]
    assert ops("it's upside down, please turn it around") == ["rotate"]


def test_what_has_more_than_one_remedy_is_asked_about() -> None:
    assert "rotate it to the left" in refusal("the photo is sideways")
    assert "upscale it 2x" in refusal("the picture is too small")


def test_beside_another_order_only_what_has_nothing_to_do_with_it_is_mended_as_well() -> None:
    assert ops("the horizon is crooked, crop it to a square") == ["straighten", "crop"]
    assert "too dark" in refusal("the photo is too dark, make it warmer")
    assert "too dark" in refusal("keep the background, it is too dark")


def test_an_exposure_that_is_off_by_so_much_is_set_right_by_as_much() -> None:
    (step,) = read("Underexposed by roughly one stop, please correct, but leave the sky as it is").steps
    assert (step.op, step.params, step.keep) == ("brighter", {"exposure": 1.0}, ("sky",))


def test_a_place_that_displeases_needs_something_that_is_done_to_it() -> None:
    (step,) = read("the sky is boring and white, swap it for a nice blue one").steps
    assert (step.op, step.params) == ("replace_sky", {"kind": "blue"})
    assert "told what to do" in refusal("the background is ugly, crop to a square")


def test_praise_is_no_wish() -> None:
    assert praises(["the", "photo", "looks", "great", "already"], vocabulary())
    assert ops("the photo looks great, just a bit too dark") == ["brighter"]
    assert not praises(["it", "looks", "good", "in", "black", "and", "white"], vocabulary())


def test_a_word_of_mending_with_more_behind_it_is_an_order_of_its_own() -> None:
    assert mends(["could", "you", "fix", "that", "please"], []) == "fix"
    assert mends(["fix", "the", "car"], []) is None


def test_every_remedy_is_an_operation_and_a_first_one_that_is_not_done_says_what_to_say() -> None:
    for fault in faults():
        assert set(fault.remedies) <= set(vocabulary().operations)
        assert fault.alone or fault.hint
