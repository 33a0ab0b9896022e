"""Records as the HTTP API shows them. Times stay aware datetimes; the web floor writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from scorm_embed.core.manifest.model import Course
from scorm_embed.core.sequencing.definition import ActivityDefinition
from scorm_embed.engine.outcome import Shown
from scorm_embed.engine.state import ActivityRecord, AttemptSummary, SessionState
from scorm_embed.service.model import Document
from scorm_embed.storage.base import (
    CommitRecord,
    EventRecord,
    PackageRecord,
    PackageVersion,
    RuntimeRecord,
    Score,
    SessionRecord,
)


def package_document(record: PackageRecord) -> Document:
    """A package. ``changes`` is how its tree differs from that of the version before."""
    return {
        "id": record.id,
        "tenant_id": record.tenant_id,
        "title": record.title,
        "standard": record.standard.value,
        "version": record.version,
        "activities": record.activities,
        "size_bytes": record.size_bytes,
        "file_count": record.file_count,
        "warnings": record.warnings,
        "changes": record.facts.get("changes", []),
        "created_at": record.created_at,
    }


def versions_document(versions: Sequence[PackageVersion]) -> list[Document]:
    """The versions of a package, newest first, each with the number of sessions that stay on it."""
    return [
        {"version": entry.version, "created_at": entry.created_at, "sessions": entry.sessions} for entry in versions
    ]


def activity_tree(course: Course, definition: ActivityDefinition) -> list[Document]:
    """The items below an activity, as a package lists them."""
    return [
        {
            "id": child.identifier,
            "title": child.title,
            "sco": child.identifier in course.launchables and course.launchables[child.identifier].sco,
            "children": activity_tree(course, child),
        }
        for child in definition.children
    ]


def number(value: float) -> float | int:
    """A number without a needless fraction: 75, not 75.0."""
    return int(value) if value == int(value) else value


def score_document(score: Mapping[str, float]) -> Document | None:
    """A score with all four parts, None for what is unknown; None where nothing is known."""
    if not score:
        return None
    return {name: number(score[name]) if name in score else None for name in ("scaled", "raw", "max", "min")}


def score_record(score: Mapping[str, float]) -> Score:
    """A score as storages keep it."""
    return Score(score.get("scaled"), score.get("raw"), score.get("min"), score.get("max"))


def _score_parts(score: Score) -> dict[str, float]:
    parts = {"scaled": score.scaled, "raw": score.raw, "min": score.min, "max": score.max}
    return {name: value for name, value in parts.items() if value is not None}


def runtime_document(runtime: RuntimeRecord | None) -> dict[str, str]:
    """Run-time data as clients see them: without the rows' own marks."""
    return {} if runtime is None else {k: v for k, v in runtime.values.items() if "._" not in k}


def session_document(
    record: SessionRecord, runtime: RuntimeRecord | None, course: Course, state: SessionState
) -> Document:
    """A session."""
    return {
        "id": record.id,
        "tenant_id": record.tenant_id,
        "user_id": record.user_id,
        "package_id": record.package_id,
        "package_version": record.package_version,
        "cmi_data": runtime_document(runtime),
        "completion_status": record.completion_status,
        "success_status": record.success_status,
        "state": record.state,
        "score": score_document(_score_parts(record.score)),
        "progress_measure": record.progress_measure,
        "time_spent_seconds": number(round(record.time_spent_seconds, 2)),
        "version": record.version,
        "attempts": record.attempts,
        "attempt_number": record.attempt_number,
        "activities": activities_document(course, state.activities),
        "created_at": record.created_at,
        "updated_at": record.updated_at,
        "launched_at": record.launched_at,
        "completed_at": record.completed_at,
        "expires_at": record.expires_at,
    }


def event_document(record: EventRecord) -> Document:
    """An event that was not told to everybody."""
    return {
        "id": record.id,
        "tenant_id": record.tenant_id,
        "type": record.type,
        "session_id": record.session_id,
        "at": record.created_at,
        "state": record.state,
        "attempts": record.attempts,
        "due_at": record.due_at,
        "pending": list(record.pending),
        "last_error": record.last_error,
    }


_SESSION_TIMES = ("created_at", "updated_at", "launched_at", "completed_at", "expires_at")


