"""Memory of the server process over one request with sixteen pictures of just under 50 MB.

The pictures are JPEG files padded behind their end: what counts is that 800 MB pass through the server.
"""

from __future__ import annotations

import http.client
import tempfile
from pathlib import Path

from benchmarks.photos import photograph
from benchmarks.servers import serving
from retouch.imaging.encode import encode

IMAGES = 16
SIZE = (50 << 20) - 1024
PIECE = 1 << 20


def main() -> None:
    photo = encode(photograph(1024, 768), "jpeg", 90)
    boundary = "b0undary"
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="image[]"; filename="a.jpg"\r\n'
        "Content-Type: image/jpeg\r\n\r\n"
    ).encode()
    prompt = f'--{boundary}\r\nContent-Disposition: form-data; name="prompt"\r\n\r\necho\r\n'
    tail = f"{prompt}--{boundary}--\r\n".encode()
    length = IMAGES * (len(head) + SIZE + 2) + len(tail)
    with (
        tempfile.TemporaryDirectory() as directory,
        serving("--engine", "echo", "--workers", "1", RETOUCH_SERVER__UPLOAD_DIRECTORY=directory) as server,
    ):
        before = server.resident()
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=300)
        connection.putrequest("POST", "/v1/images/edits")
        connection.putheader("content-type", f"multipart/form-data; boundary={boundary}")
        connection.putheader("content-length", str(length))
        connection.endheaders()
        for _ in range(IMAGES):
            connection.send(head + photo)
            left = SIZE - len(photo)
            while left:
                piece = min(left, PIECE)
                connection.send(b"\0" * piece)
                left -= piece
            connection.send(b"\r\n")
        connection.send(tail)
        response = connection.getresponse()
        response.read()
        grown = server.peak() - before
        left_behind = len(list(Path(directory).iterdir()))
    print(
        f"{IMAGES} pictures of {SIZE} bytes: status {response.status}, server process grew by at most"
        f" {grown / 2**20:.1f} MiB (under 64 wanted), files left {left_behind}"
    )


if __name__ == "__main__":
    main()
