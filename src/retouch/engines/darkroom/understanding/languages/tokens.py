"""A text as tokens that seven languages can be read from: words, single ideographs and kana, numbers, quotes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

STOP = "."
"""Ends a clause."""

PAUSE = ","
"""May end a clause."""

MINUS = "−"
"""Stands before a number that something shall be lowered by."""

_IDEOGRAPHS = "\u3040-\u30ff\u3400-\u9fff\uff66-\uff9f々"
_IDEOGRAPH = re.compile(f"[{_IDEOGRAPHS}]")
_QUOTES = (*zip('"“„„«»「『《‘‚', '"”“”»«」』》’‘', strict=True),)
_LONGEST_QUOTE = 300


def _quotes() -> str:
    parts = [f"{a}[^{a}{b}\\n]{{1,{_LONGEST_QUOTE}}}{b}" for a, b in _QUOTES]
    return "|".join([*parts, rf"(?<!\w)'[^'\n]{{1,{_LONGEST_QUOTE}}}'(?!\w)"])


# What a quote may hold is bounded, so a scan backs up by no more than that.
_TOKEN = re.compile(
    rf"(?P<quoted>{_quotes()})"
    r"|(?P<ratio>\d{1,4}\s?[:：x×]\s?\d{1,4}(?!\d))"
    r"|(?P<number>\d+(?:[.,]\d+)?)"
    rf"|(?P<ideograph>[{_IDEOGRAPHS}])"
    rf"|(?P<word>(?:(?![{_IDEOGRAPHS}])[^\W\d_])+)"
    r"|(?P<mark>[^\w\s]|\n)"
)
_MARKS = {
    **dict.fromkeys(".。;；!！?？…\n", STOP),
    **dict.fromkeys(",，、:：()（）/", PAUSE),
    **dict.fromkeys("&+", "&"),
    **dict.fromkeys("%％", "%"),
    "°": "°",
}
_LETTERS = {"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "ı": "i", "ł": "l"}
_IDLE = {"So", "Sk", "Cf", "Me", "Mn", "Pd", "Pi", "Pf"}
_NEGATIVE = re.compile(rf"[\s{_IDEOGRAPHS}]?[-−–]\d")
_BULLET = re.compile(r"^[ \t]{0,16}(?:\d{1,2}[.)、．]|[•*-])[ \t]+", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Token:
    """``text``: how it is compared, folded; ``kind``: of `_TOKEN`; ``start``, ``end``: where it stands;
    ``owned``: whether a possessive went before it."""

    text: str
    kind: str
    start: int
    end: int
    owned: bool = False


def fold(text: str) -> str:
    """``text`` in small letters without accents; kana keep their marks, which are letters of their own."""
    found: list[str] = []
    for character in unicodedata.normalize("NFKC", text).lower():
        base = unicodedata.normalize("NFD", character)
        letter = base[0] if len(base) > 1 and "a" <= base[0] <= "z" else character
        found.append(_LETTERS.get(letter, letter))
    return "".join(found)


def stand_apart(text: str) -> bool:
    """Whether the words of ``text`` do: none of it is written in ideographs or kana."""
    return not _IDEOGRAPH.search(text)


def tokens(text: str, spelling: Mapping[str, tuple[str, ...]], characters: Mapping[int, str]) -> list[Token]:
    """The tokens of ``text``, with its contractions spelt out and its characters exchanged as the language has
    it. Linear in its length: hyphens, emoji, apostrophes and the numbers of a list leave no trace."""
    found: list[Token] = []
    for match in _TOKEN.finditer(_BULLET.sub(lambda bullet: "\n" * len(bullet.group()), text)):
        kind = match.lastgroup or ""
        start, end = match.span()
        if kind == "quoted":
            found.append(Token(text[start + 1 : end - 1].strip(), kind, start, end))
        elif kind == "mark":
            mark = match.group()
            if mark in "-−–" and _NEGATIVE.match(text, max(0, start - 1)):
                found.append(Token(MINUS, kind, start, end))
            elif known := _MARKS.get(mark):
                found.append(Token(known, kind, start, end))
            elif not (mark in "'’*#\"-_`¿¡~～·・" or unicodedata.category(mark) in _IDLE):
                found.append(Token(mark, kind, start, end))
        elif kind in ("number", "ratio"):
            plain = fold(match.group()).replace(",", ".").replace("×", ":").replace("x", ":").replace(" ", "")
            found.append(Token(plain, kind, start, end))
        else:
            # A letter's accent can be all that tells two words apart ("e", "è"): such are spelt with it.
            word = fold(match.group()).translate(characters)
            parts = spelling.get(match.group().lower()) or spelling.get(word, (word,))
            found += [Token(part, kind, start, end) for part in parts]
    return found
