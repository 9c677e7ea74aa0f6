"""A guard on how the darkroom's operations look: 16 × 16 mean colours of each rendering, compared with those a
person approved. After a change made on purpose, look at the pictures, then run with RETOUCH_REGENERATE_GOLDENS=1.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from retouch.engines.darkroom import operations
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import Raster

Photo = Callable[..., Raster]
GOLDENS = Path(__file__).parents[3] / "data" / "goldens"
OPERATIONS = (
    "sunset",
    "golden_hour",
    "vintage",
    "black_and_white",
    "sepia",
    "noir",
    "cinematic",
    "faded",
    "vivid",
    "warmer",
    "cooler",
    "brighter",
    "darker",
    "watercolour",
    "oil_painting",
)


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
@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_looks_as_approved(photo: Photo, operation: str, shot: str) -> None:
    assert_as_approved(f"{operation}-{shot}", operations.find(operation)(Scene(photo(shot, 480))))
