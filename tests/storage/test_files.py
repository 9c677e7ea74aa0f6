from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NoReturn

import pytest

from retouch.errors import InvalidRequest, StorageFull
from retouch.storage import durable
from retouch.storage.files import FileStore, StoredFile
from retouch.storage.settings import FileSettings
from tests.storage.test_durable import STEPS, at_each_step


def store(directory: Path, **settings: Any) -> FileStore:
    return FileStore(FileSettings(directory=directory / "files", **settings))


def put(kept: FileStore, owner: str = "a", data: bytes = b"picture", **options: Any) -> StoredFile:
    with tempfile.TemporaryFile() as source:
        source.write(data)
        source.flush()
        told = {"filename": "a.png", "purpose": "vision", "lifetime": None} | options
        return kept.put(owner, source, len(data), **told)


def read(kept: FileStore, owner: str, id: str) -> bytes | None:
    file = kept.open(owner, id)
    if file is None:
        return None
    with file:
        return file.read()


def on_disk(directory: Path) -> list[str]:
    return sorted(path.name for path in (directory / "files").glob("*/*"))


def test_a_file_comes_back_with_all_that_was_said_of_it(tmp_path: Path) -> None:
    before = time.time()
    made = put(store(tmp_path), data=b"x" * 3_000_000, filename="ü.png", lifetime=3600)
    found = store(tmp_path).get("a", made.id)
    assert found == made
    assert (found.size, found.filename, found.purpose) == (3_000_000, "ü.png", "vision")
    assert before <= found.created <= time.time()
    assert found.expires == int(found.created) + 3600
    assert read(store(tmp_path), "a", made.id) == b"x" * 3_000_000


def test_a_file_is_its_owners_alone(tmp_path: Path) -> None:
    kept = store(tmp_path)
    mine, other = put(kept, "a"), put(kept, "b")
    assert kept.get("b", mine.id) is None
    assert kept.open("b", mine.id) is None
    assert not kept.delete("b", mine.id)
    assert kept.list("b") == [other]
    assert kept.get("a", mine.id) == mine


def test_files_are_listed_in_the_order_they_came(tmp_path: Path) -> None:
    kept = store(tmp_path)
    made = [put(kept) for _ in range(5)]
    assert kept.list("a") == made
    assert kept.list("nobody") == []


@pytest.mark.parametrize("id", ["", "file-", "../secret", "file-" + "0" * 32 + "/..", "file-" + "g" * 32, "\0"])
def test_an_id_that_is_none_finds_nothing(tmp_path: Path, id: str) -> None:
    kept = store(tmp_path)
    put(kept)
    assert kept.get("a", id) is None
    assert kept.open("a", id) is None
    assert not kept.delete("a", id)


def test_what_is_deleted_is_gone_and_who_reads_it_reads_on(tmp_path: Path) -> None:
    kept = store(tmp_path)
    made = put(kept)
    reading = kept.open("a", made.id)
    assert reading is not None
    assert kept.delete("a", made.id)
    assert not kept.delete("a", made.id)
    assert kept.get("a", made.id) is None
    assert on_disk(tmp_path) == []
    with reading:
        assert reading.read() == b"picture"


def test_what_has_expired_is_not_there_and_is_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = store(tmp_path)
    short, long, ever = (put(kept, lifetime=lifetime) for lifetime in (60, 7200, None))
    now = time.time()
    assert short.expires is not None
    just_before = short.expires - 0.5
    monkeypatch.setattr(time, "time", lambda: just_before)
    assert kept.sweep() == 0
    assert kept.list("a") == [short, long, ever]
    monkeypatch.setattr(time, "time", lambda: now + 3000)
    assert kept.get("a", short.id) is None
    assert kept.open("a", short.id) is None
    assert kept.list("a") == [long, ever]
    assert len(on_disk(tmp_path)) == 6
    assert kept.sweep() == 2
    assert kept.list("a") == [long, ever]
    assert kept.sweep() == 0
    monkeypatch.setattr(time, "time", lambda: now + 10**9)
    assert kept.sweep() == 2
    assert kept.list("a") == [ever]
    assert read(kept, "a", ever.id) == b"picture"


def test_what_a_broken_write_has_left_goes_when_it_is_old(tmp_path: Path) -> None:
    kept = store(tmp_path)
    whole, bare, lone = put(kept), put(kept), put(kept)
    bare.path.with_name(bare.id + ".json").unlink()
    lone.path.unlink()
    part = whole.path.with_name("file-" + "0" * 32 + ".part")
    part.write_bytes(b"half")
    stranger = whole.path.with_name("notes.txt")
    stranger.write_bytes(b"not ours")
    assert kept.sweep() == 0
    assert kept.list("a") == [whole]
    past = time.time() - durable.STALE - 1
    for path in whole.path.parent.iterdir():
        os.utime(path, (past, past))
    assert kept.sweep() == 3
    assert on_disk(tmp_path) == sorted([whole.id, whole.id + ".json", "notes.txt"])
    assert kept.list("a") == [whole]


def test_folders_of_owners_who_have_nothing_go_too(tmp_path: Path) -> None:
    kept = store(tmp_path)
    made = put(kept)
    kept.sweep()
    assert len(list((tmp_path / "files").iterdir())) == 1
    kept.delete("a", made.id)
    kept.sweep()
    assert list((tmp_path / "files").iterdir()) == []
    assert kept.sweep() == 0
    assert put(kept)


