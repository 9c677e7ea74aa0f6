"""A multipart body, read as it arrives: text into fields, files onto disk, every part within its limit."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack

from multipart import (
    MultipartError,
    MultipartSegment,
    ParserError,
    ParserLimitReached,
    PushMultipartParser,
    parse_options_header,
)

from retouch.contract import messages
from retouch.contract.form import FILE_FIELDS, FilePart, TextPart
from retouch.errors import InvalidRequest, PayloadTooLarge
from retouch.server.blobs import Blob
from retouch.server.settings import ServerSettings

_PLAIN = re.compile(r"[A-Za-z -]{1,80}(: [A-Za-z -]{1,40})?( \([a-z ]{1,40}\))?")


class _Parser(PushMultipartParser):  # type: ignore[misc]
    """The library's, made to judge a header alike wherever the body was cut: by itself it lets a bare line feed
    pass, and a line be one byte longer, if the whole line is there at once."""

    def __init__(self, boundary: str, settings: ServerSettings) -> None:
        self._longest = settings.max_part_header_bytes
        super().__init__(boundary, max_header_size=self._longest + 1, max_segment_count=settings.max_parts)

    def _on_segment_headerline(self, line: bytes) -> None:
        if b"\n" in line:
            raise ParserError("Invalid line break in segment header")
        if len(line) > self._longest:
            raise ParserLimitReached("Maximum segment header length exceeded")
        super()._on_segment_headerline(line)


class _Part:
    """A part being read: a text in memory or a file on disk, whichever it is."""

    def __init__(self, segment: MultipartSegment, settings: ServerSettings) -> None:
        self.name = segment.name
        self._told = messages.echo(segment.name)
        self.filename = segment.filename
        self.content_type = segment.header("Content-Type", None)
        self._settings = settings
        self._text = bytearray()
        self.blob: Blob | None = None
        if self.filename is not None or self.name in FILE_FIELDS:
            self.blob = Blob(settings.upload_directory)

    def write(self, data: bytes | bytearray) -> None:
        if self.blob is not None:
            limit = self._settings.max_file_bytes
            if self.blob.size + len(data) > limit:
                raise InvalidRequest(
                    f"Invalid file '{self._told}': file too large. Expected a file smaller than"
                    f" {limit >> 20} MB, but got more than {limit} bytes instead.",
                    param=self._told,
                    code="file_too_large",
                )
            self.blob.write(data)
            return
        if len(self._text) + len(data) > self._settings.max_field_bytes:
            raise InvalidRequest(
                f"Invalid '{self._told}': string too long. Expected a string of at most"
                f" {self._settings.max_field_bytes} bytes.",
                param=self._told,
                code="string_above_max_length",
            )
        self._text += data

    def finish(self) -> TextPart | FilePart:
        if self.blob is None:
            return TextPart(self.name, _text(bytes(self._text), self.name), self.content_type)
        if self.filename is None and self.blob.size <= self._settings.max_field_bytes:
            # No picture is valid UTF-8: what is, was meant as a text.
            try:
                text = self.blob.content().decode()
            except UnicodeDecodeError:
                pass
            else:
                self.blob.close()
                return TextPart(self.name, text, self.content_type)
        return FilePart(self.name, self.filename, self.content_type, self.blob.size, self.blob)


def boundary(content_type: str) -> str:
    """The boundary of a multipart/form-data content type. Raises `InvalidRequest` for any other."""
    kind, options = parse_options_header(content_type)
    if kind != "multipart/form-data":
        raise messages.unsupported_content_type(content_type)
    if not options.get("boundary"):
        raise _broken("the boundary is missing from the Content-Type header")
    return str(options["boundary"])


async def read_form(
    content_type: str, chunks: AsyncIterator[bytes], settings: ServerSettings
) -> list[TextPart | FilePart]:
    """The parts in the order sent; whoever receives them closes the files' blobs.

    Raises `InvalidRequest` for a body that is no multipart/form-data or breaks a part's limit,
    `PayloadTooLarge` for too many bytes or parts, `StorageFull`. Nothing is left on disk then.
    """
    parts: list[TextPart | FilePart] = []
    total = 0
    part: _Part | None = None
    with ExitStack() as held:
        try:
            with _Parser(boundary(content_type), settings) as parser:
                start = _Start(parser.boundary, settings.max_part_header_bytes)
                async for chunk in chunks:
                    total += len(chunk)
                    if total > settings.max_request_bytes:
                        raise too_large(settings.max_request_bytes)
                    chunk = start.whole(chunk)
                    if not chunk or parser.closed:
                        continue
                    for event in parser.parse(chunk):
                        if isinstance(event, MultipartSegment):
                            part = _Part(event, settings)
                            if part.blob is not None:
                                held.callback(part.blob.close)
                        elif part is not None and event is not None:
                            part.write(event)
                        elif part is not None:
                            parts.append(part.finish())
                            part = None
        except ParserLimitReached as error:
            raise PayloadTooLarge(
                f"The request body has too many or too large parts: {_reason(error)}."
            ) from error
        except MultipartError as error:
            raise _broken(_reason(error)) from error
        held.pop_all()
    return parts


class _Start:
    """Holds back what comes before the first boundary until that is there: the library takes one in the middle of
    a line for a boundary if it was not shown what precedes it. ``limit``: how many bytes may precede it."""

    def __init__(self, boundary: bytes, limit: int) -> None:
        self._boundary = b"--" + boundary
        self._limit = limit
        self._held: bytes | None = b""

    def whole(self, chunk: bytes) -> bytes:
        """What there is to be read now that ``chunk`` has come; nothing as long as it is held back."""
        if self._held is None:
            return chunk
        held = self._held = self._held + chunk
        found = held.find(self._boundary)
        if found > self._limit or (found < 0 and len(held) >= self._limit + len(self._boundary)):
            raise ParserError("Boundary not found")
        if found < 0:
            return b""
        self._held = None
        return held


def check_length(headers: Mapping[str, str], limit: int) -> None:
    """Raises `PayloadTooLarge` for a body that is announced to have more than ``limit`` bytes."""
    digits = headers.get("content-length", "").lstrip("0")
    # Nothing bounds the number of zeros, and Python reads only so many digits.
    if len(digits) > len(str(limit)) or int(digits or "0") > limit:
        raise too_large(limit)


def too_large(limit: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"The request body is too large. Expected at most {limit} bytes.")


def _text(raw: bytes, name: str) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise InvalidRequest(
            f"Invalid '{name[:64]}': the value is not valid UTF-8.", param=name[:64], code="invalid_value"
        ) from error


def _reason(error: MultipartError) -> str:
    """What the library says is wrong, if those are plain words: it may also quote the body, or another error."""
    said = str(error.args[0]) if error.args else ""
    return said if _PLAIN.fullmatch(said) else "it is malformed"


def _broken(reason: str) -> InvalidRequest:
    return InvalidRequest(
        f"Could not parse the multipart/form-data body of your request: {reason}.", code="invalid_body"
    )
