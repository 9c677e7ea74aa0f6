"""What makes a request the same as another."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace

import pytest

from retouch.contract.form import FilePart, TextPart
from retouch.server.blobs import Blob
from retouch.server.identity import form_digest, identify

Form = list[TextPart | FilePart]


def picture(content: bytes = b"bytes", name: str = "image", pieces: Sequence[int] = (2,)) -> FilePart:
    """A file that comes in pieces, cut after so many bytes each."""
    blob, source = Blob(None), io.BytesIO(content)
    for size in (*pieces, len(content)):
        blob.write(source.read(size))
    blob.close()
    return FilePart(name, "a.png", "image/png", blob.size, blob)


FORM: Form = [TextPart("prompt", "x"), picture(), TextPart("n", "2")]


def test_equal_forms_have_equal_digests_however_they_came() -> None:
    assert form_digest(FORM) == form_digest([TextPart("prompt", "x"), picture(pieces=(1, 3)), TextPart("n", "2")])


def test_the_names_of_files_and_their_declared_types_do_not_count() -> None:
    renamed = replace(picture(), filename="b.jpg", content_type="image/jpeg")
    assert form_digest(FORM) == form_digest([FORM[0], renamed, FORM[2]])


@pytest.mark.parametrize(
    "other",
    [
        [FORM[0], FORM[2], FORM[1]],
        FORM[:2],
        [*FORM, FORM[2]],
        [FORM[0], picture(b"other"), FORM[2]],
        [FORM[0], picture(name="image[]"), FORM[2]],
        [TextPart("prompt", "y"), *FORM[1:]],
        [TextPart("promptx", ""), *FORM[1:]],
        [TextPart("prompt", "xn"), FORM[1], TextPart("", "2")],
    ],
    ids=["order", "fewer", "more", "content", "field", "value", "name", "shifted"],
)
def test_everything_else_does(other: Form) -> None:
    assert form_digest(FORM) != form_digest(other)


@pytest.mark.parametrize(
    ("count", "retried"),
    [(None, False), ("", False), ("0", False), ("00", False), ("1", True), ("2", True), ("10", True)]
    + [(odd, False) for odd in ("-1", "1.5", "many", "²", " ")],
)
def test_a_count_above_zero_says_that_it_is_a_retry(count: str | None, retried: bool) -> None:
    headers = {} if count is None else {"x-stainless-retry-count": count}
    assert identify(headers, b"body", "me").retried is retried


def test_requests_and_keys_are_the_clients_own() -> None:
    mine, yours = ({"authorization": f"Bearer {who}", "idempotency-key": "k"} for who in ("me", "you"))
    assert identify(mine, b"body", "me") == identify(mine, b"body", "me")
    assert identify(mine, b"body", "me").fingerprint != identify(yours, b"body", "me").fingerprint
    assert identify(mine, b"body", "me").key != identify(yours, b"body", "me").key
    assert identify(mine, b"body", "me").key == identify(mine, b"another", "me").key
    assert identify(mine, b"body", "me").key != identify(mine, b"body", "me").fingerprint


def test_an_empty_key_is_none() -> None:
    assert identify({"idempotency-key": ""}, b"body", "me").key is None


def test_without_keys_each_address_is_somebody() -> None:
    headers = {"authorization": "Bearer any", "idempotency-key": "k"}
    mine, yours = identify(headers, b"body", "192.0.2.1"), identify(headers, b"body", "192.0.2.2")
    assert mine.fingerprint != yours.fingerprint
    assert mine.key != yours.key
    assert mine.sender != yours.sender
