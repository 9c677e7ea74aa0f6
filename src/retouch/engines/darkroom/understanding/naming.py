"""Names that a prompt gives to the pictures sent: "put me into the beach pic (image 2 = beach)"."""

from __future__ import annotations

import re

LONGEST = 1000
"""Characters of a prompt that is looked through; a longer one tells a story."""

_PICTURE = r"(?:image|picture|photo|photograph|pic|shot|img)"
_NUMBERS = {"first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4}
_NUMBERED = (
    rf"(?:{_PICTURE} ?(?:no\.? ?|number )?(?P<digit>[1-8])"
    rf"|(?:the )?(?P<ordinal>{'|'.join(_NUMBERS)})(?: {_PICTURE}| one)?)"
)
_ARTICLE = r"(?:the |a |an |my |our |your |his |her |some )"
_NAME = r"(?P<name>[a-z]+(?: [a-z]+)?)"
_ENDS = r"(?= ?[,.;:!?)\]\n]| and (?:the )?(?:image|picture|photo|second|third|fourth)\b|$)"
_SAID = re.compile(
    rf"[(\[]? ?\b{_NUMBERED} ?(?:(?:=|:) ?{_ARTICLE}?|(?:is|shows|being) {_ARTICLE}){_NAME}{_ENDS}"
    r" ?[)\]]?[,.;]?(?: and\b)?",
    re.I,
)
"""The name as a statement of its own; "is" needs an article, for "image 2 is dark" names nothing."""
_BEHIND = re.compile(
    rf"\b{_ARTICLE}?(?P<name>[a-z]+)(?: {_PICTURE})? ?\({_NUMBERED}\)",
    re.I,
)
"""The number behind what it is the number of: "the beach (image 2)"."""
_ONTO = re.compile(
    r"\b(?:on|onto|on to|in|into|to|at|over|before|against|in front of|inside|upon|with|as) $", re.I
)
_QUOTE = re.compile('["“„«「‘]')
_OURSELVES = ("me", "us", "him", "her", "them")


def resolve_names(prompt: str, sources: int) -> str:
    """``prompt`` with the numbers of the pictures in place of the names that it gives them; as it is where it
    names none of the ``sources`` pictures, never uses a name, or quotes anything."""
    if sources == 1 or len(prompt) > LONGEST or _QUOTE.search(prompt):
        return prompt
    prompt = re.sub(" {2,}", " ", prompt)
    short = _BEHIND.sub(lambda match: _number(prompt[: match.start()], match["name"], match), prompt)
    if short != prompt:
        return short
    names = {match["name"].lower(): _said(match) for match in _SAID.finditer(prompt)}
    if not names or max(names.values()) > sources:
        return prompt
    told = _SAID.sub(" ", prompt)
    used = False
    for name, number in names.items():
        kept = rf"\b{_ARTICLE}?{re.escape(name)}(?P<picture> {_PICTURE})?\b"
        for match in reversed(list(re.finditer(kept, told, re.I))):
            ahead = told[: match.start()]
            whole = match["picture"] or _ONTO.search(ahead)
            said = f"image {number}" if whole else f"{match.group()} from image {number}"
            told = f"{ahead}{said}{told[match.end() :]}"
            used = True
    return told.strip() if used else prompt


def _said(match: re.Match[str]) -> int:
    return int(match["digit"] or _NUMBERS[match["ordinal"].lower()])


def _number(ahead: str, name: str, match: re.Match[str]) -> str:
    number = _said(match)
    if _ONTO.search(ahead) and name.lower() not in _OURSELVES:
        return f"image {number}"
    return f"{match.group().partition('(')[0].strip()} from image {number}"
