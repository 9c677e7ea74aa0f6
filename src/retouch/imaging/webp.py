"""WebP files: their chunks, and the bare picture in them."""

from __future__ import annotations

import struct

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

MAX_CHUNKS = 65_536

_HAS_ALPHA, _ANIMATED = 0x10, 0x02


def read(reader: Reader) -> Container:
    """Walk the chunks of a WebP to the end of its RIFF. Raises `MalformedError`; later bytes are not looked at."""
    riff, size, webp = struct.unpack("<4sI4s", reader.read(12))
    if riff != b"RIFF" or webp != b"WEBP" or size < 12 or size > reader.size - 8:
        raise MalformedError("an incomplete RIFF")
    end = 8 + size
    kind, length = _chunk(reader)
    if kind != b"VP8X":
        return _simple(reader, kind, length)

    if length != 10:
        raise MalformedError("an illegal VP8X")
    features = reader.read(10)
    flags = features[0]
    width = 1 + int.from_bytes(features[4:7], "little")
    height = 1 + int.from_bytes(features[7:10], "little")
    animated = bool(flags & _ANIMATED)
    picture = (b"ANIM", b"ANMF") if animated else (b"ALPH", b"VP8 ", b"VP8L")
    kept: dict[bytes, Span] = {}
    icc: bytes | None = None
    orientation, frames = UPRIGHT, 0
    for _ in range(MAX_CHUNKS):
        if reader.position + 8 > end:
            break
        start = reader.position
        kind, length = _chunk(reader)
        padded = length + (length & 1)
        if kind == b"ICCP" and icc is None and length <= MAX_PROFILE_BYTES:
            icc = reader.read(length)
        elif kind == b"EXIF" and length <= MAX_EXIF_BYTES:
            orientation = exif_orientation(reader.read(length))
        elif kind in picture:
            frames += kind in (b"VP8 ", b"VP8L", b"ANMF")
            kept.setdefault(kind, (start, 8 + padded))
        reader.skip(start + 8 + padded - reader.position)
    else:
        raise MalformedError("too many chunks")
    if reader.position > end or not frames or (animated and len(kept) != 2) or {b"VP8 ", b"VP8L"} <= set(kept):
        raise MalformedError("no picture")
    spans = tuple(kept[name] for name in picture if name in kept)
    features = bytes([flags & (_HAS_ALPHA | _ANIMATED)]) + features[1:]
    header = Header(
        format="webp",
        width=width,
        height=height,
        frames=frames if animated else 1,
        mode="RGBA" if flags & _HAS_ALPHA else "RGB",
        orientation=orientation,
        alpha=bool(flags & _HAS_ALPHA),
    )
    return Container(header, _riff(spans, b"VP8X\x0a\0\0\0" + features), spans, icc=icc)


def bare(reader: Reader, container: Container) -> bytes:
    """The picture as a WebP without metadata. Raises `MalformedError`."""
    return b"".join([container.head, *reader.gather(container.spans)])


def _simple(reader: Reader, kind: bytes, length: int) -> Container:
    """A file of one chunk, whose own first bytes give the size (RFC 9649, 2.5 and 2.6)."""
    start = reader.position - 8
    if kind == b"VP8 " and length >= 10:
        frame = reader.read(10)
        if frame[0] & 1 or frame[3:6] != b"\x9d\x01\x2a":
            raise MalformedError("no key frame")
        width, height = (value & 0x3FFF for value in struct.unpack("<HH", frame[6:]))
        alpha = False
        taken = 10
    elif kind == b"VP8L" and length >= 5:
        signature, bits = struct.unpack("<BI", reader.read(5))
        if signature != 0x2F or bits >> 29:
            raise MalformedError("an unknown version")
        width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        alpha = bool(bits >> 28 & 1)
        taken = 5
    else:
        raise MalformedError("no picture")
    padded = length + (length & 1)
    reader.skip(padded - taken)
    if not width or not height:
        raise MalformedError("no area")
    spans = ((start, 8 + padded),)
    header = Header("webp", width, height, 1, "RGBA" if alpha else "RGB", alpha=alpha)
    return Container(header, _riff(spans), spans)


def _chunk(reader: Reader) -> tuple[bytes, int]:
    kind, length = struct.unpack("<4sI", reader.read(8))
    return kind, length


def _riff(spans: tuple[Span, ...], first: bytes = b"") -> bytes:
    size = 4 + len(first) + sum(length for _, length in spans)
    return struct.pack("<4sI4s", b"RIFF", size, b"WEBP") + first
