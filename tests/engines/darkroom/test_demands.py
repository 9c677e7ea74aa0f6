from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from retouch.engines.darkroom.demands import seek
from retouch.engines.darkroom.recipe import Recipe, Step
from retouch.engines.darkroom.scene import Scene
from retouch.errors import TargetNotFound, UnsupportedInstruction
from retouch.imaging.raster import Raster

Photo = Callable[..., Raster]
NOISE = Raster(np.random.default_rng(3).integers(100, 150, (200, 200, 3), dtype=np.uint8))


def look(steps: list[Step], *pictures: Raster) -> None:
    seek(Scene(pictures[0], sources=pictures), Recipe(tuple(steps)), None)


@pytest.mark.parametrize("op", ["remove_background", "blur_background", "replace_background", "remove_subject"])
def test_what_is_done_around_a_subject_needs_one(op: str) -> None:
    with pytest.raises(TargetNotFound, match="No clear subject"):
        look([Step(op)], NOISE)


def test_a_step_s_region_and_what_it_keeps_must_be_there(photo: Photo) -> None:
    for step in (Step("vivid", region="colour:lime"), Step("sepia", keep=("colour:lime",))):
        with pytest.raises(TargetNotFound, match="nothing lime"):
            look([step], photo("coffee", 240))


def test_steps_after_turning_to_another_picture_are_about_that_one(photo: Photo) -> None:
    turn, replace = Step("take", {"image": 2}), Step("replace_sky", {"kind": "blue"})
    look([turn, replace], photo("coffee", 240), photo("china", 240))
    with pytest.raises(TargetNotFound, match="no sky"):
        look([turn, replace], photo("china", 240), photo("coffee", 240))


def test_a_picture_that_was_not_sent_is_refused(photo: Photo) -> None:
    with pytest.raises(UnsupportedInstruction, match="image 2"):
        look([Step("match_colours", {"image": 2})], photo("china", 240))


def test_what_is_worn_needs_a_face(photo: Photo) -> None:
    with pytest.raises(TargetNotFound, match="no face"):
        look([Step("sunglasses")], photo("coffee", 240))
    look([Step("sunglasses")], photo("astronaut", 320))
