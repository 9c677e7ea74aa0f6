"""The programs that load a server, at their shortest: what they want does not depend on how long they run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "arguments",
    [["endurance", "--kill"], ["slow_senders"], ["draining"], ["fairness"], ["generative"]],
    ids=lambda words: words[0],
)
def test_what_is_wanted_under_load_is_met_in_seconds_too(arguments: list[str]) -> None:
    module, *options = arguments
    if module == "generative":
        pytest.importorskip("diffusers")
    command = [sys.executable, "-m", f"benchmarks.{module}", "--short", "--untimed", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "MISSED" not in done.stdout
