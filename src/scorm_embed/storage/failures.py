"""What the errors of databases and drivers mean to a storage.

Drivers report the same event as different classes; this module knows the codes: SQLSTATE of PostgreSQL, numbers of
MySQL and MariaDB, names of SQLite.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from scorm_embed.errors import (
    ConfigurationError,
    DuplicateEntryError,
    ScormEmbedError,
    StorageUnavailableError,
)

_RETRYABLE_STATES = {"40001", "40P01"}
"""serialization_failure, deadlock_detected."""
_RETRYABLE_NUMBERS = {1213, 1020}
"""MySQL: deadlock found; record has changed since last read."""
_SQLITE_BUSY_SNAPSHOT = 517
"""A transaction that began with a read cannot write any more; begun again it can."""

_UNAVAILABLE_CLASSES = ("08", "53", "57", "58", "XX", "28", "3D", "F0")
"""SQLSTATE classes: connection, resources, operator intervention, system, internal, access, catalog, configuration."""
_UNAVAILABLE_STATES = {"25006", "55P03"}
"""read_only_sql_transaction (after a failover), lock_not_available."""

_MISSING_STATES = {"42P01", "3F000", "42703"}
_MISSING_NUMBERS = {1146, 1054}
_MISSING_TEXTS = ("no such table", "no such column")

_DUPLICATES = {
    "sessions": ("session", "This session exists already."),
    "commits": ("commit", "This commit exists already."),
    "packages": ("package", "This package version exists already."),
    "outbox": ("event", "This event exists already."),
}


class InsideError(Exception):
    """Carries an exception of the host's ``inside`` past the translation, so that it arrives as it was raised."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(str(error))
        self.error = error


def is_retryable(error: BaseException) -> bool:
    """Whether the same transaction, begun again, may succeed."""
    if isinstance(error, InsideError):
        return is_retryable(error.error)
    if not isinstance(error, DBAPIError) and not (isinstance(error, Exception) and _is_of_driver(error)):
        return False
    return (
        _state(error) in _RETRYABLE_STATES
        or _number(error) in _RETRYABLE_NUMBERS
        or getattr(_original(error), "sqlite_errorcode", None) == _SQLITE_BUSY_SNAPSHOT
    )


@contextmanager
def connecting() -> Iterator[None]:
    """Translate what opening a connection raises."""
    try:
        yield
    except ScormEmbedError:
        raise
    except DBAPIError as error:
        raise _unavailable(error) from error
    except Exception as error:
        if not _is_of_driver(error):
            raise
        raise _unavailable(error) from error


@contextmanager
def translated(prefix: str) -> Iterator[None]:
    """Translate what a statement raises; errors that mean a mistake of ours pass as they are."""
    try:
        yield
    except InsideError as carried:
        raise carried.error from None
    except ScormEmbedError:
        raise
    except Exception as error:
        if not isinstance(error, DBAPIError) and not _is_of_driver(error):
            raise
        duplicate = _duplicate(error, prefix)
        if duplicate is not None:
            raise duplicate from error
        if _is_missing(error):
            raise ConfigurationError(
                "The tables are missing or of an older version: let the storage create them (create_tables=True), "
                "call migrate(), or run your own migration.",
            ) from error
        if _is_unavailable(error):
            raise _unavailable(error) from error
        raise


def _unavailable(error: BaseException) -> StorageUnavailableError:
    # The driver's words may hold addresses and users: they stay on __cause__, for logs, and do not reach a client.
    return StorageUnavailableError("The storage cannot be reached.", {"reason": type(error).__name__})


def _is_of_driver(error: Exception) -> bool:
    """Whether an error that SQLAlchemy did not wrap is one of a connection: asyncpg's own, or the system's."""
    return isinstance(error, (OSError, PoolTimeoutError)) or type(error).__module__.startswith(("asyncpg.", "asyncmy."))


def _original(error: BaseException) -> BaseException | None:
    return error.orig if isinstance(error, DBAPIError) else error


def _state(error: BaseException) -> str | None:
    original = _original(error)
    return getattr(original, "sqlstate", None) or getattr(original, "pgcode", None)


def _number(error: BaseException) -> int | None:
    arguments = getattr(_original(error), "args", ())
    return arguments[0] if arguments and isinstance(arguments[0], int) else None


def _is_missing(error: BaseException) -> bool:
    return (
        _state(error) in _MISSING_STATES
        or _number(error) in _MISSING_NUMBERS
        or any(text in str(_original(error)) for text in _MISSING_TEXTS)
    )


def _is_unavailable(error: Exception) -> bool:
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    state = _state(error)
    if state is not None:
        return state.startswith(_UNAVAILABLE_CLASSES) or state in _UNAVAILABLE_STATES or state in _RETRYABLE_STATES
    return isinstance(error, (OperationalError, InterfaceError)) or _is_of_driver(error) or is_retryable(error)


def _duplicate(error: BaseException, prefix: str) -> DuplicateEntryError | None:
    """Give the error for a unique constraint, which the message names last; None for another error."""
    text = str(_original(error))
    if not (_state(error) == "23505" or _number(error) == 1062 or "UNIQUE constraint failed" in text):
        return None
    position, table = max((text.rfind(f"{prefix}{table}"), table) for table in _DUPLICATES)
    if position < 0:
        return None
    subject, sentence = _DUPLICATES[table]
    return DuplicateEntryError(sentence, {"of": subject})
