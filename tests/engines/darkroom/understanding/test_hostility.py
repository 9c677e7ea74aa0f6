"""Prompts as long as a client may send, made to keep the reader busy."""

from __future__ import annotations

import contextlib
import time
from itertools import cycle

import pytest

from retouch.engines.darkroom.understanding.instruction import understand
from retouch.errors import UnsupportedInstruction

LONGEST = 32_000
SECONDS = 8.0
"""Of the processor: several times what the slowest needs, and a small part of what anything quadratic would."""

UNITS = [
    "half a phrase ",
    "half a phrase … ",
    "a cat wearing a hat ",
    "a fox portrait ",
    "2x ",
    "< ",
    "add a hat to the cat and ",
    "make it warmer but keep the sofa ",
    "leave the unknown thing and ",
    "remove it and leave the sofa, ",
    "the man, the woman, the dog and ",
    "for the spring catalogue of my shop ",
    "portrait of my late husband, ",
    "many thanks from Finland, ",
    "it goes into our newsletter, ",
    "because my boss wants it ",
    "my old photo ",
    "put to him a hat ",
    '"a" ',
    "HELLO ",
    "the left half of ",
    "le fond en bleu ",
    "背景を",
    "xqz. ",
]

STARTS = ["", "add a hat and leave the ", "A fox with ", "Put ", "it is dark because "]


@pytest.mark.parametrize(("unit", "start"), [*zip(UNITS, cycle(STARTS))])
def test_the_longest_prompt_is_read_in_little_time(unit: str, start: str) -> None:
    prompt = (start + unit * (LONGEST // len(unit) + 1))[:LONGEST]
    begin = time.process_time()
    try:
        said = understand(prompt, has_mask=False, sources=1).revised_prompt()
    except UnsupportedInstruction as error:
        said = error.message
    assert time.process_time() - begin < SECONDS
    assert 0 < len(said) < 5000


@pytest.mark.parametrize("piece", ["y", "7", "don't", "a-", "é", "ly"])
@pytest.mark.parametrize(
    "sentence",
    [
        "the first {} should have the colours of the second",
        "a {} of the man could be brightened",
        "I would like the {} to be blurred please",
        "make the {} red and put to him a {}",
        "the {} is very dark, the {} are noisy",
    ],
)
def test_a_long_word_is_no_harder_than_a_short_one(sentence: str, piece: str) -> None:
    prompt = sentence.replace("{}", piece * (240 // len(piece)))
    begin = time.process_time()
    with contextlib.suppress(UnsupportedInstruction):
        understand(prompt, has_mask=False, sources=2)
    assert time.process_time() - begin < SECONDS
