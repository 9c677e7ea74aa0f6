"""Workers that die, hang, run out of memory or are told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import structlog

from retouch.contract.catalogue import Catalogue
from retouch.contract.form import FilePart, Part, TextPart
from retouch.contract.parameters import EditRequest, parse_form
from retouch.errors import Cancelled, DeadlineExceeded, InternalError, NotReady, OutOfMemory, WorkerLost
from retouch.service.local import LocalPool
from retouch.service.process import Process
from retouch.service.task import EngineSpec, Task, WorkerConfig
from retouch.service.wire import Frame, Kind
from tests.descriptors import descriptors

PhotoFile = Callable[[str], bytes]


def request(prompt: str) -> EditRequest:
    form: list[Part] = [
        TextPart("prompt", prompt),
        TextPart("model", "echo"),
        FilePart("image", "a.jpg", "image/jpeg", 1),
    ]
    return parse_form(form, Catalogue(native=["echo"]))


class Bench:
    """A pool of echoes, and a photograph to give them."""

    def __init__(self, pool: LocalPool, photo: io.FileIO) -> None:
        self.pool = pool
        self._photo = photo

    async def edit(self, prompt: str, cancel: asyncio.Event | None = None, caller: str = "") -> list[Frame]:
        os.lseek(self._photo.fileno(), 0, os.SEEK_SET)
        task = Task("edit", request(prompt), ("echo",), (0,), caller=caller, request_id="req_bench")
        frames = self.pool.frames(task, [self._photo.fileno()], cancel or asyncio.Event())
        async with contextlib.aclosing(frames) as source:
            return [frame async for frame in source]

    async def settled(self) -> None:
        """Wait until every worker is back."""
        async with asyncio.timeout(10):
            while len(self.pool.pids) < self.pool.size or len(self.pool._idle) < self.pool.size:
                await asyncio.sleep(0.01)


def run(
    tmp_path: Path,
    photo: bytes,
    story: Callable[[Bench], AsyncIterator[None] | object],
    *,
    count: int = 1,
    deadline: float = 30.0,
    memory: int | None = None,
    heed: float = 0.5,
) -> None:
    """Tell ``story`` to a fresh pool."""
    path = tmp_path / "photo.jpg"
    path.write_bytes(photo)

    async def main() -> None:
        config = WorkerConfig(engines=(EngineSpec("echo", "echo"),), memory=memory, warm=False)
        pool = LocalPool(config, count=count, deadline=deadline, heed=heed)
        await pool.start()
        try:
            with io.FileIO(path) as file:
                await story(Bench(pool, file))  # type: ignore[misc]
        finally:
            await pool.stop()

    asyncio.run(main())


def kinds(frames: Sequence[Frame]) -> list[Kind]:
    return [frame.kind for frame in frames]


def test_an_edit_is_planned_and_painted(tmp_path: Path, photo_file: PhotoFile) -> None:
    async def story(bench: Bench) -> None:
        assert kinds(await bench.edit("as it is")) == [Kind.PLANNED, Kind.PICTURE]

    run(tmp_path, photo_file("cat"), story)


@pytest.mark.parametrize("prompt", ["[abort]", "[sleep 30]"])
def test_a_dead_worker_costs_its_own_edit_and_is_replaced(
    tmp_path: Path, photo_file: PhotoFile, prompt: str
) -> None:
    async def story(bench: Bench) -> None:
        (pid,) = bench.pool.pids
        edit = asyncio.ensure_future(bench.edit(prompt))
        if prompt != "[abort]":
            await asyncio.sleep(0.2)
            os.kill(pid, signal.SIGKILL)
        with pytest.raises(WorkerLost):
            await edit
        assert kinds(await bench.edit("as it is")) == [Kind.PLANNED, Kind.PICTURE]
        assert bench.pool.pids != [pid]
        assert bench.pool.replaced == 1

    run(tmp_path, photo_file("cat"), story)


def test_a_worker_that_dies_idle_is_replaced_before_anyone_needs_it(tmp_path: Path, photo_file: PhotoFile) -> None:
    async def story(bench: Bench) -> None:
        (pid,) = bench.pool.pids
        os.kill(pid, signal.SIGKILL)
        async with asyncio.timeout(10):
            while bench.pool.replaced == 0:
                await asyncio.sleep(0.01)
        await bench.settled()
        assert kinds(await bench.edit("as it is")) == [Kind.PLANNED, Kind.PICTURE]

    run(tmp_path, photo_file("cat"), story)


@pytest.mark.rule("A.9/lost")
def test_a_worker_that_hangs_is_ended_at_the_deadline(tmp_path: Path, photo_file: PhotoFile) -> None:
    async def story(bench: Bench) -> None:
        with pytest.raises(DeadlineExceeded):
            await bench.edit("[hang]")
        assert kinds(await bench.edit("as it is")) == [Kind.PLANNED, Kind.PICTURE]

    run(tmp_path, photo_file("cat"), story, deadline=4.0)


def test_running_out_of_memory_is_told_and_the_worker_is_replaced(tmp_path: Path, photo_file: PhotoFile) -> None:
    async def story(bench: Bench) -> None:
        (pid,) = bench.pool.pids
        with pytest.raises(OutOfMemory):
            await bench.edit("[memory]")
        assert kinds(await bench.edit("as it is")) == [Kind.PLANNED, Kind.PICTURE]
        assert bench.pool.pids != [pid]

    run(tmp_path, photo_file("cat"), story, memory=2 << 30)


def test_a_failure_is_told_without_its_cause_and_the_worker_stays(tmp_path: Path, photo_file: PhotoFile) -> None:
    async def story(bench: Bench) -> None:
        before = bench.pool.pids
        with pytest.raises(InternalError) as caught:
            await bench.edit("[raise]")
        assert "echo" not in caught.value.message
        assert bench.pool.pids == before

    run(tmp_path, photo_file("cat"), story)


def test_a_cancelled_edit_stops_at_its_next_step_and_the_worker_stays(
    tmp_path: Path, photo_file: PhotoFile
) -> None:
    async def story(bench: Bench) -> None:
        await bench.edit("as it is")  # so that nothing is left to load
        before, cancel = bench.pool.pids, asyncio.Event()
        asyncio.get_running_loop().call_later(0.2, cancel.set)
        async with asyncio.timeout(25):
            with pytest.raises(Cancelled):
                await bench.edit("[sleep 60]", cancel)
        assert kinds(await bench.edit("as it is")) == [Kind.PLANNED, Kind.PICTURE]
        assert bench.pool.pids == before

    run(tmp_path, photo_file("cat"), story, heed=20)


def test_a_worker_that_does_not_heed_a_cancellation_is_replaced(tmp_path: Path, photo_file: PhotoFile) -> None:
    async def story(bench: Bench) -> None:
        await bench.edit("as it is")  # so that nothing is left to load, and the next one hangs at once
        before, cancel = bench.pool.pids, asyncio.Event()
        asyncio.get_running_loop().call_later(0.3, cancel.set)
        with pytest.raises(Cancelled):
            await bench.edit("[hang]", cancel)
        assert kinds(await bench.edit("as it is")) == [Kind.PLANNED, Kind.PICTURE]
        assert bench.pool.pids != before

    run(tmp_path, photo_file("cat"), story)


def test_a_reader_that_stops_reading_frees_the_worker(tmp_path: Path, photo_file: PhotoFile) -> None:
    async def story(bench: Bench) -> None:
        await bench.edit("as it is")  # so that nothing is left to load
        before = bench.pool.pids
        edit = asyncio.ensure_future(bench.edit("[sleep 60]"))
        await asyncio.sleep(0.2)
        edit.cancel()
        with pytest.raises(asyncio.CancelledError):
            await edit
        async with asyncio.timeout(25):
            assert kinds(await bench.edit("as it is")) == [Kind.PLANNED, Kind.PICTURE]
        assert bench.pool.pids == before

    run(tmp_path, photo_file("cat"), story, heed=20)


def test_an_edit_cancelled_while_it_waits_never_runs(tmp_path: Path, photo_file: PhotoFile) -> None:
    async def story(bench: Bench) -> None:
        stop = asyncio.Event()
        running = asyncio.ensure_future(bench.edit("[sleep 60]", stop))
        await asyncio.sleep(0)
        cancel = asyncio.Event()
        waiting = asyncio.ensure_future(bench.edit("[abort]", cancel))
        while not bench.pool.waiting:
            await asyncio.sleep(0.01)
        cancel.set()
        with pytest.raises(Cancelled):
            await waiting
        stop.set()
        with pytest.raises(Cancelled):
            await running
        assert kinds(await bench.edit("as it is")) == [Kind.PLANNED, Kind.PICTURE]
        assert bench.pool.replaced == 0

    run(tmp_path, photo_file("cat"), story, heed=20)


def test_signals_to_the_group_do_not_reach_an_edit_in_flight(tmp_path: Path, photo_file: PhotoFile) -> None:
    async def story(bench: Bench) -> None:
        (pid,) = bench.pool.pids
        edit = asyncio.ensure_future(bench.edit("[sleep 0.4]"))
        await asyncio.sleep(0.1)
        os.kill(pid, signal.SIGTERM)
        os.kill(pid, signal.SIGINT)
        assert kinds(await edit) == [Kind.PLANNED, Kind.PICTURE]

    run(tmp_path, photo_file("cat"), story)


def test_pictures_that_nobody_took_are_given_back_with_their_worker(tmp_path: Path, photo_file: PhotoFile) -> None:
    async def story(bench: Bench) -> None:
        await bench.settled()
        before = descriptors()
        (process,) = bench.pool._all
        process.frames.put_nowait(Frame(Kind.PICTURE, 0, fds=[os.memfd_create("left"), os.memfd_create("over")]))
        os.kill(process.process.pid, signal.SIGKILL)
        async with asyncio.timeout(10):
            while bench.pool.replaced == 0:
                await asyncio.sleep(0.01)
        await bench.settled()
        assert descriptors() <= before

    run(tmp_path, photo_file("cat"), story)


def test_no_descriptor_is_left_open(tmp_path: Path, photo_file: PhotoFile) -> None:
    async def story(bench: Bench) -> None:
        await bench.edit("as it is")
        before = descriptors()
        for prompt in ("as it is", "[raise]", "[abort]"):
            with contextlib.suppress(InternalError, WorkerLost):
                await bench.edit(prompt)
        await bench.settled()
        assert descriptors() <= before

    run(tmp_path, photo_file("cat"), story)


def test_a_failure_is_one_line_of_json_with_the_request_and_without_its_prompt(
    tmp_path: Path, photo_file: PhotoFile, capfd: pytest.CaptureFixture[str]
) -> None:
    async def story(bench: Bench) -> None:
        with pytest.raises(InternalError):
            await bench.edit("[raise] a portrait of my neighbour")

    run(tmp_path, photo_file("cat"), story)
    (line,) = [json.loads(text) for text in capfd.readouterr().err.splitlines()]
    assert (line["event"], line["level"], line["request_id"]) == ("edit_failed", "error", "req_bench")
    assert line["error"].startswith("RuntimeError < echo.py:")
    assert "neighbour" not in str(line)


def test_a_dead_worker_is_told_with_the_signal_and_the_edit_that_it_had(
    tmp_path: Path, photo_file: PhotoFile
) -> None:
    async def story(bench: Bench) -> None:
        with pytest.raises(WorkerLost):
            await bench.edit("[abort]")
        await bench.settled()
        (pid,) = bench.pool.pids
        os.kill(pid, signal.SIGKILL)
        while bench.pool.pids == [pid]:
            await asyncio.sleep(0.01)
        await bench.settled()

    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    try:
        with structlog.testing.capture_logs() as entries:
            run(tmp_path, photo_file("cat"), story)
    finally:
        structlog.configure(**before)
    lost = [entry for entry in entries if entry["event"] == "worker_lost"]
    assert [(entry["exit"], entry["request_id"]) for entry in lost] == [
        (-signal.SIGABRT, "req_bench"),
        (-signal.SIGKILL, None),
    ]


def test_callers_get_the_worker_in_turn(tmp_path: Path, photo_file: PhotoFile) -> None:
    async def story(bench: Bench) -> None:
        order: list[str] = []

        async def edit(caller: str) -> None:
            await bench.edit("as it is", caller=caller)
            order.append(caller)

        edits = [asyncio.ensure_future(edit(caller)) for caller in ("flood", "flood", "flood", "quiet")]
        await asyncio.gather(*edits)
        assert order == ["flood", "flood", "quiet", "flood"]

    run(tmp_path, photo_file("cat"), story)


def test_a_pool_in_which_nothing_moves_while_tasks_wait_is_stalled() -> None:
    async def main() -> None:
        pool = LocalPool(WorkerConfig(engines=()), count=1, deadline=0.5, heed=0.5)
        task = Task(stage="edit", request=request("x"), chain=("echo",), seeds=(0,))
        assert not pool.stalled  # nothing is asked of it
        waiting = asyncio.ensure_future(anext(pool.frames(task, [], asyncio.Event())))
        await asyncio.sleep(0)
        assert not pool.stalled
        assert pool.waiting == 1
        await asyncio.sleep(1.1)
        assert pool.stalled
        await pool.stop()
        with pytest.raises(NotReady):
            await waiting
        assert not pool.stalled

    asyncio.run(main())


def test_a_picture_that_came_as_its_reader_was_stopped_is_never_the_next_runs() -> None:
    async def main() -> None:
        frames: asyncio.Queue[Frame] = asyncio.Queue()
        process: Any = SimpleNamespace(frames=frames)
        reading = asyncio.ensure_future(
            Process.next(process, asyncio.get_running_loop().time() + 9, asyncio.Event(), 2.0)
        )
        await asyncio.sleep(0.01)
        frames.put_nowait(Frame(Kind.PICTURE, 1))
        frames.put_nowait(Frame(Kind.DONE, 1))
        await asyncio.sleep(0)  # the picture is taken, and nobody has it yet
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert [frames.get_nowait().kind for _ in range(frames.qsize())] == [Kind.DONE]

    asyncio.run(main())


def test_a_pool_stays_warm_once_a_worker_of_it_has_been(tmp_path: Path, photo_file: PhotoFile) -> None:
    async def story(bench: Bench) -> None:
        async with asyncio.timeout(10):
            while not bench.pool.warm:
                await asyncio.sleep(0.01)
        (pid,) = bench.pool.pids
        os.kill(pid, signal.SIGKILL)
        async with asyncio.timeout(10):
            while bench.pool.alive:
                await asyncio.sleep(0.01)
        assert bench.pool.warm
        await bench.settled()

    run(tmp_path, photo_file("cat"), story)


def test_a_worker_that_hangs_while_it_loads_is_replaced(tmp_path: Path, photo_file: PhotoFile) -> None:
    async def story(bench: Bench) -> None:
        (process,) = bench.pool._all
        await bench.edit("as it is")
        bench.pool._expect_warm(process)
        assert process.alive
        process.warm = False
        bench.pool._expect_warm(process)
        await bench.settled()
        assert process.process.pid not in bench.pool.pids
        assert bench.pool.replaced == 1

    run(tmp_path, photo_file("cat"), story)


def test_workers_that_die_before_they_are_warm_are_started_ever_more_slowly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Short:
        """A worker that is ready, and then ends."""

        def __init__(
            self, config: WorkerConfig, on_lost: Callable[[Any], None], on_warm: Callable[[Any], None]
        ) -> None:
            started.append(asyncio.get_running_loop().time())
            self.alive = self.started = True
            self.warm = False
            self.request_id = ""
            self.info: dict[str, Any] = {"engines": {}}
            self.process = SimpleNamespace(pid=1, returncode=1)
            self._on_lost = on_lost

        async def ready(self) -> None:
            asyncio.get_running_loop().call_soon(self._end)

        def _end(self) -> None:
            self.alive = False
            self._on_lost(self)

        async def close(self, patience: float) -> None: ...

    started: list[float] = []
    monkeypatch.setattr("retouch.service.local.Process", Short)

    async def main() -> None:
        pool = LocalPool(WorkerConfig(engines=()), count=1, deadline=9)
        await pool.start()
        async with asyncio.timeout(20):
            while len(started) < 4:
                await asyncio.sleep(0.01)
        assert pool.failing
        await pool.stop()

    asyncio.run(main())
    pauses = [later - earlier for earlier, later in pairwise(started)]
    assert pauses[0] >= 0.2
    assert pauses[1] >= 0.4
    assert pauses[2] >= 0.8
