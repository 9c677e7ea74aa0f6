from __future__ import annotations

from typing import Any

import pytest

from retouch.engines.darkroom.understanding.instruction import understand
from retouch.engines.darkroom.understanding.literals import LONGEST
from retouch.errors import UnsupportedInstruction


def params(prompt: str, *, has_mask: bool = False) -> dict[str, Any]:
    (step,) = understand(prompt, has_mask=has_mask, sources=1).steps
    assert step.op == "text"
    return dict(step.params)


def refusal(prompt: str, *, has_mask: bool = False) -> str:
    with pytest.raises(UnsupportedInstruction) as caught:
        understand(prompt, has_mask=has_mask, sources=1)
    return caught.value.message


def test_text_position_colour_and_size_are_read() -> None:
    assert params('add the text "SALE 50%" at the top in big red letters') == {
        "text": "SALE 50%", "position": "top", "colour": "red", "size": "large",
    }  # fmt: skip
    assert params('write "Hi" in #FF8800')["colour"] == "#ff8800"


def test_words_inside_the_text_ask_for_nothing() -> None:
    assert params('write "Make it sepia, remove the sky and don\'t stop."')["text"].startswith("Make it sepia")


def test_titles_captions_and_watermarks_have_their_usual_places() -> None:
    assert params('add the title "Jaws"') == {"text": "Jaws", "size": "large"}
    assert params('add a caption "Jaws"') == {"text": "Jaws", "position": "bottom"}
    assert params("add a watermark saying © Anna") == {
        "text": "© Anna",
        "position": "bottom-right",
        "size": "small",
    }
    assert params('add a watermark "© Anna" at the top left')["position"] == "top-left"


def test_a_mask_is_the_place_of_a_text() -> None:
    assert params('add the title "Jaws" here', has_mask=True) == {"text": "Jaws", "size": "large"}
    assert "needs a mask" in refusal('write "Jaws" in the masked area')


def test_each_text_has_its_own_place() -> None:
    steps = understand('put "Anna" at the top and "Ben" at the bottom in blue', has_mask=False, sources=1).steps
    assert [step.params for step in steps] == [
        {"text": "Anna", "position": "top"},
        {"text": "Ben", "position": "bottom", "colour": "blue"},
    ]


def test_without_words_to_write_the_way_to_give_them_is_told() -> None:
    assert "put them in quotation marks" in refusal("add some text")
    assert "the text is empty" in refusal('write ""')


def test_a_text_has_a_greatest_length() -> None:
    assert params(f'write "{"x" * LONGEST}"')["text"] == "x" * LONGEST
    assert f"at most {LONGEST} characters" in refusal(f'write "{"x" * (LONGEST + 1)}"')


@pytest.mark.parametrize(
    "prompt", ['replace the text "A" with "B"', "translate the text", 'change the text to "B"']
)
def test_lettering_in_the_picture_is_not_rewritten(prompt: str) -> None:
    assert "cannot rewrite, translate or restyle" in refusal(prompt)


@pytest.mark.parametrize(
    "prompt", ['write "Hi" on his shirt', 'write "Hi" behind the man', 'write "Hi" in a cursive font']
)
def test_a_place_or_a_typeface_beyond_it_is_refused(prompt: str) -> None:
    assert "but not" in refusal(prompt)
