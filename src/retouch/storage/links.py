"""Signed links: whoever holds one may read that result until it expires, and nobody can make one up."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from retouch.storage import durable

_SECRET_BYTES = 32


def load_secret(path: Path) -> bytes:
    """The secret kept in ``path``, made on first use, so that links survive a restart.

    Two servers that start together on one directory agree on the one written first. Raises `StorageFull`.
    """
    if not path.is_file():
        _make_secret(path)
    secret = path.read_bytes()
    if len(secret) != _SECRET_BYTES:
        raise ValueError(f"{path} does not hold a secret of {_SECRET_BYTES} bytes")
    return secret


def _make_secret(path: Path) -> None:
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}{durable.PART}")
    try:
        with durable.told_as_full("result"):
            durable.make_directory(path.parent)
            durable.write(fresh, [secrets.token_bytes(_SECRET_BYTES)], "result")
            with contextlib.suppress(FileExistsError):
                os.link(fresh, path)
            durable.sync(path.parent)
    finally:
        fresh.unlink(missing_ok=True)


def sign(secret: bytes, name: str) -> str:
    """The signature of ``name``, URL-safe: 32 hexadecimal digits (128 bits) of an HMAC-SHA256."""
    return hmac.new(secret, name.encode(), hashlib.sha256).hexdigest()[:32]


def verify(secret: bytes, name: str, signature: str) -> bool:
    """Whether ``signature`` is that of ``name``; takes the same time whatever it is."""
    return hmac.compare_digest(sign(secret, name).encode(), signature.encode())
