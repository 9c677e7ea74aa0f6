"""POST /v1/images/edits: the story of a request."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, suppress

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from retouch.contract.catalogue import Catalogue
from retouch.contract.form import FilePart, Form
from retouch.contract.parameters import EditRequest, parse_form
from retouch.contract.responses import Item, image_response
from retouch.errors import InternalError, InvalidRequest, RequestTimeout
from retouch.server.access import Access
from retouch.server.billing import Bill
from retouch.server.form import read_form, too_large
from retouch.server.settings import ServerSettings
from retouch.server.stream import EventStream
from retouch.service.edit import Edit, PictureReady, Planned
from retouch.service.editor import Editor
from retouch.storage.local import LocalResults


class Edits:
    """The endpoint, as an ASGI application."""

    def __init__(
        self,
        settings: ServerSettings,
        catalogue: Catalogue,
        editor: Editor,
        access: Access,
        results: LocalResults,
        *,
        results_path: str,
        grace: float,
        strict: bool,
    ) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._editor = editor
        self._access = access
        self._results = results
        self._results_path = results_path
        self._grace = grace
        self._strict = strict

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        self._access.check(request.headers)
        grace = _grace(request, self._grace)
        edit_request, edit = await self._admit(request)
        if edit_request.end_user is not None:
            request.state.end_user = hashlib.sha256(edit_request.end_user.encode()).hexdigest()[:16]
        gone = asyncio.ensure_future(_disconnected(receive))
        answering = asyncio.ensure_future(self._answer(request, edit_request, edit, send))
        try:
            await asyncio.wait({gone, answering}, return_when=asyncio.FIRST_COMPLETED)
            if answering.done():
                answering.result()
        finally:
            # Also when the server itself stops waiting: the edit is then nobody's.
            if not edit.done:
                edit.leave(grace)
            for task in (gone, answering):
                task.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await task

    async def _admit(self, request: Request) -> tuple[EditRequest, Edit]:
        form = await self._form(request)
        with ExitStack() as held:
            for part in form:
                if isinstance(part, FilePart):
                    held.callback(part.blob.close)
            edit_request = parse_form(form, self._catalogue, strict=self._strict)
            files = [*edit_request.images, edit_request.mask, edit_request.markup]
            edit = self._editor.submit(edit_request, [part.blob for part in files if part is not None])
            held.pop_all()
        return edit_request, edit

    async def _form(self, request: Request) -> Form:
        length = request.headers.get("content-length")
        if length is not None and int(length) > self._settings.max_request_bytes:
            raise too_large(self._settings.max_request_bytes)
        content_type = request.headers.get("content-type", "")
        try:
            async with asyncio.timeout(self._settings.body_total):
                return await read_form(content_type, self._chunks(request), self._settings)
        except TimeoutError:
            raise RequestTimeout("Timed out reading the request body.") from None

    async def _chunks(self, request: Request) -> AsyncIterator[bytes]:
        stream = request.stream()
        while True:
            try:
                async with asyncio.timeout(self._settings.body_idle):
                    chunk = await anext(stream)
            except StopAsyncIteration:
                return
            yield chunk

    async def _answer(self, request: Request, edit_request: EditRequest, edit: Edit, send: Send) -> None:
        if edit_request.stream:
            await EventStream(edit_request, edit, send, self._settings.heartbeat).run()
            return
        bill = Bill(edit_request)
        pictures: list[PictureReady] = []
        async for event in edit.events():
            if isinstance(event, Planned):
                bill.planned = event
            elif isinstance(event, PictureReady):
                pictures.append(event)
        await self._send_json(request, edit_request, bill, pictures, send)

    async def _send_json(
        self,
        request: Request,
        edit_request: EditRequest,
        bill: Bill,
        pictures: list[PictureReady],
        send: Send,
    ) -> None:
        if not pictures or bill.planned is None:
            raise InternalError
        items = [await self._item(request, edit_request, bill.planned, picture) for picture in pictures]
        backgrounds = {picture.background for picture in pictures}
        chunks = image_response(
            edit_request,
            created=int(time.time()),
            size=bill.planned.size,
            background="transparent" if "transparent" in backgrounds else "opaque",
            items=items,
            usage=bill.total(len(pictures)),
        )
        length = sum(len(chunk) for chunk in chunks)
        headers = [(b"content-type", b"application/json"), (b"content-length", str(length).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for number, chunk in enumerate(chunks, 1):
            more = number < len(chunks)
            await send({"type": "http.response.body", "body": chunk, "more_body": more})

    async def _item(
        self, request: Request, edit_request: EditRequest, planned: Planned, picture: PictureReady
    ) -> Item:
        if edit_request.response_format == "b64_json":
            return Item(b64_json=picture.data, url=None, revised_prompt=planned.revised_prompt)
        name = await asyncio.to_thread(self._results.put, picture.data, edit_request.output_format)
        base = self._settings.public_url or str(request.base_url)
        url = f"{base.rstrip('/')}{self._results_path}{name}"
        return Item(b64_json=None, url=url, revised_prompt=planned.revised_prompt)


def _grace(request: Request, default: float) -> float:
    """The grace period in seconds; a request can shorten it. Raises `InvalidRequest` for a bad header."""
    header = request.headers.get("x-retouch-grace")
    if header is None:
        return default
    if not header.isascii() or not header.replace(".", "", 1).isdigit():
        raise InvalidRequest(
            "Invalid header 'x-retouch-grace': expected a number of seconds.",
            param="x-retouch-grace",
            code="invalid_value",
        )
    return min(default, float(header))


async def _disconnected(receive: Receive) -> None:
    """Returns when the client has gone; the body is read by then."""
    while (await receive())["type"] != "http.disconnect":
        pass
