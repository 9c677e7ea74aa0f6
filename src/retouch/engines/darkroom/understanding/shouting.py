"""Texts that stand out from the instruction around them: in capitals, or before an arrow."""

from __future__ import annotations

import re
from collections.abc import Callable

from retouch.engines.darkroom import assets
from retouch.engines.darkroom.understanding.placing import is_placing, words_of

_LONGEST = 200
"""Characters of a text, and of a sentence with one in capitals."""

_ARROW = re.compile("<+[-=]*|←")
_WRITTEN = re.compile(
    r"\s{0,9}(?:please )?(?:(?:can|could) you )?(?P<verb>write|put|add|type|print) "
    r"(?:this text|these words|this|that|it)\b",
    re.I,
)
_SHOUTED = re.compile(r"(?<![\w#&])[A-Z0-9][A-Z0-9&'%€$£!?-]*(?: [A-Z0-9&][A-Z0-9&'%€$£!?-]*)*(?![\w&])")
_CAPITALS = re.compile("[A-Z]{3,}")
_WORD = re.compile(r"[^\W\d_]+")
_BESIDE = words_of("text", "beside")
_ARTICLES = ("the", "a", "an", "this", "that", "my", "our")


def pointed_at(prompt: str) -> tuple[str, str, str] | None:
    """ "Happy 70th, Grandpa! <- write this at the bottom": the text, the verb and what follows it."""
    arrow = _ARROW.search(prompt, 1, _LONGEST)
    written = _WRITTEN.match(prompt, arrow.end()) if arrow else None
    if arrow is None or written is None:
        return None
    said = prompt[: arrow.start()].strip()
    return (said, written["verb"], prompt[written.end() :]) if said else None


def shouted(sentence: str, asks: Callable[[str], bool]) -> tuple[int, int] | None:
    """Where a text in capitals begins and ends, if everything around it says where and how it is written: "SOLD
    across the picture in red capitals". ``asks`` says of words whether they ask for an edit: "HDR" does."""
    if len(sentence) > _LONGEST:
        return None
    for match in _SHOUTED.finditer(sentence):
        said = match.group()
        if not _CAPITALS.search(said) or asks(said.lower()) or assets.find(said.lower().split()[-1]):
            continue
        before, after = (_WORD.findall(part) for part in (sentence[: match.start()], sentence[match.end() :]))
        if before and before[-1].lower() in _ARTICLES:
            continue  # "Put the UFO at the top"
        around = [word for word in (*before, *after) if word.lower() not in _BESIDE]
        if (before or after) and all(word.islower() and is_placing(word) for word in around):
            return match.span()
    return None


def says_where(text: str) -> bool:
    """Whether all words of ``text`` say where and how something is written: "big and yellow at the top please"."""
    said = [word for word in _WORD.findall(text) if word not in _BESIDE]
    return bool(said) and all(word.islower() and is_placing(word) for word in said)
