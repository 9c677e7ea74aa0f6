"""Pictures by their addresses, onto this server's disk."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import httpcore2
import structlog

from retouch import __version__
from retouch.contract import messages
from retouch.contract.files import byte_limit, too_large
from retouch.contract.profile import Profile
from retouch.contract.references import Reference
from retouch.errors import InvalidRequest, PayloadTooLarge
from retouch.server.blobs import Blob
from retouch.server.fetching.addresses import Reach
from retouch.server.fetching.destination import Destination
from retouch.server.fetching.dialler import Dialler
from retouch.server.fetching.head import Head
from retouch.server.fetching.places import Places
from retouch.server.fetching.resolver import Resolve, SystemResolver
from retouch.server.fetching.settings import FetchingSettings
from retouch.server.fetching.unreachable import Unreachable

log = structlog.get_logger("retouch.fetching")

# Identity: what is sent is what is stored, so that nothing can unfold here. Nothing says for whom it is.
_HEADERS: dict[bytes | str, bytes | str] = {
    "accept": "image/png, image/jpeg, image/webp, */*;q=0.1",
    "accept-encoding": "identity",
    "connection": "close",
    "user-agent": f"retouch/{__version__}",
}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# A body cut into pieces of a byte costs a thousand times what it brings. So small pieces are few, and where many
# come at once, others have their turn in between.
_FEW, _CRUMB, _TURN = 1000, 256, 32


class Fetcher:
    """Fetches within the limits of ``settings``. ``directory``: for the blobs. ``max_file_bytes``: of one file.

    ``resolve`` and ``tls`` stand in for the system's names and certificates.
    """

    def __init__(
        self,
        settings: FetchingSettings,
        *,
        directory: Path | None,
        max_file_bytes: int,
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._settings = settings
        self._directory = directory
        self._max_file_bytes = max_file_bytes
        self._dialler = Dialler(resolve or SystemResolver(settings.resolving), Reach(settings.allowed_networks))
        self._tls = tls
        self._places = Places(settings.requests, settings.requests_per_caller)

    async def fetch(
        self, references: Sequence[Reference], profile: Profile, caller: str, request_id: str = ""
    ) -> Mapping[str, Blob]:
        """A blob for each reference, by its ``file``; whoever receives them closes them. What is in them is not
        looked at. ``caller``: on whose behalf, for fairness; ``request_id``: for the log.

        Raises `InvalidRequest` for what cannot be fetched or is too large, `PayloadTooLarge` for too much
        together, `RateLimited`, `StorageFull`; nothing is left on disk then.
        """
        try:
            # All are judged before the first is asked, so that a bad address costs a good one no visit.
            destinations = {one.file: self._judged(one.value) for one in references}
            with self._places.take(caller):
                return await self._fetch_all(destinations, profile)
        except Unreachable as error:
            log.info("fetch_failed", request_id=request_id, reason=error.reason, status=error.status)
            raise _told(error) from None

    async def _fetch_all(self, destinations: Mapping[str, Destination], profile: Profile) -> dict[str, Blob]:
        if self._tls is None:
            self._tls = await asyncio.to_thread(httpcore2.default_ssl_context)
        blobs: dict[str, Blob] = {}
        held = ExitStack()
        turns = asyncio.Semaphore(self._settings.concurrent)
        until = asyncio.get_running_loop().time() + self._settings.seconds
        budget = _Budget(self._settings.max_bytes)

        async def one(file: str) -> None:
            async with turns:
                blobs[file] = blob = Blob(self._directory)
                held.callback(blob.close)
                receiver = _Receiver(file, blob, budget, *self._limit(file, profile))
                await self._fetch(until, destinations[file], receiver)

        with held:
            fetching = [asyncio.ensure_future(one(file)) for file in destinations]
            try:
                await asyncio.gather(*fetching)
            finally:
                for task in fetching:
                    task.cancel()
                await asyncio.gather(*fetching, return_exceptions=True)
            held.pop_all()
        return blobs

    def _judged(self, address: str) -> Destination:
        return Destination(address, ports=self._settings.ports, hosts=self._settings.allowed_hosts)

    def _limit(self, file: str, profile: Profile) -> tuple[int, Profile | None]:
        """The first size that is too large, and the profile if it says so, None if it is the server's own."""
        limit = byte_limit(file, profile)
        return (limit, profile) if limit <= self._max_file_bytes else (self._max_file_bytes + 1, None)

    async def _fetch(self, until: float, destination: Destination, receiver: _Receiver) -> None:
        """``until``: by the event loop's clock."""
        try:
            async with asyncio.timeout_at(until):
                for _ in range(self._settings.max_redirects + 1):
                    location = await self._visit(destination, receiver)
                    if location is None:
                        return
                    destination = self._judged(destination.redirected(location))
            raise Unreachable("redirects")
        except (TimeoutError, httpcore2.TimeoutException):
            raise Unreachable("timeout") from None
        except (httpcore2.NetworkError, httpcore2.ProtocolError):
            raise Unreachable("connection") from None

    async def _visit(self, destination: Destination, receiver: _Receiver) -> str | None:
        """Receives what is there; or gives the address to look at instead."""
        url = httpcore2.URL(
            scheme=destination.url.raw_scheme,
            host=destination.url.raw_host,
            port=destination.url.port,
            target=destination.url.raw_path,
        )
        idle = self._settings.idle
        head = Head(self._dialler, self._settings.max_head_bytes)
        # A connection of its own, never a pooled one: that would be reused without being judged.
        async with (
            httpcore2.AsyncHTTPConnection(url.origin, ssl_context=self._tls, network_backend=head) as one,
            one.stream(
                "GET",
                url,
                headers=_HEADERS,
                extensions={"timeout": {"connect": idle, "read": idle, "write": idle}},
            ) as response,
        ):
            head.end()
            headers = {name.lower(): value for name, value in response.headers}
            if response.status in _REDIRECTS and b"location" in headers:
                return headers[b"location"].decode(errors="replace")
            if response.status != 200:
                raise Unreachable("status", response.status)
            receiver.expect(int(headers.get(b"content-length", b"0")))
            async for piece in response.aiter_stream():
                receiver.receive(piece)
                if receiver.pieces % _TURN == 0:
                    await asyncio.sleep(0)
        return None


