from __future__ import annotations

import io
import struct
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from retouch.errors import InvalidImageFile
from retouch.imaging.sniff import HEAD_BYTES, Header, read_header, sniff


def head(file: io.BytesIO) -> bytes:
    return file.getvalue()[:HEAD_BYTES]


@pytest.mark.parametrize(
    ("format_", "name"),
    [("PNG", "png"), ("JPEG", "jpeg"), ("WEBP", "webp"), ("GIF", "gif"), ("BMP", "bmp"), ("TIFF", "tiff")],
)
def test_a_format_is_known_by_its_first_bytes(save: Callable[..., io.BytesIO], format_: str, name: str) -> None:
    assert sniff(head(save(np.zeros((3, 5, 3), np.uint8), format_))) == name


def test_avif_and_heic_are_told_apart_by_their_brands() -> None:
    assert sniff(b"\0\0\0\x1cftypavif\0\0\0\0mif1avifmiaf") == "avif"
    assert sniff(b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf") == "avif"
    assert sniff(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic") == "heic"
    assert sniff(b"\0\0\0\x18ftypisom\0\0\0\0isommp42") is None


@pytest.mark.parametrize(
    "data", [b"", b"B", b"BM, said the text", b"<svg xmlns=", b"RIFF\0\0\0\0WAVE", b"\xff\xd8"]
)
def test_what_is_no_picture_has_no_format(data: bytes) -> None:
    assert sniff(data) is None


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_the_header_of_a_png_says_its_size_and_mode(save: Callable[..., io.BytesIO], mode: str) -> None:
    header = read_header(save(Image.new(mode, (37, 21)), "PNG"))
    depth = {"1": 1, "P": 1, "I;16": 16}.get(mode, 8)  # Pillow stores a palette of one colour in one bit
    assert header == Header("png", 37, 21, 1, mode, alpha=mode in ("LA", "RGBA"), depth=depth)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_the_header_of_a_jpeg_says_its_size_and_mode(
    save: Callable[..., io.BytesIO], mode: str, progressive: bool
) -> None:
    header = read_header(save(Image.new(mode, (37, 21)), "JPEG", progressive=progressive))
    assert header == Header("jpeg", 37, 21, 1, mode)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("lossless", [False, True])
@pytest.mark.parametrize("extended", [False, True])
def test_the_header_of_a_webp_says_its_size_and_mode(
    save: Callable[..., io.BytesIO], mode: str, lossless: bool, extended: bool
) -> None:
    pixels = np.arange(37 * 21 * len(mode), dtype=np.uint8).reshape(21, 37, len(mode))
    options = {"exif": b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0"} if extended else {}
    header = read_header(save(pixels, "WEBP", lossless=lossless, **options))
    assert header == Header("webp", 37, 21, 1, mode, alpha=mode == "RGBA")


def test_a_transparent_colour_counts_as_transparency(save: Callable[..., io.BytesIO]) -> None:
    assert read_header(save(Image.new("RGB", (4, 4)), "PNG", transparency=(1, 2, 3))).alpha
    assert read_header(save(Image.new("P", (4, 4)), "PNG", transparency=0)).alpha


@pytest.mark.parametrize("format_", ["PNG", "WEBP"])
def test_the_frames_of_an_animation_are_counted(save: Callable[..., io.BytesIO], format_: str) -> None:
    frames = [Image.fromarray(np.full((8, 8, 3), 40 * n, np.uint8)) for n in range(5)]
    file = save(frames[0], format_, save_all=True, append_images=frames[1:])
    assert read_header(file).frames == 5


def test_a_multi_picture_jpeg_is_its_first_picture(save: Callable[..., io.BytesIO]) -> None:
    other = Image.new("RGB", (16, 16))
    file = save(Image.new("RGB", (40, 30)), "MPO", save_all=True, append_images=[other])
    assert read_header(file) == Header("jpeg", 40, 30, 1, "RGB", multiple=True)


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_is_read_from_exif(
    save: Callable[..., io.BytesIO], format_: str, orientation: int
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    header = read_header(save(Image.new("RGB", (40, 30)), format_, exif=exif))
    assert header.orientation == orientation
    assert (header.width, header.height) == (40, 30)
    assert header.upright == ((30, 40) if orientation >= 5 else (40, 30))


@pytest.mark.parametrize(
    "exif",
    [
        b"",
        b"II*\0",
        b"II*\0\xff\xff\xff\xff",
        b"MM\0*\0\0\0\x08\xff\xff" + b"\x01" * 40,
        b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x63\0\0",
        b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x02\0\0\0\x01\0\x06\0\0",
    ],
)
def test_senseless_exif_leaves_the_picture_upright(
    make_png: Callable[..., bytes], chunk: Callable[[bytes, bytes], bytes], exif: bytes
) -> None:
    data = make_png((1, 1), 8, 0, [b"\0"], before=chunk(b"eXIf", exif))
    assert read_header(io.BytesIO(data)).orientation == 1


def test_the_message_names_the_picture() -> None:
    with pytest.raises(InvalidImageFile) as caught:
        read_header(io.BytesIO(b"This is a text."), position=3)
    assert caught.value.message == "Invalid image file or mode for image 3, please check your image file."
    assert (caught.value.status, caught.value.param, caught.value.code) == (400, None, "invalid_image_file")


def test_the_message_names_a_format_that_is_known_but_not_decoded(save: Callable[..., io.BytesIO]) -> None:
    with pytest.raises(InvalidImageFile, match=r"The file is GIF; supported formats are PNG, JPEG, and WebP\.$"):
        read_header(save(Image.new("P", (4, 4)), "GIF"))


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP"])
def test_a_file_is_read_from_its_start_wherever_it_stands(save: Callable[..., io.BytesIO], format_: str) -> None:
    file = save(Image.new("RGB", (9, 7)), format_)
    file.seek(0, io.SEEK_END)
    assert read_header(file).width == 9


def test_a_chunk_that_claims_gigabytes_is_not_read(make_png: Callable[..., bytes]) -> None:
    """A raw file asked for two gigabytes would set them aside before finding that they aren't there."""

    class Guarded(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            assert size is not None
            assert 0 <= size < 1_000_000
            return super().read(size)

    for kind in (b"iCCP", b"eXIf", b"PLTE", b"IDAT"):
        data = make_png((1, 1), 8, 0, [b"\0"], before=struct.pack(">I4s", 2**31 - 1, kind))
        with pytest.raises(InvalidImageFile):
            read_header(Guarded(data))


def test_millions_of_empty_chunks_are_refused(
    make_png: Callable[..., bytes], chunk: Callable[[bytes, bytes], bytes]
) -> None:
    data = make_png((1, 1), 8, 0, [b"\0"], before=chunk(b"teXt", b"") * 140_000)
    with pytest.raises(InvalidImageFile):
        read_header(io.BytesIO(data))


def test_thousands_of_segments_and_endless_padding_are_refused(save: Callable[..., io.BytesIO]) -> None:
    data = save(Image.new("RGB", (9, 7)), "JPEG").getvalue()
    for stuffing in (b"\xff\xfe\0\x02" * 5000, b"\xff" * 5000):
        with pytest.raises(InvalidImageFile):
            read_header(io.BytesIO(data[:2] + stuffing + data[2:]))
