from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from retouch.errors import InvalidMarkup
from retouch.imaging.limits import PixelLimits
from retouch.imaging.overlay import lay_over, read_markup
from retouch.imaging.raster import Raster

Save = Callable[..., io.BytesIO]


def drawn(size: tuple[int, int] = (6, 4), mode: str = "RGBA") -> Image.Image:
    """A picture with one red pixel on a transparent ground."""
    image = Image.new("RGBA", size)
    image.putpixel((1, 2), (255, 0, 0, 200))
    return image.convert(mode)


def read(file: io.BytesIO, size: tuple[int, int] = (6, 4)) -> Raster:
    return read_markup(file, limits=PixelLimits(), source_size=size)


def test_markup_keeps_its_colours_and_its_alpha(save: Save) -> None:
    markup = read(save(drawn(), "PNG"))
    assert markup.alpha is not None
    assert markup.size == (6, 4)
    assert (tuple(markup.rgb[2, 1]), markup.alpha[2, 1], markup.alpha.sum()) == ((255, 0, 0), 200, 200)


@pytest.mark.rule("A.3/markup", "6/orientation")
def test_markup_is_turned_upright_before_sizes_are_compared(save: Save) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert read(save(drawn(), "PNG", exif=exif), (4, 6)).size == (4, 6)


@pytest.mark.rule("A.3/markup-invalid")
@pytest.mark.parametrize(
    ("image", "format_", "options", "reason"),
    [
        (drawn(), "WEBP", {"lossless": True}, "markup image must be a PNG file"),
        (drawn(mode="RGB"), "PNG", {}, "markup image missing alpha channel"),
        (drawn((4, 6)), "PNG", {}, "markup size does not match image size"),
        (Image.new("RGBA", (6, 4)), "PNG", {}, "markup image is transparent everywhere"),
        (Image.new("RGBA", (6, 4), (0, 0, 0, 255)), "PNG", {}, "markup image is opaque everywhere"),
        (
            drawn(),
            "PNG",
            {"save_all": True, "append_images": [Image.new("RGBA", (6, 4))]},
            "markup image has more than one frame",
        ),
    ],
    ids=["webp", "rgb", "size", "empty", "covered", "animated"],
)
def test_markup_that_marks_nothing_or_does_not_fit_is_refused(
    save: Save, image: Image.Image, format_: str, options: dict[str, object], reason: str
) -> None:
    with pytest.raises(InvalidMarkup) as caught:
        read(save(image, format_, **options))
    assert caught.value.message == f"Invalid markup image format - {reason}"
    assert (caught.value.param, caught.value.code) == ("markup", "invalid_markup_image_format")


def test_what_is_no_picture_is_no_markup() -> None:
    with pytest.raises(InvalidMarkup, match="markup image is not a valid PNG file"):
        read(io.BytesIO(b"nonsense"))


@pytest.mark.parametrize(
    ("box", "size"), [((0, 0, 12, 8), (12, 8)), ((2, 0, 6, 4), (10, 4)), ((0, 3, 6, 4), (6, 9))]
)
def test_markup_is_laid_where_its_picture_lies(box: tuple[int, int, int, int], size: tuple[int, int]) -> None:
    alpha = np.full((4, 6), 255, np.uint8)
    laid = lay_over(Raster(np.full((4, 6, 3), 9, np.uint8), alpha), box, size)
    assert laid.size == size
    assert laid.alpha is not None
    x, y, width, height = box
    inside = np.zeros((size[1], size[0]), bool)
    inside[y : y + height, x : x + width] = True
    np.testing.assert_array_equal(laid.alpha == 255, inside)
    np.testing.assert_array_equal(laid.alpha == 0, ~inside)