class _Budget:
    """What may still be fetched for one request, in bytes."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.left = limit

    def check(self, size: int) -> None:
        """Raises `PayloadTooLarge` for more than is left."""
        if size > self.left:
            raise PayloadTooLarge(
                f"The images that this request names are too large together. Expected at most {self.limit} bytes."
            )


class _Receiver:
    """Takes a file's bytes until they are too many. ``limit``: the first size that is; ``profile``: see
    `Fetcher._limit`."""

    def __init__(self, file: str, blob: Blob, budget: _Budget, limit: int, profile: Profile | None) -> None:
        self._file = file
        self._blob = blob
        self._budget = budget
        self._limit = limit
        self._profile = profile
        self.pieces = 0

    def expect(self, size: int) -> None:
        """Raises `InvalidRequest` or `PayloadTooLarge` if so many bytes are too many."""
        if size >= self._limit:
            raise self._too_large(size)
        self._budget.check(size)

    def receive(self, piece: bytes) -> None:
        if self._blob.size + len(piece) >= self._limit:
            raise self._too_large(None)
        self._budget.check(len(piece))
        self.pieces += 1
        if self.pieces > _FEW + self._blob.size // _CRUMB:
            raise Unreachable("pieces")
        self._budget.left -= len(piece)
        self._blob.write(piece)

    def _too_large(self, size: int | None) -> InvalidRequest:
        if self._profile is None:
            return messages.file_too_large(self._file, size, self._limit - 1)
        return too_large(self._file, size, self._profile)


def _told(error: Unreachable) -> InvalidRequest:
    """The same for all that was not answered: a closed port, a host that does not exist, one not to be reached."""
    status = "" if error.status is None else f" Upstream status code: {error.status}."
    return InvalidRequest(f"Error while downloading file.{status}", param="url", code="invalid_value")
