"""API keys in a file that holds none of them: a key's secret is shown when it is made, and kept as a digest."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import hmac
import json
import os
import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from retouch.storage.durable import make_directory, replace

PREFIX = "sk-retouch-"
_SECRET_BYTES = 32
_NOBODY = hashlib.sha256().hexdigest()

State = Literal["active", "expired", "revoked"]
Stamp = tuple[int, int, int]


class Key(BaseModel):
    """A key as it is kept.

    ``id``: says in logs and lists which key it is, and is no secret: a key's text has it in front of the secret.
    ``sha256``: of the whole text, in hexadecimal digits. SHA-256 suffices where a password would need a slow and
    salted hash: a secret of 256 random bits can be neither guessed nor looked up, however fast guesses are.
    ``models``: None for every one. ``requests_per_minute`` and ``images_per_minute``: None for the server's own.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^key_[0-9a-f]{12}$")
    name: str = Field(min_length=1, max_length=100)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", repr=False)
    created: AwareDatetime
    expires: AwareDatetime | None = None
    revoked: AwareDatetime | None = None
    models: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    requests_per_minute: int | None = Field(default=None, ge=1)
    images_per_minute: int | None = Field(default=None, ge=1)

    def state(self, now: datetime) -> State:
        if self.revoked is not None:
            return "revoked"
        return "expired" if self.expires is not None and self.expires <= now else "active"


class _Contents(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: Literal[1] = 1
    keys: tuple[Key, ...] = ()

    @model_validator(mode="after")
    def _ids_differ(self) -> _Contents:
        if twice := [name for name, count in Counter(key.id for key in self.keys).items() if count > 1]:
            raise ValueError(f"these ids are there twice: {', '.join(twice)}")
        return self


class KeyFile:
    """The file ``path``, which several processes may read and change. A reader sees it before a change or after
    it, never between; a change that was told is on the disk."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser()

    def stamp(self) -> Stamp | None:
        """Another one when the file has changed; None where there is no file or it cannot be looked at."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def read(self) -> tuple[Key, ...]:
        """The keys, in the order they were made; none in an empty file.

        Raises OSError for a file that cannot be read (`FileNotFoundError` if there is none) and ValueError, its
        text without any of the file's values, for one that is not as `add` writes it.
        """
        data = self.path.read_bytes()
        if not data.strip():
            return ()
        try:
            return _Contents.model_validate_json(data).keys
        except ValidationError as error:
            faults = [f"{'.'.join(map(str, one['loc'])) or 'file'}: {one['msg']}" for one in error.errors()]
            raise ValueError(f"{self.path} is no file of keys: {'; '.join(faults[:5])}") from None

    def add(
        self,
        name: str,
        *,
        expires: datetime | None = None,
        models: Sequence[str] | None = None,
        requests_per_minute: int | None = None,
        images_per_minute: int | None = None,
    ) -> tuple[Key, str]:
        """Make a key; returns what is kept and the key's text, which is kept nowhere. The file is made if there is
        none. Raises what `read` raises, and ValueError for values that a `Key` may not have."""
        with self._changing() as keys:
            taken = {key.id for key in keys}
            while (id := f"key_{secrets.token_hex(6)}") in taken:
                pass
            text = f"{PREFIX}{id.removeprefix('key_')}-{secrets.token_urlsafe(_SECRET_BYTES)}"
            key = Key(
                id=id,
                name=name,
                sha256=digest(text),
                created=_now(),
                expires=expires,
                models=tuple(models) if models else None,
                requests_per_minute=requests_per_minute,
                images_per_minute=images_per_minute,
            )
            self._write([*keys, key])
        return key, text

    def revoke(self, which: str) -> Key:
        """End the key with that id, or with that name if only one active key has it; one that was revoked before
        stays as it is. Raises LookupError if there is none or the name is ambiguous, and what `read` raises."""
        with self._changing() as keys:
            key = _find(keys, which)
            if key.revoked is None:
                ended = key.model_copy(update={"revoked": _now()})
                self._write([ended if one is key else one for one in keys])
                key = ended
        return key

    @contextlib.contextmanager
    def _changing(self) -> Iterator[list[Key]]:
        """The keys, while no other process changes them."""
        make_directory(self.path.parent)
        # The file itself is replaced by a change, so it is another one that is locked.
        lock = os.open(self.path.with_name(f"{self.path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                keys = list(self.read())
            except FileNotFoundError:
                keys = []
            yield keys
        finally:
            os.close(lock)

    def _write(self, keys: Sequence[Key]) -> None:
        target = self.path.resolve()  # a link stays one
        contents = _Contents(keys=tuple(keys)).model_dump(mode="json", exclude_none=True)
        replace(target, json.dumps(contents, indent=2, ensure_ascii=False).encode() + b"\n")


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def id_of(text: str) -> str:
    """The id that a key's text claims; something that is no id where it claims none."""
    return f"key_{text.removeprefix(PREFIX).partition('-')[0]}"


def matches(key: Key | None, text: str) -> bool:
    """Whether ``text`` is that key's; takes the same time whatever it is, and where there is no such key."""
    same = hmac.compare_digest(digest(text), key.sha256 if key is not None else _NOBODY)
    return same and key is not None


def _find(keys: Sequence[Key], which: str) -> Key:
    named = [key for key in keys if key.id == which] or [
        key for key in keys if key.name == which and key.revoked is None
    ]
    if not named:
        raise LookupError(f"no key has the id or the name {which!r}")
    if len(named) > 1:
        raise LookupError(f"several keys are named {which!r}: {', '.join(key.id for key in named)}")
    return named[0]


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def summary(key: Key, now: datetime) -> dict[str, Any]:
    """What may be shown of a key: everything but its digest, and its state."""
    return {**key.model_dump(mode="json", exclude={"sha256"}), "state": key.state(now)}
