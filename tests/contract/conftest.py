"""Forms as clients send them, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from retouch.contract.catalogue import Catalogue
from retouch.contract.form import FilePart, Part, TextPart
from retouch.contract.parameters import EditRequest, parse_form
from retouch.errors import RetouchError


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return Catalogue()


@pytest.fixture(scope="session")
def picture() -> Callable[..., FilePart]:
    """A PNG part; every field can be another."""

    def make(
        name: str = "image",
        *,
        filename: str | None = "a.png",
        content_type: str | None = "image/png",
        size: int = 1000,
    ) -> FilePart:
        return FilePart(name, filename, content_type, size)

    return make


@pytest.fixture
def form(picture: Callable[..., FilePart]) -> Callable[..., list[Part]]:
    """A form that is valid but for its arguments: ``form(part, ..., name="text", ...)``. An ``image`` goes along
    unless a part is one; ``prompt=None`` leaves the prompt out, ``bare=True`` the image."""

    def make(*parts: Part, bare: bool = False, prompt: str | None = "hi", **fields: str) -> list[Part]:
        texts: list[Part] = [TextPart(name, value) for name, value in fields.items()]
        if prompt is not None:
            texts.insert(0, TextPart("prompt", prompt))
        has_image = any(part.name.startswith("image") for part in parts)
        return [*texts, *([] if bare or has_image else [picture()]), *parts]

    return make


@pytest.fixture
def parse(form: Callable[..., list[Part]], catalogue: Catalogue) -> Callable[..., EditRequest]:
    def read(*parts: Part, strict: bool = False, **options: object) -> EditRequest:
        return parse_form(form(*parts, **options), catalogue, strict=strict)

    return read


@pytest.fixture
def refusal(parse: Callable[..., EditRequest]) -> Callable[..., tuple[str, str, str | None, str | None]]:
    """The error of such a form as (type, message, param, code)."""

    def refuse(*parts: Part, strict: bool = False, **options: object) -> tuple[str, str, str | None, str | None]:
        with pytest.raises(RetouchError) as caught:
            parse(*parts, strict=strict, **options)
        error = caught.value
        assert error.status == 400
        return error.type, error.message, error.param, error.code

    return refuse
