"""How fast a commit is saved, against one UPDATE in one transaction through the same engine.

    python benchmarks/storage/commits.py postgresql://postgres@127.0.0.1/test [--seconds 3] [--tasks 8]

Each line is measured in turns with the others, so that what else the machine does falls on all of them. A commit is
what the service does for one: read the session, save it with one changed element and a row of the log.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from scorm_embed.core.standard import Standard
from scorm_embed.errors import DuplicateEntryError
from scorm_embed.storage import SQLStorage
from scorm_embed.storage.base import (
    CommitRecord,
    PackageRecord,
    RuntimeChange,
    RuntimeKey,
    Score,
    SessionChange,
    SessionQuery,
    SessionRecord,
)
from scorm_embed.storage.connections import read_url
from scorm_embed.storage.preparing import version_table
from scorm_embed.storage.rows import SESSION_WRITTEN, session_to_row

NOW = datetime(2025, 1, 15, 10, tzinfo=UTC)
KEY = RuntimeKey(1, "item_1", 1)
PREFIX = "bench_"
Step = Callable[[int], Awaitable[None]]


def record(number: int, version: int) -> SessionRecord:
    """A session like those of a running course."""
    return SessionRecord(
        tenant_id="default",
        id=f"session-{number}",
        user_id=f"user-{number % 1000}",
        package_id=f"pkg_{number % 50}",
        package_version=1,
        version=version,
        completion_status="incomplete",
        success_status="unknown",
        state="incomplete",
        score=Score(0.5, 50.0, 0.0, 100.0),
        progress_measure=None,
        time_spent_seconds=12.5,
        attempts=1,
        attempt_number=1,
        activity_id=KEY.activity_id,
        activity_attempt=1,
        snapshot={"format": 1, "activities": {f"item_{index}": {"status": "incomplete"} for index in range(10)}},
        created_at=NOW + timedelta(seconds=number),
        updated_at=NOW + timedelta(seconds=number + version),
        launched_at=NOW,
    )


def package(package_id: str) -> PackageRecord:
    """The package of some sessions."""
    return PackageRecord(
        "default",
        package_id,
        1,
        "Course",
        Standard.SCORM_12,
        package_id,
        b"",
        {},
        [],
        [],
        size_bytes=0,
        file_count=0,
        created_at=NOW,
    )


def commit(number: int) -> CommitRecord:
    """A row of the log with one element."""
    elements = [["cmi.location", f"page-{number}"]]
    return CommitRecord("launch-1", number, NOW, NOW, KEY.activity_id, 1, 1, "commit", "applied", elements)


def interactions(count: int) -> dict[str, str | None]:
    """Elements of that many answered questions."""
    values: dict[str, str | None] = {"cmi.location": "page-0", "cmi.completion_status": "incomplete"}
    for index in range(count):
        start = f"cmi.interactions.{index}"
        values |= {
            f"{start}.id": f"question-{index}",
            f"{start}.type": "choice",
            f"{start}.learner_response": "a[,]b",
            f"{start}.result": "correct",
            f"{start}.latency": "PT12S",
            f"{start}.timestamp": "2025-01-15T10:00:00",
            f"{start}.correct_responses.0.pattern": "a[,]b",
            f"{start}.objectives.0.id": "objective-1",
        }
    return values


async def save_new(storage: SQLStorage, number: int, values: dict[str, str | None]) -> None:
    """Make a session."""
    new = record(number, 1)
    with contextlib.suppress(DuplicateEntryError):
        await storage.add_package(package(new.package_id))
    change = SessionChange(new, None, [RuntimeChange(KEY, values)], commits=[commit(0)])
    await storage.save_session("default", change)


def commit_step(storage: SQLStorage, offset: int, changed: Callable[[int], dict[str, str | None]]) -> Step:
    """One commit by one task: read, then save."""

    async def step(task: int) -> None:
        found = await storage.load_session("default", f"session-{offset + task}", rows=())
        assert found is not None
        old = found[0]
        new = replace(old, version=old.version + 1, updated_at=old.updated_at + timedelta(seconds=1))
        change = SessionChange(
            new, old.version, [RuntimeChange(KEY, changed(new.version))], commits=[commit(new.version)]
        )
        await storage.save_session("default", change)

    return step


def update_step(engine: AsyncEngine) -> Step:
    """The bare handler's work: one UPDATE in one transaction."""
    statement = text("UPDATE bench_bare SET value = :value, version = version + 1 WHERE id = :id")

    async def step(task: int) -> None:
        async with engine.begin() as connection:
            await connection.execute(statement, {"id": task, "value": "page-1"})

    return step


async def measure(steps: dict[str, Step], tasks: int, seconds: float) -> dict[str, float]:
    """Give how many of each step are done in a second; the steps take turns of a fifth of a second."""
    done = dict.fromkeys(steps, 0)
    spent = dict.fromkeys(steps, 0.0)

    async def work(name: str, task: int, until: float) -> None:
        while time.perf_counter() < until:
            await steps[name](task)
            done[name] += 1

    while min(spent.values()) < seconds:
        for name in steps:
            begun = time.perf_counter()
            await asyncio.gather(*(work(name, task, begun + 0.2) for task in range(tasks)))
            spent[name] += time.perf_counter() - begun
    return {name: done[name] / spent[name] for name in steps}


async def fill(engine: AsyncEngine, storage: SQLStorage, first: int, count: int) -> None:
    """Add this many sessions that the benchmark commits to."""
    rows = [session_to_row(record(number, 1)) for number in range(first, first + count)]
    async with engine.begin() as connection:
        await connection.execute(insert(storage.tables.sessions), rows)


