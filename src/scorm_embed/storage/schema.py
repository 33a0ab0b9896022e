"""The tables: what is kept, under which key, with which index.

Tables carry a prefix and may live in a schema of their own; they are defined in the host's ``MetaData`` where it gives
one, so that its Alembic sees them. Numbered keys (``session_key``, ``runtime_key``) keep the rows of what belongs to a
session small; identifiers of the API are unique beside them. A change of a table is a new migration as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    DDL,
    Column,
    ForeignKeyConstraint,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    event,
)

from scorm_embed.errors import ConfigurationError
from scorm_embed.storage.elements import INTERACTION_SHAPE, OBJECTIVE_SHAPE, Shape
from scorm_embed.storage.encoding import ACTIVITY_LENGTH_MAX, KEY_LENGTH_MAX, TENANT_LENGTH_MAX
from scorm_embed.storage.types import Blob, Document, Key, LongText, Moment, Number, Real, Serial, Size, TextMap

PREFIX_LENGTH_MAX = 20
_PREFIX = re.compile(r"[a-z][a-z0-9_]*|")

_TABLE_OPTIONS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mariadb_engine": "InnoDB",
    "mariadb_charset": "utf8mb4",
    # A number that was used is never given again, so a key names one row for ever.
    "sqlite_autoincrement": True,
}
_ROOM = DDL(  # type: ignore[no-untyped-call]
    "ALTER TABLE %(fullname)s SET (fillfactor = 70)"
).execute_if(dialect="postgresql")
"""Leaves room in each page for the next version of a row, so that it stays beside the old one."""


@dataclass(frozen=True, slots=True)
class Tables:
    """All tables of one storage."""

    packages: Table
    sessions: Table
    runtime: Table
    interactions: Table
    objectives: Table
    comments: Table
    commits: Table
    learner_objectives: Table
    learner_stores: Table
    outbox: Table

    def of_shape(self, shape: Shape) -> Table:
        """Give the table of a collection's records."""
        table: Table = getattr(self, shape.table)
        return table


def check_prefix(prefix: str) -> None:
    """Refuse a prefix that some database would quote, fold or cut.

    Raises:
        ConfigurationError: not lower-case letters, digits and underscores, or over 20 characters.
    """
    if len(prefix) > PREFIX_LENGTH_MAX or _PREFIX.fullmatch(prefix) is None:
        raise ConfigurationError(
            f"prefix must be lower-case letters, digits and underscores, at most {PREFIX_LENGTH_MAX}, not {prefix!r}."
        )


def define_tables(metadata: MetaData, prefix: str, schema: str | None) -> Tables:
    """Define the tables in ``metadata``, or give those that it has already."""
    check_prefix(prefix)
    names = Tables.__dataclass_fields__
    full = {name: f"{schema}.{prefix}{name}" if schema else f"{prefix}{name}" for name in names}
    if full["sessions"] in metadata.tables:
        return Tables(**{name: metadata.tables[full[name]] for name in names})
    definer = _Definer(metadata, prefix, schema)
    return Tables(
        packages=definer.packages(),
        sessions=definer.sessions(),
        runtime=definer.runtime(),
        interactions=definer.interactions(),
        objectives=definer.objectives(),
        comments=definer.comments(),
        commits=definer.commits(),
        learner_objectives=definer.learner("learner_objectives", Column("value", Document, nullable=False)),
        learner_stores=definer.learner("learner_stores", Column("value", LongText, nullable=False)),
        outbox=definer.outbox(),
    )


