"""By how many degrees a picture is said to be tilted: it is measured anyway, and levelled by what is measured."""

from __future__ import annotations

from collections.abc import Sequence

_MOST = 15.0
"""Degrees; what is turned further is not crooked but on its side."""

_COUNTED = frozenset({"a", "one", "two", "three", "four", "five", "few", "couple", "some", "several"})
_ROUGHLY = frozenset(
    {
        "by",
        "about",
        "around",
        "roughly",
        "maybe",
        "approximately",
        "at",
        "least",
        "like",
        "only",
        "just",
        "of",
        "a",
        "an",
    }
    | {"almost", "nearly", "perhaps", "probably", "estimated", "another", "ca", "circa", "to", "or"}
)
_AFTER = (["or", "so"], ["i", "think"], ["i", "guess"], ["too", "much"])
_OFF = (["off"], ["out"], ["off", "level"], ["out", "of", "level"])


def without_degrees(words: Sequence[str]) -> Sequence[str]:
    """ "Is tilted by about 2 degrees" as "is tilted", "is 2 degrees off" as "is crooked"; others as they are."""
    at = next((at for at, word in enumerate(words) if word in ("degrees", "degree", "°")), 0)
    if not at or not _counts(words[at - 1]):
        return words
    start, end = at - 1, at + 1
    while start and (words[start - 1] in _ROUGHLY or _counts(words[start - 1])):
        start -= 1
    for said in _AFTER:
        if list(words[end : end + len(said)]) == said:
            end += len(said)
    off = max((len(said) for said in _OFF if list(words[end : end + len(said)]) == said), default=0)
    told = words[start - 1 : start] and words[start - 1] in ("off", "out")
    if off or told:
        return [*words[: start - bool(told)], "crooked", *words[end + off :]]
    return [*words[:start], *words[end:]] if start > 1 else words


def _counts(word: str) -> bool:
    if word in _COUNTED:
        return True
    return word.replace(".", "", 1).isdecimal() and float(word) <= _MOST
