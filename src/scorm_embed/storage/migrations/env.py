"""What Alembic runs: the versions, on the connection given, in the transaction that is already open."""

from __future__ import annotations

from alembic import context

from scorm_embed.storage.migrations import CONNECTION, PREFIX, SCHEMA

_attributes = context.config.attributes

context.configure(
    connection=_attributes[CONNECTION],
    version_table=f"{_attributes[PREFIX]}schema_version",
    version_table_schema=_attributes[SCHEMA],
    version_table_pk=True,
    transactional_ddl=True,
)
context.run_migrations()
