"""Saving a session on PostgreSQL in one statement.

One data-modifying ``WITH`` does what ``writing`` does in many statements: the row of the session is written where its
version is the expected one, and everything else is written for that row, so that nothing happens when there is none.
One statement is one round trip and its own transaction. Only removing elements needs to read first and is left to
``writing``.
"""

# ruff: noqa: S608 - the texts put together here are names of our own tables and columns; every value is a parameter.
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Table, TextClause, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from scorm_embed.storage.base import LearnerData, RuntimeChange, SessionChange
from scorm_embed.storage.checking import NUMBER_MAX
from scorm_embed.storage.elements import (
    COMMENT_SHAPE,
    INTERACTION_SHAPE,
    OBJECTIVE_SHAPE,
    SHAPES,
    Shape,
    split_values,
)
from scorm_embed.storage.encoding import escape
from scorm_embed.storage.learners import objective_texts, store_texts
from scorm_embed.storage.rows import (
    COMMIT_COLUMNS,
    EVENT_COLUMNS,
    RUNTIME_KEY,
    SESSION_WRITTEN,
    commit_to_row,
    event_to_row,
    learner_digest,
    record_to_row,
    runtime_to_row,
    session_to_row,
)
from scorm_embed.storage.schema import Tables

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]
_SHAPES = (INTERACTION_SHAPE, OBJECTIVE_SHAPE, COMMENT_SHAPE)

Rows = Sequence[Mapping[str, Any]]
Part = tuple[str, bool]
"""A part of the statement, and whether it is given one row or several."""


