"""What there is to say of an edit that is over."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from retouch.errors import Cancelled, RetouchError
from retouch.service.edit import Edit, PictureReady, Planned
from retouch.service.journal import Journal

Size = tuple[int, int]


@dataclass(frozen=True)
class Beginning:
    """An edit that has begun. ``trace``: its span, where traces are made."""

    edit: Edit
    caller: str
    model: str
    trace: Any = None
    began: float = field(default_factory=time.perf_counter)


@dataclass(frozen=True)
class EditReport:
    """``engine``: empty if none had accepted. ``outcome``: ``done``, ``cancelled`` or the error's code.
    ``sources`` and ``pictures``: (width, height) of each picture sent and made; the former are known once an
    engine has accepted. ``bytes_out``: of the pictures made."""

    request_id: str
    caller: str
    model: str
    engine: str
    outcome: str
    seconds: float
    sources: tuple[Size, ...]
    pictures: tuple[Size, ...]
    bytes_out: int
    journal: Journal

    @classmethod
    def of(cls, beginning: Beginning) -> EditReport:
        """To be asked when the edit is over."""
        edit = beginning.edit
        planned = next((event for event in edit.kept if isinstance(event, Planned)), None)
        pictures = [event for event in edit.kept if isinstance(event, PictureReady)]
        return cls(
            request_id=edit.request_id,
            caller=beginning.caller,
            model=beginning.model,
            engine=planned.engine if planned else "",
            outcome=_outcome(edit.error),
            seconds=time.perf_counter() - beginning.began,
            sources=planned.source_sizes if planned else (),
            pictures=tuple(picture.size for picture in pictures),
            bytes_out=edit.size,
            journal=edit.journal,
        )


def _outcome(error: BaseException | None) -> str:
    if error is None:
        return "done"
    if isinstance(error, Cancelled | asyncio.CancelledError):
        return "cancelled"
    return (error.code or error.type) if isinstance(error, RetouchError) else "internal_error"
