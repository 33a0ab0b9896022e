"""Brings the tables into being, and to the newest form, when a storage is first used.

A database without our tables gets the newest ones at once; one with older tables is migrated by Alembic. A table of
the version (``<prefix>schema_version``, in Alembic's form) says which it is. Workers that start together queue for a
lock of the database.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import Column, Connection, MetaData, PrimaryKeyConstraint, String, Table, insert, inspect, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from scorm_embed.errors import StorageUnavailableError
from scorm_embed.storage.schema import Tables

HEAD = "0002"
"""The newest revision; each migration in ``migrations/versions`` raises it."""

_LOCK_SECONDS = 60


def version_table(prefix: str, schema: str | None) -> Table:
    """Give the table that names the revision of the others; it is none of the host's ``MetaData``."""
    name = f"{prefix}schema_version"
    return Table(
        name,
        MetaData(),
        Column("version_num", String(32), nullable=False),
        PrimaryKeyConstraint("version_num"),
        schema=schema,
    )


async def load_revision(connection: AsyncConnection, prefix: str, schema: str | None) -> str | None:
    """Give the revision of the tables; None when there are none of ours."""
    table = version_table(prefix, schema)

    def look(sync_connection: Connection) -> str | None:
        if not inspect(sync_connection).has_table(table.name, schema=schema):
            return None
        return sync_connection.execute(select(table.c.version_num)).scalar()

    return await connection.run_sync(look)


def create_newest(connection: Connection, tables: Tables, prefix: str, schema: str | None) -> None:
    """Create what is missing of the newest tables and note their revision."""
    metadata = tables.packages.metadata
    ours = [getattr(tables, name) for name in Tables.__dataclass_fields__]
    metadata.create_all(connection, tables=ours)
    version = version_table(prefix, schema)
    version.create(connection)
    connection.execute(insert(version), {"version_num": HEAD})


@asynccontextmanager
async def one_worker(connection: AsyncConnection, prefix: str) -> AsyncIterator[None]:
    """Let one worker at a time through; on SQLite the transaction itself does that."""
    name = f"scorm_embed:{prefix}"
    dialect = connection.dialect.name
    if dialect == "postgresql":
        # Ends with the transaction.
        await connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": name})
        yield
    elif dialect in ("mysql", "mariadb"):
        taken = await connection.execute(text("SELECT GET_LOCK(:name, :wait)"), {"name": name, "wait": _LOCK_SECONDS})
        if taken.scalar() != 1:
            raise StorageUnavailableError("Another worker is still preparing the tables.")
        try:
            yield
        finally:
            await connection.execute(text("SELECT RELEASE_LOCK(:name)"), {"name": name})
    else:
        yield
