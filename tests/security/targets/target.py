"""What the fuzzers aim at."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from retouch.errors import RetouchError


@dataclass(frozen=True)
class Target:
    """A part of Retouch that reads what strangers send.

    ``run`` gives it a case and says whether it took it; a refusal is as good, anything else raised is a finding.
    ``cases`` makes cases that are mostly well formed, ``seeds`` are whole ones to mutate (the first brings in all
    that is loaded late), and ``words`` what mutations are made of, beside bytes. ``longest``: bytes of a case that
    mutations make.
    """

    run: Callable[[bytes], bool]
    cases: st.SearchStrategy[bytes]
    seeds: Callable[[], Sequence[bytes]]
    words: Callable[[], Sequence[str]]
    longest: int


def judge_refusal(error: RetouchError) -> None:
    """Raises `AssertionError` unless ``error`` tells a client in its answer what was wrong with its request."""
    assert 400 <= error.status < 500, error.status
    assert 0 < len(error.message) < 1000, len(error.message)
    json.dumps(error.body(), ensure_ascii=False).encode()
    for value in error.headers.values():
        assert value.isascii()
        assert value.isprintable()
