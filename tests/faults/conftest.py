"""A PostgreSQL schema of its own for each test process."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from scorm_embed.storage.connections import read_url

POSTGRESQL_URL = os.environ.get("SCORM_EMBED_TEST_POSTGRESQL", "postgresql://postgres@127.0.0.1/test")


async def execute(*statements: str) -> None:
    engine = create_async_engine(read_url(POSTGRESQL_URL), isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            for statement in statements:
                await connection.execute(text(statement))
    finally:
        await engine.dispose()


@pytest.fixture
def postgresql_schema() -> Iterator[tuple[str, str]]:
    """The URL of the server, and a schema that is dropped afterwards."""
    name = f"scorm_faults_{os.getpid()}"
    try:
        asyncio.run(execute(f"DROP SCHEMA IF EXISTS {name} CASCADE", f"CREATE SCHEMA {name}"))
    except Exception as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"cannot reach postgresql: {type(error).__name__}")
    yield POSTGRESQL_URL, name
    asyncio.run(execute(f"DROP SCHEMA {name} CASCADE"))
