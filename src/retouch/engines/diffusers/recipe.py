"""What was settled of an edit before anything was promised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Recipe:
    """How a job will be painted; the `recipe` of its plan.

    ``steps``: of denoising, the whole schedule. ``guidance``, ``strength``: None where the pipeline has no such
    thing or is left to its own. ``area``: pixels that are painted at most. ``least``: pixels to which what is
    smaller is enlarged. ``negative``: what to keep out, or None. ``crop``: whether to work at the masked part
    alone. ``matte``: whether the result is to be cut out of its background. ``calls``: further arguments of the
    pipeline's call, in place of those that are fixed for its family.
    """

    steps: int
    guidance: float | None
    strength: float | None
    area: int
    least: int
    negative: str | None = None
    crop: bool = True
    matte: bool = False
    calls: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As JSON can say it; `from_dict` is the inverse."""
        return {**asdict(self), "calls": dict(self.calls)}

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Recipe:
        return cls(**told)
