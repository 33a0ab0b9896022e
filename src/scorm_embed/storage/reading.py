"""The statements that read sessions and run-time data.

A session is read with its run-time data in one statement where the database can gather rows as JSON (PostgreSQL and
SQLite), so that both are of the same moment and cost one round trip; elsewhere in a few statements of one transaction.
Records of collections are found by their key: what is not asked for is not touched, however much there is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Integer, Select, Text, and_, any_, bindparam, cast, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from scorm_embed.storage.base import RuntimeKey, RuntimeRecord, SessionQuery, SessionRecord
from scorm_embed.storage.elements import (
    COMMENT_SHAPE,
    COMMENTS_FROM_LEARNER,
    COMMENTS_FROM_LMS,
    INTERACTION_SHAPE,
    INTERACTIONS,
    OBJECTIVE_SHAPE,
    OBJECTIVES,
    RecordKey,
    Shape,
    count_records,
)
from scorm_embed.storage.encoding import from_microseconds, loads
from scorm_embed.storage.rows import SESSION_COLUMNS, hour_of, record_from_row, runtime_from_row, session_from_row
from scorm_embed.storage.schema import Tables

Shown = tuple[SessionRecord, RuntimeRecord | None]
"""What a read gives: a session with the run-time data of its current activity."""

_SHAPES = (INTERACTION_SHAPE, OBJECTIVE_SHAPE, COMMENT_SHAPE)
_COLLECTIONS = {INTERACTION_SHAPE.table: INTERACTIONS, OBJECTIVE_SHAPE.table: OBJECTIVES}
_COUNTED = (INTERACTIONS, COMMENTS_FROM_LEARNER, COMMENTS_FROM_LMS)
"""Collections whose size is asked for when only some of their records are loaded."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of sessions starts: behind this one."""

    microseconds: int
    session_id: str


