"""One real edit of a bundled photograph, sent to the server that has just started."""

from __future__ import annotations

import base64
import shutil
import threading
import time
from importlib import resources
from pathlib import Path

import click
import httpx2
import uvicorn

from retouch.settings import Settings

PROMPT = "Make the image look like it was taken at sunset"


class Demo(threading.Thread):
    """Waits for ``server``, edits the sample, and says where before and after lie."""

    def __init__(self, server: uvicorn.Server, settings: Settings, directory: Path) -> None:
        super().__init__(name="retouch-demo", daemon=True)
        self._server = server
        self._settings = settings
        self._directory = directory

    def run(self) -> None:
        while not self._server.started:
            if self._server.should_exit:
                return
            time.sleep(0.02)
        # Port 0 means a free one: only the socket knows which.
        port = self._server.servers[0].sockets[0].getsockname()[1]
        url = f"http://127.0.0.1:{port}/v1"
        self._directory.mkdir(parents=True, exist_ok=True)
        before, after = self._directory / "before.jpg", self._directory / "after.png"
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
        click.echo(f"\n  Serving at {url} — point any client there. Ctrl-C stops.\n")

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