def session_to_json(document: Document) -> Document:
    """Give a session as JSON keeps it, times to the microsecond."""
    times = {name: document[name].isoformat() for name in _SESSION_TIMES if document.get(name) is not None}
    return {**document, **times}


def session_from_json(data: Mapping[str, Any]) -> Document:
    """Give the session back."""
    times = {name: datetime.fromisoformat(data[name]) for name in _SESSION_TIMES if data.get(name) is not None}
    return {**data, **times}


def activities_document(course: Course, records: Mapping[str, ActivityRecord]) -> list[Document]:
    """Every activity that can be delivered, in the order of the course, with its own status, score and time."""
    return [
        activity_document(definition, records.get(definition.identifier))
        for definition in _leaves(course.root)
        if definition.identifier in course.launchables
    ]


def activity_document(definition: ActivityDefinition, record: ActivityRecord | None) -> Document:
    """One activity; one that was never opened is "not attempted"."""
    record = record or ActivityRecord()
    return {
        "id": definition.identifier,
        "title": definition.title,
        "completion_status": record.completion,
        "success_status": record.success,
        "score": score_document(record.score),
        "progress_measure": record.progress,
        "time_spent_seconds": number(round(record.seconds, 2)),
        "attempt": record.attempt,
    }


def _leaves(definition: ActivityDefinition) -> list[ActivityDefinition]:
    waiting, found = [definition], []
    while waiting:
        current = waiting.pop()
        if current.children:
            waiting.extend(reversed(current.children))
        else:
            found.append(current)
    return found


def attempt_document(summary: AttemptSummary, shown: Shown, *, current: bool) -> Document:
    """One attempt on the course."""
    return {
        "number": summary.number,
        "current": current,
        "completion_status": shown.completion_status,
        "success_status": shown.success_status,
        "state": shown.state,
        "score": score_document(shown.score),
        "progress_measure": shown.progress_measure,
        "time_spent_seconds": number(round(summary.seconds, 2)),
        "started_at": summary.started_at,
        "ended_at": summary.ended_at,
    }


def commit_document(record: CommitRecord) -> Document:
    """One row of a session's log."""
    return {
        "launch": record.launch,
        "number": record.number,
        "kind": record.kind,
        "status": record.status,
        "received_at": record.received_at,
        "sent_at": record.sent_at,
        "activity_id": record.activity_id,
        "attempt_number": record.attempt_number,
        "elements": list(record.elements),
        "refused": list(record.refused),
        "tolerated": list(record.tolerated),
        "details": record.details,
    }


def records(runtime: RuntimeRecord, collection: str) -> list[Document]:
    """The records of one collection of an activity, in order, with the leaves' own names (``score.scaled``).

    Collections within a record that hold single elements become lists: ``objectives``, ``correct_responses``.
    """
    prefix = f"{collection}."
    found: dict[int, dict[str, Any]] = {}
    for name, value in runtime.values.items():
        if not name.startswith(prefix):
            continue
        index, _, leaf = name.removeprefix(prefix).partition(".")
        entry = found.setdefault(int(index), {})
        inner, _, rest = leaf.partition(".")
        if rest[:1].isdigit():
            entry.setdefault(inner, {})[int(rest.partition(".")[0])] = value
        else:
            entry[leaf] = value
    return [
        {"index": index}
        | {
            name: [value[k] for k in sorted(value)] if isinstance(value, dict) else value
            for name, value in found[index].items()
        }
        for index in sorted(found)
    ]


COLLECTIONS = ("objectives", "comments_from_learner", "comments_from_lms")
"""What an activity shows as lists beside its ``cmi_data``."""


def collections_document(runtime: RuntimeRecord | None) -> Document:
    """Objectives and comments of one activity."""
    return {name: [] if runtime is None else records(runtime, f"cmi.{name}") for name in COLLECTIONS}


def interactions_document(runtime: RuntimeRecord) -> list[Document]:
    """The interactions of one activity, in their order, with the leaves' own names."""
    return [
        {
            "activity_id": runtime.key.activity_id,
            "attempt_number": runtime.key.attempt_number,
            "activity_attempt": runtime.key.activity_attempt,
            "objectives": [],
            "correct_responses": [],
            **entry,
        }
        for entry in records(runtime, "cmi.interactions")
    ]