class SessionReader:
    """Reads sessions and run-time data of one set of tables on one kind of database."""

    def __init__(self, tables: Tables, dialect: str) -> None:
        self._tables = tables
        self._gather = {"postgresql": _gather_postgresql, "sqlite": _gather_sqlite}.get(dialect)
        sessions, runtime = tables.sessions, tables.runtime
        self._session_columns = [sessions.c[name] for name in SESSION_COLUMNS]
        self._runtime_columns = [
            runtime.c.runtime_key,
            runtime.c.attempt_number,
            runtime.c.activity_id,
            runtime.c.activity_attempt,
            runtime.c.scalars,
            runtime.c.suspend_data,
        ]
        self._current = sessions.outerjoin(
            runtime,
            and_(
                runtime.c.session_key == sessions.c.session_key,
                runtime.c.attempt_number == sessions.c.attempt_number,
                runtime.c.activity_id == sessions.c.activity_id,
                runtime.c.activity_attempt == sessions.c.activity_attempt,
            ),
        )
        self._fetches = {
            (shape, partial): self._select_fetch(shape, partial) for shape in _SHAPES for partial in (True, False)
        }
        self._whole = self._select_sessions(partial=False)
        found = and_(sessions.c.tenant_id == bindparam("tenant"), sessions.c.id == bindparam("session"))
        # Built once: to compile a statement costs more than to run it.
        self._one_whole = self._whole.where(found)
        self._one_partial = self._select_sessions(partial=True).where(found)

    @property
    def is_gathered(self) -> bool:
        """Whether one statement gives a session with everything that was asked for."""
        return self._gather is not None

    def one(
        self, tenant_id: str, session_id: str, rows: Collection[RecordKey] | None
    ) -> tuple[Select[Any], dict[str, Any]]:
        """Give the statement that reads one session, and its parameters."""
        parameters: dict[str, Any] = {"tenant": tenant_id, "session": session_id}
        if rows is None:
            return self._one_whole, parameters
        return self._one_partial, parameters | _positions(rows)

    async def load(
        self, connection: AsyncConnection, tenant_id: str, session_id: str, rows: Collection[RecordKey] | None
    ) -> Shown | None:
        """Read one session with the run-time data of its current activity."""
        statement, parameters = self.one(tenant_id, session_id, rows)
        result = (await connection.execute(statement, parameters)).all()
        shown = await self._show(connection, result, rows)
        return shown[0] if shown else None

    def show(self, result: Iterable[Sequence[Any]], rows: Collection[RecordKey] | None) -> list[Shown]:
        """Read the rows of a statement that gathered everything."""
        width = len(SESSION_COLUMNS)
        split = [(row[:width], row[width:]) for row in map(tuple, result)]
        runtime = self._decode([behind for _, behind in split], rows)
        return [(session_from_row(row), held) for (row, _), held in zip(split, runtime, strict=True)]

    async def load_page(self, connection: AsyncConnection, query: SessionQuery, place: Place | None) -> Sequence[Shown]:
        """Read one record more than the query's limit, so that the caller knows whether there is a next page."""
        sessions = self._tables.sessions
        statement = self._whole.where(sessions.c.tenant_id == query.tenant_id)
        for name in ("package_id", "package_version", "user_id", "completion_status", "success_status"):
            value = getattr(query, name)
            if value is not None:
                statement = statement.where(sessions.c[name] == value)
        if query.updated_since is not None:
            statement = statement.where(
                sessions.c.updated_hour >= hour_of(query.updated_since),
                sessions.c.updated_at >= query.updated_since,
            )
        if place is not None:
            moment = from_microseconds(place.microseconds)
            # Not a comparison of pairs, which MariaDB does not answer from an index.
            statement = statement.where(
                sessions.c.created_at <= moment,
                or_(sessions.c.created_at < moment, sessions.c.id < place.session_id),
            )
        statement = statement.order_by(sessions.c.created_at.desc(), sessions.c.id.desc()).limit(query.limit + 1)
        result = (await connection.execute(statement)).all()
        return await self._show(connection, result, None)

    async def list_expired(self, connection: AsyncConnection, now: datetime, limit: int) -> Sequence[tuple[str, str]]:
        """Read whose launch has ended while they play."""
        sessions = self._tables.sessions
        statement = (
            select(sessions.c.tenant_id, sessions.c.id)
            .where(sessions.c.playing_hour <= hour_of(now), sessions.c.expires_at <= now)
            .order_by(sessions.c.playing_hour)
            .limit(limit)
        )
        return [(row.tenant_id, row.id) for row in await connection.execute(statement)]

    async def load_runtime(
        self, connection: AsyncConnection, tenant_id: str, session_id: str, filters: Mapping[str, Any]
    ) -> Sequence[RuntimeRecord]:
        """Read run-time data of a session, whole."""
        sessions, runtime = self._tables.sessions, self._tables.runtime
        statement = (
            select(*self._runtime_columns, *self._gathered(partial=False))
            .select_from(runtime.join(sessions, runtime.c.session_key == sessions.c.session_key))
            .where(sessions.c.tenant_id == tenant_id, sessions.c.id == session_id)
            .order_by(runtime.c.attempt_number, runtime.c.activity_attempt, runtime.c.activity_id)
        )
        for name, value in filters.items():
            if value is not None:
                statement = statement.where(runtime.c[name] == value)
        result = (await connection.execute(statement)).all()
        found = [tuple(row) for row in result]
        if self._gather is None:
            found = await self._complete(connection, found, None)
        return [record for record in self._decode(found, None) if record is not None]

    def _select_sessions(self, *, partial: bool) -> Select[Any]:
        return select(*self._session_columns, *self._runtime_columns, *self._gathered(partial=partial)).select_from(
            self._current
        )

    def _gathered(self, *, partial: bool) -> list[ColumnElement[Any]]:
        """Give the highest positions where only some records are read, and the columns that hold records as JSON."""
        runtime_key = self._tables.runtime.c.runtime_key
        columns = self._highest(runtime_key) if partial else []
        if self._gather is not None:
            for shape in _SHAPES:
                found = self._tables.of_shape(shape).c.runtime_key == runtime_key
                columns.append(self._gather(self._select_records(shape, found, partial), shape))
        return columns

    def _select_records(self, shape: Shape, found: ColumnElement[bool], partial: bool) -> Select[Any]:
        table = self._tables.of_shape(shape)
        first = [table.c.collection] if "collection" in table.c else []
        statement = select(*first, table.c.position, *(table.c[name] for name in shape.names)).where(found)
        if partial and shape is INTERACTION_SHAPE:
            statement = statement.where(self._among(table.c.position, "interactions"))
        elif partial and shape is COMMENT_SHAPE:
            statement = statement.where(
                or_(
                    *(
                        and_(table.c.collection == name, self._among(table.c.position, parameter))
                        for name, parameter in (
                            (COMMENTS_FROM_LEARNER, "learner_comments"),
                            (COMMENTS_FROM_LMS, "lms_comments"),
                        )
                    )
                )
            )
        return statement

    def _select_fetch(self, shape: Shape, partial: bool) -> Select[Any]:
        runtime_key = self._tables.of_shape(shape).c.runtime_key
        found = runtime_key.in_(bindparam("keys", expanding=True))
        return self._select_records(shape, found, partial).add_columns(runtime_key)

    def _among(self, column: ColumnElement[int], name: str) -> ColumnElement[bool]:
        if self._gather is _gather_postgresql:
            # An array leaves the statement the same whatever its length.
            return column == any_(bindparam(name, type_=ARRAY(Integer)))
        return column.in_(bindparam(name, expanding=True))

    def _highest(self, runtime_key: ColumnElement[Any]) -> list[ColumnElement[Any]]:
        interactions, comments = self._tables.interactions, self._tables.comments
        columns: list[ColumnElement[Any]] = [
            select(func.max(interactions.c.position)).where(interactions.c.runtime_key == runtime_key).scalar_subquery()
        ]
        columns += [
            select(func.max(comments.c.position))
            .where(comments.c.runtime_key == runtime_key, comments.c.collection == name)
            .scalar_subquery()
            for name in (COMMENTS_FROM_LEARNER, COMMENTS_FROM_LMS)
        ]
        return columns

    async def _show(
        self, connection: AsyncConnection, result: Iterable[Any], rows: Collection[RecordKey] | None
    ) -> list[Shown]:
        result = [tuple(row) for row in result]
        if self._gather is None:
            width = len(SESSION_COLUMNS)
            behind = await self._complete(connection, [row[width:] for row in result], rows)
            result = [row[:width] + more for row, more in zip(result, behind, strict=True)]
        return self.show(result, rows)

    async def _complete(
        self, connection: AsyncConnection, found: Sequence[tuple[Any, ...]], rows: Collection[RecordKey] | None
    ) -> list[tuple[Any, ...]]:
        """Add the columns that a database which does not gather leaves out."""
        keys = [row[0] for row in found if row[0] is not None]
        gathered = await self._fetch(connection, keys, rows) if keys else {}
        return [(*row, *gathered.get(row[0], ([], [], []))) for row in found]

    def _decode(
        self, found: Iterable[tuple[Any, ...]], rows: Collection[RecordKey] | None
    ) -> list[RuntimeRecord | None]:
        width = len(self._runtime_columns)
        records: list[RuntimeRecord | None] = []
        for row in found:
            key, attempt_number, activity_id, activity_attempt, scalars, suspend_data = row[:width]
            if key is None:
                records.append(None)
                continue
            values = runtime_from_row(scalars, suspend_data)
            gathered = [loads(held) if isinstance(held, str) else held or [] for held in row[-len(_SHAPES) :]]
            highest = _collect(values, gathered)
            counts = {}
            if rows is not None:
                known = zip(_COUNTED, row[width : -len(_SHAPES)], strict=True)
                highest.update((name, position) for name, position in known if position is not None)
                counts = count_records(highest, values)
            records.append(RuntimeRecord(RuntimeKey(attempt_number, activity_id, activity_attempt), values, counts))
        return records

    async def _fetch(
        self, connection: AsyncConnection, keys: Sequence[int], rows: Collection[RecordKey] | None
    ) -> dict[int, list[list[Any]]]:
        gathered: dict[int, list[list[Any]]] = {key: [[], [], []] for key in keys}
        parameters: dict[str, Any] = {} if rows is None else dict(_positions(rows))
        wanted = {
            INTERACTION_SHAPE: rows is None or bool(parameters["interactions"]),
            OBJECTIVE_SHAPE: True,
            COMMENT_SHAPE: rows is None or bool(parameters["learner_comments"] or parameters["lms_comments"]),
        }
        for index, shape in enumerate(_SHAPES):
            if wanted[shape]:
                statement = self._fetches[shape, rows is not None]
                for *record, key in await connection.execute(statement, {**parameters, "keys": keys}):
                    gathered[key][index].append(record)
        return gathered


