"""A server for the tests of programs that use Retouch.

With pytest, one line in the topmost ``conftest.py`` brings the fixtures of `retouch.testing.fixtures`::

    pytest_plugins = ["retouch.testing"]

Without it::

    with retouch.testing.serve() as server:
        client = OpenAI(base_url=server.base_url, api_key="any")
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from retouch.app import create_app
from retouch.server.running import BackgroundServer
from retouch.settings import Settings

__all__ = ["LiveServer", "serve"]

# pytest reads this when the module is loaded as a plugin; nothing here needs pytest itself.
pytest_plugins = ("retouch.testing.fixtures",)


@dataclass(frozen=True)
class LiveServer:
    """A running server. ``url``: where it listens, without a path. ``results``: the directory of its results by
    URL."""

    url: str
    results: Path

    @property
    def base_url(self) -> str:
        """What the official clients call base_url."""
        return f"{self.url}/v1"

    @property
    def in_flight(self) -> int:
        """Edits that run or wait now, for tests that need a busy server."""
        return int(httpx2.get(f"{self.url}/readyz", trust_env=False).json()["in_flight"])


@contextmanager
def serve(engine: str = "echo", settings: Mapping[str, Mapping[str, Any]] | None = None) -> Iterator[LiveServer]:
    """A server on a free port of the loopback address, ready in the ``with`` block and gone after it.

    ``engine``: the kind behind every model; "echo" gives back what it is given and takes orders from the prompt,
    "darkroom" edits. ``settings``: sections as in the TOML file, ``{"service": {"deadline": 1.0}}``. What is not
    given is fixed: one worker, a first seed, files in a temporary directory; neither a file nor the environment
    is read. Raises ValueError for settings that are not allowed and RuntimeError if the server does not start.
    """
    with tempfile.TemporaryDirectory(prefix="retouch-testing-") as directory:
        fixed: dict[str, dict[str, Any]] = {
            "server": {"upload_directory": directory, "shutdown": 5.0},
            "service": {"engines": {engine: {"kind": engine}}, "chain": [engine], "workers": 1, "seed": 1},
            "storage": {"directory": str(Path(directory, "results"))},
            "files": {"directory": str(Path(directory, "files"))},
        }
        if engine == "echo":
            fixed["service"]["worker_memory"] = 2 << 30  # what its order to use up the memory may take
        for section, values in (settings or {}).items():
            fixed[section] = {**fixed.get(section, {}), **values}
        whole = _Given.model_validate(fixed)
        with BackgroundServer(create_app(whole), whole.server) as server:
            yield LiveServer(server.url, whole.storage.directory)


class _Given(Settings):
    """Settings that nothing but the caller decides."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)
