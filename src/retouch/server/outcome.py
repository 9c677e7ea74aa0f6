"""What an edit is answered with."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from retouch.contract.events import completed_event, partial_event
from retouch.contract.parameters import EditRequest
from retouch.contract.responses import Chunk, Item, image_response
from retouch.server.billing import Bill
from retouch.service.edit import Edit, Event, PictureReady, Planned, PreviewReady
from retouch.storage.local import LocalResults


class Outcome:
    """An edit and its answer. Whatever ends the answer is made once, so that a client that asks again gets the
    same bytes and the same links.

    ``links``: the URL under which ``results`` are read.
    """

    def __init__(self, request: EditRequest, edit: Edit, results: LocalResults, links: str) -> None:
        self.request = request
        self.edit = edit
        self._results = results
        self._links = links
        self._bill = Bill(request)
        self._created = int(time.time())
        self._body: list[Chunk] | None = None
        self._making = asyncio.Lock()
        self._completed: dict[int, list[Chunk]] = {}

    async def body(self, events: Sequence[Event]) -> list[Chunk]:
        """The JSON answer. ``events``: all of the edit's. Raises `StorageFull`, and then tries again when asked
        again."""
        async with self._making:
            if self._body is None:
                self._body = await self._make(events)
            return self._body

    def accepted(self, planned: Planned) -> None:
        """The engine has accepted; to be said before events are asked for."""
        self._bill.planned = planned

    def partial(self, preview: PreviewReady) -> list[Chunk] | None:
        """The event of a preview; None for more than were asked for, or when a picture is already finished."""
        if self._completed or preview.number >= self.request.partial_images:
            return None
        self._bill.partials = max(self._bill.partials, preview.number + 1)
        return partial_event(
            self.request,
            b64_json=preview.data,
            created_at=self._created,
            size=preview.size,
            background=preview.background,
            index=preview.number,
        )

    def completed(self, picture: PictureReady) -> list[Chunk]:
        """The event of a finished picture."""
        if picture.index not in self._completed:
            planned = self._bill.planned
            self._completed[picture.index] = completed_event(
                self.request,
                b64_json=picture.data,
                created_at=self._created,
                size=picture.size,
                background=picture.background,
                usage=self._bill.one(first=not self._completed),
                revised_prompt=planned.revised_prompt if planned else None,
            )
        return self._completed[picture.index]

    async def _make(self, events: Sequence[Event]) -> list[Chunk]:
        pictures = [event for event in events if isinstance(event, PictureReady)]
        (planned,) = (event for event in events if isinstance(event, Planned))
        self.accepted(planned)
        backgrounds = {picture.background for picture in pictures}
        return image_response(
            self.request,
            created=int(time.time()),
            size=planned.size,
            background="transparent" if "transparent" in backgrounds else "opaque",
            items=[await self._item(planned, picture) for picture in pictures],
            usage=self._bill.total(len(pictures)),
        )

    async def _item(self, planned: Planned, picture: PictureReady) -> Item:
        if self.request.response_format == "b64_json":
            return Item(b64_json=picture.data, url=None, revised_prompt=planned.revised_prompt)
        name = await asyncio.to_thread(self._results.put, picture.data, self.request.output_format)
        return Item(b64_json=None, url=self._links + name, revised_prompt=planned.revised_prompt)
