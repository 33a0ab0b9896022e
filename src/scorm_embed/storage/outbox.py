"""The statements for the outbox: events that wait for delivery, and those that were given up."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from scorm_embed.storage.base import WAITING, EventRecord, Page
from scorm_embed.storage.cursor import read_cursor, write_cursor
from scorm_embed.storage.encoding import from_microseconds, is_storable, to_microseconds
from scorm_embed.storage.rows import EVENT_COLUMNS, EVENT_KEPT, event_from_row, event_to_row
from scorm_embed.storage.schema import Tables


async def take_events(
    connection: AsyncConnection, tables: Tables, limit: int, now: datetime, lease_seconds: float
) -> Sequence[EventRecord]:
    """Lease the events that are due longest; other takers pass by those that are being leased."""
    outbox = tables.outbox
    statement = (
        select(outbox.c.event_key)
        .where(outbox.c.state == WAITING, outbox.c.due_at <= now)
        .order_by(outbox.c.due_at, outbox.c.event_key)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    keys = [key for (key,) in await connection.execute(statement)]
    if not keys:
        return []
    taken = outbox.c.event_key.in_(keys)
    await connection.execute(
        update(outbox)
        .where(taken)
        .values(due_at=now + timedelta(seconds=lease_seconds), attempts=outbox.c.attempts + 1)
    )
    rows = await connection.execute(_select(tables).where(taken))
    events = {row[-1]: event_from_row(tuple(row[:-1])) for row in rows}
    return [events[key] for key in keys]


async def keep_event(connection: AsyncConnection, tables: Tables, event: EventRecord, attempts: int) -> bool:
    """Write what changed about an event, unless somebody took it meanwhile."""
    outbox = tables.outbox
    row = event_to_row(event)
    result = await connection.execute(
        update(outbox)
        .where(outbox.c.id == row["id"], outbox.c.tenant_id == row["tenant_id"], outbox.c.attempts == attempts)
        .values({name: row[name] for name in EVENT_KEPT})
    )
    return result.rowcount == 1


async def settle_events(connection: AsyncConnection, tables: Tables, ids: Collection[str]) -> None:
    """Remove events that were delivered."""
    await connection.execute(delete(tables.outbox).where(tables.outbox.c.id.in_([i for i in ids if is_storable(i)])))


async def load_event(connection: AsyncConnection, tables: Tables, tenant_id: str, event_id: str) -> EventRecord | None:
    """Read one event."""
    outbox = tables.outbox
    statement = _select(tables).where(outbox.c.id == event_id, outbox.c.tenant_id == tenant_id)
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else event_from_row(tuple(row[:-1]))


async def list_events(
    connection: AsyncConnection, tables: Tables, tenant_id: str, state: str, limit: int, cursor: str | None
) -> Page[EventRecord]:
    """Read a page of a tenant's events in one state, newest first."""
    outbox = tables.outbox
    scope = ("events", tenant_id, state)
    statement = _select(tables).where(outbox.c.tenant_id == tenant_id, outbox.c.state == state)
    if cursor is not None:
        microseconds, event_id = read_cursor(scope, cursor, (int, str))
        moment = from_microseconds(int(microseconds))
        # Not a comparison of pairs, which MariaDB does not answer from an index.
        statement = statement.where(
            outbox.c.created_at <= moment, or_(outbox.c.created_at < moment, outbox.c.id < str(event_id))
        )
    statement = statement.order_by(outbox.c.created_at.desc(), outbox.c.id.desc()).limit(limit + 1)
    found = [event_from_row(tuple(row[:-1])) for row in await connection.execute(statement)]
    items = found[:limit]
    if len(found) <= limit:
        return Page(items)
    return Page(items, write_cursor(scope, (to_microseconds(items[-1].created_at), items[-1].id)))


def _select(tables: Tables) -> Select[Any]:
    outbox = tables.outbox
    return select(*(outbox.c[name] for name in EVENT_COLUMNS), outbox.c.event_key)
