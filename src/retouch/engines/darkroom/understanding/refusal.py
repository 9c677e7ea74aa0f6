"""What a person is told when an instruction is beyond the darkroom: why first, then at most one way on."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from functools import cache

from retouch.engines.darkroom import assets
from retouch.engines.darkroom.understanding.vocabulary import Vocabulary
from retouch.errors import UnsupportedInstruction

_SHOWN = 4
_REASONS = 2
_LONGEST = 24
_SHORT = 5
_LETTERS = re.compile("[a-z]{5,}")
_TEXT = 72
_ABILITIES = (
    "It knows looks, styles and weather ('vintage', 'pencil sketch', 'snow'), light and colour ('warmer', 'more "
    "contrast'), 'make the red car blue', 'white background', 'replace the sky with a sunset', 'crop to 16:9', "
    "'add a hat', and removing what a mask marks."
)


def refuse(
    vocabulary: Vocabulary,
    *,
    understood: Iterable[str] = (),
    unknown: Sequence[str] = (),
    strange: Sequence[str] = (),
    lost: Sequence[str] = (),
    reasons: Iterable[str] = (),
    has_mask: bool = False,
) -> UnsupportedInstruction:
    """The error for an instruction.

    ``understood``: what would have been done, in a person's words. ``unknown``: the words that nothing explains;
    ``strange``: those of them that may be slips of the pen; ``lost``: those that seem to name a part of the
    picture. ``reasons``: each goes on a sentence that begins with "The darkroom".
    """
    why = list(dict.fromkeys(reasons))[:_REASONS]
    meant = _meant(vocabulary, strange)
    lost = [word for word in lost if word not in vocabulary.telling]
    if lost and not meant and not why:
        way = "say 'the subject'" + ("" if has_mask else ", or send a mask that marks it")
        why.append(f"cannot find {_quoted(lost[:1])} by name: {way}")
    known, puzzling = _quoted(understood), _quoted(unknown)
    sentences = [f"The darkroom {reason}." for reason in why]
    speaker = "It" if sentences else "The darkroom"
    if known and puzzling:
        sentences.append(f"{speaker} understood {known}, but not {puzzling}.")
    elif puzzling:
        sentences.append(f"{speaker} did not understand {puzzling}.")
    elif known and not why:
        sentences.append(f"{speaker} understood {known}, but not the whole instruction.")
    if not sentences:
        sentences.append("The instruction asks for no edit.")
    if meant:
        sentences.append(f"Did you mean {_quoted(meant[:1])}?")
    elif not (known or why):
        sentences.append(_ABILITIES)
    return UnsupportedInstruction(" ".join(sentences))


def _shorten(text: str) -> str:
    return text if len(text) <= _TEXT else text[:_TEXT] + "…"


def _quoted(texts: Iterable[str]) -> str:
    distinct = list(dict.fromkeys(texts))
    shown = [f"'{_shorten(text)}'" for text in distinct[:_SHOWN]]
    if len(distinct) > _SHOWN:
        shown.append(f"{len(distinct) - _SHOWN} more")
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def _meant(vocabulary: Vocabulary, strange: Sequence[str]) -> list[str]:
    """Known words that the strange ones may be slips of; difflib is given only those that could be."""
    found: list[str] = []
    known = (*vocabulary.telling, *_things())
    for word in list(dict.fromkeys(strange))[:3]:
        if 4 <= len(word) <= _LONGEST:
            # Nobody slips at the first letter.
            alike = [other for other in known if other[0] == word[0]]
            near = [other for other in alike if other != word and _is_slip(word, other)]
            found += difflib.get_close_matches(word, near, 1, 0.8)
    return found


def _is_slip(word: str, meant: str) -> bool:
    """Nobody slips by more than one letter in the length; and of short words one with another letter is another
    word: "would" is no slip of "world"."""
    if abs(len(word) - len(meant)) > 1 or word.rstrip("s") == meant.rstrip("s"):
        return False
    return max(len(word), len(meant)) > _SHORT or len(word) != len(meant) or sorted(word) == sorted(meant)


@cache
def _things() -> tuple[str, ...]:
    """The things' names of one word."""
    return tuple(name for name in assets.phrases() if _LETTERS.fullmatch(name))
