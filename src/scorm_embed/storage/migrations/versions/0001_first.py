"""The tables of the first release.

What is written here stays as it is: a later form of a table is a later revision. Revisions go one way; going back
would lose what learners did since.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import context, op

from scorm_embed.storage.migrations import PREFIX, SCHEMA
from scorm_embed.storage.types import Blob, Document, Key, LongText, Moment, Number, Real, Serial, Size, TextMap

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_OPTIONS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mariadb_engine": "InnoDB",
    "mariadb_charset": "utf8mb4",
    "sqlite_autoincrement": True,
}


def upgrade() -> None:
    """Create all tables."""
    _packages()
    _sessions()
    _runtime()
    _records()
    _commits()
    _learners("learner_objectives", sa.Column("value", Document(), nullable=False))
    _learners("learner_stores", sa.Column("value", LongText(), nullable=False))
    _outbox()


def _packages() -> None:
    _create(
        "packages",
        sa.Column("package_key", Serial, nullable=False),
        sa.Column("tenant_id", Key(128), nullable=False),
        sa.Column("id", Key(255), nullable=False),
        sa.Column("version", Number, nullable=False),
        sa.Column("title", LongText(), nullable=False),
        sa.Column("standard", Key(20), nullable=False),
        sa.Column("digest", Key(64), nullable=False),
        sa.Column("manifest", Blob, nullable=False),
        sa.Column("facts", Document(), nullable=False),
        sa.Column("activities", Document(), nullable=False),
        sa.Column("warnings", Document(), nullable=False),
        sa.Column("size_bytes", Size, nullable=False),
        sa.Column("file_count", Number, nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("package_key"),
        _unique("packages", "id", "tenant_id", "id", "version"),
    )
    _index("packages", "created", "tenant_id", "created_at", "id")
    _index("packages", "digest", "digest")


def _sessions() -> None:
    _create(
        "sessions",
        sa.Column("session_key", Serial, nullable=False),
        sa.Column("tenant_id", Key(128), nullable=False),
        sa.Column("id", Key(255), nullable=False),
        sa.Column("user_id", Key(255), nullable=False),
        sa.Column("package_id", Key(255), nullable=False),
        sa.Column("package_version", Number, nullable=False),
        sa.Column("version", Number, nullable=False),
        sa.Column("completion_status", Key(20), nullable=False),
        sa.Column("success_status", Key(20), nullable=False),
        sa.Column("state", Key(20), nullable=False),
        sa.Column("score_scaled", Real),
        sa.Column("score_raw", Real),
        sa.Column("score_min", Real),
        sa.Column("score_max", Real),
        sa.Column("progress_measure", Real),
        sa.Column("time_spent_seconds", Real, nullable=False),
        sa.Column("attempts", Number, nullable=False),
        sa.Column("attempt_number", Number, nullable=False),
        sa.Column("activity_id", Key(600)),
        sa.Column("activity_attempt", Number, nullable=False),
        sa.Column("snapshot", Document(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.Column("updated_hour", Number, nullable=False),
        sa.Column("launched_at", Moment()),
        sa.Column("completed_at", Moment()),
        sa.Column("expires_at", Moment()),
        sa.PrimaryKeyConstraint("session_key"),
        _unique("sessions", "id", "tenant_id", "id"),
        is_changed_often=True,
    )
    _index("sessions", "created", "tenant_id", "created_at", "id")
    _index("sessions", "user", "tenant_id", "user_id", "created_at", "id")
    _index("sessions", "package", "tenant_id", "package_id", "created_at", "id")
    _index("sessions", "completion", "tenant_id", "completion_status", "created_at", "id")
    _index("sessions", "success", "tenant_id", "success_status", "created_at", "id")
    _index("sessions", "updated", "tenant_id", "updated_hour")


def _runtime() -> None:
    _create(
        "runtime",
        sa.Column("runtime_key", Serial, nullable=False),
        sa.Column("session_key", Size, nullable=False),
        sa.Column("attempt_number", Number, nullable=False),
        sa.Column("activity_id", Key(600), nullable=False),
        sa.Column("activity_attempt", Number, nullable=False),
        sa.Column("scalars", TextMap(), nullable=False),
        sa.Column("suspend_data", LongText()),
        sa.PrimaryKeyConstraint("runtime_key"),
        _unique("runtime", "attempt", "session_key", "attempt_number", "activity_id", "activity_attempt"),
        _belongs_to("runtime", "sessions", "session_key"),
        is_changed_often=True,
    )


def _records() -> None:
    texts = (
        "id",
        "type",
        "time",
        "timestamp",
        "weighting",
        "student_response",
        "learner_response",
        "result",
        "latency",
        "description",
    )
    _create(
        "interactions",
        sa.Column("runtime_key", Size, nullable=False),
        sa.Column("position", Number, nullable=False),
        *(sa.Column(name, LongText()) for name in texts),
        sa.Column("objectives", TextMap()),
        sa.Column("correct_responses", TextMap()),
        sa.Column("rest", TextMap()),
        sa.PrimaryKeyConstraint("runtime_key", "position"),
        _belongs_to("interactions", "runtime", "runtime_key"),
    )
    texts = (
        "id",
        "status",
        "success_status",
        "completion_status",
        "progress_measure",
        "score_scaled",
        "score_raw",
        "score_min",
        "score_max",
        "description",
    )
    _create(
        "objectives",
        sa.Column("runtime_key", Size, nullable=False),
        sa.Column("position", Number, nullable=False),
        *(sa.Column(name, LongText()) for name in texts),
        sa.Column("rest", TextMap()),
        sa.PrimaryKeyConstraint("runtime_key", "position"),
        _belongs_to("objectives", "runtime", "runtime_key"),
    )
    _create(
        "comments",
        sa.Column("runtime_key", Size, nullable=False),
        sa.Column("collection", Key(30), nullable=False),
        sa.Column("position", Number, nullable=False),
        sa.Column("comment", LongText()),
        sa.Column("location", LongText()),
        sa.Column("timestamp", LongText()),
        sa.Column("rest", TextMap()),
        sa.PrimaryKeyConstraint("runtime_key", "collection", "position"),
        _belongs_to("comments", "runtime", "runtime_key"),
    )


def _commits() -> None:
    _create(
        "commits",
        sa.Column("commit_key", Serial, nullable=False),
        sa.Column("session_key", Size, nullable=False),
        sa.Column("launch", Key(255), nullable=False),
        sa.Column("number", Number, nullable=False),
        sa.Column("received_at", Moment(), nullable=False),
        sa.Column("sent_at", Moment()),
        sa.Column("activity_id", Key(600)),
        sa.Column("attempt_number", Number, nullable=False),
        sa.Column("activity_attempt", Number, nullable=False),
        sa.Column("kind", Key(20), nullable=False),
        sa.Column("status", Key(20), nullable=False),
        sa.Column("elements", Document(), nullable=False),
        sa.Column("refused", Document(), nullable=False),
        sa.Column("tolerated", Document(), nullable=False),
        sa.Column("details", Document(), nullable=False),
        sa.PrimaryKeyConstraint("commit_key"),
        _unique("commits", "number", "session_key", "launch", "number"),
        _belongs_to("commits", "sessions", "session_key"),
    )
    _index("commits", "session", "session_key", "commit_key")
    _index("commits", "received", "received_at")


def _learners(table: str, value: sa.Column[Any]) -> None:
    _create(
        table,
        sa.Column("tenant_id", Key(128), nullable=False),
        sa.Column("user_id", Key(255), nullable=False),
        sa.Column("digest", Key(64), nullable=False),
        sa.Column("scope", Key(255), nullable=False),
        sa.Column("identifier", LongText(), nullable=False),
        value,
        sa.PrimaryKeyConstraint("tenant_id", "user_id", "digest"),
    )
    _index(table, "scope", "tenant_id", "scope")


def _outbox() -> None:
    _create(
        "outbox",
        sa.Column("event_key", Serial, nullable=False),
        sa.Column("id", Key(255), nullable=False),
        sa.Column("tenant_id", Key(128), nullable=False),
        sa.Column("type", Key(255), nullable=False),
        sa.Column("session_id", Key(255), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("data", Document(), nullable=False),
        sa.Column("leased_until", Moment()),
        sa.PrimaryKeyConstraint("event_key"),
        _unique("outbox", "id", "id"),
    )
    _index("outbox", "created", "created_at", "event_key")


def _prefix() -> str:
    return str(context.config.attributes[PREFIX])


def _schema() -> str | None:
    schema: str | None = context.config.attributes[SCHEMA]
    return schema


def _create(table: str, *parts: Any, is_changed_often: bool = False) -> None:
    made = op.create_table(f"{_prefix()}{table}", *parts, schema=_schema(), **_OPTIONS)
    if is_changed_often and op.get_bind().dialect.name == "postgresql":
        name = op.get_bind().dialect.identifier_preparer.format_table(made)
        op.execute(f"ALTER TABLE {name} SET (fillfactor = 70)")


def _index(table: str, name: str, *columns: str) -> None:
    op.create_index(f"{_prefix()}{table}_{name}_idx", f"{_prefix()}{table}", [*columns], schema=_schema())


def _unique(table: str, name: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=f"{_prefix()}{table}_{name}_key")


def _belongs_to(table: str, parent: str, column: str) -> sa.ForeignKeyConstraint:
    target = f"{_prefix()}{parent}.{column}"
    return sa.ForeignKeyConstraint(
        [column],
        [f"{_schema()}.{target}" if _schema() else target],
        name=f"{_prefix()}{table}_{parent}_fk",
        ondelete="CASCADE",
    )
