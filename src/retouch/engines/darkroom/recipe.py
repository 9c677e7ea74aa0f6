"""What the darkroom will do: a value that can be printed, tested and sent to another process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

REGIONS = ("background", "sky", "subject", "face", "left", "right", "top", "bottom")
"""The parts of a picture an instruction can name, beside what is of a colour: "colour:red"."""


@dataclass(frozen=True)
class Step:
    """One operation.

    ``op``: its name among the operations. ``params``: its keyword arguments, JSON-serialisable.
    ``region``: where it applies, one of `REGIONS` or "colour:" and a colour of the palette, None for everywhere.
    ``keep``: regions it leaves alone.
    ``amount``: 0 (nothing) to 2 (twice as much), 1 as designed. ``says``: how to tell a person.
    """

    op: str
    params: Mapping[str, Any] = field(default_factory=dict)
    region: str | None = None
    keep: tuple[str, ...] = ()
    amount: float = 1.0
    says: str = ""


@dataclass(frozen=True)
class Recipe:
    """The steps in order. ``each``: they are done to every source, and the results laid out as one sheet.
    ``notes``: what of the request is left out, for people."""

    steps: tuple[Step, ...]
    each: bool = False
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Recipe:
        steps = tuple(Step(**{**step, "keep": tuple(step["keep"])}) for step in data["steps"])
        return cls(steps=steps, each=data["each"], notes=tuple(data["notes"]))

    def revised_prompt(self) -> str:
        """What will be done and what is left out, in one or two sentences."""
        done = ", then ".join(step.says or step.op.replace("_", " ") for step in self.steps)
        if self.each:
            sheet = "on each picture, laid out as one sheet"
            done = f"{done}, {sheet}" if done else "lay the pictures out as one sheet"
        return " ".join([done[:1].upper() + done[1:] + ".", *self.notes])
