"""The engine over a miniature: what it plans without a model, and what it paints with one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from retouch.engines.base import EditJob, Never, Picture, Preview
from retouch.engines.diffusers.engine import DiffusersEngine
from retouch.errors import UserError
from retouch.imaging.canvas import lay_out
from retouch.imaging.raster import Raster
from tests.miniatures.fixtures import Miniature

pytestmark = pytest.mark.usefixtures("torch")
Engines = Callable[[str], DiffusersEngine]
AREA = 128 * 96


@pytest.fixture(scope="module")
def engines(torch: Any, miniature: Miniature) -> Iterator[Engines]:
    """``engines(name)`` is the engine of that miniature, the same one every time."""
    made: dict[str, DiffusersEngine] = {}

    def engine(name: str) -> DiffusersEngine:
        if name not in made:
            made[name] = DiffusersEngine(
                model=str(miniature(name)), device="cpu", dtype="float32", area=AREA, steps=2
            )
        return made[name]

    yield engine
    for one in made.values():
        one.close()


def picture(seed: int = 0, width: int = 128, height: int = 96) -> Raster:
    rows = np.random.default_rng(seed).integers(0, 255, (height // 16, width // 16, 3), np.uint8)
    return Raster(np.ascontiguousarray(rows.repeat(16, axis=0).repeat(16, axis=1)))


def painted(engine: DiffusersEngine, job: EditJob, size: tuple[int, int] | None = None) -> list[Preview | Picture]:
    from retouch.engines.base import Canvas

    laid = lay_out(job.sources[0], job.mask, size or job.sources[0].size)
    canvas = Canvas(laid.base, laid.weight, laid.box)
    return list(engine.edit(job, engine.plan(job), canvas, Never()))


def result(engine: DiffusersEngine, job: EditJob, size: tuple[int, int] | None = None) -> Any:
    return painted(engine, job, size)[-1].raster.rgb


def test_planning_needs_no_torch(miniature: Miniature) -> None:
    program = (
        "import sys, numpy\n"
        "from retouch.engines.base import EditJob\n"
        "from retouch.engines.diffusers.engine import DiffusersEngine\n"
        "from retouch.imaging.raster import Raster\n"
        "job = EditJob((Raster(numpy.zeros((96, 128, 3), numpy.uint8)),), 'a hat')\n"
        "DiffusersEngine(model=sys.argv[1]).plan(job)\n"
        "sys.exit(str(sorted({'torch', 'diffusers', 'transformers'} & set(sys.modules))))\n"
    )
    command = [sys.executable, "-c", program, str(miniature("flux2_klein"))]
    told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert told.stderr.strip() == "[]"


def test_prompt_picture_and_second_picture_all_matter(engines: Engines) -> None:
    engine = engines("flux2_klein")
    base = EditJob((picture(0), picture(1)), "a red hat")
    usual = result(engine, base)
    for other in (
        EditJob((picture(0), picture(1)), "a blue sea"),
        EditJob((picture(2), picture(1)), "a red hat"),
        EditJob((picture(0), picture(2)), "a red hat"),
        EditJob((picture(1), picture(0)), "a red hat"),
    ):
        assert (result(engine, other) != usual).any()
    np.testing.assert_array_equal(result(engine, base), usual)


def test_pictures_and_previews_are_of_the_canvas_whatever_is_painted(engines: Engines) -> None:
    engine = engines("flux2_klein")
    mask = np.zeros((192, 256), np.float32)
    mask[80:96, 100:120] = 1
    job = EditJob((picture(0, 256, 192),), "a red hat", mask=mask, previews=2, seeds=(3, 4))
    told = painted(engine, job, (320, 192))
    assert [(type(one), one.index) for one in told] == [(Preview, 0), (Preview, 0), (Picture, 0), (Picture, 1)]
    assert {one.raster.size for one in told} == {(320, 192)}
    laid = lay_out(job.sources[0], mask, (320, 192))
    protected = laid.weight == 0
    assert protected.any()
    for one in told:
        np.testing.assert_array_equal(one.raster.rgb[protected], laid.base.rgb[protected])
    np.testing.assert_array_equal(told[1].raster.rgb, told[2].raster.rgb)


def test_a_model_that_only_fills_in_keeps_the_picture_when_the_canvas_grows(engines: Engines) -> None:
    engine = engines("sd15_inpaint")
    job = EditJob((picture(),), "more beach")
    told = result(engine, job, (192, 96))
    np.testing.assert_array_equal(told[:, 32:160], picture().rgb)
    assert (told[:, :32] != lay_out(picture(), None, (192, 96)).base.rgb[:, :32]).any()


def test_a_seed_in_the_request_counts_from_the_first_picture_on(engines: Engines) -> None:
    engine = engines("flux2_klein")
    both = painted(engine, EditJob((picture(),), "a hat", seeds=(900, 901), extras={"seed": 7}))
    alone = result(engine, EditJob((picture(),), "a hat", seeds=(8,)))
    assert np.abs(both[1].raster.rgb.astype(int) - alone.astype(int)).max() <= 1


def test_arguments_that_no_pipeline_of_the_model_takes_are_refused_at_the_start(miniature: Miniature) -> None:
    model = str(miniature("flux2_klein"))
    DiffusersEngine(model=model, calls={"max_sequence_length": 64, "padding_mask_crop": 8}).close()
    with pytest.raises(ValueError, match="calls has nonsense, which Flux2KleinPipeline does not take"):
        DiffusersEngine(model=model, calls={"nonsense": 3})


def test_what_the_model_cannot_do_is_refused_by_its_name(engines: Engines) -> None:
    engine = engines("flux2_klein")
    with pytest.raises(UserError) as told:
        engine.plan(EditJob((picture(),), "a hat", extras={"negative_prompt": "rain"}))
    assert told.value.param == "negative_prompt"
    assert engine.capabilities.place == "device"
    assert "seed" in engine.capabilities.extras
