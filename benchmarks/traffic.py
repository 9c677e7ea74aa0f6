"""Requests as bytes and answers as they come: a client that can do what no library does, such as leave."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

HOST = "127.0.0.1"
EDITS = "/v1/images/edits"
_ESTABLISHED = 1  # the first byte of Linux's tcp_info
_EVENT = b"event: error\ndata: "


class Lost(Exception):
    """The connection ended before the answer was whole. ``untouched``: nothing of one had come."""

    def __init__(self, *, untouched: bool) -> None:
        super().__init__("untouched" if untouched else "cut")
        self.untouched = untouched


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def said(self) -> str:
        """Its status and its error's code: "200", "429 rate_limit_exceeded". An error in a stream counts as if it
        had come before it."""
        if self.status == 200 and _EVENT in self.body:
            error = json.loads(self.body.split(_EVENT)[1].split(b"\n")[0])["error"]
            return f"stream {error['code']}"
        if self.status < 400:
            return str(self.status)
        try:
            code = json.loads(self.body)["error"]["code"]
        except (ValueError, KeyError, TypeError):
            return f"{self.status} in no shape we know"
        return f"{self.status} {code}" if code else str(self.status)

    @property
    def tells_when(self) -> bool:
        """Whether it says when to come back, in both ways."""
        seconds, milliseconds = self.headers.get("retry-after", ""), self.headers.get("retry-after-ms", "")
        return seconds.isdigit() and milliseconds.isdigit()


class Connection:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int, *, receive: int | None = None) -> Connection:
        """``receive``: bytes that our system takes unasked. Raises OSError."""
        sock = socket.socket()
        sock.setblocking(False)
        if receive is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        try:
            await asyncio.get_running_loop().sock_connect(sock, (HOST, port))
        except OSError:
            sock.close()
            raise
        return cls(*await asyncio.open_connection(sock=sock, limit=receive or 1 << 20))

    @property
    def ended(self) -> bool:
        """Whether the server has closed it, as far as is known."""
        return self._reader.at_eof() or self._writer.is_closing()

    @property
    def reset(self) -> bool:
        """Whether its other end is gone, though there is more to read."""
        sock: socket.socket | None = self._writer.get_extra_info("socket")
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1) if sock is not None else b"\x07"
        return info[0] != _ESTABLISHED

    def widen(self) -> None:
        """Let our system take as much as it likes from now on."""
        sock: socket.socket | None = self._writer.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)

    async def send(self, message: bytes) -> None:
        """A server may answer and close before it has read all: what it said is still to be read."""
        with contextlib.suppress(ConnectionError):
            self._writer.write(message)
            await self._writer.drain()

    async def some(self, size: int) -> bytes:
        """What has come, at most ``size`` bytes; b"" at the end."""
        try:
            return await self._reader.read(size)
        except ConnectionError:
            return b""

    async def answer(self) -> Answer:
        """Raises `Lost`."""
        came = b""
        try:
            came = await self._reader.readuntil(b"\r\n\r\n")
            first, *lines = came[:-4].decode("latin-1").split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in lines)
            if headers.get("transfer-encoding") == "chunked":
                body = await self._chunks()
            else:
                body = await self._reader.readexactly(int(headers.get("content-length", "0")))
        except asyncio.IncompleteReadError as error:
            raise Lost(untouched=not came and not error.partial) from None
        except ConnectionError:
            raise Lost(untouched=not came) from None
        return Answer(int(first.split()[1]), headers, body)

    async def _chunks(self) -> bytes:
        body = bytearray()
        while size := int(await self._reader.readuntil(b"\r\n"), 16):
            body += (await self._reader.readexactly(size + 2))[:-2]
        await self._reader.readexactly(2)
        return bytes(body)

    def close(self) -> None:
        """Leave at once."""
        self._writer.transport.abort()


@dataclass(frozen=True)
class Ask:
    """A request. ``wanted``: what it may be answered (see `Answer.said`) beside a 429."""

    name: str
    key: str | None
    body: bytes = b""
    content_type: str = "application/json"
    method: str = "POST"
    path: str = EDITS
    wanted: frozenset[str] = frozenset({"200"})
    headers: Mapping[str, str] = field(default_factory=dict)

    def message(self, **more: str) -> bytes:
        """Its bytes; ``more``: headers."""
        headers = {"host": "localhost", **self.headers, **{name.replace("_", "-"): more[name] for name in more}}
        if self.key is not None:
            headers["authorization"] = f"Bearer {self.key}"
        if self.method == "POST":
            headers |= {"content-type": self.content_type, "content-length": str(len(self.body))}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"{self.method} {self.path} HTTP/1.1\r\n{lines}\r\n".encode() + self.body

    def again(self) -> bytes:
        """Its bytes as a retry's."""
        return self.message(x_stainless_retry_count="1")


async def exchange(port: int, message: bytes, patience: float = 150.0) -> Answer:
    """The answer to ``message`` on a connection of its own. Raises OSError if there is none to be had, `Lost`, and
    TimeoutError."""
    connection = await Connection.open(port)
    try:
        async with asyncio.timeout(patience):
            await connection.send(message)
            return await connection.answer()
    finally:
        connection.close()


async def warm(port: int, ask: Ask, times: int = 6) -> None:
    """Send it so often at once: a worker says that it is ready before it has loaded what it needs now and then."""
    await asyncio.gather(*(exchange(port, ask.message()) for _ in range(times)))


class Tally:
    """What was said to whom. ``wrong``: what should not have been, with how often."""

    def __init__(self) -> None:
        self.said: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.wrong: Counter[str] = Counter()
        self.silent = 0
        self.hasty = 0

    def count(self, name: str, said: str) -> None:
        self.said[name][said] += 1

    def answered(self, ask: Ask, answer: Answer, *, allowed: frozenset[str] = frozenset()) -> None:
        """``allowed``: what it may be told too."""
        said = answer.said
        self.count(ask.name, said)
        if answer.status == 429:
            self.hasty += not answer.tells_when
        elif said not in ask.wanted | allowed and said != "stream rate_limit_exceeded":
            self.wrong[f"{ask.name}: {said}"] += 1

    def unanswered(self, ask: Ask, error: Exception) -> None:
        self.count(ask.name, type(error).__name__)
        self.wrong[f"{ask.name}: {type(error).__name__}"] += 1
        self.silent += 1

    def total(self, said: str) -> int:
        """How often that was said."""
        return sum(counts[said] for counts in self.said.values())

    def show(self) -> None:
        """Print all of it."""
        width = max((len(name) for name in self.said), default=0)
        for name in sorted(self.said):
            counts = self.said[name]
            print(f"  {name:{width}}  {', '.join(f'{said}: {count}' for said, count in counts.most_common())}")

    def faults(self) -> str:
        """The most frequent of what is wrong."""
        return "; ".join(f"{what} × {count}" for what, count in self.wrong.most_common(5))
