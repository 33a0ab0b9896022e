"""Tables come into being, and old ones become new ones, without losing a row."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData, inspect, text
from sqlalchemy.ext.asyncio import create_async_engine

from scorm_embed.errors import ConfigurationError
from scorm_embed.storage import SQLStorage, migrations
from scorm_embed.storage.base import EventRecord
from scorm_embed.storage.connections import read_url
from scorm_embed.storage.preparing import HEAD, version_table
from scorm_embed.testing.storage import check_storage

EVERY = [
    "sqlite",
    pytest.param("postgresql", marks=pytest.mark.postgresql),
    pytest.param("mariadb", marks=pytest.mark.mariadb),
]
NOON = datetime(2025, 1, 15, 12, tzinfo=UTC)
ROUND_TRIP = ["run_time_data_comes_back_exactly", "a_package_comes_back_as_it_was_added"]


def on_connection(database: Any, work: Any) -> Any:
    """Run sync work on a connection in a transaction, without a storage."""

    async def main() -> Any:
        engine = create_async_engine(read_url(database.url))
        try:
            async with engine.begin() as connection:
                return await connection.run_sync(work)
        finally:
            await engine.dispose()

    return asyncio.run(main())


def differences(database: Any, storage: SQLStorage) -> list[Any]:
    """What Alembic would change in the database to make it like the storage's tables."""
    ours = {table.name for table in storage.metadata.tables.values()}

    def compare(connection: Connection) -> list[Any]:
        options = {
            "compare_type": True,
            "compare_server_default": True,
            "include_schemas": database.schema is not None,
            "include_name": lambda name, kind, parents: kind != "schema" or name == database.schema,
            "include_object": lambda item, name, kind, reflected, other: kind != "table" or name in ours,
        }
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), storage.metadata))

    return on_connection(database, compare)  # type: ignore[no-any-return]


@pytest.mark.parametrize("database", EVERY, indirect=True)
def test_migrating_from_nothing_gives_the_tables_that_are_created_at_once(database: Any) -> None:
    migrated, created = database.storage(prefix="migrated_"), database.storage(prefix="created_")
    on_connection(database, lambda connection: migrations.upgrade(connection, "migrated_", database.schema))
    database.run(lambda storage: storage.migrate(), prefix="created_")

    def describe(connection: Connection) -> dict[str, Any]:
        inspector = inspect(connection)
        return {
            prefix: {
                name.removeprefix(prefix): (
                    [
                        (column["name"], str(column["type"]), column["nullable"])
                        for column in inspector.get_columns(name, schema=database.schema)
                    ],
                    sorted(
                        (index["name"].removeprefix(prefix), tuple(index["column_names"]), bool(index["unique"]))
                        for index in inspector.get_indexes(name, schema=database.schema)
                    ),
                    sorted(
                        (unique["name"].removeprefix(prefix), tuple(unique["column_names"]))
                        for unique in inspector.get_unique_constraints(name, schema=database.schema)
                    ),
                    inspector.get_pk_constraint(name, schema=database.schema)["constrained_columns"],
                    [key["options"] for key in inspector.get_foreign_keys(name, schema=database.schema)],
                )
                for name in inspector.get_table_names(schema=database.schema)
                if name.startswith(prefix)
            }
            for prefix in ("migrated_", "created_")
        }

    found = on_connection(database, describe)
    assert found["migrated_"] == found["created_"]
    assert len(found["created_"]) == 11
    assert differences(database, migrated) == []
    assert differences(database, created) == []


@pytest.mark.parametrize("database", EVERY, indirect=True)
def test_the_first_released_tables_are_brought_to_the_newest_form_with_their_rows(database: Any) -> None:
    prefix = "first_"
    on_connection(database, lambda connection: migrations.upgrade(connection, prefix, database.schema, "0001"))
    table = f"{database.schema}.{prefix}packages" if database.schema else f"{prefix}packages"
    manifest = "'m'" if database.kind == "postgresql" else "X'6D'"
    database.execute(
        f"INSERT INTO {table} (tenant_id, id, version, title, standard, digest, manifest, facts, activities, warnings,"
        " size_bytes, file_count, created_at)"
        f" VALUES ('t', 'p', 1, 'Old', 'scorm_1_2', 'd', {manifest}, '{{}}', '[]', '[]',"
        " 5, 6, '2025-01-15 10:00:00.000001')"
    )

    _fill_first_tables(database, prefix)

    async def use(storage: SQLStorage) -> Any:
        await check_storage(storage, ROUND_TRIP)
        for session_id, is_playing in (("s1", True), ("s2", False)):
            found = await storage.load_session("t", session_id)
            assert found is not None
            assert (found[0].user_id, found[0].is_playing, found[0].expires_at) == ("u", is_playing, NOON)
        assert await storage.list_expired(NOON) == [("t", "s1")]
        assert await storage.list_expired(NOON - timedelta(microseconds=1)) == []
        expected = EventRecord("e1", "t", "ended", "s1", NOON, {"n": 1}, NOON)
        assert await storage.load_event("t", "e1") == expected
        assert await storage.load_event("t", "e2") == replace(expected, id="e2", due_at=NOON + timedelta(hours=1))
        assert [event.id for event in await storage.take_events(9, NOON, 1.0)] == ["e1"]
        return await storage.load_package("t", "p")

    record = database.run(use, prefix=prefix)
    assert differences(database, database.storage(prefix=prefix)) == []
    assert (record.title, record.manifest, record.created_at.microsecond) == ("Old", b"m", 1)
    version = version_table(prefix, database.schema)
    assert on_connection(database, lambda connection: connection.execute(version.select()).all()) == [(HEAD,)]


