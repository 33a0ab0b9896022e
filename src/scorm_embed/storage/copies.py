"""Copies of records, as a database would give them back: nothing of the caller's objects, times in UTC, JSON equal."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from scorm_embed.storage.base import CommitRecord, EventRecord, Json, PackageRecord, SessionRecord
from scorm_embed.storage.encoding import dumps, loads

R = TypeVar("R", PackageRecord, SessionRecord, CommitRecord, EventRecord)


def in_utc(record: R) -> R:
    """Give a record with its times in UTC, as they come back from a database."""
    times: dict[str, Any] = {
        item.name: moment.astimezone(UTC)
        for item in fields(record)
        if isinstance(moment := getattr(record, item.name), datetime)
    }
    return replace(record, **times)


def copy_json(value: Json) -> Json:
    """Give an equal value that shares nothing with this one."""
    return loads(dumps(value))


def copy_package(record: PackageRecord) -> PackageRecord:
    """Give an equal record that shares nothing with this one."""
    return replace(
        record,
        facts=copy_json(dict(record.facts)),
        activities=copy_json(record.activities),
        warnings=copy_json(record.warnings),
    )


def copy_commit(commit: CommitRecord) -> CommitRecord:
    """Give an equal row that shares nothing with this one."""
    return replace(
        commit,
        elements=copy_json(commit.elements),
        refused=copy_json(commit.refused),
        tolerated=copy_json(commit.tolerated),
        details=copy_json(commit.details),
    )


def copy_event(event: EventRecord) -> EventRecord:
    """Give an equal event that shares nothing with this one."""
    return replace(event, data=copy_json(event.data), pending=tuple(event.pending))
