"""Changing a session: read, let the engine compute, write with the version that was read, again when beaten."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import TypeVar

from scorm_embed.engine.events import Left
from scorm_embed.engine.state import Phase, SessionState, from_snapshot
from scorm_embed.errors import NotFoundError, ScormEmbedError, StorageUnavailableError, VersionConflictError
from scorm_embed.service.base import Desk
from scorm_embed.service.documents import session_document
from scorm_embed.service.hooks import HookEvent
from scorm_embed.service.work import Rows, Work, begin_copy
from scorm_embed.storage.base import (
    LearnerData,
    RuntimeChange,
    RuntimeRecord,
    SessionChange,
    SessionRecord,
)

TRIES = 12
"""How often a change is computed anew when another writer was faster, before the request is answered with 503."""

R = TypeVar("R")


async def load_work(desk: Desk, tenant_id: str, session_id: str, rows: Rows = None) -> Work:
    """Load a session; ``NotFoundError`` with SESSION_NOT_FOUND."""
    found = await desk.storage.load_session(tenant_id, session_id, rows=rows)
    if found is None:
        raise NotFoundError("There is no such session.", {"session_id": session_id}, code="SESSION_NOT_FOUND")
    return await work_of(desk, *found, rows=rows)


async def work_of(
    desk: Desk,
    record: SessionRecord,
    runtime: RuntimeRecord | None,
    *,
    rows: Rows = None,
    learner_data: bool = True,
) -> Work:
    """Lay out what one request needs of a session; what is only shown needs no learner data."""
    opened = await desk.course(record.tenant_id, record.package_id, record.package_version)
    state = from_snapshot(opened.tree, record.snapshot)
    scratch: SessionState | None = None
    if state.launch is not None and state.launch.mode != "normal":
        scratch = from_snapshot(opened.tree, state.scratch or {})
        scratch.launch = state.launch
        begin_copy(state, scratch)
    known = LearnerData()
    if learner_data and (scopes := {s for s in (opened.objective_scope, opened.store_scope) if s is not None}):
        known = await desk.storage.load_learner(record.tenant_id, record.user_id, scopes)
        for played in (state, scratch):
            if played is not None and opened.objective_scope is not None:
                played.tracking.load_globals({key[1]: items for key, items in known.objectives.items()})
    return Work(desk, record, runtime, opened, state, desk.clock(), known, scratch, rows=rows)


async def change_session(
    desk: Desk,
    tenant_id: str,
    session_id: str,
    change: Callable[[Work], Awaitable[R]],
    *,
    rows: Rows = None,
    expected_version: int | None = None,
    recent: bool = False,
) -> tuple[R, Work]:
    """Change a session and store it, computing anew when another writer was faster.

    Args:
        change: called with fresh work, perhaps several times; what it raises leaves everything as it was.
        expected_version: the only version that may be changed (a PUT); another one is a conflict at once.
        recent: try first what this process stored last, without reading. Only what is then saved counts, because
            only a write proves that it was still so.
    """
    if recent and (saved := await _change_recent(desk, tenant_id, session_id, change, rows or ())) is not None:
        return saved
    for _ in range(TRIES):
        work = await load_work(desk, tenant_id, session_id, rows)
        if expected_version is not None and work.record.version != expected_version:
            raise version_conflict(work.record.version)
        result = await change(work)
        if not work.dirty and not work.commits:
            return result, work
        try:
            await save(work, work.record.version)
        except VersionConflictError:
            continue
        return result, work
    raise StorageUnavailableError("Too many changes to this session at once; try again.", {"session_id": session_id})


async def _change_recent(
    desk: Desk,
    tenant_id: str,
    session_id: str,
    change: Callable[[Work], Awaitable[R]],
    rows: Collection[tuple[str, int]],
) -> tuple[R, Work] | None:
    """Change a session as this process knows it; None where that is nothing, outdated, or nothing to save."""
    found = desk.recent.take(tenant_id, session_id, rows)
    if found is None:
        return None
    record, runtime, loaded = found
    try:
        work = await work_of(desk, record, runtime, rows=loaded)
        result = await change(work)
    except ScormEmbedError:
        # Perhaps only because it is not so any more: what is stored decides.
        return None
    if not work.dirty and not work.commits:
        return None
    try:
        await save(work, record.version)
    except VersionConflictError:
        desk.recent.written_elsewhere(tenant_id, session_id)
        return None
    return result, work


async def end_expired(work: Work) -> bool:
    """Let the learner have left, where the launch is over and nobody said so; gives whether that was so."""
    expires_at = work.record.expires_at
    if work.state.phase is not Phase.ACTIVE or (expires_at is not None and expires_at > work.now):
        return False
    # A launch in browse or review mode plays on a copy, which ends with it. What it found open was a real visit.
    work.scratch = None
    with work.counted():
        await work.handle(Left(noticed=False))
    return True


def version_conflict(current: int) -> VersionConflictError:
    """The error for a writer who has read an older version."""
    return VersionConflictError("The session was changed by somebody else.", {"current_version": current})


async def save(work: Work, expected_version: int | None) -> None:
    """Store what a piece of work has changed, and tell the hooks."""
    desk = work.desk
    record = work.finished() if expected_version is not None else work.record
    events = await _hook_events(work, record) if desk.hooks.wanted(work.happenings, record.tenant_id) else []
    stored = desk.outbox.records(events)
    learner = LearnerData(work.objectives, work.stores) if work.objectives or work.stores else None
    change = SessionChange(
        record,
        expected_version,
        runtime=[RuntimeChange(key, values) for key, values in work.changes.items() if values],
        learner=learner,
        commits=work.commits,
        settled=work.settled,
        events=stored,
    )
    desk.recent.forget(record.tenant_id, record.id)
    await desk.storage.save_session(record.tenant_id, change, inside=desk.hooks.inside(events))
    work.record = record
    if expected_version is not None:
        _keep_recent(work)
    desk.outbox.deliver_soon(stored)


def _keep_recent(work: Work) -> None:
    """Keep what was stored for the next commit, where all of it is known and there will be one."""
    runtime = work.current_runtime()
    is_whole_picture = (runtime is None) == (work.record.activity_id is None)
    removes = any(value is None for values in work.changes.values() for value in values.values())
    if work.scratch is None and work.state.phase is Phase.ACTIVE and is_whole_picture and not removes:
        work.desk.recent.keep(work.record, runtime, None if work.delivered is not None else work.rows)


async def _hook_events(work: Work, record: SessionRecord) -> Sequence[HookEvent]:
    document = session_document(record, await work.whole_runtime(), work.opened.course, work.state)
    return [
        HookEvent(
            happening.value,
            record.tenant_id,
            record.id,
            record.user_id,
            record.package_id,
            document,
            work.now,
            id=work.desk.new_id("evt_"),
        )
        for happening in dict.fromkeys(work.happenings)
    ]
