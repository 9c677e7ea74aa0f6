"""PNG files: their chunks, and the bare picture in them."""

from __future__ import annotations

import struct
import zlib

from retouch.imaging.container import (
    MAX_EXIF_BYTES,
    MAX_PROFILE_BYTES,
    UPRIGHT,
    Container,
    Header,
    MalformedError,
    Reader,
    Span,
    exif_orientation,
)

SIGNATURE = b"\x89PNG\r\n\x1a\n"

GREY, RGB, PALETTE, GREY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6

MAX_CHUNKS = 131_072
"""50 MB in chunks of 400 bytes; a file cut finer than that only costs time."""

_DEPTHS = {
    GREY: (1, 2, 4, 8, 16),
    RGB: (8, 16),
    PALETTE: (1, 2, 4, 8),
    GREY_ALPHA: (8, 16),
    RGB_ALPHA: (8, 16),
}
_MODES = {RGB: "RGB", PALETTE: "P", GREY_ALPHA: "LA", RGB_ALPHA: "RGBA"}
_CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGB_ALPHA: 4}
_LARGEST = 2**31 - 1
_RATIO = 1032
"""Bytes that a byte of compressed data can become at most."""

_WASTE = 512 << 20
"""Bytes of pixels beyond the picture that libpng may unpack and throw away, which takes it 1.3 s. By itself it
goes on up to 4 GiB, and a file of 4 MB can hold as many."""
_READ = {b"PLTE": 768, b"tRNS": 256, b"acTL": 8, b"iCCP": MAX_PROFILE_BYTES, b"eXIf": MAX_EXIF_BYTES}
"""The chunks that we look into, and the most that each may hold."""

_KEY_BYTES = {GREY: 2, RGB: 6}


def read(reader: Reader) -> Container:
    """Walk the chunks of a PNG up to its IEND. Raises `MalformedError`; what follows IEND is not looked at."""
    reader.skip(len(SIGNATURE))
    length, kind = struct.unpack(">I4s", reader.read(8))
    if kind != b"IHDR" or length != 13:
        raise MalformedError("no IHDR")
    fields = reader.read(13)
    if zlib.crc32(fields, zlib.crc32(kind)) != struct.unpack(">I", reader.read(4))[0]:
        raise MalformedError("the IHDR is damaged")
    width, height, depth, colour, compression, filters, interlace = struct.unpack(">IIBBBBB", fields)
    if not (0 < width <= _LARGEST and 0 < height <= _LARGEST):
        raise MalformedError("no area")
    if depth not in _DEPTHS.get(colour, ()) or compression or filters or interlace > 1:
        raise MalformedError("an unknown layout")

    spans: list[Span] = []
    palette, transparency, icc = b"", None, None
    frames, orientation, data_seen = 1, UPRIGHT, False
    for _ in range(MAX_CHUNKS):
        start = reader.position
        length, kind = struct.unpack(">I4s", reader.read(8))
        if kind == b"IEND":
            reader.skip(length + 4)
            spans.append((start, 12 + length))
            break
        if kind == b"IHDR":
            raise MalformedError("a second IHDR")
        body = reader.read(length) if length <= _READ.get(kind, -1) else b""
        reader.skip(length - len(body) + 4)
        if kind == b"IDAT":
            data_seen = True
            spans.append((start, 12 + length))
        elif kind == b"PLTE" and colour == PALETTE and not palette and not data_seen:
            if not body or length % 3:
                raise MalformedError("an illegal palette")
            palette = body
        elif kind == b"tRNS" and not data_seen and _legal_key(colour, len(body)):
            transparency = body
        elif kind == b"acTL" and len(body) == 8 and not data_seen:
            frames = max(1, int.from_bytes(body[:4], "big"))
        elif kind == b"iCCP" and icc is None and body:
            icc = _profile(body)
        elif kind == b"eXIf":
            orientation = exif_orientation(body)
    else:
        raise MalformedError("too many chunks")
    if not data_seen or (colour == PALETTE and not palette):
        raise MalformedError("no picture")

    header = Header(
        format="png",
        width=width,
        height=height,
        frames=frames,
        mode={1: "1", 16: "I;16"}.get(depth, "L") if colour == GREY else _MODES[colour],
        orientation=orientation,
        alpha=colour in (GREY_ALPHA, RGB_ALPHA) or transparency is not None,
        depth=depth,
    )
    return Container(
        header,
        SIGNATURE + _header(fields[:9] + bytes([GREY]) + fields[10:] if colour == PALETTE else fields),
        tuple(spans),
        icc=icc,
        depth=depth,
        colour=colour,
        palette=palette,
        transparency=transparency,
    )


def bare(reader: Reader, container: Container) -> bytes:
    """The picture as a PNG of header and data only, every checksum proved. Raises `MalformedError`, also for one
    that has far more data than pixels.

    One with a palette becomes grey: its data are the same, so the grey values are then the palette's indices.
    """
    data = b"".join([container.head, *reader.gather(container.spans)])
    view = memoryview(data)
    position = len(container.head)
    for _, length in container.spans:
        end = position + length
        if zlib.crc32(view[position + 4 : end - 4]) != int.from_bytes(view[end - 4 : end], "big"):
            raise MalformedError("a chunk is damaged")
        position = end
    _bound(view[len(container.head) :], container)
    return data


def _bound(chunks: memoryview, container: Container) -> None:
    """Raise `MalformedError` if ``chunks`` unpack to far more pixels than the picture has. They are unpacked until
    what is left cannot any more: not at all if they are small."""
    header = container.header
    bits = header.width * _CHANNELS[container.colour] * container.depth
    room = header.height * (1 + (bits + 7) // 8) + _WASTE
    position, left = 0, sum(length - 12 for _, length in container.spans)
    unpacker = zlib.decompressobj()
    for _, length in container.spans:
        body = chunks[position + 8 : position + length - 4]
        for start in range(0, len(body), 1 << 15):
            if left * _RATIO <= room or unpacker.eof:
                return
            piece: bytes | memoryview = body[start : start + (1 << 15)]
            left -= len(piece)
            while piece and not unpacker.eof:
                try:
                    room -= len(unpacker.decompress(piece, 1 << 18))
                except zlib.error:
                    return  # which the decoder will find too
                if room < 0:
                    raise MalformedError("more data than pixels")
                piece = unpacker.unconsumed_tail
        position += length


def _header(fields: bytes) -> bytes:
    body = b"IHDR" + fields
    return struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))


def _legal_key(colour: int, length: int) -> bool:
    if colour == PALETTE:
        return 0 < length <= 256
    return _KEY_BYTES.get(colour) == length


def _profile(body: bytes) -> bytes | None:
    """The profile of an iCCP chunk, None if it is broken or unpacks to more than we look at."""
    name, _, packed = body.partition(b"\0")
    if len(name) > 79 or packed[:1] != b"\0":
        return None
    unpacker = zlib.decompressobj()
    try:
        profile = unpacker.decompress(packed[1:], MAX_PROFILE_BYTES)
    except zlib.error:
        return None
    return profile if unpacker.eof else None
