"""Telling events on one event loop: to each handler that has not had them, and writing down how it went.

Events of one session are told in order, those of several sessions at once. Owns what becomes of an event that was told,
that failed, that nobody came to the end with, and that a loop which ends leaves behind. Which events, and when, is the
outbox's business (``outbox``).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from scorm_embed.service.documents import session_from_json
from scorm_embed.service.hooks import GoneError, HookEvent
from scorm_embed.storage.base import DEAD, EventRecord

if TYPE_CHECKING:
    from scorm_embed.service.outbox import Outbox

logger = logging.getLogger("scorm_embed.hooks")

AT_ONCE = 50
"""Sessions whose events are told at once, and events taken from the storage at once."""
WAITING_MAX = 1000
"""Events that may wait in memory; more are left in the outbox until their lease has run out."""

GIVE_BACK_SECONDS = 5.0
"""How long a loop that ends is kept for giving back what was not told."""

DELIVERED, FAILED, GIVEN_UP = "delivered", "failed", "dead"


@dataclass(frozen=True, slots=True)
class _Told:
    """How telling one event went."""

    done: set[str] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)


class Courier:
    """Tells events on one event loop: those of one session in order, those of several sessions at once."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._lanes: dict[tuple[str, str], deque[EventRecord]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._settled: list[str] = []
        self._settling: asyncio.Task[None] | None = None

    def carry(self, events: Sequence[EventRecord]) -> None:
        """Queue events behind those of their session."""
        for event in events:
            key = (event.tenant_id, event.session_id)
            lane = self._lanes.get(key)
            if lane is not None:
                lane.append(event)
            elif len(self._lanes) < WAITING_MAX:
                self._begin(key, event)

    async def idle(self) -> None:
        """Wait until what is being told now has been told."""
        if self._tasks:
            await asyncio.wait(list(self._tasks))
        await self._settled_now()

    async def aclose(self, seconds: float) -> None:
        """Wait so long, then stop; what was not told is given back."""
        if self._tasks:
            await asyncio.wait(list(self._tasks), timeout=seconds)
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        await self._settled_now()

    async def _settled_now(self) -> None:
        """Wait until what has been told by now is removed: with what is on its way, or with what follows that."""
        for _ in range(2):
            if self._settling is not None:
                await asyncio.wait([self._settling])

    def _begin(self, key: tuple[str, str], event: EventRecord) -> None:
        lane = self._lanes[key] = deque([event])

        def end(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            if self._lanes.get(key) is lane:  # cancelled before it had begun
                del self._lanes[key]

        task = asyncio.get_running_loop().create_task(self._walk(key, lane))
        self._tasks.add(task)
        task.add_done_callback(end)

    async def _walk(self, key: tuple[str, str], lane: deque[EventRecord]) -> None:
        begun: EventRecord | None = None
        try:
            while lane:
                async with self._slots:
                    begun = lane[0]
                    await self._carry_out(begun)
                    lane.popleft()
        except asyncio.CancelledError:
            # The loop ends, perhaps with the process: others need not wait for the lease.
            with contextlib.suppress(Exception):
                async with asyncio.timeout(GIVE_BACK_SECONDS):
                    for event in lane:
                        await self._give_back(event, begun=event is begun)
            raise
        finally:
            del self._lanes[key]

    async def _carry_out(self, event: EventRecord) -> None:
        try:
            await self._tell(event)
        except Exception:
            # Its lease will run out, and somebody tries again.
            logger.exception("The outbox could not be written after event %s.", event.id)
            self._outbox.counts[FAILED] += 1

    async def _tell(self, event: EventRecord) -> None:
        outbox, options = self._outbox, self._outbox.options
        now = outbox.clock()
        if event.due_at - now < timedelta(seconds=options.timeout_seconds):
            await self._give_back(event)
            return
        if event.attempts > len(options.retry_seconds) + 1:
            # Every worker that took it died, perhaps of it.
            lost = replace(event, state=DEAD, due_at=now, last_error=event.last_error or "No worker came to an end.")
            await self._keep(lost)
            return
        told = await self._ask_all(event)
        pending = tuple(name for name in event.pending if name not in told.done)
        if not pending:
            self._settle(event.id)
            return
        error = "\n".join(f"{name}: {told.failed.get(name, 'It was cancelled.')}" for name in pending)
        pause = None if all(name in told.gone for name in pending) else outbox.pause(event.attempts)
        due_at = outbox.clock() + (pause or timedelta(0))
        state = DEAD if pause is None else event.state
        await self._keep(replace(event, state=state, due_at=due_at, pending=pending, last_error=error))

    async def _ask_all(self, event: EventRecord) -> _Told:
        told = _Told()
        message = hook_event(event)
        ordered: list[str] = []
        beside: list[str] = []
        for name in event.pending:
            handler = self._outbox.hooks.handler(name)
            (ordered if handler is None or handler.in_order else beside).append(name)
        try:
            async with asyncio.timeout(self._outbox.options.timeout_seconds), asyncio.TaskGroup() as group:
                for names in (ordered, *([name] for name in beside)):
                    group.create_task(self._ask(names, message, told))
        except TimeoutError:
            for name in event.pending:
                if name not in told.done:
                    told.failed.setdefault(name, "It took too long.")
        return told

    async def _ask(self, names: Sequence[str], message: HookEvent, told: _Told) -> None:
        for name in names:
            handler = self._outbox.hooks.handler(name)
            if handler is None:
                # Another version of the host may know it: it is tried again like one that failed.
                told.failed[name] = "This process knows no such handler."
                continue
            try:
                await handler.tell(message)
            except GoneError as error:
                told.failed[name] = str(error)
                told.gone.add(name)
            except Exception as error:
                told.failed[name] = f"{type(error).__name__}: {error}"
                logger.warning("%s failed for event %s (%s).", name, message.id, message.type, exc_info=True)
            else:
                told.done.add(name)

    def _settle(self, event_id: str) -> None:
        """Remove an event soon, with those that end meanwhile: nobody waits for it."""
        self._settled.append(event_id)
        if self._settling is None:
            self._settling = asyncio.get_running_loop().create_task(self._settle_all())

    async def _settle_all(self) -> None:
        ids, self._settled = self._settled, []
        try:
            await self._outbox.storage.settle_events(ids)
            self._outbox.counts[DELIVERED] += len(ids)
        except asyncio.CancelledError:
            with contextlib.suppress(Exception):
                async with asyncio.timeout(GIVE_BACK_SECONDS):
                    await self._outbox.storage.settle_events([*ids, *self._settled])
            self._settled = []
            raise
        except Exception:
            # Their leases will run out, and somebody tells them again.
            logger.exception("Events that were told could not be removed from the outbox.")
            self._outbox.counts[FAILED] += len(ids)
        finally:
            self._settling = None
            if self._settled:
                self._settling = asyncio.get_running_loop().create_task(self._settle_all())

    async def _keep(self, event: EventRecord) -> None:
        """Write how it stands with an event, unless somebody else has it now."""
        if not await self._outbox.storage.keep_event(event, attempts=event.attempts):
            return
        if event.state == DEAD:
            logger.error("Event %s (%s) was given up: %s", event.id, event.type, event.last_error)
            self._outbox.counts[GIVEN_UP] += 1
            return
        self._outbox.wake(event.due_at)
        self._outbox.counts[FAILED] += 1

    async def _give_back(self, event: EventRecord, *, begun: bool = False) -> None:
        """Let others have an event now; one that was not begun has cost no try."""
        given = replace(event, attempts=event.attempts - (0 if begun else 1), due_at=self._outbox.clock())
        await self._outbox.storage.keep_event(given, attempts=event.attempts)


def hook_event(record: EventRecord) -> HookEvent:
    """Give what handlers are told."""
    data = record.data
    return HookEvent(
        record.type,
        record.tenant_id,
        record.session_id,
        data.get("user_id", ""),
        data.get("package_id", ""),
        session_from_json(data.get("session", {})),
        record.created_at,
        id=record.id,
    )
