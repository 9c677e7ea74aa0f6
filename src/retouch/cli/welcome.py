"""What `retouch serve` tells a person once it is up, and one real edit of a bundled photograph."""

from __future__ import annotations

import base64
import shutil
import threading
import time
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import click
import httpx2
import uvicorn

from retouch import __version__
from retouch.server.settings import ServerSettings
from retouch.service.editor import Editor
from retouch.settings import Settings
from retouch.storage.keys import KeyFile

PROMPT = "Make the image look like it was taken at sunset"


class Welcome(threading.Thread):
    """Waits for ``server``, says where it listens and what its engines can do, and, with a ``directory``, edits
    the sample and says where before and after lie."""

    def __init__(self, server: uvicorn.Server, editor: Editor, settings: Settings, directory: Path | None) -> None:
        super().__init__(name="retouch-welcome", daemon=True)
        self._server = server
        self._editor = editor
        self._settings = settings
        self._directory = directory

    def run(self) -> None:
        while not self._server.started:
            if self._server.should_exit:
                return
            time.sleep(0.02)
        # Port 0 means a free one: only the socket knows which.
        port = self._server.servers[0].sockets[0].getsockname()[1]
        host = self._settings.server.host
        # What listens to every address is reached by the loopback one.
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
        url = f"http://{f'[{host}]' if ':' in host else host}:{port}/v1"
        click.echo(f"\n  Retouch {__version__} at {url}")
        engines = [able for name in self._settings.service.engines for able in self._editor.capabilities(name)]
        width = max((len(able["engine"]) for able in engines), default=0)
        for able in engines:
            click.echo(f"  {_row(able, width)}")
        click.echo(f"  {_access(self._settings.server)}")
        if self._directory is not None:
            self._demonstrate(url, self._directory)
        click.echo("\n  Point any client there. Ctrl-C stops.\n")

    def _demonstrate(self, url: str, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        before, after = directory / "before.jpg", directory / "after.png"
        with resources.as_file(resources.files("retouch.samples") / "china.jpg") as sample:
            shutil.copyfile(sample, before)
        started = time.monotonic()
        try:
            after.write_bytes(self._edit(url, before))
        except (httpx2.HTTPError, KeyError, OSError) as error:
            click.echo(f"The demonstration edit failed: {error}", err=True)
        else:
            click.echo(f'\n  "{PROMPT}" took {time.monotonic() - started:.1f} s')
            click.echo(f"  before  {before.resolve()}\n  after   {after.resolve()}")

    def _edit(self, url: str, photo: Path) -> bytes:
        keys = self._settings.server.api_keys
        headers = {"authorization": f"Bearer {keys[0].get_secret_value()}"} if keys else {}
        with photo.open("rb") as image:
            answer = httpx2.post(
                f"{url}/images/edits",
                data={"prompt": PROMPT, "model": "gpt-image-1.5"},
                files={"image": ("before.jpg", image, "image/jpeg")},
                headers=headers,
                timeout=120,
                trust_env=False,
            )
        answer.raise_for_status()
        return base64.b64decode(answer.json()["data"][0]["b64_json"])


def _access(server: ServerSettings) -> str:
    """Who is let in."""
    if server.keys_file is not None:
        path = KeyFile(server.keys_file).path
        hint = "" if path.exists() else "; there is none yet: `retouch keys create`"
        return f"asks for a key of {path}{hint}"
    if server.api_keys:
        return "asks for a key"
    return f"asks for no key: {'anybody who reaches it' if server.is_open else 'whatever runs here'} may use it"


def _row(able: Mapping[str, Any], width: int) -> str:
    """What an engine declared; ``width``: letters of the longest name."""
    where = f"in a {able['place']}"
    if "device" in able:
        where = "on the best device" if able["device"] == "auto" else f"on {able['device']}"
    words = [able["engine"].ljust(width), f"paints {where}"]
    words += [word for word in ("masks", "previews", "varies") if able[word]]
    words += [f"{able['references'] + 1} images", able["licence"]]
    return "  ".join(words)
