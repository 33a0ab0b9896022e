"""Single statements straight through asyncpg, where the engine's driver is asyncpg.

The two statements of a commit, read the session and save it, run thousands of times a second; SQLAlchemy's way from a
statement to a result costs several times what asyncpg's own does. The engine and its pool are the same, the statements
are compiled by SQLAlchemy once; an engine that somebody listens to (tracing, settings for each transaction) is not
passed by. Outside a transaction only: each statement is its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.sql import ClauseElement
from sqlalchemy.util import greenlet_spawn

from scorm_embed.storage.failures import connecting


class Direct:
    """Runs statements of one storage; compiled forms are kept."""

    def __init__(self) -> None:
        self._compiled: dict[ClauseElement, tuple[str, Sequence[str], Mapping[str, Any]]] = {}

    @staticmethod
    def serves(engine: AsyncEngine) -> bool:
        """Whether the engine's statements may go straight to its driver."""
        # Not public, but the one place where SQLAlchemy says it; should it go, the long way is taken.
        return engine.dialect.driver == "asyncpg" and getattr(engine.sync_engine, "_has_events", True) is False

    async def fetch(
        self, engine: AsyncEngine, statement: ClauseElement, parameters: Mapping[str, Any]
    ) -> Sequence[Sequence[Any]]:
        """Run a statement in a transaction of its own and give its rows."""
        known = self._compiled.get(statement)
        if known is None:
            compiled: Any = statement.compile(dialect=engine.dialect)
            known = self._compiled[statement] = (compiled.string, tuple(compiled.positiontup), dict(compiled.params))
        text, names, constants = known
        values = {**constants, **parameters}
        async with _borrowed(engine) as connection:
            rows: Sequence[Sequence[Any]] = await connection.fetch(text, *[values[name] for name in names])
            return rows


@asynccontextmanager
async def _borrowed(engine: AsyncEngine) -> AsyncIterator[Any]:
    with connecting():
        pooled = await engine.raw_connection()
        # A server that was restarted closed what lies in the pool: seen without asking it.
        while _is_closed(pooled):
            await _finish(pooled, lost=True)
            pooled = await engine.raw_connection()
    lost = True
    try:
        yield pooled.driver_connection
        lost = False
    finally:
        await _finish(pooled, lost=lost and _is_closed(pooled))


def _is_closed(pooled: PoolProxiedConnection) -> bool:
    connection: Any = pooled.driver_connection
    return connection is None or bool(connection.is_closed())


async def _finish(pooled: PoolProxiedConnection, *, lost: bool) -> None:
    if lost:
        # Also when the task is cancelled meanwhile: a connection that is not given back is lost to the pool.
        await asyncio.shield(asyncio.ensure_future(greenlet_spawn(pooled.invalidate)))
    else:
        # Waits for nothing, there being no transaction to end, so it cannot be cancelled.
        await greenlet_spawn(pooled.close)
