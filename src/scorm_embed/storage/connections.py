"""Engines and connections: opened when first used, one engine for each process and event loop.

A forked worker must not talk through its parent's sockets, and a connection belongs to the loop that opened it; so an
engine of our own is looked up by process and loop on every call. An engine of the host is used as it is and is never
closed here.
"""

from __future__ import annotations

import asyncio
import os
import weakref
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from scorm_embed.errors import ConfigurationError
from scorm_embed.storage.direct import Direct
from scorm_embed.storage.failures import connecting
from scorm_embed.storage.turns import Turns

DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
    "mysql": "mysql+asyncmy",
    "mariadb": "mariadb+asyncmy",
}
"""The async driver for a URL that names none."""

_EXTRAS = {"postgresql": "postgresql", "mysql": "mysql", "mariadb": "mysql"}
_BEGIN = "scorm_embed_begin"
"""Execution option of SQLite connections: the statement that begins a transaction; empty for none."""

SQLITE_BUSY_SECONDS = 30.0
CONNECT_SECONDS = 10


@dataclass(slots=True)
class Opened:
    """An engine that may be used by the running loop, and what is known about it."""

    engine: AsyncEngine
    single: AsyncEngine
    """The same pool, for single statements that are their own transaction (PostgreSQL, and our own SQLite)."""
    is_own: bool
    preparing: asyncio.Lock = field(default_factory=asyncio.Lock)
    is_prepared: bool = False
    writing: asyncio.Lock | None = None
    """SQLite has one writer: tasks of a process queue here in order, instead of polling the file's lock."""
    turns: Turns = field(init=False)

    def __post_init__(self) -> None:
        self.turns = Turns(self.engine)

    @property
    def is_direct(self) -> bool:
        """Whether single statements may go straight to the driver."""
        return Direct.serves(self.engine)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection whose statements are their own transactions where that is cheaper, else a transaction."""
        async with self.turns.take(), _connected(self.single) as connection:
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection in a transaction that is committed at the end, or rolled back by an exception."""
        writing = self.writing or nullcontext()
        async with writing, self.turns.take(), _connected(self.engine) as connection, connection.begin():
            yield connection


class Connections:
    """Gives the engine for whoever asks."""

    def __init__(self, url: URL | None, engine: AsyncEngine | None, options: Mapping[str, Any]) -> None:
        self._url = url
        self._engine = engine
        self._options = dict(options)
        self._process = os.getpid()
        self._opened: dict[int, tuple[weakref.ref[asyncio.AbstractEventLoop], Opened]] = {}

    def get(self) -> Opened:
        """Give the engine of this process and loop; make it when there is none."""
        loop = asyncio.get_running_loop()
        if self._process != os.getpid():
            # Sockets of the parent: forgotten, not closed, because closing would end the parent's connections.
            self._process = os.getpid()
            self._forget(list(self._opened))
        held = self._opened.get(id(loop))
        if held is not None and held[0]() is loop:
            return held[1]
        self._forget([key for key, (known, _) in self._opened.items() if _is_gone(known())])
        opened = self._open()
        self._opened[id(loop)] = (weakref.ref(loop), opened)
        return opened

    async def aclose(self) -> None:
        """Close the connections of the running loop; those of other loops are dropped when these have ended."""
        held = self._opened.pop(id(asyncio.get_running_loop()), None)
        if held is not None and held[1].is_own and self._process == os.getpid():
            await held[1].engine.dispose()

    def _open(self) -> Opened:
        if self._engine is not None:
            name = self._engine.dialect.name
            single = self._engine
            if name == "postgresql":
                single = self._engine.execution_options(isolation_level="AUTOCOMMIT")
            return Opened(self._engine, single, is_own=False, writing=asyncio.Lock() if name == "sqlite" else None)
        assert self._url is not None
        return open_engine(self._url, self._options)

    def _forget(self, keys: list[int]) -> None:
        for key in keys:
            _, opened = self._opened.pop(key)
            if opened.is_own:
                opened.engine.sync_engine.dispose(close=False)


