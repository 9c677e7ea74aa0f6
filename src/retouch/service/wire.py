"""Frames between the server and its workers, on a UNIX stream socket.

A frame is a fixed header, a JSON object, and a payload of raw bytes; file descriptors travel as ancillary
data of the header. Both ends are our own processes on one machine, so byte order is the machine's.
"""

from __future__ import annotations

import array
import json
import os
import socket
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

HEADER = struct.Struct("=BIIQB")
"""kind, run, length of the JSON, length of the payload, number of descriptors"""

MAX_FDS = 40
"""Sixteen pictures, mask and markup, and the arrays of a prepared edit; Linux takes 253 in one message."""


class Kind(IntEnum):
    # server to worker
    CONFIGURE = 1
    TASK = 2
    # worker to server
    READY = 10
    PLANNED = 11
    PREPARED = 12
    PREVIEW = 13
    PICTURE = 14
    DONE = 15
    FAILED = 16
    WARM = 17


@dataclass
class Frame:
    """``run`` numbers the task it belongs to; whoever receives ``fds`` owns and closes them."""

    kind: Kind
    run: int
    meta: Mapping[str, Any] = field(default_factory=dict)
    payload: bytes | bytearray | memoryview = b""
    fds: Sequence[int] = ()

    def close(self) -> None:
        """Close the descriptors, if nobody has taken them over."""
        for fd in self.fds:
            os.close(fd)
        self.fds = ()


def head(frame: Frame) -> bytes:
    """The header and the JSON of a frame; the payload follows them on the wire."""
    meta = json.dumps(frame.meta, separators=(",", ":")).encode()
    return HEADER.pack(frame.kind, frame.run, len(meta), len(frame.payload), len(frame.fds)) + meta


def ancillary(fds: Sequence[int]) -> list[tuple[int, int, array.array[int]]]:
    return [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []


def descriptors(received: Sequence[tuple[int, int, bytes]]) -> list[int]:
    """The file descriptors in what ``recvmsg`` gave as ancillary data."""
    fds = array.array("i")
    for level, kind, data in received:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds.frombytes(data[: len(data) - len(data) % fds.itemsize])
    return list(fds)


def send(sock: socket.socket, frame: Frame) -> None:
    """Write a whole frame to a blocking socket."""
    first = head(frame)
    payload = memoryview(frame.payload).cast("B") if len(frame.payload) else memoryview(b"")
    sent = sock.sendmsg([first, payload], ancillary(frame.fds))
    if sent < len(first):
        sock.sendall(first[sent:])
        sent = len(first)
    sock.sendall(payload[sent - len(first) :])


def receive(sock: socket.socket) -> Frame | None:
    """The next frame from a blocking socket, None when the other end has closed it."""
    raw, fds, _, _ = socket.recv_fds(sock, HEADER.size, MAX_FDS)
    if not raw:
        return None
    if len(raw) < HEADER.size:
        raw += _exactly(sock, HEADER.size - len(raw))
    kind, run, meta, payload, _ = HEADER.unpack(raw)
    return Frame(Kind(kind), run, json.loads(_exactly(sock, meta) or b"{}"), _exactly(sock, payload), fds)


def _exactly(sock: socket.socket, length: int) -> bytearray:
    buffer = bytearray(length)
    view = memoryview(buffer)
    while view:
        got = sock.recv_into(view)
        if not got:
            raise EOFError("the other end closed in the middle of a frame")
        view = view[got:]
    return buffer
