"""Where an error arose, for logs: without its text, since that may quote what a client sent."""

from __future__ import annotations

import errno
import traceback
from pathlib import Path

CAUSES = 4
"""How many errors of a chain are told."""

FRAMES = 16
"""How many of the innermost frames are told of each."""


def where(error: BaseException) -> str:
    """One line: the error's kind and its frames from the innermost outwards, then the same of what it came from.

    No text of an exception and no variable is in it, whoever raised it.
    """
    told: list[str] = []
    one: BaseException | None = error
    while one is not None and len(told) < CAUSES:
        told.append(_one(one))
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    return ", from ".join(told)


def _one(error: BaseException) -> str:
    kind = type(error).__name__
    if isinstance(error, OSError) and error.errno is not None and error.errno in errno.errorcode:
        kind = f"{kind}[{errno.errorcode[error.errno]}]"
    # Frames are walked, not formatted: the lines of the source are read from disk for that.
    frames = [
        f"{Path(frame.f_code.co_filename).name}:{number} {frame.f_code.co_name}"
        for frame, number in traceback.walk_tb(error.__traceback__)
    ]
    return " < ".join([kind, *reversed(frames[-FRAMES:])])