def read_url(text: str | URL) -> URL:
    """Read a database URL and name its async driver where it names none.

    Raises:
        ConfigurationError: not a URL, a database or driver that cannot be used, or a driver that is not installed.
    """
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise ConfigurationError(
            "The database URL cannot be read; write sqlite:///file.db or postgresql://user@host/name."
        ) from error
    url = url.set(drivername=DRIVERS.get(url.drivername, url.drivername))
    backend = url.get_backend_name()
    if backend not in _EXTRAS and backend != "sqlite":
        raise ConfigurationError(f"The database {backend!r} is not supported: use one of {', '.join(DRIVERS)}.")
    try:
        dialect = url.get_dialect()
        if not dialect.is_async:
            raise ConfigurationError(f"The driver of {url.drivername!r} is not async: write {DRIVERS[backend]}://….")
        dialect.import_dbapi()
    except NoSuchModuleError as error:
        raise ConfigurationError(f"There is no driver {url.drivername!r}: write {DRIVERS[backend]}://….") from error
    except ImportError as error:
        extra = _EXTRAS.get(backend)
        hint = f'pip install "scorm-embed[{extra}]"' if extra else f"install {error.name}"
        raise ConfigurationError(f"The driver for {url.drivername} is not installed: {hint}.") from error
    return url


def open_engine(url: URL, options: Mapping[str, Any]) -> Opened:
    """Make an engine of our own; nothing is connected before the first statement."""
    backend = url.get_backend_name()
    if backend == "sqlite":
        return _open_sqlite(url, options)
    arguments = dict(options.get("connect_args", {}))
    if url.drivername == "postgresql+asyncpg":
        arguments.setdefault("timeout", CONNECT_SECONDS)
    elif url.drivername.endswith("+asyncmy"):
        arguments.setdefault("connect_timeout", CONNECT_SECONDS)
        url = url.update_query_dict({"charset": "utf8mb4"}) if "charset" not in url.query else url
    engine = create_async_engine(url, **{"pool_size": 10, "max_overflow": 10, **options, "connect_args": arguments})
    single = engine.execution_options(isolation_level="AUTOCOMMIT") if backend == "postgresql" else engine
    return Opened(engine, single, is_own=True)


def _open_sqlite(url: URL, options: Mapping[str, Any]) -> Opened:
    is_file = bool(url.database) and url.database != ":memory:" and url.query.get("mode") != "memory"
    if is_file and url.database is not None and not url.database.startswith("file:"):
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    arguments = {"timeout": SQLITE_BUSY_SECONDS, **options.get("connect_args", {})}
    defaults: dict[str, Any] = {"poolclass": AsyncAdaptedQueuePool}
    if not is_file:
        # A database in memory lives in its only connection, which one task has at a time.
        defaults |= {"pool_size": 1, "max_overflow": 0, "pool_timeout": SQLITE_BUSY_SECONDS}
    engine = create_async_engine(url, **{**defaults, **options, "connect_args": arguments})
    event.listen(engine.sync_engine, "connect", _configure_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return Opened(
        engine.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"}),
        engine.execution_options(**{_BEGIN: ""}),
        is_own=True,
        writing=asyncio.Lock(),
    )


def _configure_sqlite(connection: Any, _: Any) -> None:
    # The driver begins no transactions on its own: what begins one, and how, is said in _begin_sqlite.
    connection.isolation_level = None
    cursor = connection.cursor()
    # Readers do not wait for the writer, and what is committed survives a loss of power.
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    statement = connection.get_execution_options().get(_BEGIN, "BEGIN")
    if statement:
        connection.exec_driver_sql(statement)


def _is_gone(loop: asyncio.AbstractEventLoop | None) -> bool:
    return loop is None or loop.is_closed()


@asynccontextmanager
async def _connected(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    connection = engine.connect()
    with connecting():
        await connection.start()
    try:
        yield connection
    finally:
        # Given back even when the task is cancelled meanwhile: a connection that is not is lost to the pool.
        await asyncio.shield(asyncio.ensure_future(connection.close()))
