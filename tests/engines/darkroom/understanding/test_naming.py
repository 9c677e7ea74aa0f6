from __future__ import annotations

import pytest

from retouch.engines.darkroom.understanding.naming import resolve_names


@pytest.mark.parametrize(
    ("prompt", "resolved"),
    [
        ("put me into the beach pic (image 2 = beach)", "put me into image 2"),
        ("put us (image 1) onto the beach (image 2)", "put us from image 1 onto image 2"),
        (
            "image 1: the cat, image 2: the garden. Put the cat in the garden",
            "Put the cat from image 1 in image 2",
        ),
    ],
)
def test_a_name_that_a_prompt_gives_a_picture_becomes_its_number(prompt: str, resolved: str) -> None:
    assert " ".join(resolve_names(prompt, 2).split()) == resolved


@pytest.mark.parametrize(
    "prompt",
    [
        "image 2 is too dark, brighten it",
        "match the colours of image 2",
        'write "the beach" on it (image 2 = beach)',
        "put it on the beach (image 7 = beach)",
    ],
)
def test_what_names_no_picture_that_was_sent_stays_as_it_is(prompt: str) -> None:
    assert resolve_names(prompt, 2) == prompt


def test_one_picture_needs_no_name() -> None:
    assert resolve_names("put me on the beach (image 1 = beach)", 1) == "put me on the beach (image 1 = beach)"
