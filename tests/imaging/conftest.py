"""Files to feed the decoders: PNGs built by hand, photographs saved by Pillow."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


@pytest.fixture(scope="session")
def chunk() -> Callable[[bytes, bytes], bytes]:
    """A PNG chunk with its checksum."""
    return _chunk


@pytest.fixture(scope="session")
def make_png() -> Callable[..., bytes]:
    """A PNG from its parts: ``rows`` are the packed samples of each row; ``before`` are chunks ahead of IDAT."""

    def make(
        size: tuple[int, int],
        depth: int,
        colour: int,
        rows: list[bytes],
        *,
        before: bytes = b"",
        after: bytes = b"",
    ) -> bytes:
        header = struct.pack(">IIBBBBB", *size, depth, colour, 0, 0, 0)
        data = zlib.compress(b"".join(b"\0" + row for row in rows))
        return (
            b"\x89PNG\r\n\x1a\n"
            + _chunk(b"IHDR", header)
            + before
            + _chunk(b"IDAT", data)
            + after
            + _chunk(b"IEND", b"")
        )

    return make


@pytest.fixture(scope="session")
def save() -> Callable[..., io.BytesIO]:
    """An array or a Pillow image as a file in memory."""

    def write(pixels: Any, format_: str, **options: Any) -> io.BytesIO:
        image = Image.fromarray(pixels) if isinstance(pixels, np.ndarray) else pixels
        file = io.BytesIO()
        image.save(file, format_, **options)
        return file

    return write
