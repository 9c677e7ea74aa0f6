"""PNG files, written on as many cores as there are.

A file's bytes do not depend on how many: the picture is cut into strips of rows, each deflated by itself and ended
at a byte, so that they can be put together.

Source: Adler: pigz, a parallel implementation of gzip (https://zlib.net/pigz).
"""

from __future__ import annotations

import struct
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from retouch.imaging.png import RGB, RGB_ALPHA, SIGNATURE
from retouch.imaging.raster import U8, Raster

STRIP = 256 << 10
"""Bytes of pixels in a strip: cutting costs some 30 bytes each."""

_UP = 2
_ZLIB = b"\x78\x01"
"""How a stream begins whose author took little time."""


def write_png(raster: Raster, threads: int = 1) -> bytes:
    """``raster`` as an untagged file of 8 bits a channel, with alpha where it has some. ``threads``: how many
    cores nobody else uses now."""
    pixels = raster.rgb if raster.alpha is None else np.dstack([raster.rgb, raster.alpha])
    filtered = _filtered(pixels)
    rows = max(1, STRIP // filtered.shape[1])
    strips = [filtered[start : start + rows] for start in range(0, len(filtered), rows)]
    last = [False] * (len(strips) - 1) + [True]
    if threads > 1:
        with ThreadPoolExecutor(threads) as executor:
            deflated = list(executor.map(_deflated, strips, last))
    else:
        deflated = [_deflated(strip, end) for strip, end in zip(strips, last, strict=True)]
    data = b"".join([_ZLIB, *deflated, struct.pack(">I", zlib.adler32(filtered.data))])
    kind = RGB if raster.alpha is None else RGB_ALPHA
    head = struct.pack(">IIBBBBB", raster.width, raster.height, 8, kind, 0, 0, 0)
    return b"".join([SIGNATURE, *_chunk(b"IHDR", head), *_chunk(b"IDAT", data), *_chunk(b"IEND", b"")])


def _filtered(pixels: U8) -> U8:
    """Each row less the one above it, and before it the number of that filter."""
    rows = pixels.reshape(len(pixels), -1)
    filtered = np.empty((len(rows), rows.shape[1] + 1), np.uint8)
    filtered[:, 0] = _UP
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    return filtered


def _deflated(strip: NDArray[np.uint8], last: bool) -> bytes:
    # Negative: without a stream's head and sum, which are one for all.
    deflate = zlib.compressobj(1, zlib.DEFLATED, -15, 9, zlib.Z_RLE)
    return deflate.compress(strip.data) + deflate.flush(zlib.Z_FINISH if last else zlib.Z_FULL_FLUSH)


def _chunk(kind: bytes, data: bytes) -> tuple[bytes, ...]:
    return struct.pack(">I", len(data)), kind, data, struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))
