from __future__ import annotations

import pytest

from retouch.engines.darkroom.understanding.instruction import understand
from retouch.errors import UnsupportedInstruction


def told(prompt: str, *, has_mask: bool = False, sources: int = 1) -> str:
    return understand(prompt, has_mask=has_mask, sources=sources).revised_prompt()


@pytest.mark.parametrize(
    ("prompt", "says"),
    [
        ("make the red car light green", "Recolour the red parts to lime."),
        ("make the car #ff8800", "Recolour the subject to #ff8800."),
        ("make the grass greener", "Bring more green into the green parts."),
        ("white background", "Put plain white behind the subject."),
        ("a gradient background from blue to pink", "Put a gradient from blue to pink behind the subject."),
        ("put it in a studio", "Put a studio backdrop behind the subject."),
        ("replace the sky with a stormy one", "Replace the sky with a stormy sky."),
        ("rotate it 90 degrees to the left", "Rotate the picture by 90 degrees counterclockwise."),
        ("mirror it", "Mirror the picture left to right."),
        ("crop to 16:9", "Crop to the shape 16:9."),
        ("add a thick black border", "Add a thick black border."),
        ("extend the image to the left by 20%", "Extend the picture to the left by 20% beyond its edges."),
        ("extend it to 16:9", "Extend the picture to 16:9 beyond its edges."),
        ("upscale it 3x", "Enlarge the picture 3 times."),
        ("darken the red parts except the face", "Darken the red parts except the face."),
    ],
)
def test_every_parameter_is_told(prompt: str, says: str) -> None:
    assert told(prompt) == says


def test_pictures_are_told_by_their_numbers() -> None:
    says = told("put the cat from image 2 into image 1 on the left", sources=3)
    assert says == "Put the subject of image 2 into the picture (left). Image 3 was not used."
    assert told("use image 2 as the background", sources=2) == "Put image 2 behind the subject."
    assert told("make a collage of these", sources=2) == "Lay the pictures out as one sheet."


def test_a_picture_that_was_not_sent_is_refused() -> None:
    with pytest.raises(UnsupportedInstruction, match="was sent 2 pictures, so it cannot use 'image 5'"):
        understand("use image 5 as the background", has_mask=False, sources=2)


def test_one_verb_may_have_several_objects() -> None:
    steps = understand("paint the red car blue and the green door yellow", has_mask=False, sources=1).steps
    assert [dict(step.params) for step in steps] == [
        {"source": "red", "target": "blue"},
        {"source": "green", "target": "yellow"},
    ]


def test_a_sheet_mixes_no_pictures() -> None:
    with pytest.raises(UnsupportedInstruction, match="mixes none of them"):
        understand("make a collage. use the colours of image 2", has_mask=False, sources=2)
