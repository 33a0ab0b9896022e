"""Column types that mean the same on SQLite, PostgreSQL, MariaDB and MySQL.

Identifiers compare by code point (case, accents and trailing spaces count), texts are as long as they need to be,
times are kept to the microsecond in UTC, JSON comes back as it was written. Values are encoded in ``encoding``; the
types here only name columns, so that Alembic and the host see them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Double, Integer, LargeBinary, String, Text, TypeDecorator, cast
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import ColumnElement
from sqlalchemy.types import TypeEngine, UserDefinedType

_MYSQL_NAMES = ("mysql", "mariadb")

Serial = BigInteger().with_variant(Integer(), "sqlite")
"""A key that the database counts up; SQLite counts only ``INTEGER PRIMARY KEY``."""

Number = Integer()
Size = BigInteger()
Real: Double[float] = Double()

Blob = LargeBinary().with_variant(mysql.LONGBLOB(), *_MYSQL_NAMES)


def _collation(dialect: Dialect) -> str:
    # The plain utf8mb4_bin ignores trailing spaces; the two servers name the collation that counts them differently.
    return "utf8mb4_nopad_bin" if getattr(dialect, "is_mariadb", False) else "utf8mb4_0900_bin"


class Key(TypeDecorator[str]):
    """An identifier or a word of a vocabulary: bounded, indexed, compared by code point."""

    impl = String
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self._length = length

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Name the column type of this database."""
        length = self._length
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.VARCHAR(length, collation="C"))
        if dialect.name in _MYSQL_NAMES:
            return dialect.type_descriptor(mysql.VARCHAR(length, charset="utf8mb4", collation=_collation(dialect)))
        return dialect.type_descriptor(String(length))


class LongText(TypeDecorator[str]):
    """A text of any length, escaped by ``encoding.escape``."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Name the column type of this database."""
        if dialect.name in _MYSQL_NAMES:
            return dialect.type_descriptor(mysql.LONGTEXT(charset="utf8mb4", collation=_collation(dialect)))
        return dialect.type_descriptor(Text())


class Moment(TypeDecorator[datetime]):
    """An aware time in UTC, kept to the microsecond."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Name the column type of this database."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.TIMESTAMP(timezone=True))
        if dialect.name in _MYSQL_NAMES:
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the time in UTC; where the database knows no zones, without one."""
        if value is None:
            return None
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the time aware."""
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo is not None else value.replace(tzinfo=UTC)


class _PostgresJson(UserDefinedType[str]):
    """JSON or JSONB of PostgreSQL, written and read as text whatever the driver does with JSON."""

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **kw: Any) -> str:
        """Name the column type."""
        return self.name

    def column_expression(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """Read the column as text."""
        return cast(column, Text())


class Document(TypeDecorator[str]):
    """JSON that SQL may read and never changes: PostgreSQL keeps the very text, so numbers stay exact."""

    impl = Text
    cache_ok = True
    postgres_name = "JSON"

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Name the column type of this database."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(_PostgresJson(self.postgres_name))
        if dialect.name in _MYSQL_NAMES:
            return dialect.type_descriptor(mysql.LONGTEXT(charset="utf8mb4", collation=_collation(dialect)))
        return dialect.type_descriptor(Text())


class TextMap(Document):
    """A flat JSON object of texts, escaped by ``encoding.dump_texts``, so that PostgreSQL can merge it in place."""

    cache_ok = True
    postgres_name = "JSONB"
