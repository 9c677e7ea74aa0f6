from __future__ import annotations

import pytest

from retouch.engines.darkroom.understanding.literals import LONGEST, MOST, read_items, take_literals
from retouch.engines.darkroom.understanding.vocabulary import vocabulary


def taken(prompt: str) -> list[str]:
    return list(take_literals(prompt, asks=lambda said: said in ("vintage", "sunglasses")).literals.values())


@pytest.mark.parametrize(
    ("prompt", "text"),
    [
        ('add the text "SALE 50%" at the top', "SALE 50%"),
        ("write “Hello, World!” there", "Hello, World!"),
        ("write «Ça va?» at the top", "Ça va?"),
        ("write „Grüß Gott“ at the top", "Grüß Gott"),
        ("add the caption ‘Don’t panic’", "Don’t panic"),
        ("write 'Don't panic' at the top", "Don't panic"),
        ("write `x = 1` at the top", "x = 1"),
        ("add a title 「東京」", "東京"),
        ('put "Anna" at the top', "Anna"),
        ('"SOLD" in big red letters', "SOLD"),
        ('add the text "line one\nline two"', "line one\nline two"),
        ('write "and"', "and"),
        ('write ""', ""),
    ],
)
def test_what_quotation_marks_hold_is_kept_as_written(prompt: str, text: str) -> None:
    assert taken(prompt) == [text]


@pytest.mark.parametrize(
    ("prompt", "text"),
    [
        ("Write Hello World at the bottom", "Hello World"),
        ("add the text Happy Birthday", "Happy Birthday"),
        ("Add a watermark saying © Anna, please", "© Anna"),
        ("add a caption that reads My Summer 2024 in white", "My Summer 2024"),
        ("add a title: Ocean's 11", "Ocean's 11"),
        ("Write in the top left corner: Hello", "Hello"),
        ("write Men in Black", "Men in Black"),
        ("WRITE SALE AT THE TOP", "SALE"),
        ("caption it as Exhibit A.", "Exhibit A"),
        ("write Hello World and make it sepia", "Hello World"),
        ("Write Good Morning! Make it warmer.", "Good Morning!"),
    ],
)
def test_without_quotation_marks_the_words_that_say_where_and_how_are_taken_off(prompt: str, text: str) -> None:
    assert [said.rstrip(" ") for said in taken(prompt)] == [text]


@pytest.mark.parametrize(
    "prompt",
    [
        "make it “vintage”",
        'add a "vintage" filter',
        'add "sunglasses"',
        "it's the dog's photo, don't make it dark",
        'a 6" frame and a 7" border',
        "add text at the bottom",
        "remove the text",
        '"',
        "write",
        "caption it",
    ],
)
def test_quotation_marks_alone_make_no_text(prompt: str) -> None:
    assert taken(prompt) == []


def test_several_texts_are_told_apart() -> None:
    assert taken('put "Anna" at the top and "Ben" at the bottom') == ["Anna", "Ben"]
    assert taken('write "A". Write "B" below. Write C at the top.') == ["A", "B", "C"]


def test_a_stand_in_is_no_word_that_anybody_can_write() -> None:
    prompt = take_literals('\ue000 write "x"', asks=lambda _: False)
    assert prompt.text.count("\ue000") == 1
    items = read_items('write "Make It SEPIA" at the top', vocabulary())
    assert [item.senses["literal"] for item in items if "literal" in item] == ["Make It SEPIA"]


def test_more_texts_than_are_told_apart_stay_where_they_are() -> None:
    assert len(taken('write "x", ' * (MOST + 5))) == MOST


HOSTILE = [
    'write "',
    "write “",
    "'a ",
    "“”",
    '"a',
    "text: ",
    "write ",
    "saying ",
    ".",
    "!? ",
    "»«",
    "«",
    "‘a’b ",
    "at the top ",
    "add the ",
]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_prompt_is_scanned_at_once(kind: str) -> None:
    prompt = (kind * (32_000 // len(kind) + 1))[:32_000]
    assert len(take_literals(prompt, asks=lambda _: False).literals) <= MOST
    assert LONGEST >= 100
