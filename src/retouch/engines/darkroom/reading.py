"""What has been read of an instruction so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from retouch.engines.darkroom.recipe import Step
from retouch.engines.darkroom.vocabulary import Item

MOST_STEPS = 12
"""More steps than that are refused: each can cost a second."""

NO_MASK = "needs a mask that marks it: send one whose transparent pixels are the ones to change"


@dataclass
class Reading:
    """``has_mask`` and ``sources``: what came with the instruction.

    ``steps`` and ``keep`` (regions) are what it asks for; ``each``: it speaks of several pictures.
    ``unknown``: words that nothing explains, of them ``strange`` those the lexicon doesn't have; ``reasons``:
    why some of it cannot be done. ``verb``: the kind of
    the last verb of an edit and ``last`` its steps, for a clause that goes on with them.
    """

    has_mask: bool
    sources: int
    steps: list[Step] = field(default_factory=list)
    keep: list[str] = field(default_factory=list)
    each: bool = False
    unknown: list[str] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    verb: str | None = None
    last: list[Step] = field(default_factory=list)

    def add(
        self, op: str, *, params: Mapping[str, Any] | None = None, region: str | None = None, amount: float = 1.0
    ) -> None:
        step = Step(op, params=params or {}, region=region, amount=amount)
        if step in self.steps:
            return
        if len(self.steps) == MOST_STEPS:
            self.doubt(f"does at most {MOST_STEPS} steps in one edit")
            return
        self.steps.append(step)

    def doubt(self, reason: str) -> None:
        if reason not in self.reasons:
            self.reasons.append(reason)

    def puzzle(self, item: Item) -> None:
        """Note that nothing explains ``item``; a known refusal explains why."""
        if reason := item.senses.get("refusal"):
            self.doubt(reason)
        self.unknown.append(item.text)
        if not item.senses:
            self.strange.append(item.text)
