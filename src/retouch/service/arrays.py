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

    None is stored as absent. Readers map it read-only (`load`).
    """
    entries: dict[str, Any] = {}
    offset = 0
    present = {name: np.ascontiguousarray(value) for name, value in arrays.items() if value is not None}
    for name, value in present.items():
        entries[name] = {"dtype": value.dtype.str, "shape": value.shape, "offset": offset}
        offset += -(-value.nbytes // _ALIGN) * _ALIGN
    index = json.dumps(entries).encode()
    start = -(-(_LENGTH.size + len(index)) // _ALIGN) * _ALIGN
    fd = os.memfd_create("retouch", os.MFD_CLOEXEC)
    try:
        os.ftruncate(fd, start + max(offset, 1))
        with mmap.mmap(fd, 0) as memory:
            memory[: _LENGTH.size] = _LENGTH.pack(len(index))
            memory[_LENGTH.size : _LENGTH.size + len(index)] = index
            for name, value in present.items():
                into: NDArray[Any] = np.frombuffer(
                    memory, value.dtype, value.size, start + entries[name]["offset"]
                )
                into[:] = value.reshape(-1)
                del into
    except BaseException:
        os.close(fd)
        raise
    return fd


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