def _positions(rows: Collection[RecordKey]) -> dict[str, list[int]]:
    wanted: dict[str, list[int]] = {name: [] for name in _COUNTED}
    for collection, position in rows:
        if collection in wanted and 0 <= position < 10**9:
            wanted[collection].append(position)
    return {
        "interactions": wanted[INTERACTIONS],
        "learner_comments": wanted[COMMENTS_FROM_LEARNER],
        "lms_comments": wanted[COMMENTS_FROM_LMS],
    }


def _collect(values: dict[str, str], gathered: Sequence[Iterable[Any]]) -> dict[str, int]:
    """Add the elements of all records to ``values``; gives the highest position met in each collection."""
    highest: dict[str, int] = {}
    for shape, records in zip(_SHAPES, gathered, strict=True):
        for row in records:
            if shape is COMMENT_SHAPE:
                collection, position, *columns = row
            else:
                collection = _COLLECTIONS[shape.table]
                position, *columns = row
            highest[collection] = max(highest.get(collection, 0), position)
            start = f"{collection}.{position}."
            for element, value in record_from_row(shape, columns):
                values[start + element] = value
    return highest


def _gather_postgresql(statement: Select[Any], shape: Shape) -> ColumnElement[Any]:
    columns = list(statement.selected_columns)
    gathered = statement.with_only_columns(func.json_agg(func.json_build_array(*columns)))
    # As text: drivers differ in what they make of JSON.
    return cast(gathered.scalar_subquery(), Text())


def _gather_sqlite(statement: Select[Any], shape: Shape) -> ColumnElement[Any]:
    width = len(shape.maps) + 1
    columns = list(statement.selected_columns)
    columns = [*columns[:-width], *(func.json(column) for column in columns[-width:])]
    return statement.with_only_columns(func.json_group_array(func.json_array(*columns))).scalar_subquery()
