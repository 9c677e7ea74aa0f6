from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from retouch.errors import InvalidMask
from retouch.imaging.limits import PixelLimits
from retouch.imaging.mask import mask_from_alpha, read_mask
from retouch.imaging.raster import Raster

Save = Callable[..., io.BytesIO]
LIMITS = PixelLimits()


def with_alpha(alpha: np.ndarray) -> np.ndarray:
    return np.dstack([np.zeros((*alpha.shape, 3), np.uint8), alpha])


def refusal(file: io.BytesIO, size: tuple[int, int], limits: PixelLimits = LIMITS) -> str:
    with pytest.raises(InvalidMask) as caught:
        read_mask(file, limits=limits, source_size=size)
    assert caught.value.code == "invalid_mask_image_format"
    assert caught.value.param is None
    return caught.value.message


@pytest.mark.rule("A.6/transparent-is-edited")
def test_transparent_is_edited_and_opaque_is_protected(save: Save) -> None:
    alpha = np.arange(256, dtype=np.uint8).reshape(8, 32)
    mask = read_mask(save(with_alpha(alpha), "PNG"), limits=LIMITS, source_size=(32, 8))
    assert mask.dtype == np.float32
    assert mask.shape == (8, 32)
    assert mask[0, 0] == 1.0
    assert mask[7, 31] == 0.0
    assert np.allclose(mask, 1 - alpha / 255, atol=1e-7)
    assert ((mask > 0) & (mask < 1)).sum() == 254


@pytest.mark.parametrize("image", [Image.new("LA", (6, 4), (9, 0)), Image.new("P", (6, 4), 0)], ids=["LA", "P"])
def test_grey_and_palette_masks_carry_alpha_too(save: Save, image: Image.Image) -> None:
    options = {"transparency": 0} if image.mode == "P" else {}
    assert (read_mask(save(image, "PNG", **options), limits=LIMITS, source_size=(6, 4)) == 1).all()


def test_a_mask_that_is_opaque_everywhere_protects_everything(save: Save) -> None:
    file = save(Image.new("RGBA", (6, 4), (0, 0, 0, 255)), "PNG")
    mask = read_mask(file, limits=LIMITS, source_size=(6, 4))
    assert mask.shape == (4, 6)
    assert not mask.any()


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "1", "I;16"])
def test_a_mask_without_alpha_is_refused(save: Save, mode: str) -> None:
    message = refusal(save(Image.new(mode, (6, 4)), "PNG"), (6, 4))
    assert message == "Invalid mask image format - mask image missing alpha channel"


def test_a_mask_of_another_size_is_refused(save: Save) -> None:
    message = refusal(save(Image.new("RGBA", (6, 4)), "PNG"), (4, 6))
    assert message == "Invalid mask image format - mask size does not match image size"


@pytest.mark.rule("A.6/dimensions", "6/orientation")
def test_sizes_are_compared_upright(save: Save) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    alpha = np.full((4, 6), 255, np.uint8)
    alpha[:, 0] = 0
    file = save(with_alpha(alpha), "PNG", exif=exif)
    mask = read_mask(file, limits=LIMITS, source_size=(4, 6))
    assert mask[0].tolist() == [1.0] * 4
    assert not mask[1:].any()


@pytest.mark.rule("A.6/png-alpha")
@pytest.mark.parametrize("format_", ["JPEG", "WEBP"])
def test_a_mask_that_is_no_png_is_refused(save: Save, format_: str) -> None:
    message = refusal(save(Image.new("RGB", (6, 4)), format_), (6, 4))
    assert message == "Invalid mask image format - mask image must be a PNG file"


def test_a_broken_mask_is_refused_in_the_same_style(save: Save) -> None:
    data = save(with_alpha(np.random.default_rng(0).integers(0, 256, (40, 60), np.uint8)), "PNG").getvalue()
    for broken in (b"", b"a text", data[:-40], data[:900] + b"?" + data[901:]):
        message = refusal(io.BytesIO(broken), (60, 40))
        assert message == "Invalid mask image format - mask image is not a valid PNG file"


def test_a_mask_bomb_is_refused_by_its_header(make_png: Callable[..., bytes]) -> None:
    message = refusal(io.BytesIO(make_png((30_000, 30_000), 8, 6, [b""])), (30_000, 30_000))
    assert message == "Invalid mask image format - mask size does not match image size"


def test_an_animated_mask_is_refused(save: Save) -> None:
    frames = [Image.new("RGBA", (6, 4), (n, 0, 0, 0)) for n in (1, 2)]
    file = save(frames[0], "PNG", save_all=True, append_images=frames[1:])
    assert refusal(file, (6, 4)) == "Invalid mask image format - mask image has more than one frame"


def test_a_picture_can_be_its_own_mask() -> None:
    rgb = np.zeros((1, 3, 3), np.uint8)
    assert mask_from_alpha(Raster(rgb)) is None
    mask = mask_from_alpha(Raster(rgb, np.array([[0, 51, 255]], np.uint8)))
    assert mask is not None
    assert mask.tolist() == [[1.0, pytest.approx(0.8), 0.0]]
