"""A PostgreSQL schema or a MariaDB database of its own for each test process."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from scorm_embed.storage.connections import read_url

POSTGRESQL_URL = os.environ.get("SCORM_EMBED_TEST_POSTGRESQL", "postgresql://postgres@127.0.0.1/test")
MARIADB_URL = os.environ.get("SCORM_EMBED_TEST_MARIADB", "mariadb://root@127.0.0.1/test")


def execute(url: str, *statements: str) -> list[tuple[Any, ...]]:
    """Run statements, each its own transaction; gives the rows of the last."""

    async def main() -> list[tuple[Any, ...]]:
        engine = create_async_engine(read_url(url), isolation_level="AUTOCOMMIT")
        rows: list[tuple[Any, ...]] = []
        try:
            async with engine.connect() as connection:
                for statement in statements:
                    result = await connection.execute(text(statement))
                    rows = [tuple(row) for row in result] if result.returns_rows else []
        finally:
            await engine.dispose()
        return rows

    return asyncio.run(main())


@pytest.fixture
def query() -> Callable[..., list[tuple[Any, ...]]]:
    """Runs statements on a connection of its own; gives the rows of the last."""
    return execute


def _reach(url: str, *statements: str) -> None:
    try:
        execute(url, *statements)
    except Exception as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"cannot reach {make_url(url).get_backend_name()}: {type(error).__name__}")


@pytest.fixture
def postgresql_schema() -> Iterator[tuple[str, str]]:
    """The URL of the server, and a schema that is dropped afterwards."""
    name = f"scorm_faults_{os.getpid()}"
    _reach(POSTGRESQL_URL, f"DROP SCHEMA IF EXISTS {name} CASCADE", f"CREATE SCHEMA {name}")
    yield POSTGRESQL_URL, name
    execute(POSTGRESQL_URL, f"DROP SCHEMA {name} CASCADE")


@pytest.fixture
def mariadb_database() -> Iterator[tuple[str, str]]:
    """The URL of a database that is dropped afterwards, and no schema."""
    name = f"scorm_faults_{os.getpid()}"
    _reach(MARIADB_URL, f"CREATE OR REPLACE DATABASE {name} CHARACTER SET utf8mb4")
    yield make_url(MARIADB_URL).set(database=name).render_as_string(hide_password=False), ""
    execute(MARIADB_URL, f"DROP DATABASE {name}")
