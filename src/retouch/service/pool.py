"""Where tasks run: the interface, and its errors' meaning.

`local.LocalPool` keeps processes on this machine; another implementation can send tasks elsewhere without
anything above it changing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, Protocol

from retouch.service.task import Task
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
    def engines(self) -> Mapping[str, Any]:
        """What each engine declared of itself."""
        ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def frames(self, task: Task, fds: Sequence[int], cancel: asyncio.Event) -> AsyncGenerator[Frame, None]:
        """Run ``task``, yielding its frames up to but without the closing one. Waits for a free worker.

        ``fds`` stay the caller's; those of a frame become the caller's. Closing the generator early, or
        setting ``cancel``, stops the task at its next step, and a worker that does not heed is replaced.
        Raises `Cancelled`, the error the task failed with, `WorkerLost` when its worker died,
        `DeadlineExceeded`, or `NotReady` when no worker became free in that time.
        """
        ...
