"""Pictures of one call and of several, by classes that are built around the parts of miniatures."""

from __future__ import annotations

import gc
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from retouch.engines.base import Never, Picture
from retouch.engines.diffusers.call import Call
from retouch.engines.diffusers.checkpoint import Checkpoint
from retouch.engines.diffusers.families import family, with_mask
from retouch.imaging.raster import Raster
from tests.miniatures import small
from tests.miniatures.fixtures import Miniature


@pytest.mark.parametrize(
    ("name", "saved"),
    [
        ("flux_kontext", "FluxPipeline"),
        ("qwen_image_edit", "QwenImagePipeline"),
        ("sd3_inpaint", "StableDiffusion3Pipeline"),
        ("sd15_img2img", "StableDiffusionPipeline"),
    ],
)
def test_pictures_of_one_call_are_those_of_single_calls_of_the_classes_that_are_built(
    torch: Any, miniature: Miniature, name: str, saved: str
) -> None:
    from retouch.engines.diffusers.loader import quiet
    from retouch.engines.diffusers.painter import Painter
    from tests.miniatures.building import reload

    quiet()
    model = Checkpoint(Path(), saved)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        painter = Painter(reload(miniature(name)), family(model), with_mask(model))
    gc.freeze()
    rows = np.random.default_rng(0).integers(0, 255, (6, 8, 3), np.uint8)
    picture = Raster(np.ascontiguousarray(rows.repeat(16, axis=0).repeat(16, axis=1)))
    mask = np.zeros((96, 128), np.float32)
    mask[32:64, 32:96] = 1

    def painted(seeds: tuple[int, ...], weight: Any) -> list[Any]:
        call = Call(
            prompt="a red hat", images=(picture,), mask=weight, size=(128, 96), seeds=seeds, steps=3, strength=0.7
        )
        told = painter.paint(call, Never())
        return [one.raster.rgb.astype(int) for one in told if isinstance(one, Picture)]

    with small.small():
        for weight in (None, mask):
            both = painted((1, 2), weight)
            alone = painted((1,), weight) + painted((2,), weight)
            assert max(int(np.abs(one - other).max()) for one, other in zip(both, alone, strict=True)) <= 1
            assert int(np.abs(both[0] - both[1]).max()) > 1
    painter.close()
