from __future__ import annotations

import re

import pytest

from retouch import errors
from retouch.errors import RetouchError, from_wire


def tree() -> list[type[RetouchError]]:
    found, todo = [], [RetouchError]
    while todo:
        cls = todo.pop()
        found.append(cls)
        todo += cls.__subclasses__()
    return [cls for cls in found if cls.__module__ == errors.__name__]


def test_the_drawn_tree_names_every_error_with_its_status() -> None:
    drawn = dict(re.findall(r"[├└]── (\w+)\s+(\d{3})", errors.__doc__ or ""))
    assert drawn == {cls.__name__: str(cls.status) for cls in tree() if cls is not RetouchError}


@pytest.mark.parametrize("cls", tree(), ids=lambda cls: cls.__name__)
def test_every_error_crosses_a_process_boundary_unchanged(cls: type[RetouchError]) -> None:
    error = cls("what happened")
    found = from_wire(error.to_wire())
    assert type(found) is cls
    assert found.body() == error.body()
    assert (found.status, found.headers, found.retry) == (error.status, error.headers, error.retry)


def test_the_envelope_has_its_keys_in_the_recorded_order() -> None:
    body = errors.InvalidRequest("no", param="n", code="invalid_value").body()
    assert list(body) == ["error"]
    assert list(body["error"].items()) == [
        ("message", "no"),
        ("type", "invalid_request_error"),
        ("param", "n"),
        ("code", "invalid_value"),
    ]
