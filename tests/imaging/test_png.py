"""Data beyond the pixels of a PNG."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
import pytest

from retouch.errors import InvalidImageFile
from retouch.imaging import png
from retouch.imaging.decode import decode
from retouch.imaging.limits import PixelLimits

Chunk = Callable[[bytes, bytes], bytes]


def picture(chunk: Chunk, pixels: bytes, pieces: int = 1) -> io.BytesIO:
    """An RGB picture of 200 × 100 with these ``pixels``, its data in so many chunks."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 200, 100, 8, 2, 0, 0, 0))
    data = zlib.compress(pixels)
    size = -(-len(data) // pieces)
    chunks = b"".join(chunk(b"IDAT", data[at : at + size]) for at in range(0, len(data), size))
    return io.BytesIO(png.SIGNATURE + head + chunks + chunk(b"IEND", b""))


@pytest.mark.parametrize("pieces", [1, 7, 1000])
def test_a_few_bytes_too_many_are_let_pass_and_many_are_not(
    monkeypatch: pytest.MonkeyPatch, chunk: Chunk, pieces: int
) -> None:
    monkeypatch.setattr(png, "_WASTE", 1000)
    noise = np.random.default_rng(1).integers(0, 256, (100, 600), np.uint8)
    pixels = b"".join(b"\0" + row.tobytes() for row in noise)
    for waste in (0, 1, 1000):
        raster = decode(picture(chunk, pixels + bytes(waste), pieces), limits=PixelLimits(), position=1)
        assert np.array_equal(raster.rgb.reshape(100, 600), noise)
    for waste in (1001, 1 << 20):
        with pytest.raises(InvalidImageFile):
            decode(picture(chunk, pixels + bytes(waste), pieces), limits=PixelLimits(), position=1)
