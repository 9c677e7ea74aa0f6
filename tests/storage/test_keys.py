from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from retouch.storage.keys import KeyFile, id_of, matches, summary

NOW = datetime.now(UTC)


@pytest.fixture
def file(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "below" / "keys.json")


def test_a_new_key_is_in_the_file_by_its_digest_alone(file: KeyFile) -> None:
    key, text = file.add("laptop", models=["gpt-image-2"], requests_per_minute=3, images_per_minute=5)
    assert file.read() == (key,)
    secret = text.removeprefix(f"sk-retouch-{key.id.removeprefix('key_')}-")
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", secret)
    assert secret not in file.path.read_text()
    assert (key.models, key.requests_per_minute, key.images_per_minute) == (("gpt-image-2",), 3, 5)


def test_keys_differ(file: KeyFile) -> None:
    made = [file.add("same name") for _ in range(5)]
    assert len({key.id for key, _ in made}) == len({text for _, text in made}) == 5


def test_a_key_is_known_by_its_own_text_only(file: KeyFile) -> None:
    (one, text), (other, _) = file.add("one"), file.add("other")
    assert id_of(text) == one.id
    assert matches(one, text)
    assert not matches(other, text)
    assert not matches(one, text + "x")
    assert not matches(one, text.swapcase())
    assert not matches(None, text)
    assert not matches(None, "")


@pytest.mark.parametrize("text", ["", "sk-retouch-", "sk-retouch-..", "nonsense", "sk-retouch-é-x"])
def test_what_is_no_key_claims_no_id_of_a_key(file: KeyFile, text: str) -> None:
    key, _ = file.add("one")
    assert id_of(text) != key.id


def test_the_file_is_for_its_owner_alone(file: KeyFile) -> None:
    file.add("one")
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    file.path.chmod(0o644)
    file.add("two")
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file away")
def test_a_change_by_root_leaves_the_file_to_the_account_that_reads_it(file: KeyFile) -> None:
    file.add("one")
    os.chown(file.path, 65534, 65534)
    file.add("two")
    assert (file.path.stat().st_uid, file.path.stat().st_gid) == (65534, 65534)


def test_a_link_to_the_file_stays_a_link(file: KeyFile, tmp_path: Path) -> None:
    file.add("one")
    link = tmp_path / "link.json"
    link.symlink_to(file.path)
    KeyFile(link).add("two")
    assert link.is_symlink()
    assert [key.name for key in file.read()] == ["one", "two"]


def test_a_revoked_key_stays_in_the_file_as_revoked(file: KeyFile) -> None:
    file.add("one")
    key, _ = file.add("two")
    assert file.revoke(key.id).state(NOW) == "revoked"
    assert [one.state(NOW) for one in file.read()] == ["active", "revoked"]
    again = file.revoke(key.id)
    assert again == file.read()[1]


def test_a_key_can_be_revoked_by_its_name_if_only_one_has_it(file: KeyFile) -> None:
    first, _ = file.add("twin")
    second, _ = file.add("twin")
    with pytest.raises(LookupError, match=f"{first.id}, {second.id}"):
        file.revoke("twin")
    file.revoke(first.id)
    assert file.revoke("twin").id == second.id
    with pytest.raises(LookupError, match="no key has the id or the name 'nobody'"):
        file.revoke("nobody")


def test_a_key_ends_when_it_expires(file: KeyFile) -> None:
    key, _ = file.add("short", expires=NOW)
    assert key.state(NOW - timedelta(seconds=1)) == "active"
    assert key.state(NOW) == "expired"


@pytest.mark.parametrize("text", ["", " \n", "{}", '{"version": 1, "keys": []}'])
def test_an_empty_file_holds_no_keys(file: KeyFile, text: str) -> None:
    file.path.parent.mkdir()
    file.path.write_text(text)
    assert file.read() == ()
    file.add("first")
    assert len(file.read()) == 1


