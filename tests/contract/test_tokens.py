"""Counting tokens. The counts were made with the Python package `bpe-openai` 0.1.4, an independent tokeniser."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from importlib import resources

import pytest

from retouch.contract.tokens import count_tokens

VOCABULARY = resources.files("retouch.contract") / "vocabulary"

COUNTS = {
    "": 0,
    "a siamese cat": 4,
    "turn the logo to green": 5,
    "Make the sky a warm sunset, and don't touch the people!": 13,
    "A sunlit indoor lounge area with a pool containing a flamingo": 13,
    "WE'LL see it's 1234567 o'clock": 11,
    "Füge dem Mann eine Sonnenbrille hinzu": 9,
    "Добавь закат на фоне": 6,
    "把背景换成日落时的海滩": 11,
    "背景を夕焼けに変えてください": 9,
    "배경을 노을로 바꿔 주세요": 11,
    "اجعل السماء وقت الغروب": 7,
    "पृष्ठभूमि को सूर्यास्त में बदलें": 10,
    "เปลี่ยนพื้นหลังเป็นพระอาทิตย์ตก": 10,
    "👩\u200d👩\u200d👧\u200d👦 🏽🎨 🇫🇷✂️": 23,
    "a\u0301\u0302 ǅ ʰʱ \u3000\xa0x": 14,
    "def f(x):\n\treturn {k: v for k, v in x.items()}  # comment\r\n": 21,
    "   \n\n \t  indented": 4,
    "https://example.com/a/b?c=d&e=%20//": 13,
    "<|endoftext|><|endofprompt|>": 13,
    "\x00\x01\uffff\U0010ffff": 8,
}


@pytest.mark.parametrize(("text", "expected"), COUNTS.items(), ids=range(len(COUNTS)))
def test_counts_agree_with_another_tokeniser(text: str, expected: int) -> None:
    assert count_tokens(text) == expected


HOSTILE = {
    "a": 4000,
    "A": 4000,
    "aA": 16001,
    " ": 250,
    "\n": 2000,
    "\t \u3000": 21333,
    ".": 500,
    "/": 500,
    "1": 10667,
    "漢": 32000,
    "\u0301": 32000,
    "\u02b0": 64000,
    "🎨": 64000,
    "\x00": 16000,
    "'s": 16000,
    "<|endoftext|>": 14770,
}


@pytest.mark.parametrize(("unit", "expected"), HOSTILE.items(), ids=range(len(HOSTILE)))
def test_a_prompt_of_the_longest_length_made_of_one_piece_is_counted(unit: str, expected: int) -> None:
    assert count_tokens((unit * 32_000)[:32_000]) == expected


def test_names_of_special_tokens_are_plain_text() -> None:
    assert count_tokens("<|endoftext|>") == count_tokens("<|") + count_tokens("endoftext") + count_tokens("|>")


def test_the_vocabulary_is_the_one_its_sources_name() -> None:
    digest = hashlib.sha256((VOCABULARY / "o200k_base.xz").read_bytes()).hexdigest()
    assert digest in re.findall(r"\b[0-9a-f]{64}\b", (VOCABULARY / "SOURCES.md").read_text("utf-8"))


def test_the_vocabulary_is_not_loaded_before_the_first_count() -> None:
    program = "import sys, retouch.contract.tokens, retouch.contract.parameters; print('tiktoken' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
