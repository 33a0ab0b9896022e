"""The statements that save and delete sessions, in the SQL that all databases have.

The row of the session is written first, and only where its version is the expected one: that takes its lock, so what
follows may read and write what belongs to the session without a race. PostgreSQL has a shorter way (``postgresql``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, Select, and_, bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from scorm_embed.errors import NotFoundError, VersionConflictError
from scorm_embed.storage.base import RuntimeChange, SessionChange
from scorm_embed.storage.checking import NUMBER_MAX, missing_package
from scorm_embed.storage.elements import SHAPES, RecordKey, merged, split_values
from scorm_embed.storage.learners import LearnerWriter
from scorm_embed.storage.rows import (
    RUNTIME_KEY,
    SESSION_WRITTEN,
    SUSPEND_DATA,
    commit_to_row,
    event_to_row,
    record_from_row,
    record_to_row,
    runtime_from_row,
    runtime_to_row,
    session_to_row,
)
from scorm_embed.storage.schema import Tables


class SessionWriter:
    """Writes sessions of one set of tables on one kind of database."""

    def __init__(self, tables: Tables, dialect: str) -> None:
        self._tables = tables
        self._learners = LearnerWriter(tables, dialect)
        sessions, commits = tables.sessions, tables.commits
        self._update_session = (
            update(sessions)
            .where(
                sessions.c.tenant_id == bindparam("old_tenant"),
                sessions.c.id == bindparam("old_id"),
                sessions.c.version == bindparam("old_version"),
                sessions.c.created_at == bindparam("old_created_at"),
            )
            .values({name: bindparam(name) for name in SESSION_WRITTEN})
        )
        self._find_session = select(sessions.c.session_key, sessions.c.version).where(
            sessions.c.tenant_id == bindparam("tenant"), sessions.c.id == bindparam("session")
        )
        packages = tables.packages
        # Locked until the transaction ends, so that nobody deletes the package meanwhile.
        self._hold_package = (
            select(packages.c.package_key)
            .where(
                packages.c.tenant_id == bindparam("tenant"),
                packages.c.id == bindparam("package"),
                packages.c.version == bindparam("package_version"),
            )
            .with_for_update(read=True, key_share=True)
        )
        self._settle_commit = (
            update(commits)
            .where(
                commits.c.session_key == bindparam("of_session"),
                commits.c.launch == bindparam("of_launch"),
                commits.c.number == bindparam("of_number"),
            )
            .values(status="applied")
        )
        runtime = tables.runtime
        self._find_runtime = (
            select(sessions.c.session_key, runtime.c.runtime_key, runtime.c.scalars, runtime.c.suspend_data)
            .select_from(
                sessions.outerjoin(
                    runtime,
                    and_(
                        runtime.c.session_key == sessions.c.session_key,
                        *(runtime.c[name] == bindparam(f"of_{name}") for name in RUNTIME_KEY),
                    ),
                )
            )
            .where(sessions.c.tenant_id == bindparam("tenant"), sessions.c.id == bindparam("session"))
        )
        # Built once: to compile a statement costs more than to run it.
        self._inserts = {
            table: insert(table) for table in (getattr(tables, name) for name in Tables.__dataclass_fields__)
        }
        self._update_runtime = {
            names: update(runtime)
            .where(runtime.c.runtime_key == bindparam("of_runtime"))
            .values({name: bindparam(name) for name in names})
            for names in (("scalars",), ("scalars", "suspend_data"))
        }

    async def save(self, connection: AsyncConnection, change: SessionChange) -> None:
        """Apply a change within the transaction of the connection."""
        record = change.record
        if change.expected_version is None:
            session_key = await self._create(connection, change)
        else:
            session_key = await self._change(connection, change)
        if change.commits:
            rows = [{**commit_to_row(commit), "session_key": session_key} for commit in change.commits]
            await connection.execute(self._inserts[self._tables.commits], rows)
        if change.settled:
            settled = [
                {"of_session": session_key, "of_launch": launch, "of_number": number}
                for launch, number in change.settled
            ]
            await connection.execute(self._settle_commit, settled)
        if change.learner is not None:
            await self._learners.save(connection, record.tenant_id, record.user_id, change.learner)
        if change.events:
            rows = [event_to_row(event) for event in change.events]
            await connection.execute(self._inserts[self._tables.outbox], rows)

    async def conflict(
        self, connection: AsyncConnection, change: SessionChange
    ) -> VersionConflictError | NotFoundError:
        """Give the error for a change that found nothing to write to: no package for a new session, else a lost race.

        A lost race comes with the version that is stored now (None: the session is gone).
        """
        if change.expected_version is None:
            return missing_package(change)
        found = (await connection.execute(self._find_session, _place(change))).one_or_none()
        return VersionConflictError(
            "Somebody else changed the session first.", {"current_version": None if found is None else found.version}
        )

    async def delete_sessions(self, connection: AsyncConnection, found: ColumnElement[bool]) -> int:
        """Remove sessions and everything that belongs to them; gives how many."""
        tables = self._tables
        keys = select(tables.sessions.c.session_key).where(found)
        locked = (await connection.execute(keys.with_for_update())).all()
        if not locked:
            return 0
        runtime_keys = select(tables.runtime.c.runtime_key).where(tables.runtime.c.session_key.in_(keys))
        for table in (tables.interactions, tables.objectives, tables.comments):
            await connection.execute(delete(table).where(table.c.runtime_key.in_(runtime_keys)))
        for table in (tables.runtime, tables.commits):
            await connection.execute(delete(table).where(table.c.session_key.in_(keys)))
        return (await connection.execute(delete(tables.sessions).where(found))).rowcount

    async def _create(self, connection: AsyncConnection, change: SessionChange) -> int:
        """Write a new session; gives its key."""
        record = change.record
        place = {"tenant": record.tenant_id, "package": record.package_id, "package_version": record.package_version}
        if (await connection.execute(self._hold_package, place)).first() is None:
            raise missing_package(change)
        statement = self._inserts[self._tables.sessions]
        session_key = _given_key(await connection.execute(statement, session_to_row(change.record)))
        for item in change.runtime:
            await self._create_runtime(connection, session_key, item)
        return session_key

    async def _change(self, connection: AsyncConnection, change: SessionChange) -> int:
        """Write a session that exists; gives its key."""
        expected = change.expected_version or 0
        if expected >= NUMBER_MAX:
            raise await self.conflict(connection, change)
        row = session_to_row(change.record)
        old = {"old_tenant": row["tenant_id"], "old_id": row["id"], "old_version": expected}
        old["old_created_at"] = row["created_at"]
        result = await connection.execute(self._update_session, {**row, **old})
        if result.rowcount != 1:
            raise await self.conflict(connection, change)
        key: int | None = None
        for item in change.runtime:
            place = {f"of_{name}": getattr(item.key, name) for name in RUNTIME_KEY}
            found = (await connection.execute(self._find_runtime, {**_place(change), **place})).one()
            key = found.session_key
            if found.runtime_key is None:
                await self._create_runtime(connection, found.session_key, item)
            else:
                await self._change_runtime(connection, found, item)
        if key is None:
            key = (await connection.execute(self._find_session, _place(change))).one().session_key
        return key

    async def _create_runtime(self, connection: AsyncConnection, session_key: int, change: RuntimeChange) -> None:
        split = split_values(change.values)
        row: dict[str, Any] = {name: getattr(change.key, name) for name in RUNTIME_KEY}
        row |= {"session_key": session_key, **runtime_to_row(merged({}, split.scalars))}
        result = await connection.execute(self._inserts[self._tables.runtime], row)
        await self._save_records(connection, _given_key(result), split.records, {})

    async def _change_runtime(self, connection: AsyncConnection, found: Any, change: RuntimeChange) -> None:
        split = split_values(change.values)
        if split.scalars:
            row = runtime_to_row(merged(runtime_from_row(found.scalars, found.suspend_data), split.scalars))
            names = ("scalars", "suspend_data") if SUSPEND_DATA in split.scalars else ("scalars",)
            values = {name: row[name] for name in names}
            await connection.execute(self._update_runtime[names], {**values, "of_runtime": found.runtime_key})
        if split.records:
            old = await self._load_records(connection, found.runtime_key, list(split.records))
            await self._save_records(connection, found.runtime_key, split.records, old)

    async def _load_records(
        self, connection: AsyncConnection, runtime_key: int, wanted: Sequence[RecordKey]
    ) -> dict[RecordKey, dict[str, str]]:
        """Read the records that a change touches, no others."""
        records: dict[RecordKey, dict[str, str]] = {}
        for collection in {name for name, _ in wanted}:
            shape = SHAPES[collection]
            table = self._tables.of_shape(shape)
            positions = [position for name, position in wanted if name == collection]
            statement: Select[Any] = select(table.c.position, *(table.c[name] for name in shape.names)).where(
                self._belongs(collection, runtime_key), table.c.position.in_(positions)
            )
            for position, *columns in await connection.execute(statement):
                records[collection, position] = dict(record_from_row(shape, columns))
        return records

    async def _save_records(
        self,
        connection: AsyncConnection,
        runtime_key: int,
        changed: Mapping[RecordKey, Mapping[str, str | None]],
        old: Mapping[RecordKey, Mapping[str, str]],
    ) -> None:
        added: dict[str, list[dict[str, Any]]] = {}
        emptied: dict[str, list[int]] = {}
        for (collection, position), change in changed.items():
            held = old.get((collection, position))
            record = merged(held or {}, change)
            if held is not None:
                emptied.setdefault(collection, []).append(position)
            if record:
                place: dict[str, Any] = {"runtime_key": runtime_key, "position": position}
                if "collection" in self._tables.of_shape(SHAPES[collection]).c:
                    place["collection"] = collection
                added.setdefault(collection, []).append({**place, **record_to_row(SHAPES[collection], record)})
        # Taken out and put in again: one form of statement whatever a record gained or lost.
        for collection, positions in emptied.items():
            table = self._tables.of_shape(SHAPES[collection])
            await connection.execute(
                delete(table).where(self._belongs(collection, runtime_key), table.c.position.in_(positions))
            )
        for collection, rows in added.items():
            await connection.execute(self._inserts[self._tables.of_shape(SHAPES[collection])], rows)

    def _belongs(self, collection: str, runtime_key: int) -> ColumnElement[bool]:
        table = self._tables.of_shape(SHAPES[collection])
        found = table.c.runtime_key == runtime_key
        return and_(found, table.c.collection == collection) if "collection" in table.c else found


def _place(change: SessionChange) -> dict[str, str]:
    return {"tenant": change.record.tenant_id, "session": change.record.id}


def _given_key(result: CursorResult[Any]) -> int:
    """Give the number that the database counted for an inserted row."""
    assert result.inserted_primary_key is not None
    key: int = result.inserted_primary_key[0]
    return key
