from __future__ import annotations

import logging
from collections.abc import Iterator, MutableMapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog

from retouch.server.keyring import Keyring
from retouch.server.settings import ServerSettings
from retouch.storage.keys import KeyFile


@pytest.fixture
def file(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "keys.json")


@pytest.fixture
def told() -> Iterator[list[MutableMapping[str, object]]]:
    """What is logged."""
    before = structlog.get_config()
    with structlog.testing.capture_logs() as lines:
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
        yield lines
    structlog.configure(**before)


def ring(file: KeyFile, **settings: object) -> Keyring:
    return Keyring(ServerSettings.model_validate({"keys_file": file.path, **settings}))


def test_a_key_is_its_callers_id_models_and_budgets(file: KeyFile) -> None:
    key, text = file.add("laptop", models=["gpt-image-2"], requests_per_minute=3, images_per_minute=5)
    caller = ring(file, requests_per_minute=100).find(text)
    assert caller is not None
    assert caller.id == key.id
    assert caller.models == frozenset({"gpt-image-2"})
    assert (caller.requests_per_minute, caller.images_per_minute) == (3, 5)


def test_a_key_without_budgets_has_those_of_the_settings(file: KeyFile) -> None:
    _, text = file.add("laptop")
    caller = ring(file, requests_per_minute=7).find(text)
    assert caller is not None
    assert (caller.models, caller.requests_per_minute, caller.images_per_minute) == (None, 7, None)


@pytest.mark.parametrize("text", ["", "nonsense", "sk-retouch-", "sk-retouch-0123456789ab-x"])
def test_what_is_no_key_is_nobody(file: KeyFile, text: str) -> None:
    file.add("laptop")
    assert ring(file).find(text) is None


def test_the_id_alone_opens_nothing(file: KeyFile) -> None:
    key, text = file.add("laptop")
    assert ring(file).find(text[:-1]) is None
    assert ring(file).find(key.id) is None
    assert ring(file).find(key.sha256) is None


def test_an_expired_and_a_revoked_key_are_nobody(file: KeyFile) -> None:
    now = datetime.now(UTC)
    key, revoked = file.add("revoked")
    _, expiring = file.add("expiring", expires=now + timedelta(hours=1))
    file.revoke(key.id)
    settings = ServerSettings(keys_file=file.path)
    assert Keyring(settings).find(revoked) is None
    assert Keyring(settings, lambda: now).find(expiring) is not None
    assert Keyring(settings, lambda: now + timedelta(hours=2)).find(expiring) is None


def test_keys_of_the_settings_and_of_the_file_are_both_let_in(file: KeyFile) -> None:
    _, text = file.add("laptop")
    keys = ring(file, api_keys=["sk-plain"])
    assert keys.find(text) is not None
    assert keys.find("sk-plain") is not None


def test_a_key_of_the_settings_has_the_same_id_in_any_order_and_after_a_restart(file: KeyFile) -> None:
    one = ring(file, api_keys=["sk-a", "sk-b"]).find("sk-b")
    other = ring(file, api_keys=["sk-b"]).find("sk-b")
    foreign = ring(file, api_keys=["sk-a", "sk-b"]).find("sk-a")
    assert one == other != foreign


def test_a_change_of_the_file_is_heeded(file: KeyFile) -> None:
    keys = ring(file)
    key, text = file.add("later")
    assert keys.find(text) is None
    keys.refresh()
    assert keys.find(text) is not None
    file.revoke(key.id)
    keys.refresh()
    assert keys.find(text) is None


@pytest.mark.parametrize("harm", ["broken", "gone", "unreadable"])
def test_a_file_that_breaks_keeps_the_keys_as_they_were_and_is_told_once(
    file: KeyFile, told: list[MutableMapping[str, object]], harm: str
) -> None:
    key, revoked = file.add("revoked")
    _, text = file.add("active")
    file.revoke(key.id)
    keys = ring(file)
    good = file.path.read_bytes()
    if harm == "broken":
        file.path.write_text('{"keys": [{"id": "secret-')
    else:
        file.path.unlink()
        if harm == "unreadable":
            file.path.mkdir()
    keys.refresh()
    keys.refresh()
    assert [one["event"] for one in told] == ["keys_unreadable"]
    assert told[0]["reason"] == {"gone": "missing"}.get(harm, harm)
    assert str(file.path) not in str(told)
    assert "secret-" not in str(told)
    assert keys.find(text) is not None
    assert keys.find(revoked) is None
    if harm == "unreadable":
        file.path.rmdir()
    file.path.write_bytes(good.replace(b"active", b"renamed"))
    _, newest = file.add("newest")
    keys.refresh()
    assert keys.find(newest) is not None


def test_a_file_that_is_broken_from_the_start_is_an_error(file: KeyFile) -> None:
    file.path.write_text("{")
    with pytest.raises(ValueError, match="no file of keys"):
        ring(file)
    file.path.unlink()
    file.path.mkdir()
    with pytest.raises(ValueError, match="cannot read the file of keys"):
        ring(file)


def test_a_file_that_is_not_there_yet_lets_nobody_in_until_it_is(file: KeyFile) -> None:
    keys = ring(file)
    assert keys.find("anything") is None
    _, text = file.add("first")
    keys.refresh()
    assert keys.find(text) is not None


def test_nothing_that_is_logged_has_a_key_in_it(file: KeyFile, told: list[MutableMapping[str, object]]) -> None:
    keys = ring(file)
    key, text = file.add("laptop")
    keys.refresh()
    keys.find(text)
    assert [one["event"] for one in told] == ["keys_missing", "keys_read"]
    assert text.rpartition("-")[2] not in str(told)
    assert key.sha256 not in str(told)
