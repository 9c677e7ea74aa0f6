"""A JSON body: read within its limits and decoded, its pictures put on disk."""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from typing import Any, TypeVar

from retouch.contract.json_body import Store
from retouch.contract.messages import echo
from retouch.errors import InvalidRequest
from retouch.server.blobs import Blob
from retouch.server.form import too_large
from retouch.server.settings import ServerSettings
from retouch.service.threads import in_thread

T = TypeVar("T")

# A value costs up to fifty times its text in memory; commas in a prompt of any legal length are fewer.
_MAX_VALUES = 100_000
_SURROGATE = re.compile("[\ud800-\udfff]")


def is_json(content_type: str) -> bool:
    """Whether a Content-Type header announces JSON, whatever its parameters say."""
    return content_type.partition(";")[0].strip().lower() == "application/json"


async def read_json(chunks: AsyncIterator[bytes], settings: ServerSettings) -> object:
    """The decoded body: finite numbers, valid Unicode, no key twice in one object.

    Raises `PayloadTooLarge` for too many bytes and `InvalidRequest` for a body that is no such JSON.
    """
    raw = bytearray()
    values = 0
    async for chunk in chunks:
        if len(raw) + len(chunk) > settings.max_json_bytes:
            raise too_large(settings.max_json_bytes)
        # What base64 never has, so that pictures cost nothing here; counted before anything is built from it.
        values += chunk.count(b",") + chunk.count(b"[") + chunk.count(b"{")
        if values > _MAX_VALUES:
            raise _broken("it has too many values")
        raw += chunk
    return await asyncio.to_thread(_decode, raw)


async def parse_stored(parse: Callable[[Store], T], settings: ServerSettings) -> T:
    """What ``parse`` gives, run in a thread with a store that makes a `Blob` of each picture.

    The blobs are closed if it raises or is cancelled, else they are the caller's.
    """
    with ExitStack() as held:

        def store(data: bytes) -> Blob:
            blob = Blob(settings.upload_directory)
            held.callback(blob.close)
            blob.write(data)
            return blob

        parsed = await in_thread(parse, store)
        held.pop_all()
    return parsed


def _decode(raw: bytearray) -> object:
    """The value that ``raw`` spells; ``raw`` is emptied, so that it is not held beside it."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _broken("it is not valid UTF-8") from None
    raw.clear()
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_float=_finite, parse_constant=_finite)
    except json.JSONDecodeError as error:
        what = error.msg[:1].lower() + error.msg[1:].removesuffix(" at")
        raise _broken(f"{what} at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise _broken("it is nested too deeply") from None
    except ValueError:
        raise _broken("it has a number of too many digits") from None
    if any(_SURROGATE.search(string) for string in _strings(value) if not string.isascii()):
        raise _broken("it escapes half a character")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _broken(f"the key '{echo(key.encode(errors='replace').decode())}' is there twice")
        found[key] = value
    return found


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise _broken(f"{echo(number)} is no number that can be used")
    return value


def _strings(value: object) -> Iterator[str]:
    """Every string in a decoded body, keys too."""
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            left += one.keys()
            left += one.values()
        elif isinstance(one, list):
            left += one


def _broken(reason: str) -> InvalidRequest:
    return InvalidRequest(f"We could not parse the JSON body of your request: {reason}.", code="invalid_json")
