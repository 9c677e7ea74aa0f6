"""The file descriptors of the server process, shared out so that none of its parts takes the others'."""

from __future__ import annotations

import errno
import resource

from retouch.errors import RateLimited

_MANY = 1 << 20
"""Where the system sets no limit."""


def raise_limit() -> None:
    """Allow this process as many as an unprivileged one may have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def for_connections(wanted: int) -> int:
    """How many connections there may be: ``wanted``, but no more than a quarter of all descriptors."""
    return max(1, min(wanted, _limit() // 4))


def leave_last_quarter(descriptor: int) -> None:
    """Raises `RateLimited` if ``descriptor``, which was just opened for an upload, is one of the last quarter,
    which is left to connections and answers. The lowest free number is always taken, so all below are in use."""
    if descriptor >= _limit() * 3 // 4:
        raise exhausted()


def is_exhausted(error: BaseException) -> bool:
    """Whether an operation failed for want of a descriptor."""
    return isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE)


def exhausted() -> RateLimited:
    return RateLimited("The server is busy: it has too many files open. Please try again shortly.", reason="files")


def _limit() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MANY if soft == resource.RLIM_INFINITY else soft
