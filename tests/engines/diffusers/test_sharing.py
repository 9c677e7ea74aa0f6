"""Several engines in one process, and the memory that they share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from retouch.engines.base import Canvas, EditJob, Never
from retouch.engines.diffusers import engine as module
from retouch.engines.diffusers.engine import DiffusersEngine
from retouch.errors import InternalError
from retouch.imaging.canvas import lay_out
from retouch.imaging.raster import Raster

MIB = 1 << 20
ROOM = 1280 * MIB
"""What is kept for activations."""

pytestmark = pytest.mark.usefixtures("torch")
Engines = Callable[..., DiffusersEngine]


@pytest.fixture
def engines(miniature: Callable[[str], Path]) -> Iterator[Engines]:
    made: list[DiffusersEngine] = []

    def engine(name: str, **options: Any) -> DiffusersEngine:
        settled: dict[str, Any] = {"device": "cpu", "dtype": "float32", "area": 128 * 96, "steps": 1, **options}
        made.append(DiffusersEngine(model=str(miniature(name)), **settled))
        return made[-1]

    yield engine
    for one in made:
        one.close()
    assert module._SHELF.sizes() == {}


def picture(seed: int) -> Raster:
    rows = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), np.uint8)
    return Raster(np.ascontiguousarray(rows.repeat(16, axis=0).repeat(16, axis=1)))


def result(engine: DiffusersEngine, job: EditJob) -> Any:
    laid = lay_out(job.sources[0], job.mask, job.sources[0].size)
    canvas = Canvas(laid.base, laid.weight, laid.box)
    return list(engine.edit(job, engine.plan(job), canvas, Never()))[-1].raster.rgb


def loaded() -> list[str]:
    return [name.rpartition("/")[2].split(" ")[0] for name in module._SHELF.sizes()]


def test_a_model_makes_room_for_another_and_paints_the_same_when_it_is_back(engines: Engines) -> None:
    job = EditJob((picture(0),), "a hat")
    memory = ROOM + 2 * MIB
    one, two = engines("flux2_klein", memory=memory), engines("sd15_inpaint", memory=memory)
    usual = result(one, job)
    assert loaded() == ["flux2_klein"]
    result(two, job)
    assert loaded() == ["sd15_inpaint"]
    np.testing.assert_array_equal(result(one, job), usual)


def test_models_stay_beside_each_other_where_there_is_room(engines: Engines) -> None:
    job = EditJob((picture(0),), "a hat")
    one, two = engines("flux2_klein"), engines("sd15_inpaint")
    result(one, job)
    result(two, job)
    result(one, job)
    assert loaded() == ["sd15_inpaint", "flux2_klein"]


def test_others_are_put_away_before_an_edit_is_given_up_for_lack_of_memory(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    from retouch.engines.diffusers import painter

    job = EditJob((picture(0),), "a hat")
    one, two = engines("flux2_klein"), engines("sd15_inpaint")
    usual = result(one, job)
    result(two, job)
    painted = painter._painted

    def full(*args: Any) -> list[Raster]:
        if len(loaded()) > 1:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return painted(*args)

    monkeypatch.setattr(painter, "_painted", full)
    np.testing.assert_array_equal(result(one, job), usual)
    assert loaded() == ["flux2_klein"]


def test_a_model_that_cannot_be_loaded_is_told_to_the_operator_alone(
    engines: Engines, caplog: pytest.LogCaptureFixture
) -> None:
    engine = engines("flux2_klein", memory=MIB, quantise="auto")
    with pytest.raises(ValueError, match="the model needs at least"):
        engine.warm()
    with pytest.raises(InternalError) as told:
        result(engine, EditJob((picture(0),), "a hat"))
    assert "GiB" not in str(told.value)
    assert "the model needs at least" in str(caplog.records[-1].__dict__["fields"]["error"])


def test_with_more_pictures_than_the_class_for_masks_takes_all_of_them_count(engines: Engines) -> None:
    engine = engines("flux2_klein")
    mask = np.zeros((96, 128), np.float32)
    mask[32:64, 32:96] = 1
    usual = EditJob((picture(0), picture(1), picture(2)), "a hat", mask=mask)
    other = EditJob((picture(0), picture(1), picture(3)), "a hat", mask=mask)
    painted = [result(engine, job) for job in (usual, other)]
    assert (painted[0] != painted[1]).any()
    for one in painted:
        np.testing.assert_array_equal(one[mask == 0], picture(0).rgb[mask == 0])
