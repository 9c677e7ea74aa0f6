"""A request's body, from the first byte to a request that the contract allows."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import BinaryIO

from starlette.requests import Request

from retouch.contract.catalogue import Catalogue
from retouch.contract.completion import references
from retouch.contract.form import FilePart
from retouch.contract.json_body import Store, parse_json
from retouch.contract.parameters import EditRequest, parse_form
from retouch.contract.references import Reference
from retouch.server.blobs import Blob
from retouch.server.bodies import Bodies
from retouch.server.form import check_length, read_form
from retouch.server.gathering import Gathering
from retouch.server.identity import form_digest
from retouch.server.json_body import is_json, parse_stored, read_json
from retouch.server.settings import ServerSettings
from retouch.service.caller import Caller


@dataclass(frozen=True)
class Received:
    """What came. ``files``: pictures, mask, markup, but for those that the request only names; whoever has this
    closes them. ``digest``: equal for bodies that say the same."""

    request: EditRequest
    files: tuple[Blob | BinaryIO, ...]
    digest: bytes

    @property
    def pending(self) -> bool:
        """Whether the request names files that are not here."""
        return bool(references(self.request))

    def close(self) -> None:
        for file in self.files:
            file.close()


class Intake:
    """Reads bodies within the limits of ``settings``, beside the others that are in ``bodies``."""

    def __init__(
        self, settings: ServerSettings, bodies: Bodies, gathering: Gathering, catalogue: Catalogue, *, strict: bool
    ) -> None:
        self._settings = settings
        self._bodies = bodies
        self._gathering = gathering
        self._catalogue = catalogue
        self._strict = strict

    async def read(self, request: Request, caller: Caller) -> Received:
        """What ``caller`` sent. Raises what `Bodies.reading` does, `PayloadTooLarge`,
        `StorageFull`, `Forbidden` for a model that is not for them, and what `parse_form` raises. No file is left
        on disk then."""
        json = is_json(request.headers.get("content-type", ""))
        limit = self._settings.max_json_bytes if json else self._settings.max_request_bytes
        catalogue = self._catalogue.only(caller.models)
        check_length(request.headers, limit)
        async with self._bodies.reading(request, caller.id, in_memory=json) as pieces:
            return await (self._json(pieces, catalogue) if json else self._form(request, pieces, catalogue))

    async def complete(self, received: Received, caller: Caller, request_id: str) -> Received:
        """The same with the files that it named, the old and the new for one to close. ``request_id``: for the
        log. Raises what `Gathering.complete` does."""
        request = await self._gathering.complete(received.request, caller.id, request_id)
        return Received(request, _files(request), received.digest)

    async def _form(self, request: Request, pieces: AsyncIterator[bytes], catalogue: Catalogue) -> Received:
        content_type = request.headers.get("content-type", "")
        form = await read_form(content_type, pieces, self._settings)
        with ExitStack() as held:
            for part in form:
                if isinstance(part, FilePart):
                    held.callback(part.blob.close)
            edit_request = parse_form(form, catalogue, strict=self._strict)
            digest = form_digest(form)
            held.pop_all()
        return Received(edit_request, _files(edit_request), digest)

    async def _json(self, pieces: AsyncIterator[bytes], catalogue: Catalogue) -> Received:
        # A client that tries again sends the same bytes.
        digest = hashlib.sha256(b"json")

        async def chunks() -> AsyncIterator[bytes]:
            async for chunk in pieces:
                digest.update(chunk)
                yield chunk

        body = await read_json(chunks(), self._settings)

        def parse(store: Store) -> EditRequest:
            return parse_json(body, catalogue, strict=self._strict, store=store, elsewhere=self._gathering.sources)

        edit_request = await parse_stored(parse, self._settings)
        return Received(edit_request, _files(edit_request), digest.digest())


def _files(request: EditRequest) -> tuple[Blob | BinaryIO, ...]:
    parts = [*request.images, request.mask, request.markup]
    return tuple(part.blob for part in parts if part is not None and not isinstance(part.blob, Reference))
