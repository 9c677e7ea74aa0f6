"""How a request that is sent again is known."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from retouch.contract.form import FilePart, Form
from retouch.service.replay import Identity


def form_digest(form: Form) -> bytes:
    """SHA-256 of a form's names and values, in their order.

    Boundaries, file names and content types are left out: clients choose a boundary anew for each attempt, and
    the bytes say what a file is.
    """
    digest = hashlib.sha256(b"form")
    for part in form:
        if isinstance(part, FilePart):
            digest.update(_framed(b"file", part.name.encode(), part.blob.digest))
        else:
            digest.update(_framed(b"text", part.name.encode(), part.value.encode()))
    return digest.digest()


def identify(headers: Mapping[str, str], body: bytes, caller: str) -> Identity:
    """Who asks for what. ``body``: the digest of what was sent. ``caller``: see `retouch.service.caller`.

    A client's own keys and requests are its own: who it is is part of both. Where no key is asked for that is the
    address and whatever key it sends all the same.
    """
    credential = _credential(headers, caller)
    key = headers.get("idempotency-key")
    return Identity(
        fingerprint=_digest(b"request", credential, body),
        key=_digest(b"key", credential, key.encode()) if key else None,
        retried=is_retried(headers),
        sender=sender(headers, caller),
    )


def sender(headers: Mapping[str, str], caller: str) -> bytes:
    """A digest of who asks."""
    return _digest(b"sender", _credential(headers, caller))


def claims_repetition(headers: Mapping[str, str]) -> bool:
    """Whether a request may be one that was sent before: it says so, or has a name that may be known."""
    return bool(headers.get("idempotency-key")) or is_retried(headers)


def is_retried(headers: Mapping[str, str]) -> bool:
    """Whether it says that it was sent before."""
    # Clients count their attempts from 0; what is no number is no claim.
    count = headers.get("x-stainless-retry-count", "")
    return count.isascii() and count.isdigit() and count.strip("0") != ""


def _credential(headers: Mapping[str, str], caller: str) -> bytes:
    return _framed(caller.encode(), headers.get("authorization", "").encode())


def _digest(*values: bytes) -> bytes:
    return hashlib.sha256(_framed(*values)).digest()


def _framed(*values: bytes) -> bytes:
    """The values so that no two lists of them read the same."""
    return b"".join(len(value).to_bytes(8, "big") + value for value in values)
