"""Telling handlers after the commit, at least once: the outbox between a change and those who hear of it.

The row of an event is written in the transaction of the change, leased already by the worker that makes it. That worker
tells the handlers right after the commit, beside the answer to the player and not before it: what a handler does must
not make a learner's data wait. When the worker dies, the lease runs out and any worker takes the event. Each handler is
settled by itself: the row says who has not had the event yet. A handler that fails is tried again with growing pauses;
after the last one the event is dead: kept, readable, and told again when somebody asks for it.
"""

from __future__ import annotations

import asyncio
import weakref
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from scorm_embed.core.sequencing.vocabulary import Draw
from scorm_embed.service.courier import AT_ONCE, Courier
from scorm_embed.service.documents import session_to_json
from scorm_embed.service.hooks import HookEvent, Hooks
from scorm_embed.storage.base import EventRecord, Storage

RETRY_SECONDS = (5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800, 28_800)
"""The pauses before each further try: a day in all. Up to a fifth is added by chance."""
TIMEOUT_SECONDS = 60
"""How long all handlers of one event may take together."""
LEASES = 3
"""The lease of an event, in times of that: it may wait for its turn meanwhile."""


@dataclass(frozen=True, slots=True)
class OutboxOptions:
    """How events are told."""

    retry_seconds: tuple[float, ...] = RETRY_SECONDS
    timeout_seconds: float = TIMEOUT_SECONDS

    @property
    def lease_seconds(self) -> float:
        """How long an event belongs to the worker that took it."""
        return self.timeout_seconds * LEASES


class Outbox:
    """The outbox of one service."""

    def __init__(
        self, storage: Storage, hooks: Hooks, clock: Callable[[], datetime], draw: Draw, options: OutboxOptions
    ) -> None:
        self.hooks = hooks
        self.options = options
        self.storage = storage
        self.clock = clock
        self.counts: Counter[str] = Counter()
        """How many events were delivered, failed and died in this process."""
        self.wake: Callable[[datetime], None] = lambda due_at: None
        """Called with the time at which an event is due again."""
        self._draw = draw
        self._couriers: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Courier] = weakref.WeakKeyDictionary()

    def records(self, events: Sequence[HookEvent]) -> list[EventRecord]:
        """Give the rows of the events that somebody is told of after the commit, leased by this worker."""
        due_at = self.clock() + timedelta(seconds=self.options.lease_seconds)
        return [
            EventRecord(
                id=event.id,
                tenant_id=event.tenant_id,
                type=event.type,
                session_id=event.session_id,
                created_at=event.at,
                data={
                    "user_id": event.user_id,
                    "package_id": event.package_id,
                    "session": session_to_json(event.session),
                },
                due_at=due_at,
                pending=names,
                attempts=1,
            )
            for event in events
            if (names := self.hooks.handlers_of(event.type, event.tenant_id))
        ]

    def deliver_soon(self, records: Sequence[EventRecord]) -> None:
        """Begin to tell events that this worker has just stored; returns at once."""
        if records:
            self._courier().carry(records)

    async def deliver_due(self) -> None:
        """Tell all events that are due, and wait for what this loop is telling."""
        courier = self._courier()
        while self.hooks.has_handlers:
            events = await self.storage.take_events(AT_ONCE, self.clock(), self.options.lease_seconds)
            if not events:
                break
            courier.carry(events)
            await courier.idle()
        await courier.idle()

    async def aclose(self, seconds: float) -> None:
        """Wait so long for what this loop is telling; the rest is left to others."""
        await self._courier().aclose(seconds)

    def pause(self, attempts: int) -> timedelta | None:
        """Give the pause after so many tries; None when there is no further one."""
        if attempts > len(self.options.retry_seconds):
            return None
        return timedelta(seconds=self.options.retry_seconds[attempts - 1] * (1 + self._draw.randrange(2001) / 10_000))

    def _courier(self) -> Courier:
        loop = asyncio.get_running_loop()
        courier = self._couriers.get(loop)
        if courier is None:
            courier = self._couriers[loop] = Courier(self)
        return courier
