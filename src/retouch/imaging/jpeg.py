"""JPEG files: their segments and scans, and the bare picture in them."""

from __future__ import annotations

import re
import struct

from retouch.imaging.container import (
    MAX_PROFILE_BYTES,
    UPRIGHT,
    Container,
    Header,
    MalformedError,
    Reader,
    Span,
    exif_orientation,
)

SIGNATURE = b"\xff\xd8\xff"

MAX_SEGMENTS = 4096
MAX_SCANS = 100
MAX_SCANNED_PIXELS = 1_000_000_000
"""Scans times pixels: a progressive file of a few kilobytes can otherwise ask for minutes of work."""

_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_FRAMES = {0xC0, 0xC1, 0xC2, 0xC9, 0xCA}
_OTHER_FRAMES = {0xC3, 0xC5, 0xC6, 0xC7, 0xCB, 0xCD, 0xCE, 0xCF}
_TABLES = {0xC4, 0xCC, 0xDB, 0xDD}
_APP0, _APP1, _APP2, _APP14 = 0xE0, 0xE1, 0xE2, 0xEE
_MODES = {1: "L", 3: "RGB", 4: "CMYK"}
_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_ICC = b"ICC_PROFILE\0"
_MPF = b"MPF\0"


def read(reader: Reader) -> Container:
    """Walk the segments of a JPEG up to its first scan. Raises `MalformedError`.

    A multi-picture file (MPO, gain maps) is its first picture: the others follow that one's end.
    """
    reader.skip(2)
    spans: list[Span] = []
    profile: dict[int, bytes] = {}
    profile_parts = 0
    width = height = components = 0
    orientation, adobe, multiple = UPRIGHT, False, False
    for _ in range(MAX_SEGMENTS):
        start = reader.position
        marker = _next_marker(reader)
        if marker == 0x01:
            continue
        (length,) = struct.unpack(">H", reader.read(2))
        if length < 2 or marker in (_SOI, _EOI) or marker in _OTHER_FRAMES:
            raise MalformedError("an illegal segment")
        if marker == _SOS:
            spans.append((start, reader.size - start))
            break
        body = reader.read(length - 2)
        span = (start, reader.position - start)
        if marker in _FRAMES:
            if components or len(body) < 6:
                raise MalformedError("an illegal frame")
            precision, height, width, components = struct.unpack(">BHHB", body[:6])
            if precision != 8 or not height or not width or components not in _MODES:
                raise MalformedError("an unknown layout")
            spans.append(span)
        elif (marker == _APP0 and body.startswith(b"JFIF\0")) or marker in _TABLES:
            spans.append(span)
        elif marker == _APP14 and body.startswith(b"Adobe"):
            adobe = True
            spans.append(span)
        elif marker == _APP1 and body.startswith(b"Exif\0\0") and orientation == UPRIGHT:
            orientation = exif_orientation(body)
        elif marker == _APP2 and body.startswith(_ICC) and len(body) > 14:
            profile.setdefault(body[12], body[14:])
            profile_parts = body[13]
        elif marker == _APP2 and body.startswith(_MPF):
            multiple = True
    else:
        raise MalformedError("too many segments")
    if not components:
        raise MalformedError("a scan without a frame")
    header = Header("jpeg", width, height, 1, _MODES[components], orientation, multiple=multiple)
    return Container(header, b"\xff\xd8", tuple(spans), icc=_whole_profile(profile, profile_parts), adobe=adobe)


def bare(reader: Reader, container: Container) -> bytes:
    """The picture as a JPEG without metadata, from SOI to its own EOI. Raises `MalformedError`."""
    scans = container.spans[-1]
    tables = b"".join([container.head, *reader.gather(container.spans[:-1])])
    (data,) = reader.gather((scans,))
    return tables + data[: _end(data, container.header.pixels)]


def _end(data: bytes, pixels: int) -> int:
    """Where the picture ends whose first SOS marker ``data`` begins with, its scans counted.

    Within a scan 0xFF is always followed by 0x00 or by a restart, so the next marker can be found by sight.
    """
    position, scans = 0, 0
    for _ in range(MAX_SEGMENTS):
        found = _MARKER.search(data, position)
        if found is None:
            break
        marker = data[found.end() - 1]
        position = found.end()
        if marker == _EOI:
            return position
        if marker == 0x01:
            continue
        scans += marker == _SOS
        if marker == _SOI or scans > MAX_SCANS or scans * pixels > MAX_SCANNED_PIXELS:
            raise MalformedError("too many scans")
        if position + 2 > len(data):
            break
        position += int.from_bytes(data[position : position + 2], "big")
    raise MalformedError("no end of the picture")


def _next_marker(reader: Reader) -> int:
    """The code of the next marker; any number of 0xFF may pad it, of which we read as many as is sane."""
    if reader.read(1) != b"\xff":
        raise MalformedError("no marker")
    for _ in range(64):
        code = reader.read(1)[0]
        if code != 0xFF:
            if code == 0x00 or 0xD0 <= code <= 0xD7:
                break
            return code
    raise MalformedError("no marker")


def _whole_profile(parts: dict[int, bytes], count: int) -> bytes | None:
    if count == 0 or set(parts) != set(range(1, count + 1)):
        return None
    profile = b"".join(parts[number] for number in range(1, count + 1))
    return profile if len(profile) <= MAX_PROFILE_BYTES else None
