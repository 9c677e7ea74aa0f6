"""A multipart form, as the server hands it over: its parts in the order sent.

Clients differ in how they send the same thing. A part that has a file name is a file. A part without one is
text, unless its name is one of `FILE_FIELDS` and its bytes are not UTF-8: then a client has sent a picture
without a name (a Python tuple ``(None, bytes)``, an old Ruby gem), and it is a `FilePart` whose file name is
None. Text in a file's place (a path, the literal ``null``) stays a `TextPart`, so that the client is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

FILE_FIELDS = frozenset({"image", "image[]", "mask", "markup"})
"""The names of parts that hold a file."""


@dataclass(frozen=True)
class TextPart:
    """``value``: the text with its line ends as they came. ``content_type``: as sent; some clients mark every
    text ``text/plain`` and a null ``application/json``."""

    name: str
    value: str
    content_type: str | None = None


@dataclass(frozen=True)
class FilePart:
    """``size``: in bytes. ``blob``: where the bytes are, opaque to the contract; or a `Reference` that stands for
    them. ``source``: in JSON, the key that it came by: "image_url" or "file_id"."""

    name: str
    filename: str | None
    content_type: str | None
    size: int
    blob: Any = None
    source: str | None = None


Part = TextPart | FilePart
Form = Sequence[Part]
