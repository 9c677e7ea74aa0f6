"""What is said as in another language, put as English has it: "put to him a hat", "more bright"; and what is said
of a thing, "the sky should be replaced", put as an order.

The patterns are in ``lexicon/rephrasing.toml``.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources
from typing import Any

LONGEST = 600
"""Characters of a prompt that is looked through; a longer one tells a story."""

_USED = ("put", "place", "show", "set")
_ITSELF = re.compile(r"it|this|that|they|(?:the|my|our|this) (?:photo|picture|image|pic|shot)", re.I)
_TOLD = ("take", "give", "show", "make", "set", "draw", "put")
_ADJECTIVE = re.compile(
    r"^(?:an?|some) |^\w+ly |ed (?:versions?|looks?|background|style|pictures?|photos?|images?|colou?rs)\b",
    re.I,
)
_QUOTE = re.compile('["“”„«»「」『』]')


def rephrase(prompt: str) -> str:
    """``prompt`` with what it says in a foreign way said in ours; as it is where it quotes anything."""
    if len(prompt) > LONGEST or _QUOTE.search(prompt):
        return prompt
    first = _passive().search(prompt)
    if first is not None:
        at = first.start()
        prompt = prompt[:at] + _going_on().sub(_also, _passive().sub(_order, prompt[at:]))
    for said, means in _rules():
        prompt = said.sub(means, prompt)
    return prompt


def _order(match: re.Match[str]) -> str:
    """ "The sky should be replaced" as "replace the sky"."""
    verb = _table()["participles"][match["done"].lower()]
    had = match["wanted"] or match["had"]
    if verb in _USED and _ITSELF.fullmatch(match["told"] or "") and "background" not in match.string:
        return match.group()  # "It must be put on a mug"
    if had and (verb in _TOLD or _ADJECTIVE.search(f"{had} {match['done']}{match.string[match.end() :]}")):
        return match.group()  # "I have a picture taken in 1990", "I want a softly blurred background"
    return f"{verb} {match['told'] or match['asked'] or had}"


def _also(match: re.Match[str]) -> str:
    """ "... and cropped" as "... and crop it"."""
    verb = _table()["participles"][match["done"].lower()]
    if verb == match["done"].lower() and not match["else"]:
        return match.group()
    return f"and {match['then'] or ''}{verb} {match['else'] or 'it'}"


@cache
def _table() -> dict[str, Any]:
    folder = resources.files("retouch.engines.darkroom") / "lexicon"
    return tomllib.loads((folder / "rephrasing.toml").read_text("utf-8"))


def _written_out(pattern: str) -> re.Pattern[str]:
    """``pattern`` with what "<name>" stands for in it."""
    for name, stands_for in _table()["names"].items():
        pattern = pattern.replace(f"<{name}>", stands_for)
    return re.compile(pattern, re.I)


@cache
def _passive() -> re.Pattern[str]:
    return _written_out(f"{_table()['passive']}{_done()}")


@cache
def _going_on() -> re.Pattern[str]:
    ahead = r"\band (?P<then>then |also )?(?:(?P<else><what>) )?(?:be )?"
    return _written_out(rf"{ahead}{_done()}(?= |$|[.,;!])(?! (?:it|the|my|this)\b)")


def _done() -> str:
    return rf"(?P<done>{'|'.join(sorted(_table()['participles'], key=len, reverse=True))})\b"


@cache
def _rules() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((_written_out(rule["said"]), rule["means"]) for rule in _table()["rule"])
