"""A request made of JSON: the other front end of `retouch.contract.parameters`.

Where a form has text, JSON has types, so a wrong one is told by its name. Pictures are data URLs inside the body;
their bytes are handed out one by one, so that only the body itself has to fit into memory. Or they are elsewhere:
then a `Reference` stands for them, for others to follow. A body has no file names, and no second way to say the
same: `null` is an omitted parameter, an empty string is not.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import pybase64

from retouch.contract import messages
from retouch.contract.catalogue import Catalogue
from retouch.contract.fields import Fields
from retouch.contract.files import Files, file_name, judged
from retouch.contract.form import FilePart
from retouch.contract.parameters import EditRequest, Honoured, judge
from retouch.contract.profile import Profile
from retouch.contract.references import SOURCES, Reference, Source
from retouch.errors import InvalidImageFile, InvalidRequest, RetouchError

Store = Callable[[bytes], Any]
"""Keeps a picture's bytes and gives the blob that stands for them."""

MAX_URL_LENGTH = 20_971_520
"""Characters of an `image_url`."""

_MAX_STRING_LENGTH = 1 << 18  # what a field of a form may hold
_MAX_URL_HEAD = 1024
_IMAGES = "images"
_SINGLE = ("mask", "markup")
_NEVER_OMITTED = frozenset({"model", "prompt"})
# Those for which the vendor was seen to take a null; `user` may be anything there.
STRICT_NULLS = frozenset(
    {"n", "output_compression", "partial_images", "quality", "size", "stream", "user", "mask"}
)
_KINDS = (
    (bool, "a boolean"),  # before the integer that it is to Python
    (int, "an integer"),
    (float, "a decimal number"),
    (str, "a string"),
    (list, "an array"),
    (dict, "an object"),
)


def parse_json(
    body: object,
    catalogue: Catalogue,
    *,
    strict: bool = False,
    extras: Honoured | None = None,
    store: Store,
    elsewhere: Collection[Source] = (),
) -> EditRequest:
    """The request that a decoded JSON body makes; `parse_form` for JSON.

    ``body``: of finite numbers and valid Unicode. ``store`` is called for each picture in the body once everything
    up to the pictures is in order; what it gave is the caller's to close, also after an error. ``elsewhere``:
    where else pictures may be, "image_url" for http and https addresses; such a picture's part has a `Reference`
    for its blob and size 0. Raises `InvalidRequest`, `ModelNotFound` or another `UserError`, and what ``store``
    raises.
    """
    if not isinstance(body, dict):
        raise InvalidRequest(
            f"Invalid type for the request body: expected an object, but got {kind(body)} instead.",
            code="invalid_type",
        )
    fields: Fields = JsonFields(body, catalogue.parameters, store, strict=strict, elsewhere=elsewhere)
    return judge(fields, catalogue, strict=strict, extras=extras)


def kind(value: object) -> str:
    """What a JSON value is, as messages call it, with its article."""
    return next((name for type_, name in _KINDS if isinstance(value, type_)), "null")


