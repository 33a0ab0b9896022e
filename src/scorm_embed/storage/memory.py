"""MemoryStorage: a real storage without a database, for tests, trials and hosts that keep nothing.

It keeps every promise of ``base`` within one process: changes are staged and swapped in whole, what goes in and comes
out is a copy, versions are checked. Everything is gone when the process ends.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from scorm_embed.errors import DuplicateEntryError, PackageInUseError, VersionConflictError
from scorm_embed.storage.base import (
    OPENING,
    WAITING,
    CommitRecord,
    EventRecord,
    Inside,
    Json,
    LearnerData,
    PackageRecord,
    PackageVersion,
    Page,
    RuntimeKey,
    RuntimeRecord,
    SessionChange,
    SessionQuery,
    SessionRecord,
)
from scorm_embed.storage.checking import checked_change, checked_package, missing_package
from scorm_embed.storage.copies import copy_commit, copy_event, copy_json, copy_package, in_utc
from scorm_embed.storage.cursor import check_limit, read_cursor, write_cursor
from scorm_embed.storage.elements import RecordKey, count_records, is_loaded, merged, place_of
from scorm_embed.storage.encoding import from_microseconds, to_microseconds
from scorm_embed.storage.gate import Gate


@dataclass(slots=True)
class _Session:
    """A session with everything that belongs to it; replaced as a whole, never changed in place."""

    record: SessionRecord
    runtime: dict[RuntimeKey, dict[str, str]] = field(default_factory=dict)
    commits: list[tuple[int, CommitRecord]] = field(default_factory=list)


@dataclass(slots=True)
class _Learner:
    objectives: dict[tuple[str, str], Json] = field(default_factory=dict)
    stores: dict[tuple[str, str], str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Staged:
    """A change, worked out and checked, ready to be swapped in."""

    session: _Session
    learner: _Learner | None
    events: Mapping[str, EventRecord]


class MemoryStorage:
    """Keeps records in this process.

    ``inside`` gets None for a connection. Several event loops may use one object.
    """

    def __init__(self) -> None:
        self._gate = Gate()
        """Held by one writer at a time, also while its ``inside`` runs."""
        self._lock = threading.RLock()
        """Held while the dictionaries are read or swapped; never while waiting."""
        self._serial = 0
        self._packages: dict[tuple[str, str], dict[int, tuple[int, PackageRecord]]] = {}
        self._sessions: dict[tuple[str, str], _Session] = {}
        self._learners: dict[tuple[str, str], _Learner] = {}
        self._events: dict[str, EventRecord] = {}

    async def add_package(self, record: PackageRecord) -> None:
        """Store a new package version; ``DuplicateEntryError`` when that id and version exist."""
        record = in_utc(copy_package(checked_package(record)))
        async with self._gate:
            with self._lock:
                versions = self._packages.setdefault((record.tenant_id, record.id), {})
                if record.version in versions:
                    raise DuplicateEntryError("This package version exists already.", {"of": "package"})
                versions[record.version] = (self._next(), record)

    async def load_package(self, tenant_id: str, package_id: str, version: int | None = None) -> PackageRecord | None:
        """Give one version, or the newest."""
        with self._lock:
            versions = self._packages.get((tenant_id, package_id))
            if not versions:
                return None
            found = versions.get(max(versions) if version is None else version)
            return None if found is None else copy_package(found[1])

    async def list_packages(self, tenant_id: str, limit: int = 50, cursor: str | None = None) -> Page[PackageRecord]:
        """List the newest version of each package, newest first."""
        check_limit(limit)
        scope = ("packages", tenant_id)
        with self._lock:
            place, bound = None, self._serial
            if cursor is not None:
                microseconds, package_id, until = read_cursor(scope, cursor, (int, str, int))
                place, bound = (from_microseconds(int(microseconds)), str(package_id)), int(until)
            # A version added after the first page must not pull its package out of the pages still to come.
            newest = [
                max(
                    ((number, record) for number, (serial, record) in versions.items() if serial <= bound), default=None
                )
                for (tenant, _), versions in self._packages.items()
                if tenant == tenant_id
            ]
            records = [found[1] for found in newest if found is not None]
            records = [record for record in records if place is None or (record.created_at, record.id) < place]
            records.sort(key=lambda record: (record.created_at, record.id), reverse=True)
            items = [copy_package(record) for record in records[:limit]]
            more = len(records) > limit
        last = items[-1] if more else None
        return Page(
            items,
            None if last is None else write_cursor(scope, (to_microseconds(last.created_at), last.id, bound)),
        )

    async def list_versions(self, tenant_id: str, package_id: str) -> Sequence[PackageVersion]:
        """List all versions of a package, newest first, with the number of their sessions."""
        with self._lock:
            used = Counter(
                held.record.package_version
                for (tenant, _), held in self._sessions.items()
                if tenant == tenant_id and held.record.package_id == package_id
            )
            versions = self._packages.get((tenant_id, package_id), {})
            return [
                PackageVersion(number, record.created_at, used[number])
                for number, (_, record) in sorted(versions.items(), reverse=True)
            ]

    async def delete_package(self, tenant_id: str, package_id: str, *, with_sessions: bool = False) -> Sequence[str]:
        """Remove all versions; ``PackageInUseError`` while sessions exist, unless they go too."""
        async with self._gate:
            with self._lock:
                versions = self._packages.get((tenant_id, package_id))
                if not versions:
                    return []
                sessions = [
                    key
                    for key, held in self._sessions.items()
                    if key[0] == tenant_id and held.record.package_id == package_id
                ]
                if sessions and not with_sessions:
                    raise PackageInUseError("Sessions of the package exist.", {"sessions": len(sessions)})
                for key in sessions:
                    del self._sessions[key]
                del self._packages[tenant_id, package_id]
                self._forget_scope(tenant_id, package_id)
                return sorted({record.digest for _, record in versions.values()})

    async def unused_digests(self, digests: Collection[str]) -> Sequence[str]:
        """Give those of these digests that no package of any tenant uses, in order."""
        with self._lock:
            used = {record.digest for held in self._packages.values() for _, record in held.values()}
        return sorted(set(digests) - used)

    async def load_session(
        self, tenant_id: str, session_id: str, *, rows: Collection[RecordKey] | None = None
    ) -> tuple[SessionRecord, RuntimeRecord | None] | None:
        """Give a session with the run-time data of its current activity."""
        with self._lock:
            held = self._sessions.get((tenant_id, session_id))
            return None if held is None else _show(held, rows)

    async def save_session(self, tenant_id: str, change: SessionChange, *, inside: Inside | None = None) -> None:
        """Apply a change, all of it or nothing."""
        change = checked_change(tenant_id, change)
        async with self._gate:
            with self._lock:
                staged = self._stage(change)
            if inside is not None:
                await inside(None)
            with self._lock:
                record = change.record
                self._sessions[tenant_id, record.id] = staged.session
                if staged.learner is not None:
                    self._learners[tenant_id, record.user_id] = staged.learner
                self._events.update(staged.events)

    async def list_sessions(self, query: SessionQuery) -> Page[tuple[SessionRecord, RuntimeRecord | None]]:
        """List sessions, newest first, with the run-time data of their current activity."""
        check_limit(query.limit)
        scope = ("sessions", query.tenant_id)
        place = None
        if query.cursor is not None:
            microseconds, session_id = read_cursor(scope, query.cursor, (int, str))
            place = (from_microseconds(int(microseconds)), str(session_id))
        with self._lock:
            found = [held for held in self._sessions.values() if _matches(held.record, query)]
            found = [held for held in found if place is None or (held.record.created_at, held.record.id) < place]
            found.sort(key=lambda held: (held.record.created_at, held.record.id), reverse=True)
            items = [_show(held, None) for held in found[: query.limit]]
            more = len(found) > query.limit
        last = items[-1][0] if more else None
        return Page(items, None if last is None else write_cursor(scope, (to_microseconds(last.created_at), last.id)))

    async def delete_session(self, tenant_id: str, session_id: str) -> bool:
        """Remove a session and everything that belongs to it; False when there is none."""
        async with self._gate:
            with self._lock:
                return self._sessions.pop((tenant_id, session_id), None) is not None

    async def load_runtime(
        self,
        tenant_id: str,
        session_id: str,
        *,
        attempt_number: int | None = None,
        activity_id: str | None = None,
        activity_attempt: int | None = None,
    ) -> Sequence[RuntimeRecord]:
        """Give run-time data of a session, whole, oldest attempt first; None does not filter."""
        with self._lock:
            held = self._sessions.get((tenant_id, session_id))
            if held is None:
                return []
            keys = [
                key
                for key in held.runtime
                if attempt_number in (None, key.attempt_number)
                and activity_id in (None, key.activity_id)
                and activity_attempt in (None, key.activity_attempt)
            ]
            keys.sort(key=lambda key: (key.attempt_number, key.activity_attempt, key.activity_id))
            return [RuntimeRecord(key, dict(held.runtime[key])) for key in keys]

    async def load_learner(self, tenant_id: str, user_id: str, scopes: Collection[str]) -> LearnerData:
        """Give a learner's global objectives and shared data stores of these scopes."""
        with self._lock:
            held = self._learners.get((tenant_id, user_id), _Learner())
            return LearnerData(
                {key: copy_json(value) for key, value in held.objectives.items() if key[0] in scopes},
                {key: value for key, value in held.stores.items() if key[0] in scopes},
            )

    async def list_commits(
        self, tenant_id: str, session_id: str, limit: int = 50, cursor: str | None = None
    ) -> Page[CommitRecord]:
        """List a session's log, oldest first, in the order in which rows were appended."""
        check_limit(limit)
        scope = ("commits", tenant_id, session_id)
        after = 0 if cursor is None else int(read_cursor(scope, cursor, (int,))[0])
        with self._lock:
            held = self._sessions.get((tenant_id, session_id))
            rows = [] if held is None else [row for row in held.commits if row[0] > after]
            items = [copy_commit(commit) for _, commit in rows[:limit]]
        more = len(rows) > limit
        return Page(items, write_cursor(scope, (rows[limit - 1][0],)) if more else None)

    async def find_commits(self, tenant_id: str, session_id: str, launch: str) -> Sequence[CommitRecord]:
        """Give the rows of one launch, by number."""
        with self._lock:
            held = self._sessions.get((tenant_id, session_id))
            commits = [] if held is None else [commit for _, commit in held.commits]
            found = [commit for commit in commits if commit.launch == launch]
            return [copy_commit(commit) for commit in sorted(found, key=lambda commit: commit.number)]

    async def prune_commits(
        self, received_before: datetime, *, limit: int = 1000, cursor: str | None = None
    ) -> tuple[int, str | None]:
        """Forget rows of the log received before this time that a later opening of the course follows."""
        check_limit(limit)
        scope = ("pruning",)
        place = (0, 0) if cursor is None else tuple(map(int, read_cursor(scope, cursor, (int, int))))
        async with self._gate:
            with self._lock:
                old = sorted(
                    (to_microseconds(commit.received_at), serial, key)
                    for key, held in self._sessions.items()
                    for serial, commit in held.commits
                    if commit.received_at < received_before and (to_microseconds(commit.received_at), serial) > place
                )[:limit]
                count = 0
                for key in {key for _, _, key in old}:
                    held = self._sessions[key]
                    seen = {serial for _, serial, of in old if of == key}
                    opened = max((serial for serial, commit in held.commits if commit.kind == OPENING), default=0)
                    kept = [row for row in held.commits if row[0] not in seen or row[0] >= opened]
                    count += len(held.commits) - len(kept)
                    self._sessions[key] = replace(held, commits=kept)
        return count, write_cursor(scope, old[-1][:2]) if len(old) == limit else None

    async def list_expired(self, now: datetime, limit: int = 100) -> Sequence[tuple[str, str]]:
        """Give tenant and id of sessions whose learner plays although the launch has ended."""
        check_limit(limit)
        with self._lock:
            found = [
                key
                for key, held in self._sessions.items()
                if held.record.is_playing and held.record.expires_at is not None and held.record.expires_at <= now
            ]
            return found[:limit]

    async def take_events(self, limit: int, now: datetime, lease_seconds: float) -> Sequence[EventRecord]:
        """Take waiting events that are due, and keep them from other takers for ``lease_seconds``."""
        check_limit(limit)
        async with self._gate:
            with self._lock:
                due = [event for event in self._events.values() if event.state == WAITING and event.due_at <= now]
                due.sort(key=lambda event: event.due_at)
                until = (now + timedelta(seconds=lease_seconds)).astimezone(UTC)
                taken = [replace(event, due_at=until, attempts=event.attempts + 1) for event in due[:limit]]
                self._events.update((event.id, event) for event in taken)
                return [copy_event(event) for event in taken]

    async def keep_event(self, event: EventRecord, *, attempts: int) -> bool:
        """Write what changed about an event, unless somebody took it meanwhile."""
        async with self._gate:
            with self._lock:
                held = self._events.get(event.id)
                if held is None or (held.tenant_id, held.attempts) != (event.tenant_id, attempts):
                    return False
                changed = {name: getattr(event, name) for name in ("pending", "attempts", "state", "last_error")}
                self._events[event.id] = in_utc(replace(held, due_at=event.due_at, **changed))
                return True

    async def settle_events(self, ids: Collection[str]) -> None:
        """Forget events that were delivered."""
        async with self._gate:
            with self._lock:
                for event_id in ids:
                    self._events.pop(event_id, None)

    async def load_event(self, tenant_id: str, event_id: str) -> EventRecord | None:
        """Give one event that is not settled."""
        with self._lock:
            held = self._events.get(event_id)
            return None if held is None or held.tenant_id != tenant_id else copy_event(held)

    async def list_events(
        self, tenant_id: str, state: str, limit: int = 50, cursor: str | None = None
    ) -> Page[EventRecord]:
        """List a tenant's events in one state, newest first."""
        check_limit(limit)
        scope = ("events", tenant_id, state)
        place = None
        if cursor is not None:
            microseconds, event_id = read_cursor(scope, cursor, (int, str))
            place = (from_microseconds(int(microseconds)), str(event_id))
        with self._lock:
            found = [held for held in self._events.values() if (held.tenant_id, held.state) == (tenant_id, state)]
            found = [held for held in found if place is None or (held.created_at, held.id) < place]
            found.sort(key=lambda held: (held.created_at, held.id), reverse=True)
            items = [copy_event(held) for held in found[:limit]]
        last = items[-1] if len(found) > limit else None
        return Page(items, None if last is None else write_cursor(scope, (to_microseconds(last.created_at), last.id)))

    async def aclose(self) -> None:
        """Do nothing: there is nothing to release, and what is kept stays."""

    def _next(self) -> int:
        self._serial += 1
        return self._serial

    def _forget_scope(self, tenant_id: str, scope: str) -> None:
        for (tenant, _), held in self._learners.items():
            if tenant != tenant_id:
                continue
            for values in (held.objectives, held.stores):
                for key in [key for key in values if key[0] == scope]:
                    del values[key]

    def _stage(self, change: SessionChange) -> _Staged:
        record = change.record
        held = self._sessions.get((record.tenant_id, record.id))
        current = None if held is None else held.record.version
        if change.expected_version is None and held is not None:
            raise DuplicateEntryError("This session exists already.", {"of": "session"})
        versions = self._packages.get((record.tenant_id, record.package_id), {})
        if change.expected_version is None and record.package_version not in versions:
            raise missing_package(change)
        if change.expected_version != current or (held is not None and held.record.created_at != record.created_at):
            raise VersionConflictError("Somebody else changed the session first.", {"current_version": current})
        held = held or _Session(record)
        runtime = dict(held.runtime)
        for item in change.runtime:
            runtime[item.key] = merged(runtime.get(item.key, {}), item.values)
        events: dict[str, EventRecord] = {}
        for event in change.events:
            if event.id in self._events or event.id in events:
                raise DuplicateEntryError("This event exists already.", {"of": "event"})
            events[event.id] = in_utc(copy_event(event))
        record = in_utc(replace(record, snapshot=copy_json(record.snapshot)))
        return _Staged(
            _Session(record, runtime, list(self._stage_commits(held, change))), self._stage_learner(change), events
        )

    def _stage_commits(self, held: _Session, change: SessionChange) -> Iterator[tuple[int, CommitRecord]]:
        known = set()
        settled = set(change.settled)
        for serial, commit in held.commits:
            place = (commit.launch, commit.number)
            known.add(place)
            is_settled = place in settled
            yield serial, replace(commit, status="applied") if is_settled else commit
        for commit in change.commits:
            if (commit.launch, commit.number) in known:
                raise DuplicateEntryError("This commit exists already.", {"of": "commit"})
            known.add((commit.launch, commit.number))
            yield self._next(), in_utc(copy_commit(commit))

    def _stage_learner(self, change: SessionChange) -> _Learner | None:
        if change.learner is None:
            return None
        held = self._learners.get((change.record.tenant_id, change.record.user_id), _Learner())
        objectives = {**held.objectives, **{key: copy_json(value) for key, value in change.learner.objectives.items()}}
        stores = {**held.stores, **change.learner.stores}
        return _Learner(
            {key: value for key, value in objectives.items() if value is not None},
            {key: value for key, value in stores.items() if value is not None},
        )


