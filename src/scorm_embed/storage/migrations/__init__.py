"""Our Alembic migrations, run on a connection that the storage opened.

They know the prefix and the schema of the tables, so they run in any host's database, beside its own migrations and
with a version table of their own.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

PREFIX = "scorm_prefix"
SCHEMA = "scorm_schema"
CONNECTION = "scorm_connection"
"""Attributes of the configuration through which ``env`` and the versions learn where they work."""


def upgrade(connection: Connection, prefix: str, schema: str | None, revision: str = "head") -> None:
    """Bring the tables of an older revision to ``revision``, in the transaction of the connection."""
    command.upgrade(_configure(connection, prefix, schema), revision)


def _configure(connection: Connection, prefix: str, schema: str | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes.update({CONNECTION: connection, PREFIX: prefix, SCHEMA: schema})
    return config
