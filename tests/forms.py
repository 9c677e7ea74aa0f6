"""Multipart forms built by hand, part by part, for what no client's library would send."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import httpx2

from retouch.server.running import BackgroundServer

BOUNDARY = "1e34ddebadb0946c88c70540eb525c9f"


@dataclass(frozen=True)
class Field:
    """A part; without a ``filename`` it is a text."""

    name: str
    value: bytes | str
    filename: str | None = None
    content_type: str | None = None


def image(
    data: bytes, name: str = "image", filename: str | None = "a.png", content_type: str | None = None
) -> Field:
    """A file; a PNG unless another ``content_type`` is given ("" for none)."""
    return Field(name, data, filename, "image/png" if content_type is None else content_type or None)


def encode(fields: Sequence[Field]) -> bytes:
    body = b""
    for field in fields:
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field.name}"'
        if field.filename is not None:
            head += f'; filename="{field.filename}"'
        if field.content_type is not None:
            head += f"\r\nContent-Type: {field.content_type}"
        value = field.value.encode() if isinstance(field.value, str) else field.value
        body += head.encode() + b"\r\n\r\n" + value + b"\r\n"
    return body + f"--{BOUNDARY}--\r\n".encode()


def post(server: BackgroundServer, *files: Field, **texts: str) -> httpx2.Response:
    """POST the ``files`` after the ``texts``, as clients do; ``prompt`` is "as it is" unless another is given."""
    fields = [Field(name, value) for name, value in ({"prompt": "as it is"} | texts).items()]
    return send(server, [*fields, *files])


def send(server: BackgroundServer, fields: Sequence[Field]) -> httpx2.Response:
    """POST exactly these parts."""
    return httpx2.post(
        f"{server.url}/v1/images/edits",
        content=encode(fields),
        headers={"content-type": f"multipart/form-data; boundary={BOUNDARY}"},
        timeout=60,
    )