async def multiply(engine: AsyncEngine, storage: SQLStorage, wanted: int) -> int:
    """Double the sessions until there are as many as wanted, with other users each time; gives how many there are."""
    sessions = storage.tables.sessions
    count = 0
    for turn in range(40):
        columns: dict[str, ColumnElement[Any]] = {name: sessions.c[name] for name in SESSION_WRITTEN}
        columns["id"] = sessions.c.id + f"-{turn}"
        columns["user_id"] = sessions.c.user_id + f"-{turn}"
        async with engine.begin() as connection:
            await connection.execute(insert(sessions).from_select(list(columns), select(*columns.values())))
            count = (await connection.execute(select(func.count()).select_from(sessions))).scalar_one()
        if count >= wanted:
            break
    if engine.dialect.name == "postgresql":
        async with engine.connect() as connection:
            autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
            await autocommit.execute(text(f"VACUUM ANALYZE {sessions.name}"))
    return count


async def time_lists(storage: SQLStorage) -> None:
    """Print what the first page of each list takes."""
    since = NOW + timedelta(seconds=1990)
    lists: dict[str, dict[str, Any]] = {
        "all": {},
        "of a user": {"user_id": "user-7"},
        "of a package": {"package_id": "pkg_7"},
        "of a package and a user": {"package_id": "pkg_7", "user_id": "user-7"},
        "completed (there are none)": {"completion_status": "completed"},
        "completed of a package (none)": {"completion_status": "completed", "package_id": "pkg_7"},
        "changed since": {"updated_since": since},
        "changed since, of a package": {"updated_since": since, "package_id": "pkg_7"},
        "changed since (none)": {"updated_since": NOW + timedelta(days=1)},
    }
    for name, filters in lists.items():
        query = SessionQuery("default", limit=50, **filters)
        taken = []
        for _ in range(5):
            begun = time.perf_counter()
            page = await storage.list_sessions(query)
            taken.append(time.perf_counter() - begun)
        print(f"list {name:34}{len(page.items):5}{min(taken) * 1000:10.1f} ms")


async def drop(engine: AsyncEngine, storage: SQLStorage) -> None:
    """Leave nothing behind."""
    async with engine.begin() as connection:
        await connection.run_sync(storage.metadata.drop_all)
        await connection.run_sync(lambda sync: version_table(storage.prefix, None).drop(sync, checkfirst=True))
        await connection.execute(text("DROP TABLE IF EXISTS bench_bare"))


async def run(url: str, seconds: float, tasks: int, many: int) -> None:
    """Measure and print."""
    engine = create_async_engine(read_url(url), pool_size=tasks, max_overflow=0)
    options = {"pool_size": tasks, "max_overflow": 0}
    small = SQLStorage(url, prefix=PREFIX, engine_options=options)
    large = SQLStorage(url, prefix=f"{PREFIX}large_", engine_options=options)
    for storage in (small, large):
        await drop(engine, storage)
        await storage.migrate()
    try:
        async with engine.begin() as connection:
            await connection.execute(
                text("CREATE TABLE bench_bare (id INTEGER PRIMARY KEY, value VARCHAR(255), version INTEGER)")
            )
            await connection.execute(
                text("INSERT INTO bench_bare VALUES (:id, '', 0)"), [{"id": task} for task in range(tasks)]
            )
        for task in range(tasks):
            await save_new(small, task, interactions(0))
            await save_new(small, 100 + task, interactions(500))
        rates = await measure(
            {
                "one UPDATE": update_step(engine),
                "commit": commit_step(small, 0, location),
                "commit, 500 interactions present": commit_step(small, 100, location),
                "commit of an answer, 500 present": commit_step(small, 100, answer),
            },
            tasks,
            seconds,
        )
        show(rates, "one UPDATE")
        print(f"500 interactions against none: {rates['commit'] / rates['commit, 500 interactions present']:.2f} times")
        if many:
            await fill(engine, small, 1000, 1000)
            await fill(engine, large, 1000, 1000)
            count = await multiply(engine, large, many)
            few, lots = "commit, 1,000 sessions", f"commit, {count:,} sessions"
            steps = {few: commit_step(small, 1000, location), lots: commit_step(large, 1000, location)}
            rates = await measure(steps, tasks, seconds)
            show(rates, few)
            print(f"{count:,} sessions against 1,000: {rates[few] / rates[lots]:.2f} times")
            await time_lists(large)
    finally:
        for storage in (small, large):
            await drop(engine, storage)
            await storage.aclose()
        await engine.dispose()


def location(number: int) -> dict[str, str | None]:
    """What most commits change."""
    return {"cmi.location": f"page-{number}"}


def answer(number: int) -> dict[str, str | None]:
    """A change of one record among many."""
    return {"cmi.interactions.0.result": f"{number}"}


def show(rates: dict[str, float], base: str) -> None:
    """Print rates, and each as a share of the base."""
    for name, rate in rates.items():
        print(f"{name:34}{rate:10.0f}/s{rate / rates[base]:8.0%}")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--tasks", type=int, default=8)
    parser.add_argument("--sessions", type=int, default=0, help="also measure with this many sessions")
    chosen = parser.parse_args()
    asyncio.run(run(chosen.url, chosen.seconds, chosen.tasks, chosen.sessions))


if __name__ == "__main__":
    main()