def _fill_first_tables(database: Any, prefix: str) -> None:
    """A session that is played, one that was left, an event, and one that somebody is delivering."""
    where = f"{database.schema}.{prefix}" if database.schema else prefix
    noon = "'2025-01-15 12:00:00+00'" if database.kind == "postgresql" else "'2025-01-15 12:00:00.000000'"
    later = noon.replace(" 12", " 13")
    colon = "\\:"  # else a name of a parameter
    for name, phase in (("s1", "active"), ("s2", "suspended")):
        database.execute(
            f"INSERT INTO {where}sessions (tenant_id, id, user_id, package_id, package_version, version,"
            " completion_status, success_status, state, time_spent_seconds, attempts, attempt_number,"
            " activity_attempt, snapshot, created_at, updated_at, updated_hour, expires_at)"
            f" VALUES ('t', '{name}', 'u', 'p', 1, 1, 'incomplete', 'unknown', 'incomplete', 0, 1, 1, 0,"
            f""" '{{"v"{colon}1,"phase"{colon}"{phase}"}}', {noon}, {noon}, 1, {noon})"""
        )
    for name, leased in (("e1", "NULL"), ("e2", later)):
        database.execute(
            f"INSERT INTO {where}outbox (id, tenant_id, type, session_id, created_at, data, leased_until)"
            f""" VALUES ('{name}', 't', 'ended', 's1', {noon}, '{{"n"{colon} 1}}', {leased})"""
        )


@pytest.mark.parametrize("database", EVERY, indirect=True)
def test_workers_that_start_together_create_the_tables_once(database: Any) -> None:
    async def main() -> None:
        storages = [database.storage(prefix="together_") for _ in range(6)]
        try:
            found = await asyncio.gather(*(storage.load_session("t", "s") for storage in storages))
            assert found == [None] * 6
        finally:
            await asyncio.gather(*(storage.aclose() for storage in storages))

    asyncio.run(main())


@pytest.mark.parametrize("database", EVERY, indirect=True)
def test_without_create_tables_the_host_must_make_them(database: Any) -> None:
    async def use(storage: SQLStorage) -> None:
        with pytest.raises(ConfigurationError, match="migrate"):
            await storage.load_session("t", "s")
        with pytest.raises(ConfigurationError, match="migrate"):
            await storage.list_packages("t")
        await storage.migrate()
        await storage.migrate()
        assert await storage.load_session("t", "s") is None

    database.run(use, prefix="unmade_", create_tables=False)


@pytest.mark.parametrize("database", EVERY, indirect=True)
def test_a_host_makes_the_tables_from_its_own_metadata(database: Any) -> None:
    metadata = MetaData(naming_convention={"ix": "host_%(column_0_label)s", "pk": "host_pk_%(table_name)s"})
    storage = database.storage(prefix="host_", metadata=metadata, create_tables=False)
    assert storage.metadata is metadata
    assert database.storage(prefix="host_", metadata=metadata).tables.sessions is storage.tables.sessions
    added = {item[1].name for item in differences(database, storage) if item[0] == "add_table"}
    assert added == {table.name for table in metadata.tables.values()}
    on_connection(database, metadata.create_all)
    assert differences(database, storage) == []
    database.run(lambda held: check_storage(held, ROUND_TRIP), prefix="host_", metadata=metadata, create_tables=False)


def test_an_upgrade_that_fails_leaves_the_old_tables(sqlite: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    prefix = "failing_"

    def fail(connection: Connection, *arguments: Any) -> None:
        connection.execute(text("CREATE TABLE half_done (id INTEGER)"))
        raise RuntimeError("no space left")

    on_connection(sqlite, lambda connection: migrations.upgrade(connection, prefix, None, "0001"))
    sqlite.execute(f"UPDATE {prefix}schema_version SET version_num = '0000'")
    monkeypatch.setattr(migrations, "upgrade", fail)

    async def use(storage: SQLStorage) -> None:
        with pytest.raises(RuntimeError, match="no space left"):
            await storage.load_session("t", "s")

    sqlite.run(use, prefix=prefix)
    assert sqlite.execute("SELECT name FROM sqlite_master WHERE name = 'half_done'") == []
    assert sqlite.execute(f"SELECT version_num FROM {prefix}schema_version") == [("0000",)]


@pytest.mark.postgresql
def test_rows_that_change_often_have_room_however_the_tables_were_made(postgresql: Any) -> None:
    on_connection(postgresql, lambda connection: migrations.upgrade(connection, "roomy_m_", postgresql.schema))
    postgresql.run(lambda storage: storage.migrate(), prefix="roomy_c_")
    rows = postgresql.execute(
        "SELECT relname, reloptions::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        f" WHERE nspname = '{postgresql.schema}' AND relname LIKE 'roomy%' AND reloptions IS NOT NULL ORDER BY relname"
    )
    assert rows == [
        (f"roomy_{way}_{table}", "{fillfactor=70}") for way in ("c", "m") for table in ("runtime", "sessions")
    ]