class PostgresWriter:
    """Writes sessions of one set of tables on PostgreSQL."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._statements: dict[tuple[Part, ...], TextClause] = {}
        self._parts: Mapping[str, Callable[[bool], str]] = {
            "create": lambda _: self._create(),
            "change": lambda _: self._change(),
            "runtime": self._runtime,
            **{shape.table: partial(self._records, shape) for shape in _SHAPES},
            "commits": partial(self._append, tables.commits, "commits", COMMIT_COLUMNS, "session_key"),
            "settled": self._settle,
            "outbox": partial(self._append, tables.outbox, "outbox", EVENT_COLUMNS, None),
            **{
                name: partial(form, getattr(tables, table), name)
                for name, table, form in (
                    ("objectives_kept", "learner_objectives", self._keep),
                    ("objectives_removed", "learner_objectives", self._remove),
                    ("stores_kept", "learner_stores", self._keep),
                    ("stores_removed", "learner_stores", self._remove),
                )
            },
        }

    def fits(self, change: SessionChange) -> bool:
        """Whether one statement can apply the change: it removes no element of run-time data."""
        return (change.expected_version or 0) < NUMBER_MAX and all(
            value is not None for runtime in change.runtime for value in runtime.values.values()
        )

    def one(self, change: SessionChange) -> tuple[TextClause, dict[str, Any]]:
        """Give the statement that applies the change, and its parameters.

        It gives one row; none when the session is not of the expected version, or the package of a new one is not
        there, and then nothing was changed.
        """
        parts, parameters = self._fill(change)
        statement = self._statements.get(parts)
        if statement is None:
            # Few combinations occur, so each is written and prepared once.
            statement = self._statements[parts] = self._write(parts)
        return statement, parameters

    async def save(self, connection: AsyncConnection, change: SessionChange) -> bool:
        """Apply a change within a transaction; False when the session is not of the expected version."""
        statement, parameters = self.one(change)
        return (await connection.execute(statement, parameters)).first() is not None

    def _fill(self, change: SessionChange) -> tuple[tuple[Part, ...], dict[str, Any]]:
        """Give the parts of the statement that the change needs, and the values of all parameters."""
        record = change.record
        parameters: dict[str, Any] = session_to_row(record)
        parts: list[Part] = [("create" if change.expected_version is None else "change", True)]
        if change.expected_version is not None:
            parameters["expected_version"] = change.expected_version
        lists: dict[str, Rows] = {**_runtime_rows(change.runtime)}
        lists["commits"] = [commit_to_row(commit) for commit in change.commits]
        lists["settled"] = [{"launch": launch, "number": number} for launch, number in change.settled]
        lists["outbox"] = [event_to_row(event) for event in change.events]
        lists |= _learner_rows(change.learner)
        for part, rows in lists.items():
            if len(rows) == 1:
                # By far the most common, and cheaper than an array of one on both sides.
                parts.append((part, True))
                parameters.update((f"{part}_{name}", value) for name, value in rows[0].items())
            elif rows:
                parts.append((part, False))
                parameters.update((f"{part}_{name}", [row[name] for row in rows]) for name in rows[0])
        return tuple(parts), parameters

    def _write(self, parts: tuple[Part, ...]) -> TextClause:
        (first, _), *_ = parts
        written = [
            f"{'session' if part == first else f'{part}_part'} AS ({self._parts[part](one)})" for part, one in parts
        ]
        return text(f"WITH {', '.join(written)} SELECT session_key FROM session")

    def _create(self) -> str:
        names = ", ".join(SESSION_WRITTEN)
        values = ", ".join(_scalar(self._tables.sessions, name) for name in SESSION_WRITTEN)
        # No row where the package version is not there; the lock keeps it from being deleted meanwhile.
        return (
            f"INSERT INTO {_name(self._tables.sessions)} ({names}) SELECT {values} FROM {_name(self._tables.packages)}"
            f" AS held WHERE held.tenant_id = {_scalar(self._tables.sessions, 'tenant_id')}"
            f" AND held.id = {_scalar(self._tables.sessions, 'package_id')}"
            f" AND held.version = {_scalar(self._tables.sessions, 'package_version')}"
            f" FOR KEY SHARE RETURNING session_key"
        )

    def _change(self) -> str:
        sessions = self._tables.sessions
        values = ", ".join(
            f"{name} = {_scalar(sessions, name)}" for name in SESSION_WRITTEN if name not in ("tenant_id", "id")
        )
        return (
            f"UPDATE {_name(sessions)} SET {values} "
            f"WHERE tenant_id = :tenant_id AND id = :id AND version = :expected_version "
            f"AND created_at = {_scalar(sessions, 'created_at')} RETURNING session_key"
        )

    def _runtime(self, one: bool) -> str:
        runtime = self._tables.runtime
        names = (*RUNTIME_KEY, "scalars", "suspend_data")
        return f"""
            INSERT INTO {_name(runtime)} AS held (session_key, {", ".join(names)})
            SELECT session.session_key, given.* FROM session, {_given(runtime, "runtime", names, one)}
            ON CONFLICT (session_key, {", ".join(RUNTIME_KEY)}) DO UPDATE SET
                scalars = {_merge("scalars")}, suspend_data = COALESCE(EXCLUDED.suspend_data, held.suspend_data)
            RETURNING runtime_key, {", ".join(RUNTIME_KEY)}
        """

    def _records(self, shape: Shape, one: bool) -> str:
        table = self._tables.of_shape(shape)
        place = ("collection", "position") if "collection" in table.c else ("position",)
        names = (*place, *shape.names)
        texts = [f"{name} = COALESCE(EXCLUDED.{name}, held.{name})" for name in map(_quote, shape.columns.values())]
        maps = [f"{name} = {_merge(name)}" for name in (*shape.maps.values(), "rest")]
        listed = ", ".join(_quote(name) for name in names)
        return f"""
            INSERT INTO {_name(table)} AS held (runtime_key, {listed})
            SELECT runtime_part.runtime_key, {", ".join(f"given.{_quote(name)}" for name in names)}
            FROM runtime_part JOIN {_given(table, shape.table, (*RUNTIME_KEY, *names), one, self._tables.runtime)}
            USING ({", ".join(RUNTIME_KEY)})
            ON CONFLICT (runtime_key, {", ".join(place)}) DO UPDATE SET {", ".join([*texts, *maps])}
        """

    def _append(self, table: Table, part: str, names: Sequence[str], key: str | None, one: bool) -> str:
        first, value = (f"{key}, ", f"session.{key}, ") if key else ("", "")
        return (
            f"INSERT INTO {_name(table)} ({first}{', '.join(names)}) "
            f"SELECT {value}given.* FROM session, {_given(table, part, names, one)}"
        )

    def _settle(self, one: bool) -> str:
        commits = self._tables.commits
        return f"""
            UPDATE {_name(commits)} AS held SET status = 'applied'
            FROM session, {_given(commits, "settled", ("launch", "number"), one)}
            WHERE held.session_key = session.session_key AND held.launch = given.launch AND held.number = given.number
        """

    def _keep(self, table: Table, part: str, one: bool) -> str:
        names = ("digest", "scope", "identifier", "value")
        return f"""
            INSERT INTO {_name(table)} (tenant_id, user_id, {", ".join(names)})
            SELECT :tenant_id, :user_id, given.* FROM session, {_given(table, part, names, one)}
            ON CONFLICT (tenant_id, user_id, digest) DO UPDATE SET value = EXCLUDED.value
        """

    def _remove(self, table: Table, part: str, one: bool) -> str:
        return f"""
            DELETE FROM {_name(table)} AS held USING session, {_given(table, part, ("digest",), one)}
            WHERE held.tenant_id = :tenant_id AND held.user_id = :user_id AND held.digest = given.digest
        """


def _runtime_rows(changes: Sequence[RuntimeChange]) -> dict[str, Rows]:
    rows: dict[str, list[dict[str, Any]]] = {"runtime": [], **{shape.table: [] for shape in _SHAPES}}
    for change in changes:
        place = dict(zip(RUNTIME_KEY, (getattr(change.key, name) for name in RUNTIME_KEY), strict=True))
        split = split_values(change.values)
        rows["runtime"].append({**place, **runtime_to_row(_present(split.scalars))})
        for (collection, position), record in split.records.items():
            shape = SHAPES[collection]
            row: dict[str, Any] = {**place, "position": position, **record_to_row(shape, _present(record))}
            if shape is COMMENT_SHAPE:
                row["collection"] = collection
            rows[shape.table].append(row)
    return dict(rows)


def _learner_rows(change: LearnerData | None) -> dict[str, Rows]:
    if change is None:
        return {}
    lists: dict[str, Rows] = {}
    for name, values in (("objectives", objective_texts(change)), ("stores", store_texts(change))):
        rows = [
            {
                "digest": learner_digest(scope, identifier),
                "scope": scope,
                "identifier": escape(identifier),
                "value": value,
            }
            for (scope, identifier), value in values.items()
        ]
        # In one order everywhere, so that two writers do not wait for each other.
        rows.sort(key=lambda row: row["digest"] or "")
        lists[f"{name}_kept"] = [row for row in rows if row["value"] is not None]
        lists[f"{name}_removed"] = [{"digest": row["digest"]} for row in rows if row["value"] is None]
    return lists


def _present(values: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value is not None}


def _merge(name: str) -> str:
    """Write what a JSON column becomes: untouched when nothing is given, so that a large one is not stored anew."""
    return (
        f"CASE WHEN EXCLUDED.{name} IS NULL OR EXCLUDED.{name} = '{{}}' THEN held.{name} "
        f"ELSE COALESCE(held.{name}, '{{}}') || EXCLUDED.{name} END"
    )


def _given(table: Table, part: str, names: Sequence[str], one: bool, other: Table | None = None) -> str:
    """Write a table of parameters: one row, or an array for each column, so that the statement has few forms."""
    types = [_type(table if name in table.c or other is None else other, name) for name in names]
    listed = ", ".join(map(_quote, names))
    if one:
        values = ", ".join(f"CAST(:{part}_{name} AS {kind})" for name, kind in zip(names, types, strict=True))
        return f"(VALUES ({values})) AS given({listed})"
    arrays = ", ".join(f"CAST(:{part}_{name} AS {kind}[])" for name, kind in zip(names, types, strict=True))
    return f"unnest({arrays}) AS given({listed})"


def _scalar(table: Table, name: str) -> str:
    return f"CAST(:{name} AS {_type(table, name)})"


def _type(table: Table, name: str) -> str:
    written = table.c[name].type.dialect_impl(_DIALECT).compile(dialect=_DIALECT)
    return written.split(" COLLATE")[0]


def _name(table: Table) -> str:
    return _DIALECT.identifier_preparer.format_table(table)


def _quote(name: str) -> str:
    return f'"{name}"'