@dataclass(frozen=True, slots=True)
class _Definer:
    metadata: MetaData
    prefix: str
    schema: str | None

    def packages(self) -> Table:
        return self._table(
            "packages",
            Column("package_key", Serial, nullable=False),
            _tenant(),
            _key("id"),
            _number("version"),
            Column("title", LongText, nullable=False),
            Column("standard", Key(20), nullable=False),
            Column("digest", Key(64), nullable=False),
            Column("manifest", Blob, nullable=False),
            Column("facts", Document, nullable=False),
            Column("activities", Document, nullable=False),
            Column("warnings", Document, nullable=False),
            Column("size_bytes", Size, nullable=False),
            _number("file_count"),
            _moment("created_at"),
            PrimaryKeyConstraint("package_key"),
            self._unique("packages", "id", "tenant_id", "id", "version"),
            self._index("packages", "created", "tenant_id", "created_at", "id"),
            self._index("packages", "digest", "digest"),
        )

    def sessions(self) -> Table:
        order = ("created_at", "id")
        return self._table(
            "sessions",
            Column("session_key", Serial, nullable=False),
            _tenant(),
            _key("id"),
            _key("user_id"),
            _key("package_id"),
            _number("package_version"),
            _number("version"),
            Column("completion_status", Key(20), nullable=False),
            Column("success_status", Key(20), nullable=False),
            Column("state", Key(20), nullable=False),
            Column("score_scaled", Real),
            Column("score_raw", Real),
            Column("score_min", Real),
            Column("score_max", Real),
            Column("progress_measure", Real),
            Column("time_spent_seconds", Real, nullable=False),
            _number("attempts"),
            _number("attempt_number"),
            Column("activity_id", Key(ACTIVITY_LENGTH_MAX)),
            _number("activity_attempt"),
            Column("snapshot", Document, nullable=False),
            _moment("created_at"),
            _moment("updated_at"),
            # Hours since 1970, for the index: were the time itself in one, every commit would have to write all
            # indexes of the table on PostgreSQL, which leaves them alone while no indexed column changes.
            _number("updated_hour"),
            Column("launched_at", Moment),
            Column("completed_at", Moment),
            Column("expires_at", Moment),
            # The hour of expires_at while the learner plays, else NULL; an hour for the same reason as above.
            Column("playing_hour", Number),
            PrimaryKeyConstraint("session_key"),
            self._unique("sessions", "id", "tenant_id", "id"),
            self._index("sessions", "created", "tenant_id", *order),
            self._index("sessions", "user", "tenant_id", "user_id", *order),
            self._index("sessions", "package", "tenant_id", "package_id", *order),
            self._index("sessions", "completion", "tenant_id", "completion_status", *order),
            self._index("sessions", "success", "tenant_id", "success_status", *order),
            self._index("sessions", "updated", "tenant_id", "updated_hour"),
            self._index("sessions", "playing", "playing_hour"),
            is_changed_often=True,
        )

    def runtime(self) -> Table:
        return self._table(
            "runtime",
            Column("runtime_key", Serial, nullable=False),
            Column("session_key", Size, nullable=False),
            _number("attempt_number"),
            _key("activity_id", ACTIVITY_LENGTH_MAX),
            _number("activity_attempt"),
            Column("scalars", TextMap, nullable=False),
            # By far the largest element: in a column of its own it is not written again when it did not change.
            Column("suspend_data", LongText),
            PrimaryKeyConstraint("runtime_key"),
            self._unique("runtime", "attempt", "session_key", "attempt_number", "activity_id", "activity_attempt"),
            self._belongs_to("runtime", "sessions", "session_key"),
            is_changed_often=True,
        )

    def interactions(self) -> Table:
        return self._records("interactions", INTERACTION_SHAPE)

    def objectives(self) -> Table:
        return self._records("objectives", OBJECTIVE_SHAPE)

    def comments(self) -> Table:
        return self._table(
            "comments",
            Column("runtime_key", Size, nullable=False),
            Column("collection", Key(30), nullable=False),
            _number("position"),
            Column("comment", LongText),
            Column("location", LongText),
            Column("timestamp", LongText),
            Column("rest", TextMap),
            PrimaryKeyConstraint("runtime_key", "collection", "position"),
            self._belongs_to("comments", "runtime", "runtime_key"),
        )

    def commits(self) -> Table:
        return self._table(
            "commits",
            Column("commit_key", Serial, nullable=False),
            Column("session_key", Size, nullable=False),
            _key("launch"),
            _number("number"),
            _moment("received_at"),
            Column("sent_at", Moment),
            Column("activity_id", Key(ACTIVITY_LENGTH_MAX)),
            _number("attempt_number"),
            _number("activity_attempt"),
            Column("kind", Key(20), nullable=False),
            Column("status", Key(20), nullable=False),
            Column("elements", Document, nullable=False),
            Column("refused", Document, nullable=False),
            Column("tolerated", Document, nullable=False),
            Column("details", Document, nullable=False),
            PrimaryKeyConstraint("commit_key"),
            self._unique("commits", "number", "session_key", "launch", "number"),
            self._index("commits", "session", "session_key", "commit_key"),
            self._index("commits", "received", "received_at"),
            self._belongs_to("commits", "sessions", "session_key"),
        )

    def learner(self, name: str, value: Column[Any]) -> Table:
        return self._table(
            name,
            _tenant(),
            _key("user_id"),
            # SHA-256 of scope and identifier: an identifier may be 4,000 characters long, too long for an index.
            Column("digest", Key(64), nullable=False),
            _key("scope"),
            Column("identifier", LongText, nullable=False),
            value,
            PrimaryKeyConstraint("tenant_id", "user_id", "digest"),
            self._index(name, "scope", "tenant_id", "scope"),
        )

    def outbox(self) -> Table:
        return self._table(
            "outbox",
            Column("event_key", Serial, nullable=False),
            _key("id"),
            _tenant(),
            _key("type"),
            _key("session_id"),
            _moment("created_at"),
            Column("data", Document, nullable=False),
            _moment("due_at"),
            Column("pending", Document, nullable=False),
            _number("attempts"),
            Column("state", Key(20), nullable=False),
            Column("last_error", LongText),
            PrimaryKeyConstraint("event_key"),
            self._unique("outbox", "id", "id"),
            self._index("outbox", "due", "state", "due_at", "event_key"),
            self._index("outbox", "listed", "tenant_id", "state", "created_at", "id"),
        )

    def _records(self, name: str, shape: Shape) -> Table:
        return self._table(
            name,
            Column("runtime_key", Size, nullable=False),
            _number("position"),
            *(Column(column, LongText) for column in shape.columns.values()),
            *(Column(column, TextMap) for column in shape.maps.values()),
            Column("rest", TextMap),
            PrimaryKeyConstraint("runtime_key", "position"),
            self._belongs_to(name, "runtime", "runtime_key"),
        )

    def _table(self, name: str, *parts: Any, is_changed_often: bool = False) -> Table:
        table = Table(f"{self.prefix}{name}", self.metadata, *parts, schema=self.schema, **_TABLE_OPTIONS)
        if is_changed_often:
            event.listen(table, "after_create", _ROOM)
        return table

    def _unique(self, table: str, name: str, *columns: str) -> UniqueConstraint:
        return UniqueConstraint(*columns, name=f"{self.prefix}{table}_{name}_key")

    def _index(self, table: str, name: str, *columns: str) -> Index:
        return Index(f"{self.prefix}{table}_{name}_idx", *columns)

    def _belongs_to(self, table: str, parent: str, column: str) -> ForeignKeyConstraint:
        target = f"{self.prefix}{parent}.{column}"
        return ForeignKeyConstraint(
            [column],
            [f"{self.schema}.{target}" if self.schema else target],
            name=f"{self.prefix}{table}_{parent}_fk",
            ondelete="CASCADE",
        )


def _tenant() -> Column[str]:
    return _key("tenant_id", TENANT_LENGTH_MAX)


def _key(name: str, length: int = KEY_LENGTH_MAX) -> Column[str]:
    return Column(name, Key(length), nullable=False)


def _number(name: str) -> Column[int]:
    return Column(name, Number, nullable=False)


def _moment(name: str) -> Column[Any]:
    return Column(name, Moment, nullable=False)
