"""Server-sent events of a streamed edit, each a list of chunks with the picture's base64 as it was given.

Field order is the specification's. No ordinary event has an ``error`` key: two SDKs take its mere presence
for a failure. Text is pure ASCII, so that no reader splits a line at an exotic line end.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from retouch.contract import sizes
from retouch.contract.parameters import EditRequest
from retouch.contract.responses import Chunk
from retouch.contract.sizes import Size
from retouch.contract.usage import Usage
from retouch.errors import RetouchError

HEARTBEAT = b": keepalive\n\n"
"""A comment, which every client skips."""


def partial_event(
    request: EditRequest, *, b64_json: Chunk, created_at: int, size: Size, background: str, index: int
) -> list[Chunk]:
    """A preview; ``index`` counts from 0. ``created_at``: Unix seconds."""
    fields = _common(request, created_at, size, background)
    fields["partial_image_index"] = index
    return _event("image_edit.partial_image", b64_json, fields)


def completed_event(
    request: EditRequest,
    *,
    b64_json: Chunk,
    created_at: int,
    size: Size,
    background: str,
    usage: Usage | None,
    revised_prompt: str | None = None,
) -> list[Chunk]:
    """A finished picture. ``revised_prompt`` is left out if the request is strict."""
    fields = _common(request, created_at, size, background)
    if usage is not None:
        fields["usage"] = usage.event()
    if request.profile.safety_identifier and request.end_user:
        fields["safety_identifier"] = request.end_user
    if revised_prompt is not None and not request.strict:
        fields["revised_prompt"] = revised_prompt
    return _event("image_edit.completed", b64_json, fields)


def error_event(error: RetouchError) -> list[Chunk]:
    """A failure after the first byte of a stream; the last event of it."""
    return [f"event: error\ndata: {_compact(error.body())}\n\n".encode()]


def _common(request: EditRequest, created_at: int, size: Size, background: str) -> dict[str, Any]:
    return {
        "created_at": created_at,
        "size": sizes.text(size),
        "quality": request.quality,
        "background": background,
        "output_format": request.output_format,
    }


def _event(kind: str, b64_json: Chunk, fields: Mapping[str, Any]) -> list[Chunk]:
    head = f'event: {kind}\ndata: {{"type":"{kind}","b64_json":"'
    tail = f'",{_compact(fields)[1:]}\n\n'
    return [head.encode(), b64_json, tail.encode()]


def _compact(value: Mapping[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"))
