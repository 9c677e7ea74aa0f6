from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from retouch.cli import main
from retouch.server.keyring import Keyring
from retouch.server.settings import ServerSettings
from retouch.storage.keys import KeyFile


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["keys", *words])


def test_a_new_key_is_printed_alone_once_and_opens_a_server(file: Path) -> None:
    made = run("create", "laptop", "--file", str(file))
    assert made.exit_code == 0, made.output
    text = made.stdout.removesuffix("\n")
    assert re.fullmatch(r"sk-retouch-[0-9a-f]{12}-[A-Za-z0-9_-]{43}", text)
    assert text not in made.stderr
    assert f"--keys-file {file}" in made.stderr
    assert Keyring(ServerSettings(keys_file=file)).find(text) is not None
    for listed in (run("list", "--file", str(file)), run("list", "--json", "--file", str(file))):
        assert "laptop" in listed.output
        assert text.rpartition("-")[2] not in listed.output
        assert KeyFile(file).read()[0].sha256 not in listed.output


def test_what_a_key_may_do_is_said_when_it_is_made_and_listed(file: Path) -> None:
    words = ["create", "shop", "--model", "gpt-image-2", "--model", "darkroom", "--requests-per-minute", "3"]
    run(*words, "--images-per-minute", "5", "--expires", "2099-01-31", "--file", str(file))
    (row,) = json.loads(run("list", "--json", "--file", str(file)).output)
    assert {name: row[name] for name in row if name not in ("id", "created")} == {
        "name": "shop",
        "state": "active",
        "expires": "2099-01-31T00:00:00Z",
        "revoked": None,
        "models": ["gpt-image-2", "darkroom"],
        "requests_per_minute": 3,
        "images_per_minute": 5,
    }
    (key,) = KeyFile(file).read()
    assert key.expires == datetime(2099, 1, 31, tzinfo=UTC)


@pytest.mark.parametrize(("span", "hours"), [("12h", 12), ("30d", 720), ("2w", 336)])
def test_a_key_can_end_after_a_span(file: Path, span: str, hours: int) -> None:
    run("create", "short", "--expires", span, "--file", str(file))
    (key,) = KeyFile(file).read()
    assert key.expires is not None
    assert abs(key.expires - key.created - timedelta(hours=hours)) < timedelta(minutes=5)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--model", "gpt-9"], "no such model: gpt-9"),
        (["--expires", "soon"], "expected 12h"),
        (["--expires", "2020-01-01"], "that is over"),
        (["--requests-per-minute", "0"], "0 is not in the range"),
    ],
)
def test_a_key_that_would_be_of_no_use_is_not_made(file: Path, words: list[str], reason: str) -> None:
    result = run("create", "x", *words, "--file", str(file))
    assert result.exit_code == 2
    assert reason in result.output
    assert not file.exists()


def test_a_revoked_key_is_listed_as_revoked(file: Path) -> None:
    run("create", "laptop", "--file", str(file))
    result = run("revoke", "laptop", "--file", str(file))
    assert result.exit_code == 0
    assert "is revoked" in result.output
    (row,) = json.loads(run("list", "--json", "--file", str(file)).output)
    assert row["state"] == "revoked"


def test_the_file_can_be_that_of_the_settings(file: Path, tmp_path: Path) -> None:
    config = tmp_path / "retouch.toml"
    config.write_text(f'[server]\nkeys_file = "{file}"\n')
    made = run("create", "laptop", "--config", str(config))
    assert made.exit_code == 0
    assert "--keys-file" not in made.stderr
    assert "laptop" in run("list", "--config", str(config)).output


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["revoke", "nobody"], "no key has the id or the name 'nobody'"),
        (["list"], "no file of keys"),
        (["create", "x"], "no file of keys"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(file: Path, words: list[str], reason: str) -> None:
    file.write_text("{}" if words[0] == "revoke" else "{")
    result = run(*words, "--file", str(file))
    assert result.exit_code == 1
    assert reason in result.output
    assert "Traceback" not in result.output


def test_a_file_that_is_not_there_is_said_in_a_line(file: Path) -> None:
    result = run("list", "--file", str(file))
    assert (result.exit_code, result.output) == (1, f"Error: {file}: No such file or directory\n")


def test_no_file_is_guessed() -> None:
    result = run("list")
    assert result.exit_code == 2
    assert "which file of keys?" in result.output
