"""A request's body, from the first byte to a request that the contract allows."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass

from starlette.requests import Request

from retouch.contract.catalogue import Catalogue
from retouch.contract.form import FilePart
from retouch.contract.json_body import Store, parse_json
from retouch.contract.parameters import EditRequest, parse_form
from retouch.errors import RequestTimeout
from retouch.server.blobs import Blob
from retouch.server.form import read_form, too_large
from retouch.server.identity import form_digest
from retouch.server.json_body import is_json, parse_stored, read_json
from retouch.server.settings import ServerSettings


@dataclass(frozen=True)
class Received:
    """What came. ``files``: pictures, mask, markup; whoever has this closes them. ``digest``: equal for bodies
    that say the same."""

    request: EditRequest
    files: tuple[Blob, ...]
    digest: bytes

    def close(self) -> None:
        for file in self.files:
            file.close()


class Intake:
    """Reads bodies within the limits of ``settings``."""

    def __init__(self, settings: ServerSettings, catalogue: Catalogue, *, strict: bool) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._strict = strict

    async def read(self, request: Request) -> Received:
        """Raises `RequestTimeout` for a body that comes too slowly, `PayloadTooLarge`, `StorageFull`, and what
        `parse_form` raises. No file is left on disk then."""
        json = is_json(request.headers.get("content-type", ""))
        limit = self._settings.max_json_bytes if json else self._settings.max_request_bytes
        length = request.headers.get("content-length")
        if length is not None and int(length) > limit:
            raise too_large(limit)
        try:
            async with asyncio.timeout(self._settings.body_total):
                return await (self._json(request) if json else self._form(request))
        except TimeoutError:
            raise RequestTimeout("Timed out reading the request body.") from None

    async def _form(self, request: Request) -> Received:
        content_type = request.headers.get("content-type", "")
        form = await read_form(content_type, self._chunks(request), self._settings)
        with ExitStack() as held:
            for part in form:
                if isinstance(part, FilePart):
                    held.callback(part.blob.close)
            edit_request = parse_form(form, self._catalogue, strict=self._strict)
            digest = form_digest(form)
            held.pop_all()
        files = [*edit_request.images, edit_request.mask, edit_request.markup]
        return Received(edit_request, tuple(part.blob for part in files if part is not None), digest)

    async def _json(self, request: Request) -> Received:
        # A client that tries again sends the same bytes.
        digest = hashlib.sha256(b"json")

        async def chunks() -> AsyncIterator[bytes]:
            async for chunk in self._chunks(request):
                digest.update(chunk)
                yield chunk

        body = await read_json(chunks(), self._settings)

        def parse(store: Store) -> EditRequest:
            return parse_json(body, self._catalogue, strict=self._strict, store=store)

        edit_request = await parse_stored(parse, self._settings)
        files = [*edit_request.images, edit_request.mask, edit_request.markup]
        return Received(edit_request, tuple(part.blob for part in files if part is not None), digest.digest())

    async def _chunks(self, request: Request) -> AsyncIterator[bytes]:
        stream = request.stream()
        while True:
            try:
                async with asyncio.timeout(self._settings.body_idle):
                    chunk = await anext(stream)
            except StopAsyncIteration:
                return
            yield chunk
