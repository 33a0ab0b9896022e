"""What only SQLStorage promises: its options, the host's engine and transaction, loops, forks and columns."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, event, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from scorm_embed.errors import ConfigurationError
from scorm_embed.storage import SQLStorage
from scorm_embed.storage.base import RuntimeChange, SessionChange, SessionQuery
from scorm_embed.storage.connections import read_url
from scorm_embed.testing.storage import STORAGE_CHECKS, check_storage
from scorm_embed.testing.storage_checks.scene import KEY, START, Scene, change_of, commit

EVERY = [
    "sqlite",
    pytest.param("postgresql", marks=pytest.mark.postgresql),
    pytest.param("mariadb", marks=pytest.mark.mariadb),
]


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("sqlite:///x.db", "sqlite+aiosqlite"),
        ("sqlite+aiosqlite:///x.db", "sqlite+aiosqlite"),
        ("postgresql://u@h/d", "postgresql+asyncpg"),
        ("postgres://u@h/d", "postgresql+asyncpg"),
        ("mysql://u@h/d", "mysql+asyncmy"),
        ("mariadb://u@h/d", "mariadb+asyncmy"),
        ("mysql+asyncmy://u@h/d", "mysql+asyncmy"),
    ],
)
def test_a_url_gets_an_async_driver_where_it_names_none(url: str, driver: str) -> None:
    assert read_url(url).drivername == driver


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "cannot be read"),
        ("lms.db", "cannot be read"),
        ("oracle://u@h/d", "not supported"),
        ("postgresql+psycopg2://u@h/d", r"write postgresql\+asyncpg|not async"),
        ("sqlite+pysqlite:///x.db", "not async"),
        ("postgresql+nothing://u@h/d", "no driver"),
    ],
)
def test_a_url_that_cannot_work_is_refused_at_once(url: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        SQLStorage(url)


def test_a_driver_that_is_not_installed_is_named_with_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg

    def missing(cls: type) -> Any:
        raise ImportError("No module named 'asyncpg'", name="asyncpg")

    monkeypatch.setattr(PGDialect_asyncpg, "import_dbapi", classmethod(missing))
    with pytest.raises(ConfigurationError, match=r'pip install "scorm-embed\[postgresql\]"'):
        SQLStorage("postgresql://u@h/d")


def test_options_that_contradict_each_other_are_refused() -> None:
    engine = create_async_engine("sqlite+aiosqlite://")
    with pytest.raises(ConfigurationError, match="one of the two"):
        SQLStorage()
    with pytest.raises(ConfigurationError, match="one of the two"):
        SQLStorage("sqlite://", engine=engine)
    with pytest.raises(ConfigurationError, match="AsyncEngine"):
        SQLStorage(engine=engine.sync_engine)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="engine_options"):
        SQLStorage(engine=engine, engine_options={"echo": True})
    for prefix in ("Upper_", "1_", "a-b", "x" * 21, 'a"b', "a b"):
        with pytest.raises(ConfigurationError, match="prefix"):
            SQLStorage("sqlite://", prefix=prefix)
    assert SQLStorage("sqlite://", prefix="").tables.sessions.name == "sessions"


def test_nothing_is_opened_before_the_first_use(tmp_path: Path) -> None:
    path = tmp_path / "new" / "lms.db"
    storage = SQLStorage(f"sqlite:///{path}")
    assert not path.parent.exists()

    async def main() -> None:
        assert await storage.load_session("t", "s") is None
        await storage.aclose()

    asyncio.run(main())
    assert path.exists()


def test_sqlite_writes_ahead_keeps_what_is_committed_and_checks_references(sqlite: Any) -> None:
    async def work(storage: SQLStorage) -> list[Any]:
        await storage.migrate()
        async with storage._connections.get().engine.connect() as connection:
            names = ("journal_mode", "synchronous", "foreign_keys")
            return [(await connection.exec_driver_sql(f"PRAGMA {name}")).scalar() for name in names]

    assert sqlite.run(work) == ["wal", 2, 1]


def test_a_database_in_memory_serves_many_tasks() -> None:
    async def main() -> None:
        storage = SQLStorage("sqlite://")
        names = [name for name in STORAGE_CHECKS if name not in ("nothing_is_seen_before_it_is_committed",)]
        # Its only connection is the data: it can neither be closed nor read beside a transaction.
        names.remove("a_closed_storage_opens_again")
        await check_storage(storage, names)
        await storage.aclose()

    asyncio.run(main())


@pytest.mark.parametrize("database", EVERY, indirect=True)
def test_the_hosts_engine_is_used_as_it_is_and_never_closed(database: Any) -> None:
    async def main() -> None:
        engine = create_async_engine(read_url(database.url))
        closed: list[Any] = []
        try:
            storage = SQLStorage(engine=engine, prefix="hosted_", schema=database.schema)
            await check_storage(storage)
            event.listen(engine.sync_engine, "engine_disposed", closed.append)
            await storage.aclose()
            assert closed == []
            async with engine.connect() as connection:
                assert (await connection.execute(text("SELECT 1"))).scalar() == 1
            assert await storage.load_session("t", "s") is None
        finally:
            await engine.dispose()

    asyncio.run(main())


@pytest.mark.postgresql
def test_a_host_that_listens_to_its_engine_sees_every_statement(postgresql: Any) -> None:
    async def main() -> None:
        engine = create_async_engine(read_url(postgresql.url))
        seen: list[str] = []

        @event.listens_for(engine.sync_engine, "before_cursor_execute")
        def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
            seen.append(statement)

        try:
            scene = Scene(SQLStorage(engine=engine, schema=postgresql.schema))
            record = await scene.create()
            seen.clear()
            await scene.load(rows=())
            await scene.save(change_of(record, {"n": "1"}, commits=[commit(1)]))
            assert [statement.split()[0] for statement in seen] == ["SELECT", "WITH"]
        finally:
            await engine.dispose()

    asyncio.run(main())


@pytest.mark.parametrize("database", EVERY, indirect=True)
def test_the_hosts_row_and_the_session_are_committed_together_or_not_at_all(database: Any) -> None:
    table = f"{database.schema}.grades" if database.schema else "grades"
    database.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, grade INTEGER)")

    async def work(storage: SQLStorage) -> None:
        scene = Scene(storage)
        record = await scene.create(n="1")

        async def grade(connection: AsyncConnection) -> None:
            assert isinstance(connection, AsyncConnection)
            await connection.execute(text(f"INSERT INTO {table} VALUES (1, 90)"))

        async def grade_and_fail(connection: AsyncConnection) -> None:
            await connection.execute(text(f"INSERT INTO {table} VALUES (2, 10)"))
            raise LookupError("no such column in the gradebook")

        with pytest.raises(LookupError):
            await scene.save(change_of(record, {"n": "2"}), inside=grade_and_fail)
        await scene.save(change_of(record, {"n": "2"}), inside=grade)
        assert await scene.values() == {"n": "2"}

    database.run(work)
    assert database.execute(f"SELECT id, grade FROM {table}") == [(1, 90)]
    database.execute(f"DROP TABLE {table}")


@pytest.mark.parametrize("database", EVERY, indirect=True)
def test_an_integrity_error_of_the_host_arrives_as_it_was_raised(database: Any) -> None:
    from sqlalchemy.exc import IntegrityError

    table = f"{database.schema}.entries" if database.schema else "entries"
    database.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY)", f"INSERT INTO {table} VALUES (1)")

    async def work(storage: SQLStorage) -> None:
        scene = Scene(storage)
        record = await scene.create(n="1")

        async def twice(connection: AsyncConnection) -> None:
            await connection.execute(text(f"INSERT INTO {table} VALUES (1)"))

        with pytest.raises(IntegrityError):
            await scene.save(change_of(record, {"n": "2"}), inside=twice)
        assert await scene.values() == {"n": "1"}

    database.run(work)
    database.execute(f"DROP TABLE {table}")


@pytest.mark.parametrize("database", EVERY, indirect=True)
def test_one_storage_serves_one_event_loop_after_another_and_two_at_once(database: Any) -> None:
    storage = database.storage()
    tenant = Scene(storage).tenant

    async def use(number: int) -> None:
        scene = Scene(storage, tenant)
        record = await scene.create(f"s{number}")
        for index in range(5):
            await scene.save(change_of(record, {"n": str(index)}))
            record, _ = await scene.load(f"s{number}")
        await storage.aclose()

    asyncio.run(use(1))
    asyncio.run(use(2))
    failures: list[BaseException] = []

    def in_thread(number: int) -> None:
        try:
            asyncio.run(use(number))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=in_thread, args=(number,)) for number in (3, 4, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []

    async def count() -> list[str]:
        page = await storage.list_sessions(SessionQuery(tenant))
        await storage.aclose()
        return [record.id for record, _ in page.items]

    assert asyncio.run(count()) == ["s5", "s4", "s3", "s2", "s1"]


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("database", EVERY, indirect=True)
def test_a_forked_worker_does_not_touch_its_parents_connections(database: Any) -> None:
    storage = database.storage()
    scene = Scene(storage)

    def work_of_child() -> None:
        async def write() -> None:
            await scene.save(SessionChange(scene.session("child"), None))
            await storage.aclose()

        asyncio.new_event_loop().run_until_complete(write())

    async def main() -> None:
        await scene.create("parent")
        child = os.fork()
        if child == 0:
            code = 1
            try:
                thread = threading.Thread(target=work_of_child)
                thread.start()
                thread.join()
                code = 0
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        assert status == 0
        assert (await scene.load("parent"))[0].id == "parent"
        assert (await scene.load("child"))[0].id == "child"
        await storage.aclose()

    asyncio.run(main())


def test_the_tables_live_in_the_hosts_metadata_under_their_prefix_and_schema() -> None:
    metadata = MetaData()
    storage = SQLStorage("sqlite://", prefix="course_", schema="learning", metadata=metadata)
    assert storage.metadata is metadata
    assert set(metadata.tables) == {
        f"learning.course_{name}"
        for name in (
            "packages",
            "sessions",
            "runtime",
            "interactions",
            "objectives",
            "comments",
            "commits",
            "learner_objectives",
            "learner_stores",
            "outbox",
        )
    }


@pytest.mark.parametrize("database", EVERY, indirect=True)
def test_interactions_and_objectives_are_rows_that_sql_can_query(database: Any) -> None:
    values = {
        "cmi.interactions.0.id": "q1",
        "cmi.interactions.0.learner_response": "a[,]b",
        "cmi.interactions.0.result": "correct",
        "cmi.interactions.0.correct_responses.0.pattern": "a[,]b",
        "cmi.interactions.1.id": "q2",
        "cmi.interactions.1.result": "incorrect",
        "cmi.objectives.0.id": "o1",
        "cmi.objectives.0.score.scaled": "0.5",
        "cmi.suspend_data": "state",
        "cmi.location": "3",
    }

    async def work(storage: SQLStorage) -> str:
        scene = Scene(storage)
        await scene.save(SessionChange(scene.session(), None, [RuntimeChange(KEY, values)]))
        return scene.tenant

    tenant = database.run(work)
    start = f"{database.schema}.scorm_" if database.schema else "scorm_"
    join = (
        f"FROM {start}sessions s JOIN {start}runtime r ON r.session_key = s.session_key"
        f" JOIN {start}{{}} x ON x.runtime_key = r.runtime_key WHERE s.tenant_id = '{tenant}' ORDER BY x.position"
    )
    rows = database.execute(
        f"SELECT x.position, x.id, x.learner_response, x.result, x.correct_responses {join.format('interactions')}"
    )
    assert [(*row[:4], row[4] if row[4] in (None, {"0.pattern": "a[,]b"}) else json.loads(row[4])) for row in rows] == [
        (0, "q1", "a[,]b", "correct", {"0.pattern": "a[,]b"}),
        (1, "q2", None, "incorrect", None),
    ]
    rows = database.execute(f"SELECT x.id, x.score_scaled, r.suspend_data {join.format('objectives')}")
    assert rows == [("o1", "0.5", "state")]


@pytest.mark.parametrize("database", EVERY, indirect=True)
def test_a_partial_load_reads_no_rows_that_were_not_asked_for(database: Any) -> None:
    async def work(storage: SQLStorage) -> list[int]:
        scene = Scene(storage)
        many = {f"cmi.interactions.{index}.learner_response": "x" * 50 for index in range(500)}
        await scene.save(SessionChange(scene.session(), None, [RuntimeChange(KEY, many)]))
        sizes = []
        for rows in ((), [("cmi.interactions", 7)], None):
            _, runtime = await scene.load(rows=rows)
            assert runtime is not None
            sizes.append(len(runtime.values))
            assert runtime.counts.get("cmi.interactions") == (None if rows is None else 500)
        return sizes

    assert database.run(work) == [0, 1, 500]


@pytest.mark.parametrize(
    "filters",
    [
        {},
        {"user_id": "u"},
        {"package_id": "p"},
        {"package_id": "p", "user_id": "u"},
        {"completion_status": "completed"},
        {"success_status": "passed"},
        {"updated_since": START},
        {"limit": 1},
    ],
    ids=lambda filters: "-".join(filters) or "all",
)
def test_every_list_is_found_by_an_index(sqlite: Any, filters: dict[str, Any]) -> None:
    async def work(storage: SQLStorage) -> list[str]:
        seen: list[tuple[str, Any]] = []
        scene = Scene(storage)
        await scene.create("a")
        await scene.create("b")
        engine = storage._connections.get().single
        event.listen(
            engine.sync_engine,
            "before_cursor_execute",
            lambda c, k, statement, values, *_: seen.append((statement, values)),
        )
        page = await storage.list_sessions(SessionQuery(scene.tenant, **filters))
        if page.next_cursor is not None:
            await storage.list_sessions(SessionQuery(scene.tenant, **filters, cursor=page.next_cursor))
        statements = [(statement, values) for statement, values in seen if statement.startswith("SELECT")]
        async with engine.connect() as connection:
            return [
                str(row[3])
                for statement, values in statements
                for row in await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            ]

    plan = sqlite.run(work)
    assert any(step.startswith("SEARCH scorm_sessions USING INDEX") for step in plan)
    assert [step for step in plan if step.startswith("SCAN")] == []
    if "updated_since" not in filters:
        assert [step for step in plan if "TEMP B-TREE" in step] == []


@pytest.mark.parametrize(
    ("call", "index"),
    [
        (lambda storage: storage.list_expired(START), "scorm_sessions_playing_idx"),
        (lambda storage: storage.take_events(10, START, 1.0), "scorm_outbox_due_idx"),
        (lambda storage: storage.list_events("t", "dead"), "scorm_outbox_listed_idx"),
        (lambda storage: storage.prune_commits(START), "scorm_commits_received_idx"),
    ],
    ids=["expired", "due", "dead", "old"],
)
def test_what_upkeep_looks_for_is_found_by_an_index(sqlite: Any, call: Any, index: str) -> None:
    async def work(storage: SQLStorage) -> list[str]:
        await storage.migrate()
        seen: list[tuple[str, Any]] = []
        opened = storage._connections.get()
        for engine in (opened.single, opened.engine):
            event.listen(
                engine.sync_engine,
                "before_cursor_execute",
                lambda c, k, statement, values, *_: seen.append((statement, values)),
            )
        await call(storage)
        statement, values = next(item for item in seen if item[0].startswith("SELECT"))
        async with engine.connect() as connection:
            rows = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            return [str(row[3]) for row in rows]

    plan = sqlite.run(work)
    assert any(index in step for step in plan), plan
    assert [step for step in plan if step.startswith("SCAN") or "TEMP B-TREE" in step] == []
