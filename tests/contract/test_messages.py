"""Punctuation of the refusals."""

from __future__ import annotations

import pytest

from retouch.contract import messages


@pytest.mark.rule("3.2/lists")
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["a"], "'a'"),
        (["a", "b"], "'a' and 'b'"),
        (["a", "b", "c"], "'a', 'b', and 'c'"),
        (["a", "b", "c", "d"], "'a', 'b', 'c', and 'd'"),
    ],
)
def test_lists_are_punctuated_as_recorded(values: list[str], expected: str) -> None:
    assert messages.listing(values) == expected


@pytest.mark.rule("3.2/lists")
def test_type_errors_list_with_or() -> None:
    assert messages.listing(["low", "medium", "high", "auto"], "or") == "'low', 'medium', 'high', or 'auto'"


def test_a_number_inside_its_range_is_no_fault() -> None:
    assert messages.out_of_range("n", 1, 1, 10) is None
    assert messages.out_of_range("n", 10, 1, 10) is None
    assert messages.out_of_range("n", -5, None, None) is None


def test_only_long_values_are_cut() -> None:
    assert messages.echo("x" * 200) == "x" * 200
    assert messages.echo("x" * 201) == "x" * 200 + "…"
