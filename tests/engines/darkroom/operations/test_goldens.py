"""A guard on how the darkroom's operations look: the mean colour and the texture of each of 12 × 12 parts of a
rendering, compared as an eye would with those that a person approved. After a change made on purpose, look at the
pictures, then run with RETOUCH_REGENERATE_GOLDENS=1.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from operator import attrgetter
from pathlib import Path

import cv2
import numpy as np
import pytest

from retouch.engines.base import Never
from retouch.engines.darkroom.colour import to_linear, to_oklab
from retouch.engines.darkroom.framing import framed_size, paint_framed, reframes
from retouch.engines.darkroom.painting import Ground, Manner, paint
from retouch.engines.darkroom.recipe import Recipe
from retouch.engines.darkroom.understanding.instruction import understand
from retouch.engines.darkroom.understanding.vocabulary import Operation, vocabulary
from retouch.errors import TargetNotFound
from retouch.imaging.raster import F32, Raster
from tests.memory import remembered

Photo = Callable[..., Raster]
GOLDENS = Path(__file__).parents[3] / "data" / "goldens"
OPERATIONS = [
    operation
    for operation in vocabulary().operations.values()
    if not (operation.masked or operation.name == "extend")
]
"""Those whose example works on any photograph; a filling is compared in its own tests."""


PARTS = 12
"""How many parts there are each way."""
STEPS = 500
"""Into how many steps black to white is divided in the files."""


@pytest.fixture(autouse=True, scope="module")
def _remembered() -> Iterator[None]:
    with remembered():
        yield


def summary(raster: Raster) -> F32:
    """(12, 12, 4): lightness, the colour axes of OKLab, and the deviation of the lightness within the part. What
    is transparent counts as mid-grey."""
    rgb: F32 = raster.rgb.astype(np.float32)
    if raster.alpha is not None:
        cover = raster.alpha[..., None].astype(np.float32) / np.float32(255)
        rgb = rgb * cover + np.float32(128) * (1 - cover)
    lab = to_oklab(to_linear(np.rint(rgb).astype(np.uint8)))
    light = np.ascontiguousarray(lab[..., 0])
    mean = cv2.resize(lab, (PARTS, PARTS), interpolation=cv2.INTER_AREA)
    square = cv2.resize(light * light, (PARTS, PARTS), interpolation=cv2.INTER_AREA)
    texture = np.sqrt(np.maximum(square - mean[..., 0] ** 2, 0))
    return np.asarray(np.dstack([mean, texture]), np.float32)


def assert_as_approved(name: str, raster: Raster) -> None:
    """Compare ``raster`` with the golden ``name``, or write it. A distance of 0.02 in OKLab is just to be seen."""
    seen = summary(raster)
    path = GOLDENS / f"{name}.json"
    if os.environ.get("RETOUCH_REGENERATE_GOLDENS") == "1":
        path.parent.mkdir(parents=True, exist_ok=True)
        levels = np.rint(seen * STEPS).astype(int)
        rows = ",\n".join(json.dumps(row.ravel().tolist(), separators=(",", ":")) for row in levels)
        path.write_text(f"[\n{rows}\n]\n")
    approved = np.array(json.loads(path.read_text()), np.float32).reshape(PARTS, PARTS, 4) / STEPS
    colour = np.linalg.norm((seen - approved)[..., :3], axis=-1)
    texture = np.abs((seen - approved)[..., 3])
    assert colour.mean() <= 0.008, f"{name} is off by {colour.mean():.3f} on average"
    assert colour.max() <= 0.06, f"{name} is off by {colour.max():.3f} somewhere"
    assert texture.mean() <= 0.008, f"{name} has a texture off by {texture.mean():.3f} on average"


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
