"""Large files of the hub's cache, fetched so that an interrupted download goes on where it stopped.

The hub's library no longer does that across processes (huggingface_hub 2 deletes what an interrupted download
has), and weights come in files of ten gigabytes. What has come lies in ``blobs/<etag>.incomplete``, and gets its
name in the cache, which is the SHA-256 of its bytes, once they are all there and have that digest.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import time
from collections.abc import Callable
from functools import partial
from io import BufferedRandom
from pathlib import Path
from typing import Any, TypeVar, cast

_DIGEST = re.compile(r"[0-9a-f]{64}")
_WAITS = (1, 2, 4, 8, 16)
"""Seconds before a request is tried again."""
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})

T = TypeVar("T")


def is_digest(name: str | None) -> bool:
    """Whether a blob of that name is one that `complete` fetches: the name is its SHA-256, which is also what
    makes it safe as a file's name."""
    return name is not None and _DIGEST.fullmatch(name) is not None


def patiently(ask: Callable[[], T], came: Callable[[], int] = lambda: 0) -> T:
    """What ``ask`` returns; it is asked again, half a minute long, while the connection breaks or the hub answers
    that it is busy or broken. Where ``came``, a number of bytes, has changed since, patience begins anew; where
    nothing has come yet, a hub that cannot be connected to is not waited for."""
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError

    waits, before = list(_WAITS), came()
    while True:
        try:
            return ask()
        except (httpx2.TransportError, HfHubHTTPError) as error:
            if isinstance(error, HfHubHTTPError):
                passing = error.response.status_code in _PASSING
            else:
                passing = not isinstance(error, httpx2.ConnectError | httpx2.ProxyError) or came() > 0
            if came() != before:
                waits, before = list(_WAITS), came()
            if not passing or not waits:
                raise
        time.sleep(waits.pop(0))


def size_so_far(blob: Path) -> int:
    """Bytes of ``blob`` that are here, perhaps all."""
    for path in (blob, _incomplete(blob)):
        if path.is_file():
            return path.stat().st_size
    return 0


def complete(url: str, blob: Path, size: int, progress: Callable[[int], object]) -> None:
    """Fetch what is missing of ``blob``, which has ``size`` bytes and whose name is their SHA-256. ``progress`` is
    told of bytes as they come, fewer than 0 where it has to begin anew.

    Raises `BlockingIOError` while another process fetches it, ValueError if it comes damaged (then nothing of it
    is kept), OSError where it cannot be written, and the library's errors.
    """
    blob.parent.mkdir(parents=True, exist_ok=True)
    path = _incomplete(blob)
    with path.open("ab+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BlockingIOError("another process is fetching it just now") from error
        if not _is_at(path, file):
            # Whoever had the lock has completed it between our opening the file and our locking it.
            raise BlockingIOError("another process has just fetched it; pull again")
        have = _have(file)
        if have > size:
            file.truncate(0)
            progress(-have)
        patiently(partial(_go_on, url, file, size, progress), partial(_have, file))
        file.flush()
        if _digest(file) != blob.name:
            file.truncate(0)
            progress(-size)
            raise ValueError("it came damaged; pull again to fetch it anew")
        path.rename(blob)


def _go_on(url: str, file: BufferedRandom, size: int, progress: Callable[[int], object]) -> None:
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

    have = _have(file)
    http_get(
        url,
        file,
        resume_size=have,
        headers=build_hf_headers(),
        expected_size=size,
        tqdm_class=cast(Any, partial(_Counting, progress, have)),
    )


def _have(file: BufferedRandom) -> int:
    return file.seek(0, os.SEEK_END)


def _is_at(path: Path, file: BufferedRandom) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _incomplete(blob: Path) -> Path:
    return blob.with_name(f"{blob.name}.incomplete")


class _Counting:
    """A progress bar as the library uses one, which shows nothing and tells ``progress``."""

    def __init__(self, progress: Callable[[int], object], have: int, *, initial: int = 0, **_: Any) -> None:
        self._progress = progress
        if initial != have:
            # The server sends all of it, though asked for the rest.
            progress(initial - have)

    def __enter__(self) -> _Counting:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def update(self, count: float = 1) -> None:
        self._progress(int(count))


def _digest(file: BufferedRandom) -> str:
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()