def _matches(record: SessionRecord, query: SessionQuery) -> bool:
    return (
        record.tenant_id == query.tenant_id
        and query.package_id in (None, record.package_id)
        and query.package_version in (None, record.package_version)
        and query.user_id in (None, record.user_id)
        and query.completion_status in (None, record.completion_status)
        and query.success_status in (None, record.success_status)
        and (query.updated_since is None or record.updated_at >= query.updated_since)
    )


def _show(held: _Session, rows: Collection[RecordKey] | None) -> tuple[SessionRecord, RuntimeRecord | None]:
    record = replace(held.record, snapshot=copy_json(held.record.snapshot))
    if record.activity_id is None:
        return record, None
    key = RuntimeKey(record.attempt_number, record.activity_id, record.activity_attempt)
    values = held.runtime.get(key)
    if values is None:
        return record, None
    if rows is None:
        return record, RuntimeRecord(key, dict(values))
    wanted = frozenset(rows)
    highest: dict[str, int] = {}
    loaded: dict[str, str] = {}
    for name, value in values.items():
        place = place_of(name)
        if place is not None:
            highest[place[0]] = max(highest.get(place[0], 0), place[1])
        if place is None or is_loaded(place[0], place[1], wanted):
            loaded[name] = value
    return record, RuntimeRecord(key, loaded, count_records(highest, loaded))
