"""An instruction, as the darkroom reads it. A case is a byte of options and the text: 1 has a mask go along, 2 and
4 say how many pictures there are. One case in 512, told by its checksum, is said over and over up to what a prompt
may be long."""

from __future__ import annotations

import tomllib
import zlib
from functools import cache
from pathlib import Path

from hypothesis import strategies as st

from retouch.engines.darkroom.recipe import Recipe
from retouch.engines.darkroom.understanding.instruction import understand
from retouch.errors import RetouchError
from tests.security.targets.target import Target, judge_refusal

LONGEST = 32_000
"""Characters of a prompt."""

_FIXTURES = Path(__file__).parents[2] / "data" / "instructions"


def run(data: bytes) -> bool:
    options, text = data[:1] or b"\0", data[1:].decode("utf-8", "replace")
    if text and zlib.crc32(data) % 512 == 0:
        text = (text * (LONGEST // len(text) + 1))[:LONGEST]
    try:
        recipe = understand(text, has_mask=bool(options[0] & 1), sources=1 + (options[0] >> 1 & 3))
    except RetouchError as error:
        judge_refusal(error)
        return False
    assert isinstance(recipe, Recipe)
    for told in (*recipe.notes, *(step.says for step in recipe.steps)):
        told.encode()
    return True


@cache
def _phrases() -> list[str]:
    """What people ask for, of every language."""
    return [
        case["text"]
        for file in sorted(_FIXTURES.glob("*.toml"))
        for case in tomllib.loads(file.read_text("utf-8"))["instruction"]
    ]


@cache
def _words() -> list[str]:
    return sorted({word for phrase in _phrases() for word in phrase.split()})


_JOINTS = [
    " ",
    ", ",
    ". ",
    " and ",
    " but ",
    " then ",
    "; ",
    "\n",
    "\n- ",
    " because ",
    " not ",
    ' "',
    '" ',
    "、",
    "。",
]


@st.composite
def _cases(draw: st.DrawFn) -> bytes:
    piece = st.one_of(
        st.sampled_from(_phrases()),
        st.lists(st.sampled_from(_words()), max_size=12).map(" ".join),
        st.text(max_size=8),
    )
    many = draw(st.sampled_from([1, 1, 2, 2, 3, 4, 30]))
    text = draw(piece)
    for _ in range(draw(st.integers(0, many - 1))):
        text += draw(st.sampled_from(_JOINTS)) + draw(piece)
    if draw(st.integers(0, 3)) == 0 and text:
        start = draw(st.integers(0, len(text)))
        text = text[:start] + text[start + draw(st.integers(0, 20)) :]
    return bytes([draw(st.integers(0, 7))]) + text.encode("utf-8", "surrogatepass")


TARGET = Target(
    run=run,
    cases=_cases(),
    # The first is read in every language.
    seeds=lambda: [b"\0xyzzy", *(b"\0" + phrase.encode() for phrase in _phrases()[::12])],
    words=_words,
    longest=240,
)
