"""What each activity came to in an attempt that is over.

Its run-time data do not tell all of it: what the standards concluded at the end, what was abandoned, the time that the
server's clock saw. So a record is kept with the newest run-time data of its activity when the next attempt begins,
once, and not in the session's state, which every commit writes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from scorm_embed.core.datamodel import CmiState, DataModel
from scorm_embed.core.values import parse_duration
from scorm_embed.engine.state import ActivityRecord
from scorm_embed.engine.transfer import describe
from scorm_embed.storage.base import RuntimeRecord

MARK = "cmi._record"
"""The name under which the record is kept; ``runtime_document`` shows no such names."""

_KEPT = ("completion", "success", "score", "progress", "seconds")


def record_text(record: ActivityRecord) -> str:
    """Write what is shown of an activity as JSON; what is as it was at the beginning is left out."""
    untouched = ActivityRecord()
    kept = {name: getattr(record, name) for name in _KEPT if getattr(record, name) != getattr(untouched, name)}
    return json.dumps(kept, separators=(",", ":"))


def earlier_records(model: DataModel, found: Sequence[RuntimeRecord]) -> dict[str, ActivityRecord]:
    """Give the records of an attempt's activities from its run-time data, the oldest of each activity first."""
    newest = {runtime.key.activity_id: runtime for runtime in found}
    return {activity_id: _record(model, runtime) for activity_id, runtime in newest.items()}


def _record(model: DataModel, runtime: RuntimeRecord) -> ActivityRecord:
    record = ActivityRecord(attempt=runtime.key.activity_attempt)
    text = runtime.values.get(MARK)
    if text is None:
        _describe_unkept(model, record, runtime)
        return record
    kept: dict[str, Any] = json.loads(text)
    for name in _KEPT:
        if name in kept:
            setattr(record, name, kept[name])
    return record


def _describe_unkept(model: DataModel, record: ActivityRecord, runtime: RuntimeRecord) -> None:
    """Tell what the data tell, of an attempt that ended before records were kept."""
    describe(record, CmiState(model, runtime.values))
    total = runtime.values.get("cmi.total_time") or runtime.values.get("cmi.core.total_time") or ""
    record.seconds = (parse_duration(total) or 0) / 100
