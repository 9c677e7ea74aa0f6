"""Arrays in shared memory, handed from process to process by file descriptor."""

from __future__ import annotations

import json
import mmap
import os
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

_LENGTH = struct.Struct("=Q")
_ALIGN = 64


def store(arrays: Mapping[str, NDArray[Any] | None]) -> int:
    """Copy ``arrays`` into a new anonymous file in memory; the caller owns the descriptor returned.

    None is stored as absent, and an array that has several names once. Readers map it read-only (`load`).
    """
    entries: dict[str, Any] = {}
    offsets: dict[tuple[int, str, tuple[int, ...]], int] = {}
    pieces: list[tuple[int, NDArray[Any]]] = []
    end = 0
    for name, value in arrays.items():
        if value is None:
            continue
        flat = np.ascontiguousarray(value)
        same = (flat.ctypes.data, flat.dtype.str, flat.shape)
        if same not in offsets:
            offsets[same] = end
            pieces.append((end, flat))
            end += -(-flat.nbytes // _ALIGN) * _ALIGN
        entries[name] = {"dtype": flat.dtype.str, "shape": flat.shape, "offset": offsets[same]}
    index = json.dumps(entries).encode()
    start = -(-(_LENGTH.size + len(index)) // _ALIGN) * _ALIGN
    fd = os.memfd_create("retouch", os.MFD_CLOEXEC)
    try:
        os.ftruncate(fd, start + max(end, 1))
        _write(fd, memoryview(_LENGTH.pack(len(index)) + index), 0)
        for offset, piece in pieces:
            # Through a mapping, every page would be faulted in on its own, which takes half as long again.
            _write(fd, piece.reshape(-1).view(np.uint8).data, start + offset)
    except BaseException:
        os.close(fd)
        raise
    return fd


def _write(fd: int, data: memoryview, offset: int) -> None:
    """All of ``data``; one call writes 2 GiB at most."""
    while data:
        written = os.pwrite(fd, data, offset)
        data, offset = data[written:], offset + written


def load(fd: int) -> dict[str, NDArray[Any]]:
    """The arrays in that file, read-only and without a copy. The caller still owns the descriptor."""
    memory = mmap.mmap(fd, 0, prot=mmap.PROT_READ)
    (length,) = _LENGTH.unpack(memory[: _LENGTH.size])
    entries = json.loads(memory[_LENGTH.size : _LENGTH.size + length])
    start = -(-(_LENGTH.size + length) // _ALIGN) * _ALIGN
    found: dict[str, NDArray[Any]] = {}
    for name, entry in entries.items():
        count = int(np.prod(entry["shape"], dtype=np.int64))
        flat = np.frombuffer(memory, np.dtype(entry["dtype"]), count, start + entry["offset"])
        found[name] = flat.reshape(entry["shape"])
    return found