class JsonFields:
    """The fields of a JSON object. ``nullable``: the names of all parameters there are; unless ``strict``, a null
    for one of them is as good as omitted."""

    def __init__(
        self,
        body: Mapping[str, Any],
        nullable: frozenset[str],
        store: Store,
        *,
        strict: bool,
        elsewhere: Collection[Source] = (),
    ) -> None:
        self._strict = strict
        self._store = store
        self._elsewhere = elsewhere
        omitted = STRICT_NULLS if strict else {*nullable, *_SINGLE} - _NEVER_OMITTED
        self._values = {name: value for name, value in body.items() if value is not None or name not in omitted}

    def names(self) -> Sequence[str]:
        return [name for name in self._values if name not in (_IMAGES, "mask")]

    def literal(self, name: str) -> str | None:
        value = self._values.get(name)
        if isinstance(value, bool):
            return str(value).lower()
        return str(value) if isinstance(value, (int, float, str)) else None

    def string(self, name: str) -> str | None:
        if name not in self._values:
            return None
        value = self._values[name]
        text = self.literal(name) if name == "user" else value
        if not isinstance(text, str):
            raise messages.wrong_type(name, "a string", kind(value))
        if len(text) > _MAX_STRING_LENGTH:
            raise messages.string_too_long(name, len(text), _MAX_STRING_LENGTH)
        return text

    def choice(self, name: str, values: Sequence[str]) -> str | None:
        value = self._values.get(name)
        if name in self._values and not isinstance(value, str):
            raise messages.wrong_type(name, f"one of {messages.listing(values, 'or')}", kind(value))
        return value

    def integer(self, name: str) -> int | None:
        value = self._values.get(name)
        if name in self._values and (isinstance(value, bool) or not isinstance(value, int)):
            raise messages.wrong_type(name, "an integer", kind(value))
        return value

    def number(self, name: str) -> float | None:
        value = self._values.get(name)
        if name in self._values and (isinstance(value, bool) or not isinstance(value, (int, float))):
            raise messages.wrong_type(name, "a decimal number", kind(value))
        return value

    def boolean(self, name: str) -> bool | None:
        value = self._values.get(name)
        if name in self._values and not isinstance(value, bool):
            raise messages.wrong_type(name, "a boolean", kind(value))
        return value

    def image_count(self) -> int:
        images = self._values.get(_IMAGES)
        return len(images) if isinstance(images, list) else 0

    def files(self, profile: Profile) -> Files:
        if self._strict and profile.family == "dall-e":
            raise messages.unsupported_content_type("application/json")
        urls = {
            file_name(_IMAGES, index): self._url(entry, file_name(_IMAGES, index))
            for index, entry in enumerate(self._images(profile))
        }
        single = {name: self._url(self._values[name], name) for name in _SINGLE if name in self._values}
        images = tuple(self._picture(url, name) for name, url in urls.items())
        others = {name: self._picture(url, name) for name, url in single.items()}
        return judged(Files(images, _IMAGES, others.get("mask"), others.get("markup")), profile, self._strict)

    def stranger(self, name: str) -> RetouchError:
        return messages.form_image() if name in ("image", "image[]") else messages.unknown(name)

    def _images(self, profile: Profile) -> list[Any]:
        if _IMAGES not in self._values:
            raise messages.missing(_IMAGES)
        images = self._values[_IMAGES]
        if not isinstance(images, list):
            raise messages.wrong_type(_IMAGES, "an array of objects", kind(images))
        if not images:
            raise messages.empty_array(_IMAGES)
        if len(images) > profile.images.max_count:
            raise messages.array_too_long(_IMAGES, len(images), profile.images.max_count)
        return images

    def _url(self, entry: object, name: str) -> str | Reference:
        """What an object with one of both keys says: a data URL, its length within the limit, or a reference."""
        if not isinstance(entry, dict):
            raise messages.wrong_type(name, "an object", kind(entry))
        if strangers := [key for key in entry if key not in SOURCES]:
            raise messages.unknown(f"{name}.{strangers[0]}")
        given = [key for key, value in entry.items() if value is not None or self._strict]
        if not given:
            raise messages.neither(name, SOURCES)
        if len(given) > 1:
            raise messages.exclusive(name, SOURCES)
        (key,) = given
        value = entry[key]
        if not isinstance(value, str):
            raise messages.wrong_type(f"{name}.{key}", "a string", kind(value))
        if key == "file_id":
            if key not in self._elsewhere:
                raise _unserved(f"{name}.{key}", "this server keeps no uploaded files")
            return Reference("file_id", value, name)
        if len(value) > MAX_URL_LENGTH:
            raise messages.string_too_long(f"{name}.{key}", len(value), MAX_URL_LENGTH)
        if value[:8].lower().startswith(("http://", "https://")):
            if key not in self._elsewhere:
                raise _unserved(f"{name}.{key}", "this server does not fetch images from elsewhere")
            return Reference("image_url", value, name)
        return value

    def _picture(self, url: str | Reference, name: str) -> FilePart:
        if isinstance(url, Reference):
            return FilePart(name, None, None, 0, url, url.source)
        media_type, data = _decoded(url, name)
        return FilePart(name, None, media_type or None, len(data), self._store(data), "image_url")


def _decoded(url: str, name: str) -> tuple[str, bytes]:
    """The media type and the bytes of a data URL, the base64 alphabet and its padding taken at their word."""
    comma = url.find(",", 0, _MAX_URL_HEAD)
    media_type, *options = url[5:comma].split(";")
    well_formed = comma >= 0 and url[:5].lower() == "data:" and options and options[-1].lower() == "base64"
    try:
        data = pybase64.b64decode(url[comma + 1 :], validate=True) if well_formed else b""
    except ValueError:
        data = b""
    if not data:
        raise InvalidImageFile("Invalid image data.", param=f"{name}.image_url")
    return media_type, data


def _unserved(name: str, reason: str) -> InvalidRequest:
    return InvalidRequest(
        f"Invalid '{name}': {reason}. Send the image itself instead, as a base64 data URL in 'image_url'.",
        param=name,
        code="unsupported_value",
    )
