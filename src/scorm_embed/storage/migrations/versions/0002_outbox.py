"""Events are delivered from the outbox, and launches that nobody ends are found.

Events get what delivery needs: when they are due, who has not had them yet, how often it was tried, what went wrong.
Sessions get the hour in which the launch of a learner who plays ends.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import context, op

from scorm_embed.storage.migrations import PREFIX, SCHEMA
from scorm_embed.storage.types import Document, Key, LongText, Moment, Number

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ADDED: dict[str, sa.types.TypeEngine[Any]] = {
    "due_at": Moment(),
    "pending": Document(),
    "attempts": Number,
    "state": Key(20),
}


def upgrade() -> None:
    """Change both tables; every row stays."""
    prefix: str = context.config.attributes[PREFIX]
    schema: str | None = context.config.attributes[SCHEMA]
    _sessions(prefix, schema)
    _outbox(prefix, schema)


def _sessions(prefix: str, schema: str | None) -> None:
    table = f"{prefix}sessions"
    op.add_column(table, sa.Column("playing_hour", Number), schema=schema)
    op.create_index(f"{prefix}sessions_playing_idx", table, ["playing_hour"], schema=schema)
    rows = sa.table(
        table,
        *(sa.column(name) for name in ("playing_hour", "expires_at")),
        sa.column("snapshot", sa.Text),
        schema=schema,
    )
    # Hour 0 says nothing but that the learner plays: the time itself is compared, too, and the next commit writes it.
    op.execute(
        sa.update(rows)
        .where(rows.c.expires_at.is_not(None), sa.cast(rows.c.snapshot, sa.Text).contains('"phase":"active"'))
        .values(playing_hour=0)
    )


def _outbox(prefix: str, schema: str | None) -> None:
    table = f"{prefix}outbox"
    # SQLite cannot add a column that must have a value, nor change one: Alembic copies the table there.
    options: dict[str, Any] = {"schema": schema, "table_kwargs": {"sqlite_autoincrement": True}}
    op.drop_index(f"{prefix}outbox_created_idx", table, schema=schema)
    for name, kind in _ADDED.items():
        op.add_column(table, sa.Column(name, kind), schema=schema)
    op.add_column(table, sa.Column("last_error", LongText()), schema=schema)
    rows = sa.table(
        table,
        sa.column("created_at", Moment()),
        sa.column("leased_until", Moment()),
        *(sa.column(name, kind) for name, kind in _ADDED.items()),
        schema=schema,
    )
    op.execute(
        sa.update(rows).values(
            due_at=sa.func.coalesce(rows.c.leased_until, rows.c.created_at),
            pending="[]",
            attempts=0,
            state="waiting",
        )
    )
    with op.batch_alter_table(table, **options) as batch:
        for name, kind in _ADDED.items():
            batch.alter_column(name, existing_type=kind, nullable=False)
        batch.drop_column("leased_until")
    op.create_index(f"{prefix}outbox_due_idx", table, ["state", "due_at", "event_key"], schema=schema)
    op.create_index(f"{prefix}outbox_listed_idx", table, ["tenant_id", "state", "created_at", "id"], schema=schema)
