"""Answers that are files of a store, which may be deleted at any time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from starlette.responses import FileResponse
from starlette.types import Receive, Scope, Send

from retouch.errors import NotFound
from retouch.service.threads import in_thread


class StoredResponse(FileResponse):
    """The file ``path``; or ``missing`` is raised, if it has gone. What has begun is sent to its end."""

    def __init__(
        self,
        path: Path,
        missing: NotFound,
        *,
        media_type: str,
        headers: Mapping[str, str],
        filename: str | None = None,
    ) -> None:
        super().__init__(path, media_type=media_type, headers=headers, filename=filename)
        self._missing = missing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            file = await in_thread(open, self.path, "rb", buffering=0)
        except FileNotFoundError:
            raise self._missing from None
        with file:
            # By its descriptor, the file is there until it is sent.
            self.path = f"/proc/self/fd/{file.fileno()}"
            await super().__call__(scope, receive, send)
