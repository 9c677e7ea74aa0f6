"""The official client's older line (1.x) passes what the latest passes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
OLDER = ROOT / ".venv" / "openai-1"
SUITE = ("tests/server/test_edits.py", "tests/server/test_failures.py", "tests/server/test_retries.py")


@pytest.mark.timeout(300)
def test_the_suite_of_the_official_client_passes_with_its_older_line() -> None:
    assert OLDER.is_dir(), "scripts/setup dev installs the older client there"
    environment = {**os.environ, "PYTHONPATH": str(OLDER)}
    version = subprocess.run(
        [sys.executable, "-c", "import openai; print(openai.__version__)"],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert version.stdout.startswith("1."), version.stdout
    plugins = ("-p", "no:cacheprovider", "-p", "tests.clients.with_client")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *plugins, *SUITE],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-4000:]
