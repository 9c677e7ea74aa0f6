from __future__ import annotations

import os
import socket
import threading

import pytest

from retouch.service.wire import Frame, Kind, receive, send


@pytest.fixture
def pair() -> tuple[socket.socket, socket.socket]:
    return socket.socketpair()


def test_a_frame_arrives_as_it_was_sent(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    payload = os.urandom(3_000_000)
    sending = threading.Thread(target=send, args=(ours, Frame(Kind.PICTURE, 7, {"index": 1}, payload)))
    sending.start()
    frame = receive(theirs)
    sending.join()
    assert frame is not None
    assert (frame.kind, frame.run, frame.meta, bytes(frame.payload)) == (
        Kind.PICTURE,
        7,
        {"index": 1},
        payload,
    )
    ours.close()
    assert receive(theirs) is None
    theirs.close()


def test_a_descriptor_travels_with_its_frame(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    read_end, write_end = os.pipe()
    send(ours, Frame(Kind.TASK, 1, payload=b"x", fds=[write_end]))
    os.close(write_end)
    frame = receive(theirs)
    assert frame is not None
    (fd,) = frame.fds
    os.write(fd, b"hello")
    assert os.read(read_end, 5) == b"hello"
    frame.close()
    assert os.read(read_end, 5) == b""  # nobody holds the other end any more
    for end in pair:
        end.close()
    os.close(read_end)


def test_a_frame_cut_short_is_an_error(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    send(ours, Frame(Kind.DONE, 1))
    ours.send(b"\x01\x02")
    ours.close()
    assert receive(theirs) is not None
    with pytest.raises(EOFError):
        receive(theirs)
    theirs.close()
