"""A guard on how the darkroom's operations look: 16 × 16 mean colours of each rendering, compared with those a
person approved. After a change made on purpose, look at the pictures, then run with RETOUCH_REGENERATE_GOLDENS=1.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from operator import attrgetter
from pathlib import Path

import cv2
import numpy as np
import pytest

from retouch.engines.base import Never
from retouch.engines.darkroom.framing import framed_size, paint_framed, reframes
from retouch.engines.darkroom.painting import Ground, Manner, paint
from retouch.engines.darkroom.recipe import Recipe
from retouch.engines.darkroom.understanding.instruction import understand
from retouch.engines.darkroom.understanding.vocabulary import Operation, vocabulary
from retouch.errors import TargetNotFound
from retouch.imaging.raster import Raster

Photo = Callable[..., Raster]
GOLDENS = Path(__file__).parents[3] / "data" / "goldens"
OPERATIONS = [
    operation
    for operation in vocabulary().operations.values()
    if not (operation.masked or operation.name == "extend")
]
"""Those whose example works on any photograph; a filling is compared in its own tests."""


def assert_as_approved(name: str, raster: Raster) -> None:
    """Compare ``raster`` with the golden ``name``, or write it. Levels are 0..255: one or two are invisible."""
    grid = cv2.resize(raster.rgb, (16, 16), interpolation=cv2.INTER_AREA).astype(int)
    path = GOLDENS / f"{name}.json"
    if os.environ.get("RETOUCH_REGENERATE_GOLDENS") == "1":
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = ",\n".join(json.dumps(row.ravel().tolist(), separators=(",", ":")) for row in grid)
        path.write_text(f"[\n{rows}\n]\n")
    approved = np.array(json.loads(path.read_text())).reshape(16, 16, 3)
    off = np.abs(grid - approved)
    assert off.mean() <= 1.5, f"{name} is off by {off.mean():.1f} levels on average"
    assert off.max() <= 12, f"{name} is off by {off.max()} levels somewhere"


@pytest.mark.parametrize("shot", ["china", "astronaut"])
@pytest.mark.parametrize("operation", OPERATIONS, ids=attrgetter("name"))
def test_an_operation_looks_as_approved(photo: Photo, operation: Operation, shot: str) -> None:
    others = ("flower", "coffee")[: operation.sources - 1]
    sources = (photo(shot, 480), *(photo(other, 480) for other in others))
    asked = understand(operation.example, has_mask=False, sources=len(sources))
    recipe = Recipe(tuple(replace(step, region=None, keep=(), amount=1.0) for step in asked.steps))
    try:
        if reframes(recipe):
            size = framed_size(recipe, [source.size for source in sources])
            painted = paint_framed(sources, recipe, size, Manner(), Never())
        else:
            ground = Ground(sources[0], (0, 0, *sources[0].size), sources=sources)
            painted = paint(ground, recipe, Manner(), Never())
    except TargetNotFound:
        pytest.skip("what it needs is not in this picture")
    assert_as_approved(f"{operation.name}-{shot}", painted)
