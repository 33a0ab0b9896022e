"""Records to rows of columns and back.

Owns the order of columns in a SELECT and the encoding of each; knows no statement and no connection.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from scorm_embed.core.standard import Standard
from scorm_embed.storage.base import CommitRecord, EventRecord, PackageRecord, Score, SessionRecord
from scorm_embed.storage.checking import NUMBER_MAX
from scorm_embed.storage.elements import Shape, from_columns, to_columns
from scorm_embed.storage.encoding import (
    dump_texts,
    dumps,
    escape,
    load_texts,
    loads,
    to_microseconds,
    unescape,
    unescape_texts,
)

PACKAGE_COLUMNS = (
    "tenant_id",
    "id",
    "version",
    "title",
    "standard",
    "digest",
    "manifest",
    "facts",
    "activities",
    "warnings",
    "size_bytes",
    "file_count",
    "created_at",
)
SESSION_COLUMNS = (
    "tenant_id",
    "id",
    "user_id",
    "package_id",
    "package_version",
    "version",
    "completion_status",
    "success_status",
    "state",
    "score_scaled",
    "score_raw",
    "score_min",
    "score_max",
    "progress_measure",
    "time_spent_seconds",
    "attempts",
    "attempt_number",
    "activity_id",
    "activity_attempt",
    "snapshot",
    "created_at",
    "updated_at",
    "launched_at",
    "completed_at",
    "expires_at",
    "playing_hour",
)
SESSION_WRITTEN = (*SESSION_COLUMNS, "updated_hour")
"""What is written of a session; the hour is for an index only."""

RUNTIME_KEY = ("attempt_number", "activity_id", "activity_attempt")
"""What tells the run-time data of one session apart."""

COMMIT_COLUMNS = (
    "launch",
    "number",
    "received_at",
    "sent_at",
    "activity_id",
    "attempt_number",
    "activity_attempt",
    "kind",
    "status",
    "elements",
    "refused",
    "tolerated",
    "details",
)
EVENT_COLUMNS = (
    "id",
    "tenant_id",
    "type",
    "session_id",
    "created_at",
    "data",
    "due_at",
    "pending",
    "attempts",
    "state",
    "last_error",
)
EVENT_KEPT = ("due_at", "pending", "attempts", "state", "last_error")
"""What changes about an event while it is in the outbox."""

SUSPEND_DATA = "cmi.suspend_data"


def package_to_row(record: PackageRecord) -> dict[str, Any]:
    """Give the columns of a package version."""
    return {
        "tenant_id": record.tenant_id,
        "id": record.id,
        "version": record.version,
        "title": escape(record.title),
        "standard": record.standard.value,
        "digest": record.digest,
        "manifest": bytes(record.manifest),
        "facts": dumps(dict(record.facts)),
        "activities": dumps(record.activities),
        "warnings": dumps(record.warnings),
        "size_bytes": record.size_bytes,
        "file_count": record.file_count,
        "created_at": record.created_at,
    }


def package_from_row(row: Sequence[Any]) -> PackageRecord:
    """Read ``PACKAGE_COLUMNS``."""
    values = dict(zip(PACKAGE_COLUMNS, row, strict=True))
    for name in ("facts", "activities", "warnings"):
        values[name] = loads(values[name])
    values["title"] = unescape(values["title"])
    values["standard"] = Standard(values["standard"])
    values["manifest"] = bytes(values["manifest"])
    return PackageRecord(**values)


def session_to_row(record: SessionRecord) -> dict[str, Any]:
    """Give the columns of a session."""
    return {
        "tenant_id": record.tenant_id,
        "id": record.id,
        "user_id": record.user_id,
        "package_id": record.package_id,
        "package_version": record.package_version,
        "version": record.version,
        "completion_status": record.completion_status,
        "success_status": record.success_status,
        "state": record.state,
        "score_scaled": _real(record.score.scaled),
        "score_raw": _real(record.score.raw),
        "score_min": _real(record.score.min),
        "score_max": _real(record.score.max),
        "progress_measure": _real(record.progress_measure),
        "time_spent_seconds": float(record.time_spent_seconds),
        "attempts": record.attempts,
        "attempt_number": record.attempt_number,
        "activity_id": record.activity_id,
        "activity_attempt": record.activity_attempt,
        "snapshot": dumps(record.snapshot),
        "created_at": record.created_at,
        "updated_at": record.updated_at,
        "updated_hour": hour_of(record.updated_at),
        "launched_at": record.launched_at,
        "completed_at": record.completed_at,
        "expires_at": record.expires_at,
        "playing_hour": _playing_hour(record),
    }


def hour_of(moment: datetime) -> int:
    """Give the hours since 1970, the form in which indexes have times that change with every commit."""
    return to_microseconds(moment) // 3_600_000_000


def _playing_hour(record: SessionRecord) -> int | None:
    if not record.is_playing:
        return None
    return NUMBER_MAX if record.expires_at is None else hour_of(record.expires_at)


def session_from_row(row: Sequence[Any]) -> SessionRecord:
    """Read ``SESSION_COLUMNS``."""
    values = dict(zip(SESSION_COLUMNS, row, strict=True))
    score = Score(*(values.pop(f"score_{part}") for part in ("scaled", "raw", "min", "max")))
    values["snapshot"] = loads(values["snapshot"])
    values["is_playing"] = values.pop("playing_hour") is not None
    return SessionRecord(score=score, **values)


def commit_to_row(record: CommitRecord) -> dict[str, Any]:
    """Give the columns of one row of the log."""
    return {
        "launch": record.launch,
        "number": record.number,
        "received_at": record.received_at,
        "sent_at": record.sent_at,
        "activity_id": record.activity_id,
        "attempt_number": record.attempt_number,
        "activity_attempt": record.activity_attempt,
        "kind": record.kind,
        "status": record.status,
        "elements": dumps(record.elements),
        "refused": dumps(record.refused),
        "tolerated": dumps(record.tolerated),
        "details": dumps(record.details),
    }


def commit_from_row(row: Sequence[Any]) -> CommitRecord:
    """Read ``COMMIT_COLUMNS``."""
    values = dict(zip(COMMIT_COLUMNS, row, strict=True))
    for name in ("elements", "refused", "tolerated", "details"):
        values[name] = loads(values[name])
    return CommitRecord(**values)


def event_to_row(record: EventRecord) -> dict[str, Any]:
    """Give the columns of an event."""
    return {
        "id": record.id,
        "tenant_id": record.tenant_id,
        "type": record.type,
        "session_id": record.session_id,
        "created_at": record.created_at,
        "data": dumps(record.data),
        "due_at": record.due_at,
        "pending": dumps(list(record.pending)),
        "attempts": record.attempts,
        "state": record.state,
        "last_error": None if record.last_error is None else escape(record.last_error),
    }


def event_from_row(row: Sequence[Any]) -> EventRecord:
    """Read ``EVENT_COLUMNS``."""
    values = dict(zip(EVENT_COLUMNS, row, strict=True))
    values["data"], values["pending"] = loads(values["data"]), tuple(loads(values["pending"]))
    if values["last_error"] is not None:
        values["last_error"] = unescape(values["last_error"])
    return EventRecord(**values)


def record_to_row(shape: Shape, record: Mapping[str, str]) -> dict[str, str | None]:
    """Give every column of one record of a collection; an absent element is None."""
    texts, maps = to_columns(shape, record)
    row: dict[str, str | None] = dict.fromkeys(shape.names)
    row.update((column, escape(value)) for column, value in texts.items())
    row.update((column, dump_texts(values)) for column, values in maps.items())
    return row


def record_from_row(shape: Shape, row: Sequence[Any]) -> Iterable[tuple[str, str]]:
    """Read ``Shape.names``; a JSON column may have been decoded already, with its texts still escaped."""
    split = len(shape.columns)
    texts = [None if text is None else unescape(text) for text in row[:split]]
    return from_columns(shape, texts, [_read_map(held) for held in row[split:]])


def runtime_to_row(values: Mapping[str, str]) -> dict[str, str | None]:
    """Give the columns of the scalars of an activity's run-time data."""
    suspended = values.get(SUSPEND_DATA)
    scalars = {name: value for name, value in values.items() if name != SUSPEND_DATA}
    return {"scalars": dump_texts(scalars), "suspend_data": None if suspended is None else escape(suspended)}


def runtime_from_row(scalars: str, suspend_data: str | None) -> dict[str, str]:
    """Read the columns that ``runtime_to_row`` gave."""
    values = load_texts(scalars)
    if suspend_data is not None:
        values[SUSPEND_DATA] = unescape(suspend_data)
    return values


def learner_digest(scope: str, identifier: str) -> str:
    """Give the key of a global objective or a shared data store within its learner."""
    return hashlib.sha256(f"{escape(scope)}\x00{escape(identifier)}".encode()).hexdigest()


def _real(value: float | None) -> float | None:
    return None if value is None else float(value)


def _read_map(held: Any) -> dict[str, str] | None:
    if held is None:
        return None
    return load_texts(held) if isinstance(held, str) else unescape_texts(held)
