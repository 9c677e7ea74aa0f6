"""What is written is whole or not there: after failures, on a full disk, when the process dies at any step."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from retouch.errors import StorageFull
from retouch.storage import durable

WHOLE: list[bytes | memoryview] = [b"one", memoryview(b"two"), b"", b"x" * 100_000]
CONTENT = b"".join(WHOLE)
STEPS = 5
"""System calls that a write can be stopped at: open, fsync, rename; open and fsync of the directory."""


def names(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


def write(path: Path) -> None:
    durable.write(path, WHOLE, "result")


def at_each_step(monkeypatch: pytest.MonkeyPatch, stop: Callable[[int], None]) -> None:
    """``stop(n)`` is called before the n-th system call of a write, counted from 0."""
    done = 0

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def step(*values: Any, **options: Any) -> Any:
            nonlocal done
            stop(done)
            done += 1
            return call(*values, **options)

        return step

    for name in ("open", "fsync", "rename"):
        monkeypatch.setattr(os, name, counted(getattr(os, name)))


def test_a_file_is_there_and_is_its_owners_only(tmp_path: Path) -> None:
    write(tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == CONTENT
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600
    assert names(tmp_path) == {"a"}


def test_content_and_name_are_synced_before_it_is_promised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    fsync, rename = os.fsync, os.rename

    def told_fsync(fd: int) -> None:
        done.append("directory" if stat.S_ISDIR(os.fstat(fd).st_mode) else f"{os.fstat(fd).st_size} bytes")
        fsync(fd)

    def told_rename(*values: Any, **options: Any) -> None:
        done.append("rename")
        rename(*values, **options)

    monkeypatch.setattr(os, "fsync", told_fsync)
    monkeypatch.setattr(os, "rename", told_rename)
    write(tmp_path / "a")
    assert done == [f"{len(CONTENT)} bytes", "rename", "directory"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO])
def test_a_failure_at_any_step_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    def fail_at(failing: int) -> Callable[[int], None]:
        def stop(step: int) -> None:
            if step == failing:
                raise OSError(code, os.strerror(code))

        return stop

    for failing in range(STEPS):
        with monkeypatch.context() as patched:
            at_each_step(patched, fail_at(failing))
            with pytest.raises(OSError if code == errno.EIO else StorageFull):
                write(tmp_path / "a")
        assert names(tmp_path) == set()
    with monkeypatch.context() as patched:
        at_each_step(patched, fail_at(STEPS))
        write(tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == CONTENT


def test_a_death_at_any_step_leaves_a_whole_file_or_a_part(tmp_path: Path) -> None:
    for dying in range(STEPS + 1):
        child = os.fork()
        if not child:
            _write_and_die(tmp_path / "a", dying)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == (9 if dying < STEPS else 0)
        found = names(tmp_path)
        assert found <= {"a", "a.part"}
        if "a" in found:
            assert (tmp_path / "a").read_bytes() == CONTENT
        for path in tmp_path.iterdir():
            path.unlink()


def test_a_death_between_two_pieces_leaves_a_part(tmp_path: Path) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"one"
        os._exit(9)

    child = os.fork()
    if not child:
        durable.write(tmp_path / "a", pieces(), "file")
    os.waitpid(child, 0)
    assert names(tmp_path) == {"a.part"}


def _write_and_die(path: Path, dying: int) -> NoReturn:
    def stop(step: int) -> None:
        if step == dying:
            os._exit(9)

    at_each_step(pytest.MonkeyPatch(), stop)
    write(path)
    os._exit(0)


def test_a_disk_that_fills_up_in_the_middle_leaves_nothing(tmp_path: Path, small_files: None) -> None:
    with pytest.raises(StorageFull):
        write(tmp_path / "a")
    assert names(tmp_path) == set()
    durable.write(tmp_path / "b", [b"small"], "result")
    assert names(tmp_path) == {"b"}


FULL_DISK = """
import pathlib, sys
from retouch.errors import StorageFull
from retouch.storage import durable
directory = pathlib.Path(sys.argv[1])
durable.write(directory / "first", [bytes(1 << 20)], "file")
try:
    durable.write(directory / "second", [bytes(1 << 18)] * 16, "file")
except StorageFull as error:
    assert error.status == 507
    assert [path.name for path in directory.iterdir()] == ["first"], list(directory.iterdir())
    assert (directory / "first").read_bytes() == bytes(1 << 20)
    durable.write(directory / "third", [bytes(1 << 18)], "file")
    print("told")
"""


def test_a_small_file_system_that_is_really_full_is_told(tmp_path: Path) -> None:
    mounting = 'mount -t tmpfs -o size=2m none "$1" && exec "$2" -c "$3" "$1"'
    run = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mounting, "sh", str(tmp_path)]
    try:
        probe = subprocess.run([*run, "true", ""], capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("unshare is not installed")
    if probe.returncode:
        pytest.skip("file systems cannot be mounted here")
    done = subprocess.run([*run, sys.executable, FULL_DISK], capture_output=True, text=True, env=dict(os.environ))
    assert (done.stdout, done.stderr) == ("told\n", "")


def test_a_directory_is_made_with_all_above_it(tmp_path: Path) -> None:
    durable.make_directory(tmp_path / "a" / "b")
    durable.make_directory(tmp_path / "a" / "b")
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700


def test_a_file_system_that_cannot_sync_directories_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(fd: int) -> None:
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(os, "fsync", unsupported)
    durable.sync(tmp_path)


def test_only_a_part_that_nobody_writes_any_more_is_stale(tmp_path: Path) -> None:
    young, old, whole = (tmp_path / name for name in ("young.part", "old.part", "whole"))
    for path in (young, old, whole):
        path.write_bytes(b"x")
    past = time.time() - durable.STALE - 1
    for path in (old, whole):
        os.utime(path, (past, past))
    assert [durable.is_stale_part(path) for path in (young, old, whole)] == [False, True, False]
    assert not durable.is_stale_part(tmp_path / "gone.part")


def test_a_write_that_is_broken_off_by_its_source_leaves_nothing(tmp_path: Path) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"one"
        raise EOFError

    with pytest.raises(EOFError):
        durable.write(tmp_path / "a", pieces(), "file")
    assert names(tmp_path) == set()
