from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from retouch.settings import load


def test_flags_stand_over_the_environment_and_that_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "retouch.toml"
    file.write_text("[server]\nport = 1\nmax_parts = 2\nheartbeat = 3.0\n")
    monkeypatch.setenv("RETOUCH_SERVER__PORT", "10")
    monkeypatch.setenv("RETOUCH_SERVER__MAX_PARTS", "20")
    server = load(file, server={"port": 100}).server
    assert (server.port, server.max_parts, server.heartbeat) == (100, 20, 3.0)


def test_lists_come_from_the_environment_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETOUCH_SERVER__API_KEYS", '["a", "b"]')
    assert [key.get_secret_value() for key in load().server.api_keys] == ["a", "b"]


def test_a_key_is_not_shown_when_settings_are() -> None:
    assert "sk-very-secret" not in repr(load(None, server={"api_keys": ["sk-very-secret"]}))


@pytest.mark.parametrize("key", ["", " ", "sk one", "sk-one\n", "schlüssel"])
def test_a_key_that_no_client_could_send_is_refused_and_not_quoted(key: str) -> None:
    with pytest.raises(ValidationError) as caught:
        load(None, server={"api_keys": ["sk-right", key]})
    (told,) = caught.value.errors()
    assert told["loc"] == ("server", "api_keys", 1)
    assert not key.strip() or key not in told["msg"]


@pytest.mark.parametrize("flags", [{"server": {"port": 70_000}}, {"serve": {}}, {"server": {"prot": 1}}])
def test_what_is_not_allowed_is_refused(flags: dict[str, dict[str, int]]) -> None:
    with pytest.raises(ValidationError):
        load(None, **flags)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("server", "open_to_all"),
    [
        ({}, False),
        ({"host": "localhost"}, False),
        ({"host": "127.0.0.2"}, False),
        ({"host": "::1"}, False),
        ({"host": "0.0.0.0"}, True),
        ({"host": "::"}, True),
        ({"host": ""}, True),
        ({"host": "images.example.com"}, True),
        ({"host": "0.0.0.0", "api_keys": ["sk-one"]}, False),
        ({"host": "0.0.0.0", "keys_file": "keys.json"}, False),
    ],
)
def test_files_and_fetching_are_off_where_strangers_could_use_them(
    server: dict[str, object], open_to_all: bool
) -> None:
    settings = load(None, server=server)
    assert settings.server.is_open == open_to_all
    assert settings.keeps_files == settings.fetches == (not open_to_all)
    for enabled in (True, False):
        told = load(None, server=server, files={"enabled": enabled}, fetching={"enabled": enabled})
        assert told.keeps_files == told.fetches == enabled
