"""A small client of the endpoint, for the command line."""

from __future__ import annotations

import base64
import json
import mimetypes
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import click
import httpx2

_MINUTES = 600.0


_FORMATS = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp"}


class Failed(Exception):
    """The server refused or could not be reached; ``text`` is for people."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class Sink(Protocol):
    """Where answers go. ``fetch`` reads a result by its URL."""

    def answer(self, body: str, fetch: Fetch) -> None: ...

    def event(self, data: str) -> None: ...

    def finish(self) -> None: ...


class Fetch(Protocol):
    def __call__(self, url: str) -> bytes: ...


class Call:
    """Calls the server at ``base_url``, by the UNIX socket ``path`` if there is one."""

    def __init__(self, base_url: str, api_key: str | None, path: Path | None = None) -> None:
        self._base_url = base_url.rstrip("/")
        self._headers = {"authorization": f"Bearer {api_key}"} if api_key else {}
        self._transport = httpx2.HTTPTransport(uds=str(path)) if path is not None else None

    def edit(self, fields: Mapping[str, str], images: Sequence[Path], mask: Path | None, sink: Sink) -> None:
        """Raises `Failed`."""
        with ExitStack() as held:
            files = [("image[]", _part(held, path)) for path in images]
            if mask is not None:
                files.append(("mask", _part(held, mask)))
            client = held.enter_context(
                httpx2.Client(transport=self._transport, headers=self._headers, timeout=_MINUTES)
            )
            url = f"{self._base_url}/images/edits"
            try:
                with client.stream("POST", url, data=dict(fields), files=files) as response:
                    if response.status_code != 200:
                        response.read()
                        raise Failed(f'POST "{url}": {response.status_code}\n{response.text}')
                    if response.headers.get("content-type", "").startswith("text/event-stream"):
                        for data in _events(response.iter_lines()):
                            sink.event(data)
                    else:
                        response.read()
                        sink.answer(response.text, lambda address: self._fetch(client, address))
            except httpx2.HTTPError as error:
                raise Failed(f'POST "{url}": {error}') from error

    def _fetch(self, client: httpx2.Client, address: str) -> bytes:
        """A result by its URL."""
        if self._transport is not None:
            # A server behind a socket gives out a public address that nobody listens to yet.
            address = (
                self._base_url.removesuffix("/v1") + urlsplit(address)._replace(scheme="", netloc="").geturl()
            )
            response = client.get(address)
        else:
            # The key is the API's: a link may lead to somebody else.
            response = httpx2.get(address, timeout=_MINUTES)
        if response.status_code != 200:
            raise Failed(f'GET "{address}": {response.status_code}')
        return response.content


class Printer:
    """Prints answers as they are, and events one a line."""

    def __init__(self, max_items: int) -> None:
        self._left = max_items

    def answer(self, body: str, fetch: Fetch) -> None:
        click.echo(body)

    def event(self, data: str) -> None:
        if "error" in (event := json.loads(data)):
            raise Failed(json.dumps(event, indent=2))
        if self._left != 0:
            self._left -= 1
            click.echo(data)

    def finish(self) -> None:
        pass


class Kept:
    """Keeps the finished pictures."""

    def __init__(self) -> None:
        self.pictures: list[bytes] = []

    def answer(self, body: str, fetch: Fetch) -> None:
        for item in json.loads(body)["data"]:
            self.pictures.append(_picture(item) if "b64_json" in item else fetch(item["url"]))

    def event(self, data: str) -> None:
        event = json.loads(data)
        if "error" in event:
            raise Failed(json.dumps(event, indent=2))
        if event["type"].endswith("completed"):
            self.pictures.append(_picture(event))

    def finish(self) -> None:
        pass


class Saver(Kept):
    """Saves pictures to a file or into a directory and prints their paths.

    One picture goes to the file itself; several, and previews, get a number before the suffix.
    """

    def __init__(self, output: Path, fields: dict[str, str]) -> None:
        """``fields``: the request's; a file's suffix that names a format is added to them. Raises ValueError if
        suffix and format contradict each other, OSError if nothing can be written there."""
        format = fields.get("output_format")
        if output.is_dir() or not output.suffix:
            output.mkdir(parents=True, exist_ok=True)
            output = output / f"edited.{'jpg' if format == 'jpeg' else format or 'png'}"
        named = _FORMATS.get(output.suffix.lower())
        if format is None and named not in (None, "png"):
            fields["output_format"] = str(named)
        elif named is not None and named != (format or "png"):
            raise ValueError(f"{output.name} names another format than --output-format {format}")
        output.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=output.parent):
            pass  # it is better to know before the edit than after it
        super().__init__()
        self._output = output
        self._previews = 0

    def event(self, data: str) -> None:
        super().event(data)
        event = json.loads(data)
        if event["type"].endswith("partial_image"):
            self._write(self._numbered(f"partial-{self._previews}"), _picture(event))
            self._previews += 1

    def finish(self) -> None:
        if len(self.pictures) == 1:
            self._write(self._output, self.pictures[0])
            return
        for number, data in enumerate(self.pictures):
            self._write(self._numbered(str(number)), data)

    def _numbered(self, mark: str) -> Path:
        return self._output.with_name(f"{self._output.stem}-{mark}{self._output.suffix}")

    def _write(self, path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        click.echo(str(path))


def _part(held: ExitStack, path: Path) -> tuple[str, Any, str]:
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return path.name, held.enter_context(path.open("rb")), kind


def _picture(item: Mapping[str, Any]) -> bytes:
    return base64.b64decode(item["b64_json"])


def _events(lines: Iterable[str]) -> Iterator[str]:
    """The data of each server-sent event."""
    data: list[str] = []
    for line in lines:
        if line.startswith("data:"):
            data.append(line[5:].removeprefix(" "))
        elif not line and data:
            yield "\n".join(data)
            data = []
