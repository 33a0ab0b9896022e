"""The statements for what a learner carries from package to package: global objectives and shared data stores."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Insert, Table, delete, select
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from scorm_embed.storage.base import LearnerData
from scorm_embed.storage.encoding import dumps, escape, is_storable, loads, unescape
from scorm_embed.storage.rows import learner_digest
from scorm_embed.storage.schema import Tables


async def load_learner(
    connection: AsyncConnection, tables: Tables, tenant_id: str, user_id: str, scopes: Collection[str]
) -> LearnerData:
    """Read a learner's global objectives and shared data stores of these scopes."""
    wanted = [scope for scope in scopes if is_storable(scope)]
    objectives, stores = [
        await connection.execute(
            select(table.c.scope, table.c.identifier, table.c.value).where(
                table.c.tenant_id == tenant_id, table.c.user_id == user_id, table.c.scope.in_(wanted)
            )
        )
        for table in (tables.learner_objectives, tables.learner_stores)
    ]
    return LearnerData(
        {(scope, unescape(identifier)): loads(value) for scope, identifier, value in objectives},
        {(scope, unescape(identifier)): unescape(value) for scope, identifier, value in stores},
    )


class LearnerWriter:
    """Writes learner data: rows are set or removed one by one, so that two sessions of a learner do not undo each
    other's."""

    def __init__(self, tables: Tables, dialect: str) -> None:
        self._tables = tables
        self._upserts = {table: _upsert(table, dialect) for table in (tables.learner_objectives, tables.learner_stores)}

    async def save(self, connection: AsyncConnection, tenant_id: str, user_id: str, change: LearnerData) -> None:
        """Apply a change; None removes."""
        owner = {"tenant_id": tenant_id, "user_id": user_id}
        await self._save(connection, self._tables.learner_objectives, owner, objective_texts(change))
        await self._save(connection, self._tables.learner_stores, owner, store_texts(change))

    async def _save(
        self,
        connection: AsyncConnection,
        table: Table,
        owner: Mapping[str, str],
        values: Mapping[tuple[str, str], str | None],
    ) -> None:
        rows = [
            {
                **owner,
                "digest": learner_digest(scope, identifier),
                "scope": scope,
                "identifier": escape(identifier),
                "value": value,
            }
            for (scope, identifier), value in values.items()
        ]
        # In one order everywhere, so that two writers do not wait for each other.
        rows.sort(key=lambda row: row["digest"] or "")
        if kept := [row for row in rows if row["value"] is not None]:
            await connection.execute(self._upserts[table], kept)
        if removed := [row["digest"] for row in rows if row["value"] is None]:
            await connection.execute(
                delete(table).where(
                    table.c.tenant_id == owner["tenant_id"],
                    table.c.user_id == owner["user_id"],
                    table.c.digest.in_(removed),
                )
            )


def objective_texts(change: LearnerData) -> dict[tuple[str, str], str | None]:
    """Give the changed objectives as texts for their column; None removes."""
    return {key: None if value is None else dumps(value) for key, value in change.objectives.items()}


def store_texts(change: LearnerData) -> dict[tuple[str, str], str | None]:
    """Give the changed stores as texts for their column; None removes."""
    return {key: None if value is None else escape(value) for key, value in change.stores.items()}


def _upsert(table: Table, dialect: str) -> Insert:
    keys = [table.c.tenant_id, table.c.user_id, table.c.digest]
    if dialect == "postgresql":
        insert = postgresql.insert(table)
        return insert.on_conflict_do_update(index_elements=keys, set_={"value": insert.excluded.value})
    if dialect == "sqlite":
        statement = sqlite.insert(table)
        return statement.on_conflict_do_update(index_elements=keys, set_={"value": statement.excluded.value})
    doubled: Any = mysql.insert(table)
    result: Insert = doubled.on_duplicate_key_update(value=doubled.inserted.value)
    return result
