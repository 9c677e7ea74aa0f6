"""What an instruction is headed with: "Avatar: ...", "Our café menu: ..." says what it is for."""

from __future__ import annotations

import re
from collections.abc import Sequence

from retouch.engines.darkroom.understanding.remarks import named
from retouch.engines.darkroom.understanding.vocabulary import Vocabulary

_LABEL = re.compile(
    r"\s{0,9}(?:\[(?P<boxed>[^\n\[\]:.,;!?\"“”«»']{2,48})\]:?\s|(?P<label>[^\W\d_][^\n:.,;!?()\[\]\"“”«»']{1,48}?)"
    r"(?:\s?:\s|\s?!{1,3}\s|\s(?:-{1,2}|[–—>|])\s|\s?(?:\.{3}|…)\s))"
)
_UNCOUNTED = ("look", "style", "frame", "scene")
_CODE = re.compile(r"(?:v|no|nr)?\d{1,4}|[a-h]|i{1,3}")

_SEASONS = frozenset({"spring", "summer", "autumn", "fall", "winter"})
_IDLE = ("region", "definite", "glue", "name", "polite", "image", "effect")


def take_label(prompt: str, lexicon: Vocabulary) -> tuple[str, str]:
    """The label that ``prompt`` begins with, and the rest; an empty one unless it only tells a use."""
    match = _LABEL.match(prompt)
    if match is None:
        return "", prompt
    label = (match["boxed"] or match["label"]).strip()
    spoken = re.sub(r"[-_#/&+]", " ", label.lower()).replace("'s ", " ").split()
    words = [word for word in spoken if word not in named("label_articles")]
    return (label, prompt[match.end() :]) if words and _tells(words, lexicon) else ("", prompt)


def _tells(words: Sequence[str], lexicon: Vocabulary) -> bool:
    """Whether ``words`` say which job it is, or what for, and order nothing."""
    if len(words) > 1 and words[-1] in named("seasonal"):
        words = [word for word in words if word not in _SEASONS]  # "Summer sale: ..."
        if len(words) == 1:
            return True
    if all(map(is_use, words)):
        return not named("label_things").issuperset(words) and (
            len(words) > 1 or words[0] not in named("label_heads") - named("uses") - named("labels")
        )
    counted = len(words) > 1 and _CODE.fullmatch(words[-1])
    if counted:
        words = words[:-1]
    if not any(
        (word in named("label_heads") and not (counted and word in _UNCOUNTED)) or is_use(word) for word in words
    ):
        return False
    return not (named("label_things").issuperset(words) and not counted) and all(
        _is_tame(word, lexicon) for word in words
    )


def is_use(word: str) -> bool:
    """Whether ``word`` names what a picture is for, or an occasion."""
    return word in named("labels") or word in named("uses") or word in named("occasions")


def _is_tame(word: str, lexicon: Vocabulary) -> bool:
    """Whether ``word`` names no edit, place or colour."""
    if is_use(word) or word in named("label_heads") or word in ("colour", "color"):
        return True
    if word in named("orders"):
        return False
    for item in lexicon.read(word)[:-1]:
        if item.senses.get("region", "subject") != "subject":
            return False
        if not all(sense in _IDLE or sense.startswith("around.") for sense in item.senses):
            return False
    return True
