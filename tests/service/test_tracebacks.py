from __future__ import annotations

import errno

import pytest

from retouch.service.tracebacks import where

SECRET = "a portrait of my neighbour"


def quote(prompt: str) -> None:
    raise ValueError(f"cannot read {prompt!r}")


def told(prompt: str) -> str:
    try:
        try:
            quote(prompt)
        except ValueError as error:
            raise KeyError(prompt) from error
    except KeyError as error:
        return where(error)
    raise AssertionError


def test_kinds_and_places_are_told_and_no_words() -> None:
    line = told(SECRET)
    assert line.startswith("KeyError < test_tracebacks.py:")
    assert ", from ValueError < test_tracebacks.py:" in line
    assert "quote" in line
    assert SECRET not in line
    assert "neighbour" not in line
    assert "\n" not in line


def test_what_the_system_said_is_told_by_its_name_and_without_the_path() -> None:
    line = where(OSError(errno.ENOSPC, "No space left on device", "/srv/private/picture.png"))
    assert line == "OSError[ENOSPC]"


def test_a_deep_stack_is_cut_to_its_innermost_frames() -> None:
    def fall(depth: int) -> None:
        if depth == 0:
            raise RuntimeError
        fall(depth - 1)

    with pytest.raises(RuntimeError) as caught:
        fall(100)
    assert where(caught.value).count(" < ") == 16
