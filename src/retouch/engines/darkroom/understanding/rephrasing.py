"""What is said as in another language, put as English has it: "put to him a hat", "more bright".

The patterns are in ``lexicon/rephrasing.toml``.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources

LONGEST = 600
"""Characters of a prompt that is looked through; a longer one tells a story."""

_QUOTE = re.compile('["“”„«»「」『』]')


def rephrase(prompt: str) -> str:
    """``prompt`` with what it says in a foreign way said in ours; as it is where it quotes anything."""
    if len(prompt) > LONGEST or _QUOTE.search(prompt):
        return prompt
    for said, means in _rules():
        prompt = said.sub(means, prompt)
    return prompt


@cache
def _rules() -> tuple[tuple[re.Pattern[str], str], ...]:
    folder = resources.files("retouch.engines.darkroom") / "lexicon"
    table = tomllib.loads((folder / "rephrasing.toml").read_text("utf-8"))
    return tuple(
        (re.compile(rule["said"].replace("<who>", table["who"]), re.I), rule["means"]) for rule in table["rule"]
    )
