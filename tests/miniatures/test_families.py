"""Every miniature is read from its folder and paints. What it heeds of all it is sent is in tests/generative."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.miniatures import small
from tests.miniatures.fixtures import Miniature
from tests.miniatures.names import NAMES

# torch 2.13's tensors answer numpy's question in the old way, and diffusers' Euler schedule asks it.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")
WIDTH, HEIGHT = 128, 96
SEVERAL = ("flux2_klein", "flux3_klein", "joy_edit_plus", "qwen_image_21", "qwen_image_edit_plus")
MASKED = ("flux_fill", "sd15_inpaint", "sd3_inpaint", "sdxl_inpaint")
SIZE = {"width": WIDTH, "height": HEIGHT}
CALLS: Mapping[str, Mapping[str, Any]] = {
    "flux2_klein": SIZE,
    "flux3_klein": SIZE,
    "flux_fill": SIZE,
    "flux_kontext": {**SIZE, "max_area": WIDTH * HEIGHT, "_auto_resize": False},
    "joy_edit_plus": SIZE,
    "qwen_image_21": SIZE,
    "qwen_image_edit": SIZE,
    "qwen_image_edit_plus": SIZE,
    "sd3_inpaint": SIZE,
    "sdxl_inpaint": SIZE,
    "sd15_inpaint": SIZE,
}


def picture(seed: int) -> Image.Image:
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    return Image.fromarray(coarse).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)


FIRST, SECOND = picture(1), picture(2)
MASK = Image.fromarray(np.pad(np.full((48, 64), 255, np.uint8), ((24, 24), (32, 32))))


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_of_the_asked_size_is_painted_and_is_not_flat(
    torch: Any, miniature: Miniature, name: str
) -> None:
    import diffusers

    from tests.miniatures.building import reload

    sent: dict[str, Any] = {
        **CALLS.get(name, {}),
        "prompt": "a red door",
        "images" if name == "joy_edit_plus" else "image": [FIRST, SECOND] if name in SEVERAL else FIRST,
        "num_inference_steps": 2,
        "generator": torch.Generator().manual_seed(0),
    }
    if name in MASKED:
        sent["mask_image"] = MASK
    with small.small():
        pipeline = reload(miniature(name))
        if name == "z_image":
            pipeline = diffusers.ZImageImg2ImgPipeline(**pipeline.components)
        pipeline.set_progress_bar_config(disable=True)
        made = pipeline(**sent, output="images") if name == "flux3_klein" else pipeline(**sent).images
    painted = np.asarray(made[0])
    assert painted.shape[:2] == (HEIGHT, WIDTH)
    assert painted.std() > 5
