"""What every storage refuses before it writes, and the form in which a change is then applied.

So that all storages agree, and no database has to explain it: identifiers that cannot be kept exactly, numbers that
are none, a change that contradicts itself.
"""

from __future__ import annotations

import math
from dataclasses import replace

from scorm_embed.errors import NotFoundError, RequestError
from scorm_embed.storage.base import CommitRecord, PackageRecord, RuntimeChange, RuntimeKey, SessionChange
from scorm_embed.storage.encoding import ACTIVITY_LENGTH_MAX, TENANT_LENGTH_MAX, check_aware, check_identifier

NUMBER_MAX = 2**31 - 1
"""The largest version, number and count that every database keeps in an integer column."""


def checked_package(record: PackageRecord) -> PackageRecord:
    """Give the record back when it can be stored.

    Raises:
        RequestError: an identifier cannot be kept exactly.
        ValueError: a time has no zone: a mistake of the caller.
    """
    check_identifier("tenant_id", record.tenant_id, TENANT_LENGTH_MAX)
    check_identifier("id", record.id)
    check_identifier("digest", record.digest, 64)
    check_aware(record.created_at)
    return record


def checked_change(tenant_id: str, change: SessionChange) -> SessionChange:
    """Give the change as it is applied: one ``RuntimeChange`` for a key, and appended rows settled already.

    Raises:
        RequestError: an identifier cannot be kept exactly, or a number is infinite or none.
        ValueError: the record contradicts ``tenant_id`` or ``expected_version``, or a time has no zone: a mistake of
            the caller.
    """
    record = change.record
    if record.tenant_id != tenant_id:
        raise ValueError("the record belongs to another tenant")
    if record.version != (change.expected_version or 0) + 1:
        raise ValueError("the record's version must be expected_version + 1")
    _check_identifiers(change)
    _check_numbers(change)
    check_aware(record.created_at, record.updated_at, record.launched_at, record.completed_at, record.expires_at)
    check_aware(*(moment for event in change.events for moment in (event.created_at, event.due_at)))
    for commit in change.commits:
        check_aware(commit.received_at, commit.sent_at)
    if len(change.runtime) > 1:
        change = replace(change, runtime=_one_for_each_key(change))
    if change.settled:
        settled = set(change.settled)
        commits = [_settle(commit, settled) for commit in change.commits]
        appended = {(commit.launch, commit.number) for commit in commits}
        change = replace(change, commits=commits, settled=sorted(settled - appended))
    return change


def missing_package(change: SessionChange) -> NotFoundError:
    """Give the error for a new session whose package version is not there."""
    return NotFoundError(
        "There is no such package.", {"package_id": change.record.package_id}, code="PACKAGE_NOT_FOUND"
    )


def _check_identifiers(change: SessionChange) -> None:
    record = change.record
    check_identifier("tenant_id", record.tenant_id, TENANT_LENGTH_MAX)
    check_identifier("id", record.id)
    check_identifier("user_id", record.user_id)
    check_identifier("package_id", record.package_id)
    check_identifier("activity_id", record.activity_id, ACTIVITY_LENGTH_MAX)
    for runtime in change.runtime:
        check_identifier("activity_id", runtime.key.activity_id, ACTIVITY_LENGTH_MAX)
    for commit in change.commits:
        check_identifier("launch", commit.launch)
        check_identifier("activity_id", commit.activity_id, ACTIVITY_LENGTH_MAX)
    for event in change.events:
        check_identifier("event.id", event.id)
        check_identifier("event.type", event.type)
        check_identifier("event.tenant_id", event.tenant_id, TENANT_LENGTH_MAX)
        check_identifier("event.session_id", event.session_id)
    if change.learner is not None:
        for scope, _ in (*change.learner.objectives, *change.learner.stores):
            check_identifier("scope", scope)


def _check_numbers(change: SessionChange) -> None:
    record = change.record
    score = record.score
    for name, value in (
        ("score.scaled", score.scaled),
        ("score.raw", score.raw),
        ("score.min", score.min),
        ("score.max", score.max),
        ("progress_measure", record.progress_measure),
        ("time_spent_seconds", record.time_spent_seconds),
    ):
        if value is not None and not math.isfinite(value):
            raise RequestError(f"{name} must be finite.", {"fields": [{"path": name, "error": "must be finite"}]})


def _settle(commit: CommitRecord, settled: set[tuple[str, int]]) -> CommitRecord:
    return replace(commit, status="applied") if (commit.launch, commit.number) in settled else commit


def _one_for_each_key(change: SessionChange) -> list[RuntimeChange]:
    values: dict[RuntimeKey, dict[str, str | None]] = {}
    for runtime in change.runtime:
        values.setdefault(runtime.key, {}).update(runtime.values)
    return [RuntimeChange(key, held) for key, held in values.items()]
