"""The fixtures, all of session scope; `retouch_engine` and `retouch_settings` are there to be overridden."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from retouch.testing import LiveServer, serve

if TYPE_CHECKING:
    from openai import OpenAI


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini("retouch_engine", "the engine behind retouch_server: echo or darkroom", default="echo")


@pytest.fixture(scope="session")
def retouch_engine(pytestconfig: pytest.Config) -> str:
    """The engine behind `retouch_server`: the ini option of the same name."""
    return str(pytestconfig.getini("retouch_engine"))


@pytest.fixture(scope="session")
def retouch_settings() -> Mapping[str, Mapping[str, Any]]:
    """Settings of `retouch_server` beside those that `retouch.testing.serve` fixes, by section."""
    return {}


@pytest.fixture(scope="session")
def retouch_server(retouch_engine: str, retouch_settings: Mapping[str, Mapping[str, Any]]) -> Iterator[LiveServer]:
    """A live server; its ``base_url`` is for official clients."""
    with serve(retouch_engine, retouch_settings) as server:
        yield server


@pytest.fixture(scope="session")
def retouch_client(
    retouch_server: LiveServer, retouch_settings: Mapping[str, Mapping[str, Any]]
) -> Iterator[OpenAI]:
    """The official client of `retouch_server`, with its first key if there are keys. It never tries again by
    itself; ``retouch_client.with_options(max_retries=2)`` does. Fails where the client is not installed."""
    try:
        from openai import OpenAI
    except ImportError:
        pytest.fail("retouch_client is the official client, which is not installed: pip install openai", False)
    keys = retouch_settings.get("server", {}).get("api_keys") or ["any"]
    with OpenAI(base_url=retouch_server.base_url, api_key=keys[0], max_retries=0) as client:
        yield client
