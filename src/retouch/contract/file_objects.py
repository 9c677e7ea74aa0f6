"""Uploaded files, as the API takes and shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from retouch.contract import messages
from retouch.contract.fields import FormFields
from retouch.contract.form import FilePart, Form, Part
from retouch.errors import InvalidRequest, NotFound

PURPOSES = ("vision", "user_data")
"""What files are kept for here: to be edited."""

ANCHOR, SECONDS = "expires_after[anchor]", "expires_after[seconds]"
ANCHORS = ("created_at",)
SHORTEST, LONGEST = 3600, 30 * 24 * 3600
"""Seconds that a client can have a file kept."""

MOST = 10_000
"""Files in one answer."""

ORDERS = ("asc", "desc")

_FIELDS = frozenset({"file", "purpose", ANCHOR, SECONDS})
_LONGEST_NAME = 255


@dataclass(frozen=True)
class Upload:
    """A file to be kept. ``lifetime``: seconds; None if the client leaves it to the server."""

    part: FilePart
    purpose: str
    lifetime: int | None

    @property
    def filename(self) -> str:
        """The client's name for it: no folders, nothing that is not printed, of some length."""
        name = (self.part.filename or "").replace("\\", "/").rpartition("/")[2]
        name = "".join(letter for letter in name if letter.isprintable())
        return name.encode(errors="replace").decode()[-_LONGEST_NAME:] or "upload"


@dataclass(frozen=True)
class Page:
    """Which files are asked for. ``after``: the id of the last one seen. ``limit``: at most so many."""

    after: str | None = None
    limit: int = MOST
    newest_first: bool = True
    purpose: str | None = None


def parse_upload(form: Form) -> Upload:
    """What a form asks to be kept; its other files are still the caller's to close. Raises `InvalidRequest`."""
    fields = FormFields(form, frozenset({ANCHOR, SECONDS}), strict=False)
    for part in form:
        if part.name not in _FIELDS:
            raise messages.unknown(part.name)
    file = _file(form)
    purpose = fields.string("purpose")
    if purpose is None:
        raise messages.missing("purpose")
    if purpose not in PURPOSES:
        raise messages.invalid_value("purpose", purpose, PURPOSES)
    return Upload(file, purpose, _lifetime(fields))


def parse_page(query: Sequence[tuple[str, str]]) -> Page:
    """What the query of a list asks for. Raises `InvalidRequest`."""
    values = dict(query)
    for name in values:
        if name not in ("after", "limit", "order", "purpose"):
            raise messages.unknown(name)
    limit = values.get("limit", str(MOST))
    if not (limit.isascii() and limit.removeprefix("-").isdigit() and len(limit) < 20):
        raise messages.unconvertible("limit", "an integer")
    if fault := messages.out_of_range("limit", int(limit), 1, MOST):
        raise fault
    for name, allowed in (("order", ORDERS), ("purpose", PURPOSES)):
        if name in values and values[name] not in allowed:
            raise messages.invalid_value(name, values[name], allowed)
    return Page(values.get("after"), int(limit), values.get("order") != "asc", values.get("purpose"))


def file_object(
    id: str, *, size: int, created: float, expires: int | None, filename: str, purpose: str
) -> dict[str, Any]:
    """A file, as the API shows it. ``created`` and ``expires``: Unix time in seconds."""
    return {
        "object": "file",
        "id": id,
        "purpose": purpose,
        "filename": filename,
        "bytes": size,
        "created_at": int(created),
        "expires_at": expires,
        "status": "processed",
        "status_details": None,
    }


def file_list(files: Sequence[Mapping[str, Any]], page: Page) -> dict[str, Any]:
    """The page of ``files`` (the oldest first) that is asked for. Raises `NotFound` if ``after`` is no file."""
    found = [file for file in files if page.purpose in (None, file["purpose"])]
    if page.newest_first:
        found.reverse()
    if page.after is not None:
        ids = [file["id"] for file in found]
        if page.after not in ids:
            raise no_such_file(page.after, param="after")
        found = found[ids.index(page.after) + 1 :]
    shown = found[: page.limit]
    return {
        "object": "list",
        "data": shown,
        "has_more": len(found) > len(shown),
        "first_id": shown[0]["id"] if shown else None,
        "last_id": shown[-1]["id"] if shown else None,
    }


def file_deleted(id: str) -> dict[str, Any]:
    return {"object": "file", "id": id, "deleted": True}


def no_such_file(id: str, *, param: str = "id") -> NotFound:
    """Also for a file of somebody else."""
    return NotFound(f"No such File object: {messages.echo(id)}", param=param)


def no_such_reference(id: str, *, param: str) -> InvalidRequest:
    """The refusal of an edit that names a file by an id that its caller does not have; the address is right."""
    return InvalidRequest(f"No such File object: {messages.echo(id)}", param=param, code="file_not_found")


def _file(form: Form) -> FilePart:
    part: Part | None = next((part for part in form if part.name == "file"), None)
    if part is None:
        raise messages.missing("file")
    if not isinstance(part, FilePart):
        raise messages.wrong_type("file", "a file", "a string")
    if not part.size:
        raise InvalidRequest("Invalid file 'file': the file is empty.", param="file", code="empty_file")
    return part


def _lifetime(fields: FormFields) -> int | None:
    anchor, seconds = fields.string(ANCHOR), fields.integer(SECONDS)
    if anchor is None and seconds is None:
        return None
    if anchor is None:
        raise messages.missing(ANCHOR)
    if anchor not in ANCHORS:
        raise messages.invalid_value(ANCHOR, anchor, ANCHORS)
    if seconds is None:
        raise messages.missing(SECONDS)
    if fault := messages.out_of_range(SECONDS, seconds, SHORTEST, LONGEST):
        raise fault
    return seconds
