"""Files, as the API takes and shows them."""

from __future__ import annotations

from typing import Any

import pytest

from retouch.contract.file_objects import Page, Upload, file_list, file_object, parse_page, parse_upload
from retouch.contract.form import FilePart, TextPart
from retouch.errors import InvalidRequest, NotFound


def upload(*texts: tuple[str, str], filename: str | None = "a.png") -> Upload:
    return parse_upload([FilePart("file", filename, "image/png", 9), *(TextPart(*text) for text in texts)])


def objects(count: int) -> list[dict[str, Any]]:
    return [
        file_object(
            f"file-{n}",
            size=n,
            created=n + 0.5,
            expires=None,
            filename="a",
            purpose=("vision", "user_data")[n % 2],
        )
        for n in range(count)
    ]


def ids(page: Page, count: int = 5) -> list[str]:
    return [one["id"].removeprefix("file-") for one in file_list(objects(count), page)["data"]]


def test_an_upload_says_what_it_is_for_and_may_say_how_long_it_is_kept() -> None:
    assert upload(("purpose", "vision")).lifetime is None
    kept = upload(
        ("purpose", "user_data"), ("expires_after[anchor]", "created_at"), ("expires_after[seconds]", "3600")
    )
    assert (kept.purpose, kept.lifetime, kept.part.size) == ("user_data", 3600, 9)


def test_nulls_are_as_good_as_nothing() -> None:
    assert upload(("purpose", "vision"), ("expires_after[anchor]", ""), ("expires_after[seconds]", "null"))


@pytest.mark.parametrize("value", ["2592001", "0", "-1", "1e5", "3600.0", "", " 3600"])
def test_a_time_that_cannot_be_is_refused(value: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        upload(("purpose", "vision"), ("expires_after[anchor]", "created_at"), ("expires_after[seconds]", value))
    assert caught.value.param == "expires_after[seconds]"


def test_a_time_runs_from_the_upload_only() -> None:
    with pytest.raises(InvalidRequest, match="Supported values are: 'created_at'"):
        upload(("purpose", "vision"), ("expires_after[anchor]", "last_used"), ("expires_after[seconds]", "3600"))


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("a.png", "a.png"),
        ("../../a.png", "a.png"),
        ("C:\\x\\a.png", "a.png"),
        ("a\r\nb: c.png", "ab: c.png"),
        ("a\x00\x1b[31m.png", "a[31m.png"),
        ("\ud800.png", ".png"),
        ("..", ".."),
        ("", "upload"),
        ("/", "upload"),
        ("x" * 300, "x" * 255),
    ],
)
def test_a_name_is_a_name(sent: str, kept: str) -> None:
    assert upload(("purpose", "vision"), filename=sent).filename == kept


def test_a_list_is_cut_where_it_is_asked_to_be() -> None:
    assert ids(Page()) == ["4", "3", "2", "1", "0"]
    assert ids(Page(newest_first=False)) == ["0", "1", "2", "3", "4"]
    assert ids(Page(limit=2, after="file-3")) == ["2", "1"]
    assert ids(Page(purpose="vision")) == ["4", "2", "0"]
    assert ids(Page(after="file-0")) == []
    with pytest.raises(NotFound, match="No such File object: file-9"):
        ids(Page(after="file-9"))


def test_a_list_says_whether_there_is_more() -> None:
    shown = file_list(objects(5), Page(limit=2))
    assert (shown["object"], shown["has_more"], shown["first_id"], shown["last_id"]) == (
        "list",
        True,
        "file-4",
        "file-3",
    )
    assert not file_list(objects(2), Page(limit=2))["has_more"]
    assert file_list([], Page()) == {
        "object": "list",
        "data": [],
        "has_more": False,
        "first_id": None,
        "last_id": None,
    }


def test_a_query_that_says_nothing_asks_for_the_newest() -> None:
    assert parse_page([]) == Page(None, 10_000, True, None)
    asked = [("after", "file-1"), ("limit", "3"), ("order", "asc"), ("purpose", "vision")]
    assert parse_page(asked) == Page("file-1", 3, False, "vision")
    for limit in ("+3", "3.0", "", "٣", "9" * 5000, "-"):
        with pytest.raises(InvalidRequest):
            parse_page([("limit", limit)])
