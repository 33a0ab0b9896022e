"""Connections of a pool in the order of asking.

SQLAlchemy's pool gives a connection that comes back to whoever asks next, before those who have been waiting, and puts
these to the end of its line again. With more tasks than connections, some then wait until the pool's timeout although
the pool is busy serving others. Here they stand in line first, and the pool never has to choose.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import QueuePool

from scorm_embed.storage.failures import connecting


class Turns:
    """The line before the pool of one engine, on one event loop."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._line: asyncio.Semaphore | None = None
        self._timeout_seconds = 0.0
        pool = engine.pool
        # Not public, but nothing else says it; without a limit nobody waits.
        overflow = getattr(pool, "_max_overflow", -1)
        if isinstance(pool, QueuePool) and pool.size() and overflow >= 0:
            self._line = asyncio.Semaphore(pool.size() + overflow)
            self._timeout_seconds = pool.timeout()

    @asynccontextmanager
    async def take(self) -> AsyncIterator[None]:
        """Wait for a turn, and have it for the time of the block.

        Raises:
            StorageUnavailableError: none has come within the pool's timeout.
        """
        if self._line is None:
            yield
            return
        if self._line.locked():
            with connecting():
                async with asyncio.timeout(self._timeout_seconds):
                    await self._line.acquire()
        else:
            await self._line.acquire()
        try:
            yield
        finally:
            self._line.release()
