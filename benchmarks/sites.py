"""A server process that keeps everything in one directory, and what the system knows of it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retouch.storage.keys import KeyFile
from retouch.storage.local import SECRET

ENGINES = {"darkroom": {"kind": "darkroom"}, "echo": {"kind": "echo"}}
ECHO = {"engines": {"echo": {"kind": "echo"}}, "chain": ["echo"]}
"""Settings for a server whose engine takes next to no time."""

WORKERS = 2


@dataclass(frozen=True)
class Vitals:
    """Of the server process and its workers: proportional set sizes in bytes, open descriptors by kind, and
    files in the site's directories."""

    server: int
    workers: int
    sockets: int
    spooled: int
    other: int
    temporary: int
    kept: int

    @property
    def descriptors(self) -> int:
        return self.sockets + self.spooled + self.other


class Site:
    """``keys``: a key's text by its name."""

    def __init__(self, directory: Path, settings: Mapping[str, Mapping[str, Any]]) -> None:
        self._directory = directory
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._started: set[int] = set()
        self.keys: dict[str, str] = {}
        self.port = 0
        for name in ("tmp", "results", "files"):
            (directory / name).mkdir()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def key(self, name: str, **limits: Any) -> str:
        """A new key; see `KeyFile.add` for its limits."""
        self.keys[name] = KeyFile(self._directory / "keys.json").add(name, **limits)[1]
        return self.keys[name]

    def revoke(self, name: str) -> None:
        KeyFile(self._directory / "keys.json").revoke(name)

    def start(self) -> None:
        """Returns when it is ready."""
        self.port = free_port()
        chosen: dict[str, dict[str, Any]] = {
            "server": {"keys_file": str(self._directory / "keys.json"), "keys_reload": 0.2},
            "service": {"engines": ENGINES, "chain": ["darkroom"], "workers": WORKERS},
            "storage": {"directory": str(self._directory / "results")},
            "files": {"directory": str(self._directory / "files")},
        }
        for section, values in self._settings.items():
            chosen.setdefault(section, {}).update(values)
        environment = {
            f"RETOUCH_{section}__{name}".upper(): value if isinstance(value, str) else json.dumps(value)
            for section, values in chosen.items()
            for name, value in values.items()
        }
        command = [sys.executable, "-m", "retouch.cli", "serve", "--port", str(self.port), "--log-level", "error"]
        with (self._directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdout=subprocess.DEVNULL,
                stderr=log,
                env={**os.environ, **environment, "TMPDIR": str(self._directory / "tmp")},
            )
        end = time.monotonic() + 60
        while self.ask("/readyz")[0] != 200:
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"the server did not become ready: {self.log()}")
            time.sleep(0.05)
        self._started |= {self.pid, *self.workers()}

    def ask(self, path: str) -> tuple[int, dict[str, Any]]:
        """(status, body) of a GET without a key; status 0 if there is no answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)
        except (OSError, ValueError):
            return 0, {}

    def quiet(self, patience: float) -> bool:
        """Whether no edit runs or waits any more, within ``patience`` seconds."""
        end = time.monotonic() + patience
        while self.ask("/readyz")[1].get("in_flight") != 0:
            if time.monotonic() > end:
                return False
            time.sleep(0.1)
        return True

    def swept(self, patience: float) -> bool:
        """Whether no result and no file is kept any more, within ``patience`` seconds."""
        end = time.monotonic() + patience
        while self.vitals().kept:
            if time.monotonic() > end:
                return False
            time.sleep(0.1)
        return True

    def workers(self) -> list[int]:
        """The worker processes."""
        found: list[int] = []
        for children in Path(f"/proc/{self.pid}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                found += map(int, children.read_text().split())
        self._started.update(found)
        return found

    def vitals(self) -> Vitals:
        links = []
        for entry in Path(f"/proc/{self.pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                links.append(str(entry.readlink()))
        sockets = sum(link.startswith("socket:") for link in links)
        spooled = sum(link.startswith(str(self._directory)) for link in links)
        return Vitals(
            server=proportional(self.pid),
            workers=sum(map(proportional, self.workers())),
            sockets=sockets,
            spooled=spooled,
            other=len(links) - sockets - spooled,
            temporary=_count(self._directory / "tmp"),
            kept=_count(self._directory / "results") + _count(self._directory / "files"),
        )

    def terminate(self) -> None:
        """Tell it to stop, as a service manager does."""
        self.workers()
        self.signal(signal.SIGTERM)

    def signal(self, number: int, pid: int | None = None) -> None:
        """To the server, or to one of its workers."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid or self.pid, number)

    def wait(self, patience: float) -> float | None:
        """Seconds until it has ended; None if that takes longer than ``patience``, and then it is killed."""
        assert self._process is not None
        began = time.monotonic()
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            return None
        return time.monotonic() - began

    def left(self) -> tuple[int, int]:
        """(processes, temporary files and unfinished parts) that are there after its end."""
        processes = sum(_is_ours(pid) for pid in self._started)
        parts = [path for path in self._directory.rglob("*") if path.is_file() and path.name.endswith(".part")]
        return processes, _count(self._directory / "tmp") + len(parts)

    def log(self) -> str:
        """What it has logged, its last lines."""
        return (self._directory / "log").read_text(errors="replace")[-2000:]

    def errors(self) -> int:
        """How many of its own failures it has logged."""
        log = (self._directory / "log").read_text(errors="replace")
        return sum(event in log for event in ("request_failed", "stream_failed", "sweep_failed", "Traceback"))

    def end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.terminate()
            self.wait(60)


@contextlib.contextmanager
def site(**settings: Mapping[str, Any]) -> Iterator[Site]:
    """A place for a server with these settings (by section), to be given keys and started."""
    with tempfile.TemporaryDirectory(prefix="retouch-site-") as directory:
        it = Site(Path(directory), settings)
        try:
            yield it
        finally:
            it.end()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def proportional(pid: int) -> int:
    """The process's proportional set size in bytes; 0 for one that has just ended."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) << 10
    except OSError:
        pass
    return 0


def _count(directory: Path) -> int:
    return sum(path.is_file() and path.name != SECRET for path in directory.rglob("*"))


def _is_ours(pid: int) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return b"retouch" in command
