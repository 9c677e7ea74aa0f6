from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from limits.errors import StorageError

from retouch import __version__
from retouch.cli import main
from retouch.cli.checks import checks
from retouch.contract.profile import NATIVE, profiles
from retouch.settings import load
from retouch.storage.keys import KeyFile


def test_the_help_names_every_command_and_imports_none() -> None:
    code = (
        "import sys; from click.testing import CliRunner; from retouch.cli import main;"
        "out = CliRunner().invoke(main, ['--help']).output;"
        "assert all(word in out for word in ('serve', 'images', 'models', 'keys', 'doctor')), out;"
        "heavy = {'numpy', 'cv2', 'starlette', 'pydantic', 'PIL'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_version_is_told() -> None:
    assert CliRunner().invoke(main, ["--version"]).output == f"retouch, version {__version__}\n"


def test_every_model_is_listed_with_its_engines() -> None:
    rows = json.loads(CliRunner().invoke(main, ["models", "list", "--json"]).output)["served"]
    assert {row["model"] for row in rows} == set(profiles()) - {NATIVE} | {"darkroom"}
    assert all(row["engines"] == ["darkroom"] for row in rows)
    assert [row["model"] for row in rows if row["default"]] == ["gpt-image-1.5"]
    assert "gpt-image-1.5" in CliRunner().invoke(main, ["models", "list"]).output


def test_the_doctor_finds_everything_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    result = CliRunner().invoke(main, ["doctor"])
    assert result.exit_code == 0, result.output
    assert result.output.count("✓") == 7
    assert "✗" not in result.output


def test_the_doctor_looks_at_keys_and_limits_where_there_are_any(tmp_path: Path) -> None:
    keys = KeyFile(tmp_path / "keys.json")
    key, _ = keys.add("laptop", models=["gpt-image-2"])
    keys.revoke(key.id)
    keys.add("shop")
    settings = load(None, server={"keys_file": str(keys.path), "limits_storage": "redis://127.0.0.1:1/0"})
    looks = dict(checks(settings))
    assert looks["keys file"]() == f"{keys.path}, 1 active, 1 revoked"
    with pytest.raises(StorageError):
        looks["limits storage"]()
    keys.path.chmod(0o644)
    with pytest.raises(PermissionError, match="is open to others"):
        looks["keys file"]()
    keys.path.write_text("{")
    with pytest.raises(ValueError, match="no file of keys"):
        looks["keys file"]()
    keys.path.write_text("")
    keys.path.chmod(0o600)
    assert "no key yet" in looks["keys file"]()
    keys.add("gone", models=["gpt-9"])
    with pytest.raises(ValueError, match="not served: gpt-9"):
        looks["keys file"]()


def test_the_doctor_says_what_is_wrong(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    file = tmp_path / "retouch.toml"
    file.write_text(f'[server]\nupload_directory = "{blocked / "below"}"\n')
    result = CliRunner().invoke(main, ["doctor", "--config", str(file)])
    assert result.exit_code == 1
    assert "✗ upload directory" in result.output
