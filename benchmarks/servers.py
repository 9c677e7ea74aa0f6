"""A real server process to measure, and a client that costs next to nothing."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Running:
    """A server that answers on ``port``."""

    port: int
    pid: int

    def resident(self) -> int:
        """The server process's resident memory in bytes, without its workers'."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def busy(self) -> float:
        """Seconds of the processor that it and its workers have had, to a hundredth each."""
        pids = [self.pid]
        for children in Path(f"/proc/{self.pid}/task").glob("*/children"):
            pids += map(int, children.read_text().split())
        ticks = 0
        for pid in pids:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def peak(self) -> int:
        """The largest the server process has been, in bytes."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        raise ValueError("no VmHWM in /proc")


@contextlib.contextmanager
def serving(*flags: str, **environment: str) -> Iterator[Running]:
    """``retouch serve`` with ``flags`` on a free port, ready."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "retouch.cli", "serve", "--port", str(port), "--log-level", "error", *flags]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, **environment})
    try:
        _wait(port, process)
        yield Running(port, process.pid)
    finally:
        process.terminate()
        process.wait(60)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    # A machine that is busy takes half a minute to import what a model needs.
    for _ in range(2400):
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        with contextlib.suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.05)
    raise RuntimeError("the server did not become ready")


def multipart(fields: Mapping[str, str], files: Mapping[str, bytes]) -> tuple[str, bytes]:
    """(content type, body)."""
    boundary = "b0undary"
    body = bytearray()
    for name, value in fields.items():
        body += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
    for name, data in files.items():
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}.png"\r\n'
        body += head.encode() + b"Content-Type: image/png\r\n\r\n" + data + b"\r\n"
    body += f"--{boundary}--\r\n".encode()
    return f"multipart/form-data; boundary={boundary}", bytes(body)


class Client:
    """One connection that posts the same edit again and again."""

    def __init__(self, port: int, content_type: str, body: bytes) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
        self._headers = {"content-type": content_type}
        self._body = body

    def post(self) -> bytes:
        self._connection.request("POST", "/v1/images/edits", self._body, self._headers)
        response = self._connection.getresponse()
        data = response.read()
        if response.status != 200:
            raise RuntimeError(f"{response.status}: {json.loads(data)}")
        return data

    def close(self) -> None:
        """The next post connects anew; an idle connection is not kept for ever."""
        self._connection.close()
