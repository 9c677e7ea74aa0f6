"""Typed readers for the parameters of a request, whatever brought them.

`Fields` is what `retouch.contract.parameters` judges; a multipart form is one front end of it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Protocol

from retouch.contract import messages
from retouch.contract.files import Files, uploaded
from retouch.contract.form import FILE_FIELDS, FilePart, Form, Part
from retouch.contract.profile import Profile
from retouch.errors import RetouchError

# Longer ones would meet Python's own limit on the digits of a number.
_INTEGER = re.compile(r"-?[0-9]{1,1000}", re.ASCII)
_NULLS = ("", "null")
_NEVER_OMITTED = frozenset({"prompt", "model"})


class Fields(Protocol):
    """A request's parameters. Each reader gives None for an omitted one and raises `InvalidRequest` for one of
    another type, in the words of its own front end."""

    def names(self) -> Sequence[str]:
        """The parameters given, files left out, in the order sent."""
        ...

    def literal(self, name: str) -> str | None:
        """A parameter as the text that a form would hold; None if it is no scalar."""
        ...

    def string(self, name: str) -> str | None: ...

    def choice(self, name: str, values: Sequence[str]) -> str | None:
        """A string; ``values`` are named where the type is wrong."""
        ...

    def integer(self, name: str) -> int | None: ...

    def number(self, name: str) -> float | None: ...

    def boolean(self, name: str) -> bool | None: ...

    def image_count(self) -> int: ...

    def files(self, profile: Profile) -> Files: ...

    def stranger(self, name: str) -> RetouchError:
        """The refusal of a parameter that the model does not have."""
        ...


class FormFields:
    """The fields of a multipart form, where every scalar is text.

    ``nullable``: the names of all parameters there are; an empty or literal ``null`` text of one of them is
    as good as omitted unless ``strict``. Raises `InvalidRequest` for a parameter given twice.
    """

    def __init__(self, form: Form, nullable: frozenset[str], *, strict: bool) -> None:
        self._strict = strict
        self._files: list[Part] = []
        self._scalars: dict[str, Part] = {}
        seen: set[str] = set()
        droppable = (nullable | FILE_FIELDS) - _NEVER_OMITTED
        for part in form:
            if part.name in seen and not part.name.endswith("[]"):
                raise messages.duplicate(part.name)
            seen.add(part.name)
            null = not isinstance(part, FilePart) and part.value in _NULLS
            if null and not strict and part.name in droppable:
                continue
            if part.name in FILE_FIELDS:
                self._files.append(part)
            else:
                self._scalars[part.name] = part
        if strict and {"image", "image[]"} <= seen:
            raise messages.duplicate("image")

    def names(self) -> Sequence[str]:
        return [*self._scalars, *(part.name for part in self._files if part.name == "markup")]

    def literal(self, name: str) -> str | None:
        part = self._scalars.get(name)
        return None if part is None or isinstance(part, FilePart) else part.value

    def string(self, name: str) -> str | None:
        if isinstance(self._scalars.get(name), FilePart):
            raise messages.wrong_type(name, "a string", "a file")
        return self.literal(name)

    def choice(self, name: str, values: Sequence[str]) -> str | None:
        return self.string(name)

    def integer(self, name: str) -> int | None:
        value = self.string(name)
        if value is None:
            return None
        if not _INTEGER.fullmatch(value):
            raise messages.unconvertible(name, "an integer")
        return int(value)

    def number(self, name: str) -> float | None:
        value = self.string(name)
        if value is None:
            return None
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not math.isfinite(number) or "_" in value:
            raise messages.unconvertible(name, "a decimal number")
        return number

    def boolean(self, name: str) -> bool | None:
        value = self.string(name)
        if value is None:
            return None
        word = value if self._strict else value.lower()
        if word not in ("true", "false"):
            raise messages.unconvertible(name, "a boolean")
        return word == "true"

    def image_count(self) -> int:
        return sum(part.name in ("image", "image[]") for part in self._files)

    def files(self, profile: Profile) -> Files:
        return uploaded(self._files, profile, strict=self._strict)

    def stranger(self, name: str) -> RetouchError:
        if name == "images":
            return messages.json_images()
        return messages.unknown(name)
