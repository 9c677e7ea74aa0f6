"""A request whose files are elsewhere, before and after they are here."""

from __future__ import annotations

from typing import Any

import pytest

from retouch.contract.catalogue import Catalogue
from retouch.contract.completion import completed, references
from retouch.contract.json_body import parse_json
from retouch.contract.parameters import EditRequest
from retouch.contract.references import SOURCES, Reference
from retouch.errors import RetouchError

DATA = {"image_url": "data:image/png;base64,AAAA"}
HERE = {"file_id": "file-1"}
THERE = {"image_url": "HTTPS://example.com/a.png"}

both_modes = pytest.mark.parametrize("strict", [False, True], ids=["friendly", "strict"])


def parse(strict: bool = False, elsewhere: Any = SOURCES, **fields: Any) -> EditRequest:
    body = {"prompt": "hi", "images": [DATA], **fields}
    return parse_json(body, Catalogue(), strict=strict, store=bytes, elsewhere=elsewhere)


@both_modes
def test_what_is_elsewhere_is_referred_to_by_its_place(strict: bool) -> None:
    request = parse(strict, images=[DATA, HERE, THERE], mask={"file_id": "file-2"})
    assert references(request) == [
        Reference("file_id", "file-1", "images[1]"),
        Reference("image_url", "HTTPS://example.com/a.png", "images[2]"),
        Reference("file_id", "file-2", "mask"),
    ]
    assert [one.param for one in references(request)] == [
        "images[1].file_id",
        "images[2].image_url",
        "mask.file_id",
    ]
    assert [part.source for part in request.images] == ["image_url", "file_id", "image_url"]


@both_modes
def test_a_completed_request_is_as_if_its_files_had_been_sent(strict: bool) -> None:
    request = parse(strict, model="gpt-image-2.5-flare", images=[DATA, HERE], markup=THERE)
    whole = completed(request, {"images[1]": (7, b"one"), "markup": (8, b"two")})
    assert references(whole) == []
    assert [(part.size, part.blob) for part in whole.images] == [(3, b"\0\0\0"), (7, b"one")]
    assert whole.markup is not None
    assert (whole.markup.size, whole.markup.blob) == (8, b"two")
    assert references(request) != []


@pytest.mark.parametrize(
    ("model", "name", "size", "message"),
    [
        (
            "gpt-image-2",
            "images[0]",
            50 << 20,
            "Invalid file 'images[0]': file too large. Expected a file smaller",
        ),
        ("gpt-image-2", "mask", 4 << 20, "Invalid file 'mask': file too large. Expected a file smaller than 4 MB"),
        ("dall-e-2", "images[0]", 4 << 20, "Uploaded image must be a PNG and less than 4 MB."),
    ],
)
def test_a_file_that_turns_out_to_be_too_large_is_refused(model: str, name: str, size: int, message: str) -> None:
    request = parse(model=model, images=[HERE], mask=THERE)
    sizes = {"images[0]": (1, b""), "mask": (1, b""), name: (size, b"")}
    with pytest.raises(RetouchError) as caught:
        completed(request, sizes)
    assert caught.value.message.startswith(message)
    assert completed(request, sizes | {name: (size - 1, b"")})


@both_modes
def test_each_source_is_refused_where_it_is_not_served(strict: bool) -> None:
    for served, refused, image in (("file_id", "image_url", THERE), ("image_url", "file_id", HERE)):
        with pytest.raises(RetouchError) as caught:
            parse(strict, elsewhere=(served,), images=[image])
        assert (caught.value.param, caught.value.code) == (f"images[0].{refused}", "unsupported_value")


def test_everything_else_is_judged_before_anybody_goes_for_a_file() -> None:
    for fields in ({"n": 11}, {"size": "bogus"}, {"mask": {"image_url": "data:,"}}, {"quality": "ultra"}):
        with pytest.raises(RetouchError):
            parse(images=[HERE, THERE], **fields)


def test_an_address_is_in_no_text_of_a_reference() -> None:
    assert "example.com" not in repr(parse(images=[THERE]))
    assert "file-1" not in repr(parse(images=[HERE]))
