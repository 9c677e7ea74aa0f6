"""What is sent before a body, made to confuse whoever reads it: each is refused or ended, never answered twice and
never with a 5xx."""

from __future__ import annotations

import json
import re

import httpx2
import pytest

from retouch.server.running import BackgroundServer
from tests.server.test_protocol import talk

POST = b"POST /v1/images/edits HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
SECOND = b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

REQUESTS = {
    "two lengths": POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "a negative length": POST + b"Content-Length: -1\r\n\r\n",
    "a length of many digits": POST + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n",
    "a length that overflows": POST + b"Content-Length: 18446744073709551616\r\n\r\n",
    "a length that is no number": POST + b"Content-Length: NaN\r\n\r\n",
    "a length in hexadecimal": POST + b"Content-Length: 0x10\r\n\r\n",
    "a length and chunks": POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SECOND,
    "chunks of an unknown kind": POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    "a chunk of a size that overflows": POST + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nx",
    "a chunk of a negative size": POST + b"Transfer-Encoding: chunked\r\n\r\n-1\r\nx\r\n0\r\n\r\n",
    "a chunk that is no chunk": POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    "a zero in a header": POST + b"X-A: a\0b\r\n\r\n",
    "a space before a colon": POST + b"Content-Length : 5\r\n\r\nhello",
    "a folded header": POST + b"X-A: a\r\n b\r\nContent-Length: 0\r\n\r\n",
    "a carriage return in a header": POST + b"X-A: a\rContent-Length: 5\r\n\r\nhello",
    "a header without a name": POST + b": a\r\n\r\n",
    "a header without a colon": POST + b"nothing\r\n\r\n",
    "thousands of headers": POST + b"X-A: 1\r\n" * 10_000 + b"\r\n",
    "no HTTP but TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(600) + b"\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/0.9": b"GET /healthz\r\n\r\n",
    "HTTP/9": b"GET /healthz HTTP/9.9\r\nHost: localhost\r\n\r\n",
    "an unknown method": b"BREW /v1/images/edits HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    "a tunnel": b"CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    "a proxy's request": b"GET http://127.0.0.1:22/no HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    "an encoded zero in a path": GET.replace(b"/healthz", b"/v1/files/file-%00/content") + b"\r\n",
    "dots in a path": GET.replace(b"/healthz", b"/v1/files/../../../../etc/passwd") + b"\r\n",
    "encoded dots in a path": GET.replace(b"/healthz", b"/v1/files/%2e%2e%2f%2e%2e%2fetc%2fpasswd") + b"\r\n",
    "dots in a result's name": GET.replace(b"/healthz", b"/results/..%2f..%2fetc%2fpasswd") + b"\r\n",
    "a path that is no text": GET.replace(b"/healthz", b"/v1/files/%ff%fe") + b"\r\n",
    "a type that is no text": POST + b"Content-Type: \xff\xfe\r\nContent-Length: 0\r\n\r\n",
    "a type of many parameters": POST + b"Content-Type: multipart/form-data" + b"; a=b" * 5000 + b"\r\n\r\n",
    "a type of a bad escape": POST
    + b"Content-Type: multipart/form-data; boundary*=x''%ff\r\nContent-Length: 0\r\n\r\n",
    "a key that is no text": POST + b"Authorization: Bearer \xff\xfe\0\r\nContent-Length: 0\r\n\r\n",
    "nonsense for every header of ours": POST
    + b"X-Stainless-Retry-Count: 1e999\r\nIdempotency-Key: \xff\r\nX-Retouch-Grace: -inf\r\n"
    + b"X-Request-Id: a\tb\r\nX-Client-Request-Id: \xff\xff\r\ntraceparent: 0-zz\r\nContent-Length: 0\r\n\r\n",
}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_confusing_request_is_refused_or_ended(echo_server: BackgroundServer, name: str) -> None:
    answer = talk(echo_server, REQUESTS[name])
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"HTTP/1.1 " not in body, "a second request was read out of the first"
    if head:
        status = re.match(rb"HTTP/1.1 (\d{3}) ", head)
        assert status is not None
        assert 400 <= int(status[1]) < 500, answer[:300]
        assert list(json.loads(body)["error"]) == ["message", "type", "param", "code"]
    assert b"root:" not in answer
    assert httpx2.get(f"{echo_server.url}/healthz").status_code == 200
