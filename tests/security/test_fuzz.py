"""The fuzzers themselves: they count what they should, and notice what they are there for."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import strategies as st

from retouch.errors import InternalError, InvalidRequest
from tests.security.fuzz import Lane, main
from tests.security.tally import Tally
from tests.security.targets.target import Target, judge_refusal
from tests.security.watch import Watch


def made_up(run: object) -> Target:
    return Target(run, st.binary(), lambda: [b"a"], lambda: ["a"], 8)  # type: ignore[arg-type]


def test_a_small_run_counts_its_cases_and_finds_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    arguments = ["sizes", "--how", "generated", "--cases", "40", "--corpus", str(tmp_path)]
    assert main(arguments) == 0
    out = capfd.readouterr().out
    assert "40 cases" in out
    assert "0 errors, 0 crashes, 0 hangs" in out
    assert not list(tmp_path.iterdir())


def test_an_unknown_target_is_told() -> None:
    with pytest.raises(SystemExit):
        main(["pixels"])


def test_what_fails_is_counted_each_time_and_kept_once(tmp_path: Path) -> None:
    def run(case: bytes) -> bool:
        if b"x" in case:
            raise KeyError("x")
        return case == b"taken"

    tally = Tally(tmp_path / "tally")
    watch = Watch(made_up(run), tally, tmp_path / "corpus")
    for case in (b"x1", b"x2", b"taken", b"refused"):
        watch(case)
    assert (tally.cases, tally.errors, tally.taken) == (4, 2, 1)
    assert [path.read_bytes() for path in (tmp_path / "corpus").iterdir()] == [b"x1"]


def test_an_error_of_the_server_is_no_refusal() -> None:
    judge_refusal(InvalidRequest("No."))
    with pytest.raises(AssertionError):
        judge_refusal(InternalError())


@pytest.mark.parametrize("how", ["crashes", "hangs"])
def test_a_case_that_ends_its_process_or_never_ends_is_found_and_the_rest_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """The process is a stand-in that runs ten cases, of which the third kills it or keeps it."""
    script = tmp_path / "stand_in.py"
    script.write_text(
        "import os, sys, signal\n"
        "from pathlib import Path\n"
        "from tests.security.tally import Tally\n"
        "tally = Tally(Path(sys.argv[4], 'tally'))\n"
        "for _ in range(int(sys.argv[2])):\n"
        "    tally.begin(b'case %d' % tally.cases)\n"
        "    if tally.cases == 2:\n"
        f"        {'os.kill(os.getpid(), signal.SIGKILL)' if how == 'crashes' else 'while True: pass'}\n"
        "    tally.end(0, taken=True, error=False)\n"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(Path.cwd()), *sys.path]))
    monkeypatch.setattr("tests.security.fuzz._MODULES", "")
    lane = Lane("sizes", "stand_in", 10, 1, 1.0, tmp_path / "lane", tmp_path / "corpus")
    while lane.go_on():
        pass
    assert lane.tally.cases == 10
    assert (lane.crashes, lane.hangs) == ((1, 0) if how == "crashes" else (0, 1))
    assert [path.read_bytes() for path in (tmp_path / "corpus").iterdir()] == [b"case 2"]
