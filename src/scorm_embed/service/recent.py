"""Sessions as this process stored them last, so that the next commit of a course need not read them first.

Nothing here is believed: a session is only written where the stored version is still the one that is kept here, so
what another worker has changed meanwhile is found out by the write and read anew. What is not kept is only slower.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from scorm_embed.storage.base import RuntimeRecord, SessionRecord

SESSIONS_KEPT = 256
"""Sessions a process keeps; the one not written for the longest time is forgotten first."""
CHARACTERS_KEPT = 32_768
"""Run-time data with more text than this are not kept, so that a process holds at most 8 MB of them."""
ACTIVITIES_KEPT = 100
"""States of larger courses are not kept."""
WRITES_ELSEWHERE = 16
"""A session that another worker has written is kept again after so many writes here: its requests wander."""

Rows = Collection[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class _Kept:
    record: SessionRecord
    runtime: RuntimeRecord | None
    rows: frozenset[tuple[str, int]] | None
    """The records of collections whose elements are all in ``runtime``; None for all there are."""


class RecentSessions:
    """What one process knows of the sessions it wrote last."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], _Kept] = OrderedDict()
        self._wandering: OrderedDict[tuple[str, str], int] = OrderedDict()

    def take(
        self, tenant_id: str, session_id: str, rows: Rows
    ) -> tuple[SessionRecord, RuntimeRecord | None, Rows | None] | None:
        """Give what is kept of a session, and keep it no longer: whoever takes it may change it.

        Returns:
            the record, the run-time data of its current activity, and the records of collections that are in them
            (None for all); None where nothing is kept, or not all of ``rows`` were loaded.
        """
        kept = self._kept.pop((tenant_id, session_id), None)
        if kept is None or not _covers(kept, rows):
            return None
        return kept.record, kept.runtime, None if kept.rows is None else kept.rows.union(rows)

    def keep(self, record: SessionRecord, runtime: RuntimeRecord | None, rows: Rows | None) -> None:
        """Keep a session as it was stored just now.

        Args:
            runtime: the run-time data of its current activity; None when it has none.
            rows: the records that were asked for when it was loaded; None for all.
        """
        key = (record.tenant_id, record.id)
        self._kept.pop(key, None)
        if (left := self._wandering.pop(key, 0)) > 1:
            _put(self._wandering, key, left - 1)
        elif _is_small(record, runtime):
            _put(self._kept, key, _Kept(record, runtime, None if rows is None else frozenset(rows)))

    def forget(self, tenant_id: str, session_id: str) -> None:
        """Keep nothing of this session."""
        self._kept.pop((tenant_id, session_id), None)

    def written_elsewhere(self, tenant_id: str, session_id: str) -> None:
        """Note that what was kept was not what is stored."""
        _put(self._wandering, (tenant_id, session_id), WRITES_ELSEWHERE)


def _put(held: OrderedDict[tuple[str, str], Any], key: tuple[str, str], value: Any) -> None:
    held[key] = value
    held.move_to_end(key)
    if len(held) > SESSIONS_KEPT:
        held.popitem(last=False)


def _covers(kept: _Kept, rows: Rows) -> bool:
    """Whether every record is loaded, or not there: behind the last one of its collection."""
    if kept.rows is None or kept.runtime is None:
        return True
    counts: Mapping[str, int] = kept.runtime.counts
    return all(row in kept.rows or row[0] == "cmi.objectives" or row[1] >= counts.get(row[0], 0) for row in rows)


def _is_small(record: SessionRecord, runtime: RuntimeRecord | None) -> bool:
    activities = record.snapshot.get("tracking", {}) if isinstance(record.snapshot, dict) else {}
    if len(activities) > ACTIVITIES_KEPT:
        return False
    return runtime is None or sum(map(len, runtime.values.values())) <= CHARACTERS_KEPT
