"""Leaves those tests of a run in which the official client takes part."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items[:] = [
        item
        for item in items
        if isinstance(item, pytest.Function) and {"client", "connect"} & set(item.fixturenames)
    ]
