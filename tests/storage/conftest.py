"""Databases for the tests of storages: each test process makes its own and drops it.

Servers are found by SCORM_EMBED_TEST_POSTGRESQL and SCORM_EMBED_TEST_MARIADB, by default on this machine. Where one
cannot be reached its tests are skipped and say so; with CI=true they fail.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from scorm_embed.storage import MemoryStorage, SQLStorage, Storage
from scorm_embed.storage.connections import read_url

POSTGRESQL_URL = os.environ.get("SCORM_EMBED_TEST_POSTGRESQL", "postgresql://postgres@127.0.0.1/test")
MARIADB_URL = os.environ.get("SCORM_EMBED_TEST_MARIADB", "mariadb://root@127.0.0.1/test")
SQL = [
    "sqlite",
    pytest.param("postgresql", marks=pytest.mark.postgresql),
    pytest.param("mariadb", marks=pytest.mark.mariadb),
]


@dataclass(frozen=True)
class Database:
    """A place for tables that nobody else uses."""

    kind: str
    url: str
    schema: str | None = None

    def storage(self, **options: Any) -> Storage:
        """Give a storage in it; more than one share the tables."""
        if self.kind == "memory":
            return MemoryStorage()
        return SQLStorage(self.url, schema=self.schema, **options)

    def run(self, work: Callable[[Any], Awaitable[Any]], **options: Any) -> Any:
        """Do async work with a storage that is closed afterwards."""

        async def main() -> Any:
            storage = self.storage(**options)
            try:
                return await work(storage)
            finally:
                await storage.aclose()

        return asyncio.run(main())

    def execute(self, *statements: str) -> list[Any]:
        """Run statements on a connection of their own, each its own transaction; gives the rows of the last."""
        return asyncio.run(execute(self.url, *statements))


async def execute(url: str, *statements: str) -> list[Any]:
    """Run statements on a connection of their own; gives the rows of the last."""
    engine = create_async_engine(read_url(url), isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            for statement in statements:
                result = await connection.execute(text(statement))
            return [tuple(row) for row in result] if result.returns_rows else []
    finally:
        await engine.dispose()


def _reach(url: str, *statements: str) -> None:
    try:
        asyncio.run(execute(url, *statements))
    except Exception as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"cannot reach {make_url(url).get_backend_name()}: {type(error).__name__}")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Database]:
    name = f"scorm_test_{os.getpid()}"
    _reach(POSTGRESQL_URL, f"DROP SCHEMA IF EXISTS {name} CASCADE", f"CREATE SCHEMA {name}")
    yield Database("postgresql", POSTGRESQL_URL, name)
    asyncio.run(execute(POSTGRESQL_URL, f"DROP SCHEMA {name} CASCADE"))


@pytest.fixture(scope="session")
def mariadb() -> Iterator[Database]:
    name = f"scorm_test_{os.getpid()}"
    _reach(MARIADB_URL, f"CREATE OR REPLACE DATABASE {name} CHARACTER SET utf8mb4")
    yield Database("mariadb", make_url(MARIADB_URL).set(database=name).render_as_string(hide_password=False))
    asyncio.run(execute(MARIADB_URL, f"DROP DATABASE {name}"))


@pytest.fixture(scope="session")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Database:
    path: Path = tmp_path_factory.mktemp("sqlite") / "test.db"
    return Database("sqlite", f"sqlite:///{path}")


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Database:
    """The database whose kind the test is parametrized with."""
    if request.param == "memory":
        return Database("memory", "")
    found: Database = request.getfixturevalue(request.param)
    return found
