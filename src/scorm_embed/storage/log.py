"""The statements for the log of commits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from scorm_embed.storage.base import OPENING, CommitRecord, Page
from scorm_embed.storage.cursor import read_cursor, write_cursor
from scorm_embed.storage.encoding import from_microseconds, is_storable, to_microseconds
from scorm_embed.storage.rows import COMMIT_COLUMNS, commit_from_row
from scorm_embed.storage.schema import Tables

_PRUNING = ("pruning",)


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


async def prune_commits(
    connection: AsyncConnection, tables: Tables, received_before: datetime, limit: int, cursor: str | None
) -> tuple[int, str | None]:
    """Look at the next rows of the log that were received before this time; remove those that nobody can need."""
    commits = tables.commits
    statement = (
        select(commits.c.commit_key, commits.c.session_key, commits.c.received_at)
        .where(commits.c.received_at < received_before)
        .order_by(commits.c.received_at, commits.c.commit_key)
        .limit(limit)
    )
    if cursor is not None:
        microseconds, commit_key = read_cursor(_PRUNING, cursor, (int, int))
        moment = from_microseconds(int(microseconds))
        # Not a comparison of pairs, which MariaDB does not answer from an index.
        statement = statement.where(
            commits.c.received_at >= moment, or_(commits.c.received_at > moment, commits.c.commit_key > commit_key)
        )
    rows = (await connection.execute(statement)).all()
    if not rows:
        return 0, None
    openings = (
        select(commits.c.session_key, func.max(commits.c.commit_key))
        .where(commits.c.session_key.in_({row.session_key for row in rows}), commits.c.kind == OPENING)
        .group_by(commits.c.session_key)
    )
    last_opening = {row[0]: row[1] for row in await connection.execute(openings)}
    keys = [row.commit_key for row in rows if row.commit_key < last_opening.get(row.session_key, 0)]
    count = 0
    if keys:
        count = (await connection.execute(delete(commits).where(commits.c.commit_key.in_(keys)))).rowcount
    if len(rows) < limit:
        return count, None
    return count, write_cursor(_PRUNING, (to_microseconds(rows[-1].received_at), rows[-1].commit_key))
