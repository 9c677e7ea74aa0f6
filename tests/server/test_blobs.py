from __future__ import annotations

import asyncio
import hashlib
import os
from pathlib import Path

import pytest

from retouch.server.blobs import Blob


def test_it_knows_its_size_and_digest(tmp_path: Path) -> None:
    blob = Blob(tmp_path)
    blob.write(b"one")
    blob.write(bytearray(b"two"))
    assert (blob.size, blob.content(), blob.digest) == (6, b"onetwo", hashlib.sha256(b"onetwo").digest())
    blob.close()


@pytest.mark.parametrize("size", [10, 9 << 20])
def test_a_closed_file_is_gone_with_a_loop_and_without(tmp_path: Path, size: int) -> None:
    async def main() -> int:
        return close()

    def close() -> int:
        blob = Blob(tmp_path)
        blob.write(bytes(size))
        fd = blob.fileno()
        blob.close()
        return fd

    for fd in (close(), asyncio.run(main())):
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(fd)
