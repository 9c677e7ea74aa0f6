"""The files that a request named, put into it.

A request is judged whole before anybody goes for its files; with them, only their sizes are left to judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from retouch.contract.files import judge_bytes
from retouch.contract.form import FilePart
from retouch.contract.parameters import EditRequest
from retouch.contract.references import Reference


def references(request: EditRequest) -> list[Reference]:
    """What the request's files still are references to, in their order."""
    parts = [*request.images, request.mask, request.markup]
    return [part.blob for part in parts if part is not None and isinstance(part.blob, Reference)]


def completed(request: EditRequest, found: Mapping[str, tuple[int, Any]]) -> EditRequest:
    """The same request with its files. ``found``: size in bytes and blob of each reference, by its ``file``.

    Raises `InvalidRequest` for a file that is too large.
    """

    def fill(part: FilePart) -> FilePart:
        if not isinstance(part.blob, Reference):
            return part
        size, blob = found[part.blob.file]
        judge_bytes(full := replace(part, size=size, blob=blob), part.name, request.profile)
        return full

    return replace(
        request,
        images=tuple(fill(part) for part in request.images),
        mask=fill(request.mask) if request.mask else None,
        markup=fill(request.markup) if request.markup else None,
    )
