"""A server of miniatures for the tests of a module."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from openai import OpenAI

from retouch.app import create_app
from retouch.server.running import BackgroundServer
from tests.conftest import settings_for
from tests.generative import held
from tests.generative.studio import Studio, engines
from tests.miniatures.fixtures import Miniature, miniature, started_by
from tests.miniatures.names import NAMES

__all__ = ["miniature"]


@pytest.fixture(scope="module")
def studio(
    tmp_path_factory: pytest.TempPathFactory, miniature: Miniature, connect: Callable[..., OpenAI]
) -> Iterator[Studio]:
    """Every miniature under its name, all on one device; a single seed makes every request's pictures."""
    folder = tmp_path_factory.mktemp("studio")
    service: dict[str, object] = {
        "engines": engines({name: miniature(name) for name in NAMES}),
        "chain": [NAMES[0]],
        "workers": 1,
    }
    settings = settings_for(folder, service=service)
    app = create_app(settings)
    with started_by(held.workers(folder)), BackgroundServer(app, settings.server) as server:
        yield Studio(server, app, connect(server, timeout=100), held.Steps(folder))
