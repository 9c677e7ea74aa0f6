"""How the darkroom reads instructions that were written without knowing its words.

``phrases.toml`` says of each what a person would expect: the operations (``a|b``: either), or none where it cannot
be done and must be refused. Counted are those served as expected, those refused, and those read wrongly: other
operations than expected, or any at all where a refusal was due. Usage: python -m benchmarks.understanding
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from retouch.engines.darkroom.recipe import Recipe
from retouch.engines.darkroom.understanding.instruction import understand
from retouch.errors import UnsupportedInstruction

PHRASES = Path(__file__).parent / "phrases.toml"


def meets(recipe: Recipe, wanted: Sequence[str]) -> bool:
    """Whether the steps are the operations wanted, in any order."""
    done = [step.op for step in recipe.steps] + (["collage"] if recipe.each and not recipe.steps else [])
    left = [options.split("|") for options in wanted]
    for op in done:
        at = next((at for at, options in enumerate(left) if op in options), None)
        if at is None:
            return False
        del left[at]
    return not left


def judge(phrase: dict[str, Any]) -> tuple[str, str]:
    """A verdict and what was said."""
    wanted = phrase.get("wants", [])
    try:
        recipe = understand(phrase["text"], has_mask=phrase.get("mask", False), sources=phrase.get("sources", 1))
    except UnsupportedInstruction as error:
        return ("missed" if wanted else "rightly refused"), error.message
    right = bool(wanted) and meets(recipe, wanted)
    return ("served" if right else "wrong"), recipe.revised_prompt()


def main() -> None:
    phrases = tomllib.loads(PHRASES.read_text("utf-8"))["phrase"]
    counts: Counter[str] = Counter()
    for phrase in phrases:
        verdict, said = judge(phrase)
        counts[verdict] += 1
        print(f"{verdict:16} {phrase['text']!r}\n{'':17}{said}")
    possible = sum(1 for phrase in phrases if phrase.get("wants"))
    print(f"\n{len(phrases)} phrases, {possible} of them possible")
    for verdict in ("served", "missed", "rightly refused", "wrong"):
        print(f"{verdict:16}{counts[verdict]:5}")
    print(f"{counts['served'] / possible:.0%} of the possible ones served")


if __name__ == "__main__":
    main()
