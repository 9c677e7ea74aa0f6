"""The course of an edit by a generative model, over HTTP with the official client: what is seen of it meanwhile,
its end before time, several pictures of one and several edits at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from tests.generative.studio import SEED, STEPS, Studio, changed, picture
from tests.miniatures.fixtures import needs_libraries
from tests.miniatures.names import NAMES

pytestmark = needs_libraries
every = pytest.mark.parametrize("model", NAMES)
whole_and_masked = pytest.mark.parametrize("masked", [False, True], ids=["whole", "masked"])


@whole_and_masked
@every
def test_the_preview_of_the_last_step_is_the_result(studio: Studio, model: str, masked: bool) -> None:
    told = studio.stream(model, masked=masked, partial_images=STEPS)
    *previews, completed = told.kinds
    assert previews == ["partial_image"] * len(previews)
    assert completed == "completed"
    # A strength below 1 leaves steps out.
    assert 2 <= len(previews) <= STEPS
    np.testing.assert_array_equal(told.previews[-1], told.result)
    np.testing.assert_array_equal(told.result, studio.usual(model, masked=masked))
    assert all(changed(first, second) > 0.05 for first, second in pairwise(told.previews))


@every
def test_previews_come_nearer_to_the_result(studio: Studio, model: str) -> None:
    told = studio.stream(model, partial_images=3, extra={"num_inference_steps": 6})
    assert told.kinds == [*["partial_image"] * 3, "completed"]
    first, _, last = (changed(preview, told.result) for preview in told.previews)
    assert 0 < last < first


@every
def test_an_edit_whose_client_leaves_stops_within_the_step_and_the_next_is_undisturbed(
    studio: Studio, model: str
) -> None:
    usual = studio.usual(model)
    before = studio.steps.count
    with studio.steps.held(2) as held:
        with studio.client.images.edit(
            **studio.arguments(model, extra={"num_inference_steps": 8}),
            stream=True,
            extra_headers={"x-retouch-grace": "0"},
        ):
            studio.steps.wait(held)
        studio.told_to_stop()
    studio.idle()
    assert studio.steps.count == before + 2
    np.testing.assert_array_equal(studio.paint(model), usual)


@every
def test_pictures_of_a_row_are_those_of_their_seeds(studio: Studio, model: str) -> None:
    row = studio.row(model, n=3, seed=SEED)
    alone = [studio.usual(model), *(studio.paint(model, seed=SEED + number) for number in (1, 2))]
    for first, second in zip(row, alone, strict=True):
        assert np.abs(first.astype(int) - second.astype(int)).max() <= 1
    assert changed(row[0], row[1]) > 0.5
    assert changed(row[1], row[2]) > 0.5


def test_twenty_edits_at_once_are_painted_as_one_by_one(studio: Studio) -> None:
    asked: list[dict[str, Any]] = [
        {
            "model": NAMES[(7 * number) % len(NAMES)],
            "masked": bool(number % 2),
            "prompt": f"{number} red doors",
            "seed": 100 + number,
            "pictures": [picture(number % 4)],
        }
        for number in range(20)
    ]
    alone = [studio.paint(**one) for one in asked]
    with ThreadPoolExecutor(20) as threads:
        together = list(threads.map(lambda one: studio.paint(**one), asked))
    for one, first, second in zip(asked, alone, together, strict=True):
        np.testing.assert_array_equal(first, second, err_msg=str(one["model"]))
