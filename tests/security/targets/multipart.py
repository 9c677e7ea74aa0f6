"""A multipart body, read in pieces, and the request that it makes. A case is the Content-Type header up to the end
of the line, two bytes that say how the body is cut, and the body."""

from __future__ import annotations

import random
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TypeAlias
from unittest import mock

from hypothesis import strategies as st

from retouch.contract.catalogue import Catalogue
from retouch.contract.form import FilePart, TextPart
from retouch.contract.parameters import parse_form
from retouch.errors import RetouchError
from retouch.server import form
from retouch.server.blobs import Blob
from retouch.server.settings import ServerSettings
from tests.security.targets.target import Target, judge_refusal

_FOLDER = tempfile.TemporaryDirectory(prefix="fuzz-")
_SETTINGS = ServerSettings(
    upload_directory=Path(_FOLDER.name),
    max_request_bytes=16_384,
    max_file_bytes=4096,
    max_field_bytes=1024,
    max_parts=8,
    max_part_header_bytes=256,
)
_CATALOGUE = Catalogue()

_Said: TypeAlias = tuple[str, str | None, str | None, str | bytes]


class _Counted(Blob):
    """A blob that is missed when it is not closed."""

    open: set[_Counted] = set()  # noqa: RUF012 - shared on purpose

    def __init__(self, directory: Path | None) -> None:
        super().__init__(directory)
        self.open.add(self)

    def close(self) -> None:
        self.open.discard(self)
        super().close()


def run(data: bytes) -> bool:
    head, _, rest = data.partition(b"\n")
    content_type = head.decode("latin-1")
    body = rest[2:]
    with mock.patch.object(form, "Blob", _Counted):
        whole = _read(content_type, iter([body]))
        cut = _read(content_type, _pieces(body, random.Random(rest[:2])))
    # Which rule is broken first may depend on the pieces; whether one is must not.
    assert whole == cut
    assert not _Counted.open
    assert not list(Path(_FOLDER.name).iterdir())
    return whole is not None


def _read(content_type: str, pieces: Iterator[bytes]) -> list[_Said] | None:
    """What the parts say; None if they are refused."""

    async def chunks() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    reading = form.read_form(content_type, chunks(), _SETTINGS)
    try:
        reading.send(None)
    except StopIteration as done:
        parts: list[TextPart | FilePart] = done.value
    except RetouchError as error:
        judge_refusal(error)
        return None
    else:
        raise AssertionError("it waits for something")
    for strict in (False, True):
        try:
            parse_form(parts, _CATALOGUE, strict=strict)
        except RetouchError as error:
            judge_refusal(error)
    said: list[_Said] = []
    for part in parts:
        if isinstance(part, FilePart):
            assert part.size == part.blob.size
            said.append((part.name, part.filename, part.content_type, part.blob.content()))
            part.blob.close()
        else:
            said.append((part.name, None, part.content_type, part.value))
    return said


def _pieces(body: bytes, chance: random.Random) -> Iterator[bytes]:
    longest = chance.choice([1, 3, 16, 64, 1024])
    at = 0
    while at < len(body):
        end = at + chance.randint(0, longest)
        yield body[at:end]
        at = end


def _part(head: str, value: bytes) -> bytes:
    return (
        b"--xyz\r\nContent-Disposition: form-data; " + head.encode("utf-8", "surrogatepass") + b"\r\n\r\n" + value
    )


