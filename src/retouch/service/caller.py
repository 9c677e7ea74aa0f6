"""Whoever asks for an edit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Caller:
    """Somebody who is served, and what they may have.

    ``id``: the same for all of their requests and no secret: a key's id, or the address where no key is asked for.
    ``models``: the names they may use, None for every one. ``requests_per_minute`` and ``images_per_minute``: None
    for no limit; images are the pictures sent.
    """

    id: str
    models: frozenset[str] | None = None
    requests_per_minute: int | None = None
    images_per_minute: int | None = None
