"""The packed drawings: streams of xz one after another, the first an index, so that one is read by itself."""

from __future__ import annotations

import json
import lzma
from collections.abc import Mapping
from functools import cache
from importlib import resources

HEAD = 8
"""Bytes of the index's length, in ASCII, before the index."""

TOGETHER = 48
"""Drawings in a stream: more pack better and are slower to read."""


def pack(drawings: Mapping[str, str]) -> bytes:
    """The drawings, what stands inside each ``<svg>`` by name, packed."""
    index: dict[str, list[int]] = {}
    streams = b""
    names = sorted(drawings)
    for at in range(0, len(names), TOGETHER):
        group = names[at : at + TOGETHER]
        stream = lzma.compress(
            json.dumps([drawings[name] for name in group]).encode(), preset=9 | lzma.PRESET_EXTREME
        )
        for place, name in enumerate(group):
            index[name] = [len(streams), len(stream), place]
        streams += stream
    head = lzma.compress(json.dumps(index, separators=(",", ":")).encode())
    return f"{len(head):0{HEAD}d}".encode() + head + streams


@cache
def _packed() -> tuple[bytes, dict[str, list[int]]]:
    data = (resources.files("retouch.engines.darkroom") / "assets" / "things.xz").read_bytes()
    end = HEAD + int(data[:HEAD])
    index: dict[str, list[int]] = json.loads(lzma.decompress(data[HEAD:end]))
    return data[end:], index


def unpack(name: str) -> str:
    """What stands inside the ``<svg>`` of the drawing of that name. Raises KeyError if there is none."""
    streams, index = _packed()
    start, length, place = index[name]
    body: str = json.loads(lzma.decompress(streams[start : start + length]))[place]
    return body


def packed_names() -> frozenset[str]:
    return frozenset(_packed()[1])