_TYPE = b"multipart/form-data; boundary=xyz"
_NAMES = [
    "image",
    "image[]",
    "mask",
    "markup",
    "prompt",
    "model",
    "n",
    "size",
    "quality",
    "stream",
    "user",
    "background",
    "output_format",
]
_FILE_NAMES = [
    'a.png"',
    '../../etc/passwd"',
    'C:\\\\a\\b.png"',
    'a\r\nX-Evil: 1"',
    'a%0d%0a.png"',
    '\0"',
    "",
    '\\"',
    '"; name="n"',
    'é"',
    "a.png",
    "\" ; filename*=UTF-8''%ff\"",
    '"; filename*=x',
    "." * 240 + '"',
]
_VALUES = [
    b"",
    b"1",
    b"null",
    b"NaN",
    b"-1",
    b"1e9",
    b"true",
    b"1024x1024",
    b"gpt-image-2",
    b"dall-e-2",
    b"\xff\xfe",
    b"--xyz",
    b"\r\n--xyz",
    b"\r\n--xy",
    b"x" * 1100,
    b"\x89PNG\r\n\x1a\n",
    b"\x89PNG" + b"\xff" * 4200,
    "größer".encode(),
]
_EXTRAS = [
    "",
    "",
    "",
    "\r\nContent-Type: image/png",
    "\r\nContent-Type: text/plain; charset=utf-7",
    "\r\nX: " + "y" * 300,
    "\r\nContent-Transfer-Encoding: base64",
    "\r\nContent-Length: -1",
    "\r\nContent-Disposition: form-data",
    "\r\n folded",
    "\n",
    "\r\nnothing",
    "\r\n: x",
]


@st.composite
def _cases(draw: st.DrawFn) -> bytes:
    content_type = _TYPE
    if draw(st.integers(0, 15)) == 0:
        other = st.sampled_from(
            [b'"xyz"', b"xyz ", b"", b"XYZ", b"x" * 80, b'"x', b"xyz; charset=utf-7", b"\xff", b"xy"]
        )
        content_type = b"multipart/form-data; boundary=" + draw(other)
    body = draw(st.sampled_from([b"", b"", b"", b"preamble\r\n", b"\r\n", b"--xy"]))
    for _ in range(draw(st.sampled_from([0, 1, 2, 2, 3, 3, 4, 12]))):
        name = draw(st.one_of(st.sampled_from(_NAMES), st.text(max_size=8)))
        head = f'name="{name}"'
        if draw(st.booleans()):
            head += f'; filename="{draw(st.sampled_from(_FILE_NAMES))}'
        value = draw(st.one_of(st.sampled_from(_VALUES), st.binary(max_size=64)))
        body += _part(head + draw(st.sampled_from(_EXTRAS)), value) + draw(
            st.sampled_from([b"\r\n"] * 9 + [b"\n"])
        )
    body += draw(
        st.sampled_from([b"--xyz--\r\n"] * 6 + [b"", b"--xyz--", b"--xyz-", b"--xyz\r\n", b"--xyz--\r\nepilogue"])
    )
    if draw(st.integers(0, 3)) == 0:
        at = draw(st.integers(0, len(body)))
        body = body[:at] + draw(st.binary(max_size=4)) + body[at + draw(st.integers(0, 8)) :]
    return content_type + b"\n" + draw(st.binary(min_size=2, max_size=2)) + body


def _seeds() -> list[bytes]:
    one = _part('name="prompt"', b"hi\r\n") + _part(
        'name="image"; filename="a.png"\r\nContent-Type: image/png', b"\x89PNG\r\n"
    )
    many = b"".join(_part(f'name="{name}"', b"1\r\n") for name in _NAMES[3:9])
    unnamed = _part('name="image"', b"\x89PNG\xff\r\n") + _part("name=prompt; filename*=UTF-8''%e2", b"x\r\n")
    return [_TYPE + b"\n\0\0" + body + b"--xyz--\r\n" for body in (b"", one, many, unnamed, one + many)]


TARGET = Target(
    run=run,
    cases=_cases(),
    seeds=_seeds,
    words=lambda: [
        *_NAMES,
        "Content-Disposition: form-data; ",
        "Content-Type: ",
        "\r\n",
        "--xyz",
        "--xyz--",
        'name="',
        '; filename="',
        "filename*=UTF-8''",
        "; boundary=",
        "multipart/form-data",
        "%00",
        "\\",
    ],
    longest=1024,
)
