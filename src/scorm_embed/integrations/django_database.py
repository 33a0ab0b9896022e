"""Where Django's settings say that the database is."""

from __future__ import annotations

from django.db import connections
from sqlalchemy.engine import URL

from scorm_embed.errors import ConfigurationError
from scorm_embed.storage import MemoryStorage, SQLStorage, Storage

_BACKENDS = {"sqlite": "sqlite", "postgresql": "postgresql", "mysql": "mysql"}


def database_url(alias: str = "default") -> URL:
    """Give the SQLAlchemy URL of one of Django's ``DATABASES``.

    ``OPTIONS`` belong to Django's driver and are not taken over, but for PostgreSQL's ``sslmode``.

    Raises:
        ConfigurationError: a database that is not supported.
    """
    connection = connections[alias]
    given = connection.settings_dict
    backend = _BACKENDS.get(connection.vendor)
    if backend is None:
        raise ConfigurationError(f"DATABASES[{alias!r}] is {connection.vendor}: use SQLite, PostgreSQL or MySQL.")
    if backend == "sqlite":
        return URL.create("sqlite", database=str(given["NAME"]))
    host = given["HOST"] or None
    query: dict[str, str] = {}
    if backend == "postgresql":
        if host is not None and host.startswith("/"):
            query["host"], host = host, None
        if "sslmode" in given.get("OPTIONS", {}):
            query["ssl"] = given["OPTIONS"]["sslmode"]
    return URL.create(
        backend,
        username=given["USER"] or None,
        password=given["PASSWORD"] or None,
        host=host,
        port=int(given["PORT"]) if given["PORT"] else None,
        database=given["NAME"],
        query=query,
    )


def database_storage(alias: str = "default") -> Storage:
    """Give a storage in one of Django's databases; one in memory for SQLite in memory, as Django's tests have it."""
    connection = connections[alias]
    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        return MemoryStorage()
    return SQLStorage(database_url(alias))
