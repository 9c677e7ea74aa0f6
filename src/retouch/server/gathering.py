"""The files that a JSON request only names: uploads of the same caller, and pictures of other servers."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from typing import BinaryIO

from retouch.contract.completion import completed, references
from retouch.contract.file_objects import no_such_reference
from retouch.contract.parameters import EditRequest
from retouch.contract.references import Reference, Source
from retouch.server.blobs import Blob
from retouch.server.descriptors import leave_last_quarter
from retouch.server.fetching.fetcher import Fetcher
from retouch.service.threads import in_thread
from retouch.storage.files import FileStore


class Gathering:
    """Goes for them. ``store`` and ``fetcher``: None where there are no uploads, or nothing is fetched."""

    def __init__(self, store: FileStore | None, fetcher: Fetcher | None) -> None:
        self._store = store
        self._fetcher = fetcher

    @property
    def sources(self) -> frozenset[Source]:
        """What a request may name files by."""
        found: dict[Source, object] = {"file_id": self._store, "image_url": self._fetcher}
        return frozenset(source for source, place in found.items() if place is not None)

    async def complete(self, request: EditRequest, caller: str, request_id: str) -> EditRequest:
        """The request with the files that it named; whoever receives it closes them. ``caller``: whose uploads are
        meant, and for whom is fetched. ``request_id``: for the log.

        Raises `InvalidRequest` for an upload or an address that is not there and for a file that is too large,
        `RateLimited` where too many files are open, and what `Fetcher.fetch` does; nothing is left open then.
        """
        wanted = references(request)
        with ExitStack() as held:
            uploads = [one for one in wanted if one.source == "file_id"]
            addresses = [one for one in wanted if one.source == "image_url"]
            found: dict[str, tuple[int, Blob | BinaryIO]] = {}
            if uploads:
                # Before anybody else is bothered.
                for one, file in zip(uploads, await self._open(uploads, caller, held), strict=True):
                    found[one.file] = (os.fstat(file.fileno()).st_size, file)
            if addresses:
                assert self._fetcher is not None
                fetched = await self._fetcher.fetch(addresses, request.profile, caller, request_id)
                for name, blob in fetched.items():
                    held.callback(blob.close)
                    found[name] = (blob.size, blob)
            request = completed(request, found)
            held.pop_all()
        return request

    async def _open(self, uploads: Sequence[Reference], caller: str, held: ExitStack) -> list[BinaryIO]:
        store = self._store
        assert store is not None

        def open_all() -> list[BinaryIO]:
            files = []
            for one in uploads:
                file = store.open(caller, one.value)
                if file is None:
                    raise no_such_reference(one.value, param=one.param)
                held.callback(file.close)
                leave_last_quarter(file.fileno())
                files.append(file)
            return files

        return await in_thread(open_all)