def test_an_owner_can_have_so_many_files(tmp_path: Path) -> None:
    kept = store(tmp_path, max_count=2)
    first = put(kept)
    put(kept)
    with pytest.raises(InvalidRequest, match="limit of 2 files") as caught:
        put(kept)
    assert (caught.value.code, caught.value.param) == ("file_quota_exceeded", "file")
    put(kept, "b")
    kept.delete("a", first.id)
    put(kept)


def test_an_owner_can_have_so_many_bytes_and_small_files_are_not_free(tmp_path: Path) -> None:
    kept = store(tmp_path, max_bytes=3 * 4096)
    put(kept, data=b"x" * 5000)
    put(kept, data=b"x")
    with pytest.raises(InvalidRequest, match="limit of 12288 bytes of files"):
        put(kept, data=b"x")
    put(kept, "b", data=b"x" * 12288)


def test_all_owners_together_can_have_so_many_bytes(tmp_path: Path) -> None:
    kept = store(tmp_path, total_bytes=3 * 4096)
    made = [put(kept, owner) for owner in ("a", "b", "c")]
    for one in (kept, store(tmp_path, total_bytes=3 * 4096)):
        with pytest.raises(StorageFull):
            put(one, "d")
    kept.delete("a", made[0].id)
    put(kept, "d")
    with pytest.raises(StorageFull):
        put(kept, "e")
    kept.sweep()
    with pytest.raises(StorageFull):
        put(kept, "e")


def test_what_has_expired_takes_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = store(tmp_path, max_count=1)
    put(kept, lifetime=60)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 61)
    put(kept, lifetime=60)


def test_uploads_at_once_do_not_add_up_to_more_than_is_allowed(tmp_path: Path) -> None:
    kept = store(tmp_path, max_count=5)
    together = threading.Barrier(20)

    def one(_: int) -> bool:
        together.wait()
        try:
            put(kept)
        except InvalidRequest:
            return False
        return True

    with ThreadPoolExecutor(20) as executor:
        assert sum(executor.map(one, range(20))) == 5
    assert len(kept.list("a")) == 5


def test_a_source_that_is_shorter_than_was_said_leaves_nothing(tmp_path: Path) -> None:
    kept = store(tmp_path)
    with tempfile.TemporaryFile() as source, pytest.raises(EOFError):
        kept.put("a", source, 10, filename="a", purpose="vision", lifetime=None)
    assert on_disk(tmp_path) == []


def test_a_full_disk_leaves_nothing_and_what_was_there(tmp_path: Path, small_files: None) -> None:
    kept = store(tmp_path)
    made = put(kept)
    with Path("/dev/zero").open("rb", buffering=0) as zeros, pytest.raises(StorageFull):
        kept.put("a", zeros.fileno(), 100_000, filename="a", purpose="vision", lifetime=None)
    assert kept.list("a") == [made]
    assert on_disk(tmp_path) == [made.id, made.id + ".json"]


def test_a_death_at_any_step_of_an_upload_loses_nothing_that_was_promised(tmp_path: Path) -> None:
    first = put(store(tmp_path), data=b"first")
    for dying in range(40):
        child = os.fork()
        if not child:
            _die(lambda: put(store(tmp_path), data=b"second"), dying)
        _, status = os.waitpid(child, 0)
        kept = store(tmp_path)
        found = kept.list("a")
        assert found[0] == first
        assert read(kept, "a", first.id) == b"first"
        for one in found[1:]:
            assert read(kept, "a", one.id) == b"second"
        kept.sweep()
        assert kept.list("a") == found
        for one in found[1:]:
            assert kept.delete("a", one.id)
        if os.waitstatus_to_exitcode(status) == 0:
            break
    assert dying > 2 * STEPS
    past = time.time() - durable.STALE - 1
    for path in first.path.parent.iterdir():
        os.utime(path, (past, past))
    store(tmp_path).sweep()
    assert on_disk(tmp_path) == [first.id, first.id + ".json"]


def _die(work: Callable[[], object], dying: int) -> NoReturn:
    def stop(step: int) -> None:
        if step == dying:
            os._exit(9)

    at_each_step(pytest.MonkeyPatch(), stop)
    work()
    os._exit(0)


def test_a_file_of_somebody_elses_among_the_owners_harms_nothing(tmp_path: Path) -> None:
    kept = store(tmp_path)
    first = put(kept)
    (first.path.parent.parent / ".DS_Store").write_bytes(b"x")
    assert put(store(tmp_path)).id != first.id
    assert kept.sweep() == 0
    assert len(kept.list("a")) == 2


def test_what_others_keep_beside_the_files_is_let_be(tmp_path: Path) -> None:
    kept = store(tmp_path)
    mine = put(kept)
    beside = tmp_path / "files" / "downloads"
    (beside / "empty").mkdir(parents=True)
    download, note = beside / "film.part", mine.path.with_name("film.part")
    for path in (download, note):
        path.write_bytes(b"half")
        os.utime(path, (0, 0))
    (tmp_path / "files" / "lost+found").mkdir()
    assert kept.sweep() == 0
    assert download.exists()
    assert note.exists()
    assert (tmp_path / "files" / "lost+found").exists()


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"{}", b"\xff"])
def test_a_damaged_record_hides_its_file_and_no_other(tmp_path: Path, damage: bytes) -> None:
    kept = store(tmp_path)
    damaged, whole = put(kept), put(kept)
    record = damaged.path.with_name(damaged.path.name + ".json")
    record.write_bytes(damage)
    assert [one.id for one in kept.list("a")] == [whole.id]
    assert kept.get("a", damaged.id) is None
