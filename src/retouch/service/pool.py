"""Where tasks run: the interface, and its errors' meaning.

`local.LocalPool` keeps processes on this machine; another implementation can send tasks elsewhere without
anything above it changing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, Protocol

from retouch.service.task import Task
from retouch.service.turn import Turn
from retouch.service.wire import Frame


class Pool(Protocol):
    @property
    def size(self) -> int:
        """How many tasks run at a time."""
        ...

    @property
    def ready(self) -> bool:
        """Whether a task given now would run."""
        ...

    @property
    def warm(self) -> bool:
        """Whether a worker has ever had all that it needs loaded: the first edits would take longer otherwise."""
        ...

    async def warmed(self, caller: str, cancel: asyncio.Event) -> None:
        """Return once a task given now would run at once or wait for others' tasks alone, and not for what has to
        be loaded. Raises `Cancelled` when ``cancel`` is set before, and `NotReady` when the pool is stopped, or as
        long as it is `failing`."""
        ...

    @property
    def failing(self) -> bool:
        """Whether there is no warm worker, and the last one that was started could not be, or could not load."""
        ...

    @property
    def alive(self) -> int:
        """How many workers could take a task or have one."""
        ...

    @property
    def waiting(self) -> int:
        """How many tasks wait for a worker, or for one to be warm."""
        ...

    @property
    def replaced(self) -> int:
        """How many workers have died and been replaced."""
        ...

    @property
    def pids(self) -> Sequence[int]:
        """The process ids of the workers on this machine."""
        ...

    @property
    def stalled(self) -> bool:
        """Whether tasks wait although none has made any progress for longer than one may take."""
        ...

    @property
    def engines(self) -> Mapping[str, Any]:
        """What each engine declared of itself."""
        ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def frames(
        self, task: Task, fds: Sequence[int], cancel: asyncio.Event, turn: Turn | None = None
    ) -> AsyncGenerator[Frame, None]:
        """Run ``task``, yielding its frames up to but without the closing one. Waits for a free worker: in turn
        with other callers' tasks, or before all of them if ``turn``, its edit's, has begun. It has begun once
        there is a worker, and the task may take until it ends; without one it may take the pool's own deadline.

        ``fds`` stay the caller's; those of a frame become the caller's. Closing the generator early, or
        setting ``cancel``, stops the task at its next step, and a worker that does not heed is replaced.
        Raises `Cancelled`, the error the task failed with, `WorkerLost` when its worker died,
        `DeadlineExceeded`, or `NotReady` when the pool is stopped or has much to load first.
        """
        ...
