"""What must happen without a request: events that are due, launches that nobody ended, old rows of the log.

A worker does it by itself from its first request on, a little at a time; ``maintain`` does all of it at once. Between
two runs there is only a timer, so that no loop is kept from ending and none complains about what is left behind.
"""

from __future__ import annotations

import asyncio
import logging
import os
from datetime import datetime, timedelta

from scorm_embed.errors import NotFoundError, StorageUnavailableError
from scorm_embed.service.base import Desk
from scorm_embed.service.changes import change_session, end_expired
from scorm_embed.service.courier import DELIVERED, FAILED, GIVEN_UP
from scorm_embed.service.model import Document
from scorm_embed.service.work import Work

logger = logging.getLogger("scorm_embed.maintenance")

FIRST_SECONDS = 5.0
"""When a worker looks for the first time what others have left."""
CLOSE_SECONDS = 10.0
"""How long closing waits for handlers that are at work."""
EXPIRED_AT_ONCE = 100
PRUNED_AT_ONCE = 500
PRUNED_PIECES = 10
"""Pieces of the log that a worker looks through in one run."""
PRUNE_PAUSE = timedelta(hours=1)
"""How long a worker leaves the log alone when it is through with it."""


class UpkeepCalls(Desk):
    """The part of the service that no request asks for."""

    async def deliver_events(self) -> Document:
        """Tell hooks and webhooks everything that is due: ``{"delivered", "failed", "dead"}``, in events."""
        before = self.outbox.counts.copy()
        await self.outbox.deliver_due()
        return {name: self.outbox.counts[name] - before[name] for name in (DELIVERED, FAILED, GIVEN_UP)}

    async def end_expired(self) -> int:
        """End the sessions whose launch has expired while the learner was in the course; gives how many."""
        seen: set[tuple[str, str]] = set()
        ended = 0
        while True:
            # Those that could not be ended stay in the list and must not hide the others.
            found = await self.storage.list_expired(self.clock(), EXPIRED_AT_ONCE + len(seen))
            fresh = [key for key in found if key not in seen]
            if not fresh:
                return ended
            for tenant_id, session_id in fresh:
                seen.add((tenant_id, session_id))
                try:
                    ended += await self._end_expired(tenant_id, session_id)
                except NotFoundError:
                    pass  # deleted meanwhile
                except StorageUnavailableError:
                    raise
                except Exception:
                    logger.exception("A launch that has expired could not be ended.")

    async def _end_expired(self, tenant_id: str, session_id: str) -> bool:
        async def change(work: Work) -> bool:
            return await end_expired(work)

        # Leaving needs no record of a collection: nothing is loaded that is not needed.
        ended, _ = await change_session(self, tenant_id, session_id, change, rows=())
        return ended

    async def prune_log(self, *, pieces: int | None = None, cursor: str | None = None) -> tuple[int, str | None]:
        """Forget rows of the log that are older than what is kept; gives how many, and where to go on.

        Args:
            pieces: how many pieces to look through; None for the whole log.
        """
        if self.options.log_retention_days is None:
            return 0, None
        before = self.clock() - timedelta(days=self.options.log_retention_days)
        count = 0
        while pieces is None or pieces > 0:
            gone, cursor = await self.storage.prune_commits(before, limit=PRUNED_AT_ONCE, cursor=cursor)
            count += gone
            if cursor is None:
                break
            pieces = None if pieces is None else pieces - 1
        return count, cursor

    async def maintain(self) -> Document:
        """Do all of it: ``{"ended", "delivered", "failed", "dead", "pruned"}``."""
        ended = await self.end_expired()
        told = await self.deliver_events()
        pruned, _ = await self.prune_log()
        return {"ended": ended, **told, "pruned": pruned}


class Upkeep:
    """Does what ``UpkeepCalls`` can do again and again, on the loop that serves requests."""

    def __init__(self, service: UpkeepCalls, seconds: float) -> None:
        self._service = service
        self._seconds = seconds
        self._process = os.getpid()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._cursor: str | None = None
        self._prune_from: datetime | None = None
        service.outbox.wake = self._wake

    def start(self) -> None:
        """Begin on the running loop, unless it has begun; called with every request."""
        loop = asyncio.get_running_loop()
        if self._loop is loop and self._process == os.getpid():
            return
        if not self._seconds or (self._process == os.getpid() and self._loop is not None and self._loop.is_running()):
            return
        self._process, self._loop = os.getpid(), loop
        self._timer = self._task = None
        self._set(min(FIRST_SECONDS, self._seconds))

    async def aclose(self) -> None:
        """Stop; the next request begins again."""
        loop, timer, task = self._loop, self._timer, self._task
        self._loop = self._timer = self._task = None
        if loop is None or loop.is_closed() or self._process != os.getpid():
            return
        if loop is asyncio.get_running_loop():
            if timer is not None:
                timer.cancel()
            if task is not None and not task.done():
                task.cancel()
                await asyncio.wait([task])
        else:
            for item in (timer, task):
                if item is not None:
                    loop.call_soon_threadsafe(item.cancel)

    def _set(self, seconds: float) -> None:
        assert self._loop is not None
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(seconds, self._begin)

    def _begin(self) -> None:
        self._timer = None
        if self._loop is None:
            return
        # Workers that were started together part by chance.
        self._set(self._seconds * (0.9 + self._service.draw.randrange(2001) / 10_000))
        if self._task is None or self._task.done():
            self._task = self._loop.create_task(self._run())

    def _wake(self, due_at: datetime) -> None:
        """Look earlier, because an event is due earlier."""
        if self._loop is None or self._loop is not asyncio.get_running_loop():
            return
        seconds = max(0.0, (due_at - self._service.clock()).total_seconds())
        if self._timer is not None and self._timer.when() > self._loop.time() + seconds:
            self._set(seconds)

    async def _run(self) -> None:
        try:
            await self._service.end_expired()
            if self._service.hooks.has_handlers:
                await self._service.outbox.deliver_due()
            await self._prune()
        except StorageUnavailableError as error:
            logger.warning("Nothing could be done now: %s", error.message)
        except Exception:
            logger.exception("Something went wrong.")

    async def _prune(self) -> None:
        now = self._service.clock()
        if self._prune_from is not None and now < self._prune_from:
            return
        _, self._cursor = await self._service.prune_log(pieces=PRUNED_PIECES, cursor=self._cursor)
        self._prune_from = None if self._cursor is not None else now + PRUNE_PAUSE
