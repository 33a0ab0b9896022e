"""SQLStorage: records in the host's database, on SQLite, PostgreSQL, MariaDB and MySQL.

Owns transactions: which statements run together, when they are repeated, and what their errors mean. The statements
are in ``reading``, ``writing``, ``packages``, ``log`` and ``learners``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import MetaData
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.sql import ClauseElement

from scorm_embed.errors import ConfigurationError
from scorm_embed.storage import learners, log, outbox, packages
from scorm_embed.storage.base import (
    CommitRecord,
    EventRecord,
    Inside,
    LearnerData,
    PackageRecord,
    PackageVersion,
    Page,
    RuntimeRecord,
    SessionChange,
    SessionQuery,
    SessionRecord,
)
from scorm_embed.storage.checking import NUMBER_MAX, checked_change, checked_package
from scorm_embed.storage.connections import Connections, Opened, read_url
from scorm_embed.storage.cursor import check_limit, read_cursor, write_cursor
from scorm_embed.storage.direct import Direct
from scorm_embed.storage.encoding import check_aware, is_storable, to_microseconds
from scorm_embed.storage.failures import InsideError, is_retryable, translated
from scorm_embed.storage.postgresql import PostgresWriter
from scorm_embed.storage.preparing import HEAD, create_newest, load_revision, one_worker
from scorm_embed.storage.reading import Place, SessionReader
from scorm_embed.storage.schema import define_tables
from scorm_embed.storage.writing import SessionWriter

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]

RETRY_PAUSES_SECONDS = (0.0, 0.02, 0.1, 0.3)
"""How long to wait before a transaction is begun again that the database broke off for the sake of another."""


class SQLStorage:
    """Keeps records in a database.

    Args:
        url: ``sqlite:///lms.db``, ``postgresql://user:password@host/name``, ``mysql://…``, ``mariadb://…``; an async
            driver is chosen where none is named.
        engine: the host's own engine instead of a URL. It is used as it is, in its event loop, and never closed.
        prefix: in front of every table's name.
        schema: the database schema of the tables; it must exist.
        create_tables: create the tables, or migrate older ones, when the storage is first used. With False the host
            does it: with ``migrate()`` or by its own Alembic from ``metadata``.
        metadata: the host's ``MetaData`` to define the tables in.
        engine_options: passed to SQLAlchemy's ``create_async_engine`` (``pool_size``, ``connect_args``, …).

    Raises:
        ConfigurationError: an option is wrong, or the database's driver is not installed.
    """

    def __init__(
        self,
        url: str | URL | None = None,
        *,
        engine: AsyncEngine | None = None,
        prefix: str = "scorm_",
        schema: str | None = None,
        create_tables: bool = True,
        metadata: MetaData | None = None,
        engine_options: Mapping[str, Any] | None = None,
    ) -> None:
        if (url is None) == (engine is None):
            raise ConfigurationError("SQLStorage takes a url or an engine, one of the two.")
        if engine is not None and not isinstance(engine, AsyncEngine):
            raise ConfigurationError("engine must be an AsyncEngine: use sqlalchemy.ext.asyncio.create_async_engine.")
        if engine is not None and engine_options:
            raise ConfigurationError("engine_options belong to a url; an engine has its own.")
        read = None if url is None else read_url(url)
        self.metadata = MetaData() if metadata is None else metadata
        self.prefix = prefix
        self.schema = schema
        self.tables = define_tables(self.metadata, prefix, schema)
        self._create_tables = create_tables
        self._connections = Connections(read, engine, engine_options or {})
        dialect = engine.dialect.name if engine is not None else read.get_dialect().name if read is not None else ""
        self._reader = SessionReader(self.tables, dialect)
        self._writer = SessionWriter(self.tables, dialect)
        self._direct = Direct()
        self._short = PostgresWriter(self.tables) if dialect == "postgresql" else None

    async def add_package(self, record: PackageRecord) -> None:
        """Store a new package version; ``DuplicateEntryError`` when that id and version exist."""
        record = checked_package(record)
        await self._write(lambda connection: packages.add_package(connection, self.tables, record))

    async def load_package(self, tenant_id: str, package_id: str, version: int | None = None) -> PackageRecord | None:
        """Give one version, or the newest."""
        return await self._read(
            lambda connection: packages.load_package(connection, self.tables, tenant_id, package_id, version)
        )

    async def list_packages(self, tenant_id: str, limit: int = 50, cursor: str | None = None) -> Page[PackageRecord]:
        """List the newest version of each package, newest first."""
        check_limit(limit)
        if not is_storable(tenant_id):
            return Page([])
        return await self._read(
            lambda connection: packages.list_packages(connection, self.tables, tenant_id, limit, cursor)
        )

    async def list_versions(self, tenant_id: str, package_id: str) -> Sequence[PackageVersion]:
        """List all versions of a package, newest first, with the number of their sessions."""
        if not is_storable(tenant_id, package_id):
            return []
        return await self._read(
            lambda connection: packages.list_versions(connection, self.tables, tenant_id, package_id)
        )

    async def delete_package(self, tenant_id: str, package_id: str, *, with_sessions: bool = False) -> Sequence[str]:
        """Remove all versions; ``PackageInUseError`` while sessions exist, unless they go too."""
        if not is_storable(tenant_id, package_id):
            return []
        return await self._write(
            lambda connection: packages.delete_package(
                connection, self.tables, self._writer, tenant_id, package_id, with_sessions
            )
        )

    async def unused_digests(self, digests: Collection[str]) -> Sequence[str]:
        """Give those of these digests that no package of any tenant uses, in order."""
        return await self._read(lambda connection: packages.unused_digests(connection, self.tables, digests))

    async def load_session(
        self, tenant_id: str, session_id: str, *, rows: Collection[tuple[str, int]] | None = None
    ) -> tuple[SessionRecord, RuntimeRecord | None] | None:
        """Give a session with the run-time data of its current activity, in one read."""
        if not is_storable(tenant_id, session_id):
            return None
        with translated(self.prefix):
            opened = await self._opened()
            if not opened.is_direct:
                async with opened.read() as connection:
                    return await self._reader.load(connection, tenant_id, session_id, rows)
            statement, parameters = self._reader.one(tenant_id, session_id, rows)
            found = await self._fetch(opened, statement, parameters)
            shown = self._reader.show(found, rows)
            return shown[0] if shown else None

    async def save_session(self, tenant_id: str, change: SessionChange, *, inside: Inside | None = None) -> None:
        """Apply a change, all of it or nothing.

        ``inside`` gets the ``AsyncConnection`` of the transaction. It runs again, after a rollback, when the database
        broke the transaction off for the sake of another.
        """
        change = checked_change(tenant_id, change)
        short = self._short if self._short is not None and self._short.fits(change) else None

        async def work(connection: AsyncConnection) -> None:
            if short is None:
                await self._writer.save(connection, change)
            elif not await short.save(connection, change):
                raise await self._writer.conflict(connection, change)
            if inside is not None:
                try:
                    await inside(connection)
                except Exception as error:
                    raise InsideError(error) from error

        async def at_once(opened: Opened) -> None:
            assert short is not None
            statement, parameters = short.one(change)
            if opened.is_direct:
                is_saved = bool(await self._fetch(opened, statement, parameters))
            else:
                async with opened.read() as connection:
                    is_saved = (await connection.execute(statement, parameters)).first() is not None
            if not is_saved:
                async with opened.read() as connection:
                    raise await self._writer.conflict(connection, change)

        if short is not None and inside is None:
            await self._repeat(at_once)
        else:
            await self._write(work)

    async def list_sessions(self, query: SessionQuery) -> Page[tuple[SessionRecord, RuntimeRecord | None]]:
        """List sessions, newest first, with the run-time data of their current activity."""
        check_limit(query.limit)
        scope = ("sessions", query.tenant_id)
        place = None
        if query.cursor is not None:
            microseconds, session_id = read_cursor(scope, query.cursor, (int, str))
            place = Place(int(microseconds), str(session_id))
        filters = (query.package_id, query.user_id, query.completion_status, query.success_status)
        if not is_storable(query.tenant_id, *filters) or not 0 <= (query.package_version or 0) <= NUMBER_MAX:
            return Page([])
        found = await self._read(lambda connection: self._reader.load_page(connection, query, place))
        items = found[: query.limit]
        if len(found) <= query.limit:
            return Page(items)
        last = items[-1][0]
        return Page(items, write_cursor(scope, (to_microseconds(last.created_at), last.id)))

    async def delete_session(self, tenant_id: str, session_id: str) -> bool:
        """Remove a session and everything that belongs to it; False when there is none."""
        if not is_storable(tenant_id, session_id):
            return False
        sessions = self.tables.sessions
        found = (sessions.c.tenant_id == tenant_id) & (sessions.c.id == session_id)
        return await self._write(lambda connection: self._writer.delete_sessions(connection, found)) > 0

    async def load_runtime(
        self,
        tenant_id: str,
        session_id: str,
        *,
        attempt_number: int | None = None,
        activity_id: str | None = None,
        activity_attempt: int | None = None,
    ) -> Sequence[RuntimeRecord]:
        """Give run-time data of a session, whole, oldest attempt first; None does not filter."""
        if not is_storable(tenant_id, session_id, activity_id):
            return []
        if not all(number is None or 0 <= number <= NUMBER_MAX for number in (attempt_number, activity_attempt)):
            return []
        filters = {
            "attempt_number": attempt_number,
            "activity_id": activity_id,
            "activity_attempt": activity_attempt,
        }
        return await self._read(
            lambda connection: self._reader.load_runtime(connection, tenant_id, session_id, filters)
        )

    async def load_learner(self, tenant_id: str, user_id: str, scopes: Collection[str]) -> LearnerData:
        """Give a learner's global objectives and shared data stores of these scopes."""
        if not scopes or not is_storable(tenant_id, user_id):
            return LearnerData()
        return await self._read(
            lambda connection: learners.load_learner(connection, self.tables, tenant_id, user_id, scopes)
        )

    async def list_commits(
        self, tenant_id: str, session_id: str, limit: int = 50, cursor: str | None = None
    ) -> Page[CommitRecord]:
        """List a session's log, oldest first, in the order in which rows were appended."""
        check_limit(limit)
        return await self._read(
            lambda connection: log.list_commits(connection, self.tables, tenant_id, session_id, limit, cursor)
        )

    async def find_commits(self, tenant_id: str, session_id: str, launch: str) -> Sequence[CommitRecord]:
        """Give the rows of one launch, by number."""
        return await self._read(
            lambda connection: log.find_commits(connection, self.tables, tenant_id, session_id, launch)
        )

    async def prune_commits(
        self, received_before: datetime, *, limit: int = 1000, cursor: str | None = None
    ) -> tuple[int, str | None]:
        """Forget rows of the log received before this time that a later opening of the course follows."""
        check_limit(limit)
        check_aware(received_before)
        return await self._write(
            lambda connection: log.prune_commits(connection, self.tables, received_before, limit, cursor)
        )

    async def list_expired(self, now: datetime, limit: int = 100) -> Sequence[tuple[str, str]]:
        """Give tenant and id of sessions whose learner plays although the launch has ended."""
        check_limit(limit)
        check_aware(now)
        return await self._read(lambda connection: self._reader.list_expired(connection, now, limit))

    async def take_events(self, limit: int, now: datetime, lease_seconds: float) -> Sequence[EventRecord]:
        """Take waiting events that are due, and keep them from other takers for ``lease_seconds``."""
        check_limit(limit)
        check_aware(now)
        return await self._write(
            lambda connection: outbox.take_events(connection, self.tables, limit, now, lease_seconds)
        )

    async def keep_event(self, event: EventRecord, *, attempts: int) -> bool:
        """Write what changed about an event, unless somebody took it meanwhile."""
        if not is_storable(event.id, event.tenant_id):
            return False
        return await self._write(lambda connection: outbox.keep_event(connection, self.tables, event, attempts))

    async def settle_events(self, ids: Collection[str]) -> None:
        """Forget events that were delivered."""
        if ids:
            await self._write(lambda connection: outbox.settle_events(connection, self.tables, ids))

    async def load_event(self, tenant_id: str, event_id: str) -> EventRecord | None:
        """Give one event that is not settled."""
        if not is_storable(tenant_id, event_id):
            return None
        return await self._read(lambda connection: outbox.load_event(connection, self.tables, tenant_id, event_id))

    async def list_events(
        self, tenant_id: str, state: str, limit: int = 50, cursor: str | None = None
    ) -> Page[EventRecord]:
        """List a tenant's events in one state, newest first."""
        check_limit(limit)
        return await self._read(
            lambda connection: outbox.list_events(connection, self.tables, tenant_id, state, limit, cursor)
        )

    async def aclose(self) -> None:
        """Close the connections of the running event loop; the host's engine stays open."""
        await self._connections.aclose()

    async def migrate(self) -> None:
        """Create the tables, or bring older ones to the newest form; nothing happens when they have it."""
        with translated(self.prefix):
            await self._prepare(self._connections.get())

    async def _read(self, work: Work[T]) -> T:
        with translated(self.prefix):
            opened = await self._opened()
            async with opened.read() as connection:
                return await work(connection)

    async def _write(self, work: Work[T]) -> T:
        """Do the work in a transaction."""

        async def attempt(opened: Opened) -> T:
            async with opened.write() as connection:
                return await work(connection)

        return await self._repeat(attempt)

    async def _repeat(self, attempt: Callable[[Opened], Awaitable[T]]) -> T:
        """Make an attempt, and again when the database broke it off for the sake of another transaction."""
        with translated(self.prefix):
            opened = await self._opened()
            for pause in RETRY_PAUSES_SECONDS:
                try:
                    return await attempt(opened)
                except Exception as error:
                    if not is_retryable(error):
                        raise
                await asyncio.sleep(pause)
            return await attempt(opened)

    async def _fetch(
        self, opened: Opened, statement: ClauseElement, parameters: Mapping[str, Any]
    ) -> Sequence[Sequence[Any]]:
        async with opened.turns.take():
            return await self._direct.fetch(opened.engine, statement, parameters)

    async def _opened(self) -> Opened:
        opened = self._connections.get()
        if not opened.is_prepared and self._create_tables:
            async with opened.preparing:
                if not opened.is_prepared:
                    await self._prepare(opened)
        return opened

    async def _prepare(self, opened: Opened) -> None:
        async with opened.read() as connection:
            revision = await load_revision(connection, self.prefix, self.schema)
        if revision != HEAD:
            async with opened.write() as connection, one_worker(connection, self.prefix):
                revision = await load_revision(connection, self.prefix, self.schema)
                if revision is None:
                    await connection.run_sync(create_newest, self.tables, self.prefix, self.schema)
                elif revision != HEAD:
                    # Alembic is loaded by the one worker that meets older tables.
                    from scorm_embed.storage.migrations import upgrade

                    await connection.run_sync(upgrade, self.prefix, self.schema)
        opened.is_prepared = True
