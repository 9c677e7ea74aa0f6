"""/v1/files: uploads to name in edits later, kept apart for each caller."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from retouch.contract.file_objects import (
    file_deleted,
    file_list,
    file_object,
    no_such_file,
    parse_page,
    parse_upload,
)
from retouch.contract.form import FilePart
from retouch.server.access import Access
from retouch.server.answers import json_response
from retouch.server.bodies import Bodies
from retouch.server.budgets import Budgets
from retouch.server.form import check_length, read_form
from retouch.server.record import record_of
from retouch.server.settings import ServerSettings
from retouch.server.stored import StoredResponse
from retouch.service.caller import Caller
from retouch.service.threads import in_thread
from retouch.storage.files import FileStore, StoredFile


class Files:
    """The endpoints. ``lifetime``: seconds that a file is kept whose upload does not say; None: until deleted."""

    def __init__(
        self,
        settings: ServerSettings,
        bodies: Bodies,
        access: Access,
        budgets: Budgets,
        store: FileStore,
        *,
        lifetime: int | None,
    ) -> None:
        self._settings = settings
        self._bodies = bodies
        self._access = access
        self._budgets = budgets
        self._store = store
        self._lifetime = lifetime

    def routes(self, prefix: str) -> list[BaseRoute]:
        return [
            Route(f"{prefix}/files", self.all, methods=["GET", "POST"]),
            Route(f"{prefix}/files/{{file_id}}", self.one, methods=["GET", "DELETE"]),
            Route(f"{prefix}/files/{{file_id}}/content", self.content),
        ]

    async def all(self, request: Request) -> Response:
        """A list of the caller's files, or one more."""
        caller = self._caller(request)
        if request.method == "POST":
            return await self._create(request, caller)
        page = parse_page(request.query_params.multi_items())
        found = await asyncio.to_thread(self._store.list, caller.id)
        return json_response(file_list([_shown(one) for one in found], page))

    async def one(self, request: Request) -> Response:
        """A file, or its end."""
        caller = self._caller(request)
        id = request.path_params["file_id"]
        if request.method == "DELETE":
            if not await asyncio.to_thread(self._store.delete, caller.id, id):
                raise no_such_file(id)
            return json_response(file_deleted(id))
        return json_response(_shown(await self._find(caller, id)))

    async def content(self, request: Request) -> Response:
        """The bytes of a file, for saving: whatever a caller has uploaded, no browser runs it from here."""
        id = request.path_params["file_id"]
        found = await self._find(self._caller(request), id)
        # The whole of it: Starlette would refuse an odd range in plain text.
        request.scope["headers"] = [one for one in request.scope["headers"] if one[0] != b"range"]
        return StoredResponse(
            found.path,
            no_such_file(id),
            media_type="application/octet-stream",
            filename=found.filename,
            headers={"cache-control": "private, no-store", "accept-ranges": "none"},
        )

    def _caller(self, request: Request) -> Caller:
        caller = self._access.check(request)
        record_of(request.scope).caller = caller.id
        return caller

    async def _find(self, caller: Caller, id: str) -> StoredFile:
        found = await asyncio.to_thread(self._store.get, caller.id, id)
        if found is None:
            raise no_such_file(id)
        return found

    async def _create(self, request: Request, caller: Caller) -> Response:
        async with self._budgets.open(caller) as account:
            request.state.headers = account.headers
            await account.request()
            return json_response(_shown(await self._keep(request, caller)))

    async def _keep(self, request: Request, caller: Caller) -> StoredFile:
        check_length(request.headers, self._settings.max_request_bytes)
        content_type = request.headers.get("content-type", "")
        with ExitStack() as held:
            async with self._bodies.reading(request, caller.id) as pieces:
                form = await read_form(content_type, pieces, self._settings)
                for part in form:
                    if isinstance(part, FilePart):
                        held.callback(part.blob.close)
                upload = parse_upload(form)
                return await in_thread(
                    self._store.put,
                    caller.id,
                    upload.part.blob.fileno(),
                    upload.part.size,
                    filename=upload.filename,
                    purpose=upload.purpose,
                    lifetime=self._lifetime if upload.lifetime is None else upload.lifetime,
                )


def _shown(file: StoredFile) -> dict[str, Any]:
    return file_object(
        file.id,
        size=file.size,
        created=file.created,
        expires=file.expires,
        filename=file.filename,
        purpose=file.purpose,
    )
