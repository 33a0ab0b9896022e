"""Events of the outbox as hosts see them: those that wait, and those that were given up."""

from __future__ import annotations

from dataclasses import replace

from scorm_embed.errors import NotFoundError
from scorm_embed.service.base import Desk
from scorm_embed.service.courier import hook_event
from scorm_embed.service.documents import event_document
from scorm_embed.service.model import Document
from scorm_embed.storage.base import DEAD, WAITING, EventRecord

EVENT_STATES = (DEAD, WAITING)


class EventCalls(Desk):
    """The part of the service about events that were not told to everybody."""

    async def events(self, tenant_id: str, state: str, *, limit: int = 50, cursor: str | None = None) -> Document:
        """List events in one state, newest first: ``{"events": […], "next_cursor"}``."""
        page = await self.storage.list_events(tenant_id, state, limit, cursor)
        return {"events": [event_document(record) for record in page.items], "next_cursor": page.next_cursor}

    async def event(self, tenant_id: str, event_id: str) -> Document:
        """Give an event with the session as it was then; ``NotFoundError`` with EVENT_NOT_FOUND."""
        record = await self._event(tenant_id, event_id)
        return {**event_document(record), "session": hook_event(record).session}

    async def retry_event(self, tenant_id: str, event_id: str) -> Document:
        """Let a dead event be told again, from the first try on; one that waits is left as it is."""
        record = await self._event(tenant_id, event_id)
        if record.state == DEAD:
            again = replace(record, state=WAITING, attempts=0, due_at=self.clock())
            await self.storage.keep_event(again, attempts=record.attempts)
            self.outbox.wake(again.due_at)
            record = await self._event(tenant_id, event_id)
        return event_document(record)

    async def delete_event(self, tenant_id: str, event_id: str) -> None:
        """Forget an event; ``NotFoundError`` with EVENT_NOT_FOUND."""
        record = await self._event(tenant_id, event_id)
        await self.storage.settle_events([record.id])

    async def _event(self, tenant_id: str, event_id: str) -> EventRecord:
        record = await self.storage.load_event(tenant_id, event_id)
        if record is None:
            raise NotFoundError("There is no such event.", {"event_id": event_id}, code="EVENT_NOT_FOUND")
        return record
