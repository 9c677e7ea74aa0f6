"""HTTP/1.1 on a connection: uvicorn's, with a bound on headers and refusals in the contract's shape."""

from __future__ import annotations

import uuid
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from retouch.errors import InvalidRequest, RetouchError
from retouch.server.answers import error_response


class Protocol(HttpToolsProtocol):
    """What arrives before a request's headers are complete is counted; the parser itself would take any amount
    of it, from anybody."""

    max_head_bytes = 64 << 10

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self._head: int | None = 0

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._head is None or self.transport.is_closing():
            return
        self._head += len(data)
        if self._head > self.max_head_bytes:
            self._refuse(
                InvalidRequest(
                    f"The request's headers are too large. Expected at most {self.max_head_bytes} bytes.",
                    code="headers_too_large",
                )
            )

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head = 0

    def on_headers_complete(self) -> None:
        self._head = None
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """uvicorn's refusal of what is no HTTP, in the envelope."""
        self._refuse(InvalidRequest(msg, code="invalid_http"))

    def _refuse(self, error: RetouchError) -> None:
        response = error_response(error)
        response.headers["connection"] = "close"
        response.headers["x-request-id"] = f"req_{uuid.uuid4().hex}"
        response.headers["openai-processing-ms"] = "0"
        head = b"".join(name + b": " + value + b"\r\n" for name, value in response.raw_headers)
        self.transport.write(b"HTTP/1.1 400 Bad Request\r\n" + head + b"\r\n" + bytes(response.body))
        self.transport.close()


def protocol(max_head_bytes: int) -> type[Protocol]:
    """`Protocol` with that bound: uvicorn makes one for each connection and passes it nothing of ours."""
    return type("Protocol", (Protocol,), {"max_head_bytes": max_head_bytes})
