"""The JSON answers of the endpoint, as lists of chunks ready to be sent one after another.

A picture is megabytes of base64: its buffer goes into the list as it was given, with the JSON around it in
chunks of its own. The text is that of ``json.dumps(..., indent=2)`` without a newline at the end.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from retouch.contract import sizes
from retouch.contract.parameters import EditRequest
from retouch.contract.sizes import Size
from retouch.contract.usage import Usage

Chunk = bytes | memoryview


@dataclass(frozen=True, eq=False)
class Item:
    """One picture of the answer. ``b64_json``: base64 text in a buffer, or None where ``url`` is given.
    ``revised_prompt``: what was done, and what of the request was left out."""

    b64_json: Chunk | None = None
    url: str | None = None
    revised_prompt: str | None = None


def image_response(
    request: EditRequest,
    *,
    created: int,
    size: Size,
    background: str,
    items: Sequence[Item],
    usage: Usage | None,
) -> list[Chunk]:
    """The body of a 200 answer; ``items`` holds at least one.

    ``created``: Unix seconds. ``size``: what the pictures really have. ``background``: "opaque" or
    "transparent", never `auto`. The models of the dall-e family answer with ``created`` and ``data`` alone.
    """
    head: dict[str, Any] = {"created": created}
    tail: dict[str, Any] = {}
    if request.profile.family != "dall-e":
        head["background"] = background
        tail = {"output_format": request.output_format, "quality": request.quality}
        if request.profile.safety_identifier and request.end_user:
            tail["safety_identifier"] = request.end_user
        tail["size"] = sizes.text(size)
        if usage is not None:
            tail["usage"] = usage.body()
    chunks: list[Chunk] = [f'{{\n{_members(head, 1)},\n  "data": ['.encode()]
    for index, item in enumerate(items):
        chunks.append(b",\n    {\n" if index else b"\n    {\n")
        chunks += _item(item, strict=request.strict)
        chunks.append(b"\n    }")
    closing = f",\n{_members(tail, 1)}" if tail else ""
    chunks.append(f"\n  ]{closing}\n}}".encode())
    return chunks


def _item(item: Item, *, strict: bool) -> list[Chunk]:
    rest: dict[str, Any] = {}
    if item.revised_prompt is not None and not strict:
        rest["revised_prompt"] = item.revised_prompt
    if item.url is not None:
        rest["url"] = item.url
    text = _members(rest, 3)
    if item.b64_json is None:
        return [text.encode()]
    closing = f'",\n{text}' if text else '"'
    return [b'      "b64_json": "', item.b64_json, closing.encode()]


def _members(members: Mapping[str, Any], depth: int) -> str:
    """The members of an object, indented for ``depth`` levels. Strings hold no raw newline, so that every
    newline of the dump is one of the layout."""
    margin = "  " * depth
    lines = (
        f"{margin}{json.dumps(key)}: {json.dumps(value, indent=2)}".replace("\n", f"\n{margin}")
        for key, value in members.items()
    )
    return ",\n".join(lines)
