"""A web server of somebody else's, on this machine, and a fetcher that is allowed to see it."""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from retouch.contract.catalogue import Catalogue
from retouch.contract.references import Reference
from retouch.server.fetching.addresses import Address
from retouch.server.fetching.fetcher import Fetcher
from retouch.server.fetching.settings import FetchingSettings

TLS = Path(__file__).parents[2] / "data" / "tls"


@dataclass
class Page:
    """What a path answers with. ``pieces``: each sent after ``pause`` seconds."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    pieces: int = 1
    pause: float = 0.0
    length: bool = True


class Elsewhere:
    """A server on 127.0.0.1. ``pages``: by path; ``seen``: the requests, as (path, headers)."""

    def __init__(self, tls: bool = False) -> None:
        self.pages: dict[str, Page] = {}
        self.seen: list[tuple[str, dict[str, str]]] = []
        elsewhere = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                elsewhere.seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                page = elsewhere.pages.get(self.path, Page(404, body=b"not here"))
                self.send_response_only(page.status)
                for name, value in page.headers.items():
                    self.send_header(name, value)
                if page.length:
                    self.send_header("content-length", str(len(page.body) * page.pieces))
                self.send_header("connection", "close")
                self.end_headers()
                try:
                    for _ in range(page.pieces):
                        time.sleep(page.pause)
                        self.wfile.write(page.body)
                except OSError:
                    pass  # the fetcher has had enough
                self.close_connection = True

            def log_message(self, format: str, *values: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                pass  # handshakes that the fetcher breaks off

        self._server = Server(("127.0.0.1", 0), Handler)
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(TLS / "certificate.pem", TLS / "key.pem")
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class Names:
    """A name server: `answers` by host, in turn where there are several; ``asked``: the hosts asked for."""

    def __init__(self) -> None:
        self.answers: dict[str, list[list[str]]] = {}
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> list[Address]:
        self.asked.append(host)
        answers = self.answers.get(host)
        if not answers:
            raise OSError("no such host")
        now = answers.pop(0) if len(answers) > 1 else answers[0]
        return [ip_address(one) for one in now]


Fetch = Callable[..., list[bytes]]


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    server = Elsewhere()
    yield server
    server.close()


@pytest.fixture
def secure_elsewhere() -> Iterator[Elsewhere]:
    """The same over TLS, with a certificate for pictures.example."""
    server = Elsewhere(tls=True)
    yield server
    server.close()


@pytest.fixture
def names() -> Names:
    found = Names()
    found.answers["pictures.example"] = [["127.0.0.1"]]
    return found


@pytest.fixture
def make_fetcher(names: Names, tmp_path: Path) -> Callable[..., Fetcher]:
    """``make_fetcher(port, ...)`` may connect to that port of 127.0.0.1; other arguments are settings."""

    def make(port: int, *, max_file_bytes: int = 1 << 20, **settings: Any) -> Fetcher:
        allowed = {"allowed_networks": ["127.0.0.1/32"], "ports": [port], "seconds": 5, "idle": 2} | settings
        tls = ssl.create_default_context(cafile=TLS / "certificate.pem")
        return Fetcher(
            FetchingSettings.model_validate(allowed),
            directory=tmp_path,
            max_file_bytes=max_file_bytes,
            resolve=names,
            tls=tls,
        )

    return make


@pytest.fixture
def fetch() -> Fetch:
    """``fetch(fetcher, address, ...)`` gives what is there, as bytes."""

    def run(
        fetcher: Fetcher, *addresses: str, model: str = "gpt-image-1.5", caller: str = "somebody"
    ) -> list[bytes]:
        async def story() -> list[bytes]:
            wanted = [Reference("image_url", one, f"images[{at}]") for at, one in enumerate(addresses)]
            blobs = await fetcher.fetch(wanted, Catalogue().get(model), caller)
            try:
                return [blobs[one.file].content() for one in wanted]
            finally:
                for blob in blobs.values():
                    blob.close()

        return asyncio.run(story())

    return run
