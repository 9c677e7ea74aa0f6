"""A hub of models on the loopback address, as far as its library asks it anything."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

COMMIT = "c0" * 20
LARGE = 5 << 20


def weights(seed: int, size: int = LARGE) -> bytes:
    """Bytes that stand for a model's weights."""
    return hashlib.shake_256(bytes([seed])).digest(1024) * (size // 1024)


KLEIN: Mapping[str, bytes] = {
    "model_index.json": json.dumps(
        {
            "_class_name": "Flux2KleinPipeline",
            "transformer": ["diffusers", "Flux2Transformer2DModel"],
            "vae": ["diffusers", "AutoencoderKLFlux2"],
            "safety_checker": [None, None],
        }
    ).encode(),
    "LICENSE.md": b"Do as you like.",
    "klein.safetensors": weights(1),
    "transformer/config.json": b"{}",
    "transformer/diffusion_pytorch_model.safetensors": weights(2),
    "transformer/diffusion_pytorch_model.bin": weights(3),
    "vae/config.json": b"{}",
    "vae/diffusion_pytorch_model.safetensors": weights(4, 1024),
    "vae/diffusion_pytorch_model.fp16.safetensors": weights(5, 1024),
    "pictures/sample.png": b"not a picture",
}


@dataclass
class FakeHub:
    """``repositories``: their files. ``gated``: those that want the token "hf_right". ``breaks``: after so many
    bytes of a large file the connection ends, once for each number. ``sent``: (path, first byte) of each file.

    ``failures``: statuses that are answered instead, one a request. ``store``: another hub's address, to which
    large files are redirected. ``ranges``: whether a part of a file can be had. ``listed``: names that are listed
    beside the files. ``tags``: of each repository. ``tokens``: what came as authorisation with each request.
    """

    repositories: dict[str, Mapping[str, bytes]]
    gated: set[str] = field(default_factory=set)
    breaks: list[int] = field(default_factory=list)
    sent: list[tuple[str, int]] = field(default_factory=list)
    failures: list[int] = field(default_factory=list)
    store: str | None = None
    ranges: bool = True
    listed: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    tokens: set[str | None] = field(default_factory=set)
    url: str = ""


@contextmanager
def fake_hub(**repositories: Mapping[str, bytes]) -> Iterator[FakeHub]:
    """A hub of ``repositories`` (``owner__name`` for owner/name)."""
    hub = FakeHub({name.replace("__", "/"): files for name, files in repositories.items()})

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            path = unquote(urlsplit(self.path).path)
            hub.tokens.add(self.headers.get("authorization"))
            if hub.failures:
                self._refuse(hub.failures.pop(0), "")
            elif found := re.fullmatch(r"/api/models/([^/]+/[^/]+)(/revision/(.+))?", path):
                self._tell(found[1], found[3] or "main")
            elif found := re.fullmatch(r"/api/models/([^/]+/[^/]+)/tree/[^/]+", path):
                self._answer(json.dumps([_entry(*one) for one in hub.repositories[found[1]].items()]).encode())
            elif found := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
                self._send(found[1], found[3])
            else:
                self._refuse(404, "EntryNotFound")

        def _tell(self, name: str, revision: str) -> None:
            if name not in hub.repositories:
                self._refuse(401, "RepoNotFound")
            elif revision not in ("main", COMMIT):
                self._refuse(404, "RevisionNotFound")
            else:
                siblings = [_sibling(path, data) for path, data in hub.repositories[name].items()]
                siblings += [_sibling(path, weights(0)) for path in hub.listed]
                told = {"id": name, "sha": COMMIT, "siblings": siblings, "tags": hub.tags}
                self._answer(json.dumps(told).encode())

        def _send(self, name: str, path: str) -> None:
            if name in hub.gated and self.headers.get("authorization") != "Bearer hf_right":
                self._refuse(403, "GatedRepo")
            elif path not in hub.repositories[name]:
                self._refuse(404, "EntryNotFound")
            elif hub.store is not None and len(hub.repositories[name][path]) >= LARGE:
                self._redirect(hub.repositories[name][path], f"{hub.store}{self.path}")
            else:
                self._answer(hub.repositories[name][path], path)

        def _redirect(self, data: bytes, target: str) -> None:
            self.send_response(302)
            self.send_header("x-repo-commit", COMMIT)
            self.send_header("x-linked-etag", f'"{_etag(data)}"')
            self.send_header("x-linked-size", str(len(data)))
            self.send_header("location", target)
            self.send_header("content-length", "0")
            self.end_headers()

        def _answer(self, data: bytes, path: str | None = None) -> None:
            first = 0
            if hub.ranges and (asked := re.fullmatch(r"bytes=(\d+)-", self.headers.get("range", ""))):
                first = int(asked[1])
            self.send_response(206 if first else 200)
            self.send_header("x-repo-commit", COMMIT)
            self.send_header("etag", f'"{_etag(data) if len(data) >= 1024 else _etag(data)[:40]}"')
            self.send_header("content-length", str(len(data) - first))
            if first:
                self.send_header("content-range", f"bytes {first}-{len(data) - 1}/{len(data)}")
            self.end_headers()
            if self.command == "HEAD":
                return
            if path is not None:
                hub.sent.append((path, first))
            if len(data) >= LARGE and hub.breaks:
                self.wfile.write(data[first : first + hub.breaks.pop(0)])
                self.close_connection = True
            else:
                self.wfile.write(data[first:])

        def _refuse(self, status: int, code: str) -> None:
            self.send_response(status)
            self.send_header("x-error-code", code)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    hub.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _sibling(path: str, data: bytes) -> dict[str, object]:
    one: dict[str, object] = {"rfilename": path, "size": len(data), "blobId": _etag(data)[:40]}
    if len(data) >= 1024:
        one["lfs"] = {"sha256": _etag(data), "size": len(data), "pointerSize": 134}
    return one


def _entry(path: str, data: bytes) -> dict[str, object]:
    one: dict[str, object] = {"type": "file", "path": path, "size": len(data), "oid": _etag(data)[:40]}
    if len(data) >= 1024:
        one["lfs"] = {"oid": _etag(data), "size": len(data), "pointerSize": 134}
    return one


def _etag(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
