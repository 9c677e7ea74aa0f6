"""What a painter is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from retouch.engines.base import Size
from retouch.imaging.raster import F32, Raster


@dataclass(frozen=True, eq=False)
class Call:
    """One request to a pipeline, of one or more pictures.

    ``images``: the one to edit, of ``size``, then the references in the order sent. ``mask``: float32 (height,
    width) of the first, 1 = paint; None = everything. ``size``: (width, height) wished for. ``seeds``: one a
    picture. ``steps``: the whole schedule. ``guidance``, ``strength``, ``negative``: None where the pipeline is
    left to its own. ``previews``: how many partial pictures are wanted, all of the first. ``calls``: further
    arguments, in place of what is fixed for the family.
    """

    prompt: str
    images: tuple[Raster, ...]
    mask: F32 | None
    size: Size
    seeds: tuple[int, ...]
    steps: int
    guidance: float | None = None
    strength: float | None = None
    negative: str | None = None
    previews: int = 0
    calls: Mapping[str, Any] = field(default_factory=dict)