def entry(**changes: object) -> dict[str, object]:
    known = {"id": "key_0123456789ab", "name": "x", "sha256": "0" * 64, "created": "2026-11-24T12:00:00Z"}
    return {**known, **changes}


@pytest.mark.parametrize(
    ("contents", "fault"),
    [
        ("{", "file: Invalid JSON"),
        ("[]", "file"),
        ({"version": 2}, "version"),
        ({"keys": [entry(id="nobody")]}, "keys.0.id"),
        ({"keys": [entry(sha256="secret-digest")]}, "keys.0.sha256"),
        ({"keys": [entry(created="2026-11-24T12:00:00")]}, "keys.0.created"),
        ({"keys": [entry(models=[])]}, "keys.0.models"),
        ({"keys": [entry(requests_per_minute=0)]}, "keys.0.requests_per_minute"),
        ({"keys": [entry(budget=1)]}, "keys.0.budget"),
        ({"keys": [entry(), entry()]}, "twice: key_0123456789ab"),
    ],
)
def test_a_file_that_is_wrong_is_told_with_its_fault_and_none_of_its_values(
    file: KeyFile, contents: object, fault: str
) -> None:
    file.path.parent.mkdir()
    file.path.write_text(contents if isinstance(contents, str) else json.dumps(contents))
    before = file.path.read_bytes()
    with pytest.raises(ValueError, match=fault.replace(".", r"\.")) as caught:
        file.read()
    assert "secret-digest" not in str(caught.value)
    with pytest.raises(ValueError, match="no file of keys"):
        file.add("one more")
    assert file.path.read_bytes() == before


def test_values_that_no_key_may_have_change_nothing(file: KeyFile) -> None:
    file.add("one")
    before = file.path.read_bytes()
    with pytest.raises(ValueError, match="requests_per_minute"):
        file.add("two", requests_per_minute=0)
    assert file.path.read_bytes() == before


def test_a_failing_disk_leaves_the_old_file_and_no_part_of_a_new_one(
    file: KeyFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, _ = file.add("one")

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        file.add("two")
    monkeypatch.undo()
    assert file.read() == (key,)
    assert sorted(path.name for path in file.path.parent.iterdir()) == ["keys.json", "keys.json.lock"]


def test_processes_that_add_at_once_lose_no_key(file: KeyFile) -> None:
    code = (
        "import sys; from pathlib import Path; from retouch.storage.keys import KeyFile;"
        "file = KeyFile(Path(sys.argv[1])); [file.add(sys.argv[2]) for _ in range(10)]"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", code, str(file.path), name]) for name in ("one", "two", "three")
    ]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    assert sorted(key.name for key in file.read()) == ["one"] * 10 + ["three"] * 10 + ["two"] * 10


def test_a_change_changes_the_stamp(file: KeyFile) -> None:
    assert file.stamp() is None
    file.add("one")
    before = file.stamp()
    assert file.stamp() == before
    file.add("two")
    assert file.stamp() != before


def test_what_is_shown_of_a_key_has_no_digest(file: KeyFile) -> None:
    key, _ = file.add("one")
    assert key.sha256 not in repr(key)
    shown = summary(key, NOW)
    assert "sha256" not in shown
    assert (shown["id"], shown["state"]) == (key.id, "active")


def test_a_home_directory_is_understood(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert KeyFile(Path("~/keys.json")).path == tmp_path / "keys.json"


def test_a_change_in_whose_middle_the_machine_stopped_leaves_nothing_for_ever(
    file: KeyFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.add("one")
    monkeypatch.setattr(Path, "unlink", lambda self, missing_ok=False: None)
    monkeypatch.setattr(Path, "rename", lambda self, target: exit())
    with pytest.raises(SystemExit):
        file.add("two")
    monkeypatch.undo()
    assert len(list(file.path.parent.iterdir())) == 3
    file.add("three")
    assert [key.name for key in file.read()] == ["one", "three"]
    assert sorted(path.name for path in file.path.parent.iterdir()) == ["keys.json", "keys.json.lock"]
