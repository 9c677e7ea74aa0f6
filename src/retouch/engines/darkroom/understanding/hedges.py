"""Clauses that say no more than how much of it is wished: "brighten it. Nothing too strong, please"."""

from __future__ import annotations

from dataclasses import replace

from retouch.engines.darkroom.understanding.clauses import Clause, joins
from retouch.engines.darkroom.understanding.reading import Reading
from retouch.engines.darkroom.understanding.vocabulary import Vocabulary
from retouch.engines.darkroom.understanding.wishes import Amount, measured

_IDLE = ("amount", "polite", "strength", "share")
_SLIGHT = 0.3
"""Steps as weak as that have been told their amount before."""


def hedge(clause: Clause, amount: Amount | None, found: Reading, lexicon: Vocabulary) -> bool:
    """Whether ``clause`` only asks for less of the edit before it, or of what mends a complaint; that is done."""
    if amount is None or amount.value > 1:
        return False
    if measured(amount) and not any("share" in item for item in clause.items):
        return False
    if not all(joins(item) or any(sense in item for sense in _IDLE) for item in clause.items):
        return False
    if found.mending and not found.steps:
        found.part = amount.value
        return True
    for at in range(found.begun, len(found.steps)):
        step = found.steps[at]
        if step.amount > _SLIGHT and "exposure" not in step.params and not lexicon.operations[step.op].steady:
            found.steps[at] = replace(step, amount=round(step.amount * amount.value, 4))
    return bool(found.steps)
