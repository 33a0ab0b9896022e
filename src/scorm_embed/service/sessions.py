"""Sessions as hosts read, change and delete them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from scorm_embed.core.values import parse_duration
from scorm_embed.engine.events import AttemptRequested, Written
from scorm_embed.engine.outcome import concluded, of_summary
from scorm_embed.errors import CmiDataError, NotFoundError, RequestError
from scorm_embed.service.base import Desk
from scorm_embed.service.changes import change_session, load_work, work_of
from scorm_embed.service.documents import (
    activities_document,
    activity_document,
    attempt_document,
    collections_document,
    commit_document,
    interactions_document,
    runtime_document,
    session_document,
)
from scorm_embed.service.earlier import earlier_records
from scorm_embed.service.model import Document, SessionUpdate
from scorm_embed.service.work import Work
from scorm_embed.storage.base import BY_API, CommitRecord, RuntimeKey, RuntimeRecord, SessionQuery

COMPLETION_STATUSES = ("completed", "incomplete", "not attempted", "unknown")
SUCCESS_STATUSES = ("passed", "failed", "unknown")
SESSIONS_PAGE_MAX = 200


class SessionCalls(Desk):
    """The part of the service about sessions."""

    async def session(self, tenant_id: str, session_id: str) -> Document:
        """Give a session; ``NotFoundError`` with SESSION_NOT_FOUND."""
        work = await load_work(self, tenant_id, session_id)
        return session_document(work.record, work.runtime, work.opened.course, work.state)

    async def sessions(self, tenant_id: str, filters: Mapping[str, Any]) -> Document:
        """List sessions: ``{"sessions": […], "next_cursor"}``. Filters: the fields of ``SessionQuery``."""
        page = await self.storage.list_sessions(SessionQuery(tenant_id, **filters))
        found = []
        for record, runtime in page.items:
            work = await work_of(self, record, runtime, learner_data=False)
            found.append(session_document(record, runtime, work.opened.course, work.state))
        return {"sessions": found, "next_cursor": page.next_cursor}

    async def update_session(self, tenant_id: str, session_id: str, update: SessionUpdate) -> Document:
        """Apply a PUT in one transaction; ``VersionConflictError``, ``CmiDataError``."""
        event = _written(update)

        async def change(work: Work) -> None:
            with work.counted():
                if event.elements and work.state.current is None:
                    _prepare(work)
                effects = await work.handle(event)
            if effects.refused:
                raise CmiDataError(
                    "The package's data model refuses some elements; nothing was changed.",
                    {
                        "elements": [
                            {"element": r.element, "code": str(r.code), "error": r.reason} for r in effects.refused
                        ]
                    },
                )
            elements = [[name, value] for name, value in event.elements.items()]
            work.commits.append(_put_row(work, elements))

        _, work = await change_session(self, tenant_id, session_id, change, expected_version=update.version)
        return session_document(work.record, work.current_runtime(), work.opened.course, work.state)

    async def delete_session(self, tenant_id: str, session_id: str) -> None:
        """Remove a session with everything that belongs to it."""
        if not await self.storage.delete_session(tenant_id, session_id):
            raise NotFoundError("There is no such session.", {"session_id": session_id}, code="SESSION_NOT_FOUND")

    async def new_attempt(self, tenant_id: str, session_id: str) -> Document:
        """Start a new attempt; the old one stays readable. Gives the session.

        A player that is open is superseded: its next commit is refused, and its data are kept in the log.
        """

        async def change(work: Work) -> None:
            if (launch := work.state.launch) is not None:
                launch.run += bool(launch.run)
                launch.previous, launch.leftover, launch.recovering = None, False, False
                launch.page = None
            work.state.scratch, work.scratch = None, None
            with work.counted():
                await work.handle(AttemptRequested())

        _, work = await change_session(self, tenant_id, session_id, change)
        return session_document(work.record, work.current_runtime(), work.opened.course, work.state)

    async def attempts(self, tenant_id: str, session_id: str) -> Document:
        """List attempts, oldest first: ``{"attempts": […]}``."""
        work = await load_work(self, tenant_id, session_id, rows=())
        state = work.state
        newest = concluded(work.opened.course, work.opened.tree, state)
        summary = replace(state.attempt, seconds=state.attempt.seconds + state.unclosed_seconds)
        entries = [attempt_document(entry, of_summary(entry), current=False) for entry in state.earlier]
        return {"attempts": [*entries, attempt_document(summary, newest, current=True)]}

    async def activities(self, tenant_id: str, session_id: str, *, attempt: int | None = None) -> Document:
        """List activities with status, score and time: ``{"activities": […]}``."""
        work = await load_work(self, tenant_id, session_id, rows=())
        _check_attempt(work, attempt)
        records = work.state.activities
        if attempt is not None and attempt != work.state.attempt.number:
            found = await self.storage.load_runtime(tenant_id, session_id, attempt_number=attempt)
            records = earlier_records(work.opened.model, found)
        return {"activities": activities_document(work.opened.course, records)}

    async def activity(
        self, tenant_id: str, session_id: str, activity_id: str, *, attempt: int | None = None
    ) -> Document:
        """Give one activity with its ``cmi_data``; ``NotFoundError`` with ACTIVITY_NOT_FOUND."""
        work = await load_work(self, tenant_id, session_id, rows=())
        _check_attempt(work, attempt)
        if activity_id not in work.opened.course.launchables:
            raise NotFoundError("There is no such activity.", {"activity_id": activity_id}, code="ACTIVITY_NOT_FOUND")
        number = attempt or work.state.attempt.number
        found = await self.storage.load_runtime(tenant_id, session_id, attempt_number=number, activity_id=activity_id)
        runtime = found[-1] if found else None
        definition = work.opened.tree[activity_id].definition
        is_current = number == work.state.attempt.number
        records = work.state.activities if is_current else earlier_records(work.opened.model, found)
        document = activity_document(definition, records.get(activity_id))
        shown = {"attempt_number": number, "cmi_data": runtime_document(runtime)}
        return document | shown | collections_document(runtime)

    async def interactions(self, tenant_id: str, session_id: str, *, attempt: int | None = None) -> Document:
        """List interactions of all activities: ``{"interactions": […]}``."""
        work = await load_work(self, tenant_id, session_id, rows=())
        _check_attempt(work, attempt)
        number = attempt or work.state.attempt.number
        found = await self.storage.load_runtime(tenant_id, session_id, attempt_number=number)
        return {"interactions": [entry for runtime in found for entry in interactions_document(runtime)]}

    async def commits(self, tenant_id: str, session_id: str, *, limit: int = 50, cursor: str | None = None) -> Document:
        """List the log of what the course sent, oldest first: ``{"commits": […], "next_cursor"}``."""
        await load_work(self, tenant_id, session_id, rows=())
        page = await self.storage.list_commits(tenant_id, session_id, limit, cursor)
        return {"commits": [commit_document(record) for record in page.items], "next_cursor": page.next_cursor}


def _prepare(work: Work) -> None:
    """Make run-time data for a session whose course was never opened, so that the host can write into them."""
    activity_id = next(iter(work.opened.course.launchables))
    state = work.state
    record = state.record(activity_id)
    record.attempt, record.prepared = 1, True
    state.current = activity_id
    values = work.open_activity(activity_id, None, {})
    key = RuntimeKey(state.attempt.number, activity_id, 1)
    work.runtime = RuntimeRecord(key, values)
    work.changes[key] = dict(values)


def _written(update: SessionUpdate) -> Written:
    """Check what a PUT gives outright."""
    faults = []
    stated: dict[str, object] = {}
    for name, value, allowed in (
        ("completion_status", update.completion_status, COMPLETION_STATUSES),
        ("success_status", update.success_status, SUCCESS_STATUSES),
    ):
        if value is not None and value not in allowed:
            faults.append({"path": name, "error": f"must be one of {', '.join(allowed)}"})
        elif value is not None:
            stated[name] = value
    if update.score is not None:
        if known := {name: value for name, value in update.score.items() if value is not None}:
            stated["score"] = known
        scaled = update.score.get("scaled")
        if scaled is not None and not -1 <= scaled <= 1:
            faults.append({"path": "score.scaled", "error": "must be between -1 and 1"})
    if update.progress_measure is not None:
        stated["progress_measure"] = update.progress_measure
        if not 0 <= update.progress_measure <= 1:
            faults.append({"path": "progress_measure", "error": "must be between 0 and 1"})
    seconds: float | None = None
    times = [update.session_time, *(update.cmi_data.get(name) for name in _SESSION_TIMES)]
    reported = next((time for time in times if time is not None), None)
    if reported is not None:
        hundredths = parse_duration(reported)
        seconds = None if hundredths is None else hundredths / 100
        if hundredths is None and update.session_time is not None:
            faults.append({"path": "session_time", "error": "must be an ISO 8601 duration or HHHH:MM:SS.SS"})
    if faults:
        raise RequestError("Some fields are wrong.", {"fields": faults})
    return Written(dict(update.cmi_data), stated, seconds)


_SESSION_TIMES = ("cmi.session_time", "cmi.core.session_time")


def _put_row(work: Work, elements: list[list[str | None]]) -> CommitRecord:
    key = work.state.current_key
    return CommitRecord(
        BY_API,
        work.record.version + 1,
        work.now,
        None,
        key[0] if key else None,
        work.state.attempt.number,
        key[1] if key else 0,
        "put",
        "applied",
        elements,
    )


def _check_attempt(work: Work, attempt: int | None) -> None:
    if attempt is not None and not 1 <= attempt <= work.state.attempt.number:
        raise NotFoundError("There is no such attempt.", {"attempt": attempt})
