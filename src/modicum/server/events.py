"""Live news for the browser: one poller a project, however many tabs listen to it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import structlog
from starlette.concurrency import run_in_threadpool

from modicum.server.wire import Pulse

EVERY_S = 0.5
log = structlog.get_logger()


class Pulses:
    """Tells listeners what changed in a project.

    `read(project_id)` counts the facts; it is called about twice a second while somebody listens, in a thread, and not at
    all otherwise. Listeners get the newest pulse, not every one: a slow tab falls behind nobody.
    """

    def __init__(self, read: Callable[[int], Pulse]) -> None:
        self.read = read
        self.listeners: dict[int, set[asyncio.Queue[Pulse | None]]] = {}
        self.pollers: dict[int, asyncio.Task[None]] = {}
        self.latest: dict[int, Pulse] = {}
        self.stopped = False

    def stop(self) -> None:
        """End all streams within one turn of the pollers; safe to call from a signal handler or another thread."""
        self.stopped = True

    async def listen(self, project_id: int) -> AsyncIterator[Pulse]:
        """The current pulse at once, then one whenever a field changed, until the server stops or the project is gone."""
        mine: asyncio.Queue[Pulse | None] = asyncio.Queue(maxsize=1)
        group = self.listeners.setdefault(project_id, set())
        group.add(mine)
        if project_id in self.latest:
            mine.put_nowait(self.latest[project_id])
        if project_id not in self.pollers:
            self.pollers[project_id] = asyncio.create_task(self.poll(project_id))
        try:
            while (pulse := await mine.get()) is not None:
                yield pulse
        finally:
            group.discard(mine)

    async def poll(self, project_id: int) -> None:
        """Reads until nobody listens any more; a failing read is logged and tried again."""
        group = self.listeners[project_id]
        try:
            while group and not self.stopped:
                try:
                    pulse = await run_in_threadpool(self.read, project_id)
                except Exception:
                    log.exception("pulse.failed", project=project_id)
                    pulse = None
                if pulse is not None and pulse != self.latest.get(project_id):
                    self.latest[project_id] = pulse
                    for queue in group:
                        replace(queue, pulse)
                await asyncio.sleep(EVERY_S)
        finally:
            self.pollers.pop(project_id, None)
            self.latest.pop(project_id, None)
            for queue in group:
                replace(queue, None)


def replace(queue: asyncio.Queue[Pulse | None], pulse: Pulse | None) -> None:
    """Put the newest pulse where at most one waits."""
    with contextlib.suppress(asyncio.QueueEmpty):
        queue.get_nowait()
    queue.put_nowait(pulse)
