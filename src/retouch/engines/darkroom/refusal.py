"""What a person is told when an instruction is beyond the darkroom."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from retouch.engines.darkroom.vocabulary import Vocabulary
from retouch.errors import UnsupportedInstruction

_SHOWN = 6
_LONGEST = 24
_TEXT = 72
_ABILITIES = (
    "a sunset, golden-hour, vintage, sepia, black-and-white, cinematic or vivid look",
    "warmer, cooler, brighter or darker",
    "an oil painting or a watercolour",
    "removing the background",
    "removing what a mask marks",
    "extending the image",
    "adding sunglasses",
)
_ELSEWHERE = "For an edit in free words, choose a model whose engine paints from any description."


def refuse(
    vocabulary: Vocabulary,
    *,
    understood: Iterable[str] = (),
    unknown: Sequence[str] = (),
    strange: Sequence[str] = (),
    reasons: Iterable[str] = (),
) -> UnsupportedInstruction:
    """The error for an instruction.

    ``understood``: what would have been done, in a person's words. ``unknown``: the words that nothing explains;
    ``strange``: those of them that may be slips of the pen.
    ``reasons``: each goes on a sentence that begins with "The darkroom".
    """
    sentences: list[str] = []
    known, puzzling = _quoted(understood), _quoted(unknown)
    if known and puzzling:
        sentences.append(f"The darkroom understood {known}, but not {puzzling}.")
    elif puzzling:
        sentences.append(f"The darkroom did not understand {puzzling}.")
    elif known:
        sentences.append(f"The darkroom understood {known}, but not the whole instruction.")
    sentences += [f"The darkroom {reason}." for reason in list(dict.fromkeys(reasons))[:3]]
    if meant := _meant(vocabulary, strange):
        sentences.append(f"Did you mean {_quoted(meant)}?")
    if not sentences:
        sentences.append("The instruction asks for no edit.")
    sentences.append(f"It can do: {'; '.join(_ABILITIES)}.")
    sentences.append(_ELSEWHERE)
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
    """Known words that the strange ones may be slips of; difflib's time is bounded by what it is given."""
    found: list[str] = []
    for word in list(dict.fromkeys(strange))[:3]:
        if 4 <= len(word) <= _LONGEST:
            close = difflib.get_close_matches(word, vocabulary.telling, 1, 0.8)
            found += [match for match in close if match != word]
    return found
