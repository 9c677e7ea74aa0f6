from __future__ import annotations

import errno
import os
import stat
import time
from pathlib import Path

import pytest

from retouch.errors import StorageFull
from retouch.storage.durable import STALE
from retouch.storage.local import LocalResults
from retouch.storage.settings import StorageSettings


def results(directory: Path, lifetime: int = 60, total_bytes: int = 1 << 20) -> LocalResults:
    return LocalResults(StorageSettings(directory=directory, lifetime=lifetime, total_bytes=total_bytes))


def split(link: str) -> tuple[str, str]:
    name, _, signature = link.partition("?sig=")
    return name, signature


def test_a_link_leads_to_what_was_kept(tmp_path: Path) -> None:
    kept = results(tmp_path)
    found = kept.get(*split(kept.put(b"picture", "png")))
    assert found is not None
    assert found.path.read_bytes() == b"picture"
    assert found.media_type == "image/png"
    assert 0 < found.seconds <= 60


@pytest.mark.rule("A.12/restart")
def test_a_link_survives_a_restart(tmp_path: Path) -> None:
    link = results(tmp_path).put(b"picture", "webp")
    assert results(tmp_path).get(*split(link)) is not None


@pytest.mark.rule("A.12/signed")
def test_two_links_have_nothing_in_common(tmp_path: Path) -> None:
    kept = results(tmp_path)
    assert kept.put(b"a", "png").split("-")[1][:32] != kept.put(b"a", "png").split("-")[1][:32]


@pytest.mark.rule("A.12/signed")
def test_a_changed_link_leads_nowhere(tmp_path: Path) -> None:
    kept = results(tmp_path)
    name, signature = split(kept.put(b"picture", "png"))
    assert kept.get(name, signature[:-1] + ("0" if signature[-1] != "0" else "1")) is None
    assert kept.get(name, "") is None
    later = str(int(name.split("-")[0]) + 999) + "-" + name.split("-")[1]
    (tmp_path / later).write_bytes(b"picture")
    assert kept.get(later, signature) is None


@pytest.mark.parametrize("name", ["secret", "../secret", "1-../../etc/passwd.png", "", "\0"])
def test_a_name_that_is_no_result_leads_nowhere(tmp_path: Path, name: str) -> None:
    assert results(tmp_path).get(name, "0" * 32) is None


@pytest.mark.rule("A.12/sixty-minutes")
def test_an_expired_link_leads_nowhere_and_is_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = results(tmp_path, lifetime=60)
    old, new = kept.put(b"old", "png"), ""
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 59)
    assert kept.get(*split(old)) is not None
    monkeypatch.setattr(time, "time", lambda: now + 61)
    assert kept.get(*split(old)) is None
    new = kept.put(b"new", "png")
    assert kept.sweep() == 1
    assert kept.get(*split(new)) is not None
    assert {path.name for path in tmp_path.iterdir()} == {"secret", split(new)[0]}


def test_a_full_disk_is_a_clear_error_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = results(tmp_path)

    def full(fd: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageFull):
        kept.put(b"picture", "png")
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_up_in_the_middle_keeps_what_was_there(tmp_path: Path, small_files: None) -> None:
    kept = results(tmp_path)
    link = kept.put(b"picture", "png")
    before = {path.name for path in tmp_path.iterdir()}
    with pytest.raises(StorageFull):
        kept.put(bytes(100_000), "png")
    assert {path.name for path in tmp_path.iterdir()} == before
    assert kept.get(*split(link)) is not None


def test_parts_go_when_they_are_old_and_not_before(tmp_path: Path) -> None:
    kept = results(tmp_path, lifetime=1)
    name, _ = split(kept.put(b"picture", "png"))
    parts = [tmp_path / f"{name}.part", tmp_path / "secret.0123456789abcdef.part"]
    for part in parts:
        part.write_bytes(b"half")
    kept.sweep()
    assert all(part.exists() for part in parts)
    past = time.time() - STALE - 1
    for path in tmp_path.iterdir():
        os.utime(path, (past, past))
    assert kept.sweep() >= 2
    assert not any(part.exists() for part in parts)
    assert (tmp_path / "secret").exists()


def test_reading_a_link_makes_nothing_on_disk(tmp_path: Path) -> None:
    name = f"9999999999-{'0' * 32}.png"
    assert results(tmp_path / "below").get(name, "0" * 32) is None
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_made_on_disk_before_there_is_a_result(tmp_path: Path) -> None:
    kept = results(tmp_path / "below" / "results")
    assert kept.sweep() == 0
    assert list(tmp_path.iterdir()) == []


def test_only_the_owner_can_read_the_secret(tmp_path: Path) -> None:
    results(tmp_path).put(b"picture", "png")
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


def test_parts_of_others_are_let_be(tmp_path: Path) -> None:
    kept = results(tmp_path)
    kept.put(b"picture", "png")
    download = tmp_path / "film.part"
    download.write_bytes(b"half")
    os.utime(download, (0, 0))
    assert kept.sweep() == 0
    assert download.exists()


def test_results_that_would_take_more_than_is_allowed_are_refused_until_others_have_gone(tmp_path: Path) -> None:
    kept = results(tmp_path, total_bytes=1024)
    links = [kept.put(bytes(500), "png") for _ in range(2)]
    with pytest.raises(StorageFull):
        kept.put(bytes(500), "png")
    with pytest.raises(StorageFull):
        results(tmp_path, total_bytes=1024).put(bytes(500), "png")  # one that has just started knows as much
    assert kept.get(*split(links[0])) is not None
    (tmp_path / split(links[0])[0]).unlink()  # another server of this directory has swept
    kept.sweep()
    kept.put(bytes(500), "png")


def test_a_write_that_fails_gives_its_room_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = results(tmp_path, total_bytes=1024)
    kept.put(b"a", "png")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", _no_space)
        with pytest.raises(StorageFull):
            kept.put(bytes(1000), "png")
    kept.put(bytes(1000), "png")


def _no_space(descriptor: int) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")
