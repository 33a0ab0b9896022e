"""The statements for the log of commits and for the outbox of events."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from scorm_embed.storage.base import CommitRecord, EventRecord, Page
from scorm_embed.storage.cursor import read_cursor, write_cursor
from scorm_embed.storage.encoding import is_storable
from scorm_embed.storage.rows import COMMIT_COLUMNS, EVENT_COLUMNS, commit_from_row, event_from_row
from scorm_embed.storage.schema import Tables


async def list_commits(
    connection: AsyncConnection, tables: Tables, tenant_id: str, session_id: str, limit: int, cursor: str | None
) -> Page[CommitRecord]:
    """Read a page of a session's log, oldest first."""
    commits, sessions = tables.commits, tables.sessions
    scope = ("commits", tenant_id, session_id)
    after = 0 if cursor is None else int(read_cursor(scope, cursor, (int,))[0])
    if not is_storable(tenant_id, session_id):
        return Page([])
    session_key = (
        select(sessions.c.session_key)
        .where(sessions.c.tenant_id == tenant_id, sessions.c.id == session_id)
        .scalar_subquery()
    )
    statement = (
        select(*(commits.c[name] for name in COMMIT_COLUMNS), commits.c.commit_key)
        .where(commits.c.session_key == session_key, commits.c.commit_key > after)
        .order_by(commits.c.commit_key)
        .limit(limit + 1)
    )
    rows = [tuple(row) for row in await connection.execute(statement)]
    items = [commit_from_row(row[:-1]) for row in rows[:limit]]
    return Page(items, write_cursor(scope, (rows[limit - 1][-1],)) if len(rows) > limit else None)


async def find_commits(
    connection: AsyncConnection, tables: Tables, tenant_id: str, session_id: str, launch: str
) -> Sequence[CommitRecord]:
    """Read the rows of one launch, by number."""
    commits, sessions = tables.commits, tables.sessions
    if not is_storable(tenant_id, session_id, launch):
        return []
    statement = (
        select(*(commits.c[name] for name in COMMIT_COLUMNS))
        .join_from(commits, sessions, commits.c.session_key == sessions.c.session_key)
        .where(
            sessions.c.tenant_id == tenant_id,
            sessions.c.id == session_id,
            commits.c.launch == launch,
        )
        .order_by(commits.c.number)
    )
    return [commit_from_row(tuple(row)) for row in await connection.execute(statement)]


async def prune_commits(connection: AsyncConnection, tables: Tables, received_before: datetime, limit: int) -> int:
    """Remove the oldest rows of the log that were received before this time."""
    commits = tables.commits
    statement = (
        select(commits.c.commit_key)
        .where(commits.c.received_at < received_before)
        .order_by(commits.c.received_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    keys = [key for (key,) in await connection.execute(statement)]
    if keys:
        await connection.execute(delete(commits).where(commits.c.commit_key.in_(keys)))
    return len(keys)


async def take_events(
    connection: AsyncConnection, tables: Tables, limit: int, now: datetime, lease_seconds: float
) -> Sequence[EventRecord]:
    """Lease the oldest events that nobody has; other takers pass by those that are being leased."""
    outbox = tables.outbox
    statement = (
        select(*(outbox.c[name] for name in EVENT_COLUMNS), outbox.c.event_key)
        .where(or_(outbox.c.leased_until.is_(None), outbox.c.leased_until <= now))
        .order_by(outbox.c.created_at, outbox.c.event_key)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = [tuple(row) for row in await connection.execute(statement)]
    if rows:
        await connection.execute(
            update(outbox)
            .where(outbox.c.event_key.in_([row[-1] for row in rows]))
            .values(leased_until=now + timedelta(seconds=lease_seconds))
        )
    return [event_from_row(row[:-1]) for row in rows]


async def settle_events(connection: AsyncConnection, tables: Tables, ids: Collection[str]) -> None:
    """Remove events that were delivered."""
    await connection.execute(delete(tables.outbox).where(tables.outbox.c.id.in_([i for i in ids if is_storable(i)])))
